"""The ranked pictures as a file: names for other commands, or a table for a spreadsheet."""

from __future__ import annotations

import csv
import io

from ...errors import UsageError, show
from ...reports.stats_csv import cell
from .report import RankReport

__all__ = ["COLUMNS", "rank_csv", "rank_names"]

COLUMNS = (
    "place", "picture", "split", "score", "uncertainty", "disagreement", "novelty", "apart", "found", "reason",
)  # fmt: skip


def rank_names(report: RankReport) -> bytes:
    """Return a name a line, in order, as `cvdata filter --names` reads it.

    Raises:
        UsageError: a name has a line break in it.
    """
    names = [picture.image for picture in report.first]
    for name in names:
        if len(name.splitlines()) != 1:
            raise UsageError(f"the name '{show(name)}' is not one line", hint="write a table: --out FILE.csv")
    return "".join(f"{name}\n" for name in names).encode("utf-8")


def rank_csv(report: RankReport) -> bytes:
    """Return a table as CSV, columns `COLUMNS`, a row per picture in order; what nobody measured is empty.

    Where a name is not ASCII the file begins with a byte order mark, because Excel takes it for another encoding
    otherwise.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for place, row in enumerate(report.first, start=1):
        measured = (row.score, row.uncertainty, row.disagreement, row.novelty, row.apart)
        numbers = ["" if value is None else f"{value:.6g}" for value in measured]
        found = "" if row.found is None else row.found
        writer.writerow([place, cell(row.image), cell(row.split or ""), *numbers, found, cell(row.reason)])
    text = out.getvalue()
    return text.encode("ascii" if text.isascii() else "utf-8-sig")
