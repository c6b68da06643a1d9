"""The ranked pictures as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io

from ...reports.stats_csv import cell
from .report import RankReport

__all__ = ["COLUMNS", "rank_csv"]

COLUMNS = (
    "place", "picture", "split", "score", "uncertainty", "disagreement", "novelty", "apart", "found", "reason",
)  # fmt: skip


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
