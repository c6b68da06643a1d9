"""A ranking as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import show
from .show import finding_lines
from .table import table_lines

if TYPE_CHECKING:
    from ..prelabel.ranking.report import RankedPicture, RankReport

__all__ = ["caption", "lines", "subtitle"]

_SHOWN = 20
_LONGEST_NAME = 40
_HEADS = {"uncertainty": "unsure", "disagreement": "differ", "novelty": "novel", "apart": "apart"}


def lines(report: RankReport) -> list[str]:
    """Return the first pictures as a table, what they were ranked by, and what is worth knowing about that."""
    measures = _measures(report)
    rows = [
        [str(place), show(row.image, _LONGEST_NAME), row.reason, *(_number(getattr(row, part)) for part in measures)]
        for place, row in enumerate(report.first[:_SHOWN], start=1)
    ]
    why = "why" if any(row.reason for row in report.first) else ""
    table = table_lines(["", "picture", why, *(_HEADS[part] for part in measures)], rows, left=3)
    more = len(report.first) - _SHOWN
    shown = [f"and {more:,} more (--out, --json and --sheet have all)"] if more > 0 else []
    return [_heading(report), *table, *shown, *_copies(report), *finding_lines(report.findings)]


def _measures(report: RankReport) -> list[str]:
    """Return what there is to show; where nothing is labelled, how far pictures are from those above them."""
    known = any(row.novelty is not None for row in report.first)
    return ["apart" if part == "novelty" and not known else part for part in report.by]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _heading(report: RankReport) -> str:
    """Say how many were chosen from how many, and by what."""
    whose = "pictures, labelled ones among them" if report.settings.everything else "pictures that nobody labelled"
    return f"{len(report.first):,} of {report.ranked:,} {whose}, by {_by(report)}"


def _by(report: RankReport) -> str:
    names = ", ".join(show(one.name, 40) for one in report.sources)
    return f"{' and '.join(report.by) if len(report.by) < 3 else 'uncertainty, disagreement and novelty'} ({names})"


def _copies(report: RankReport) -> list[str]:
    if not report.copies:
        return []
    return [
        f"note: {report.copies:,} near {'copy' if report.copies == 1 else 'copies'} of others stand behind the rest"
    ]


def subtitle(report: RankReport) -> str:
    """Return the line below the title of a sheet."""
    drawn = [one.name for one in report.sources if one.kind == "found"]
    boxes = f"; drawn is what {show(drawn[0], 40)} found" if drawn else ""
    return f"{_heading(report)}{boxes}"


def caption(place: int, row: RankedPicture) -> str:
    """Return the line below a picture of a sheet: its place and why it is there."""
    return f"{place:,}: {row.reason}" if row.reason else f"{place:,}"
