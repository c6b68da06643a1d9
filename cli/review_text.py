"""A review as text: what was drawn and what to do with it; what came back and what follows."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import least_score, plural
from .show import finding_lines
from .table import table_lines

if TYPE_CHECKING:
    from ..prelabel.review import ReviewReport, ReviewSample
    from ..prelabel.review.records import BandFigures, ClassReview

__all__ = ["drawn_lines", "review_lines"]

_MOST_CLASSES = 20
_MOST_BANDS = 8
_LONGEST_NAME = 30
_BAR = 20


def drawn_lines(sample: ReviewSample, *, place: str, then: str) -> list[str]:
    """Return what was drawn, and what a person is to do with it.

    Args:
        place: where the sample is; `then`: the command that judges it.
    """
    rows = [
        [show(c.name, _LONGEST_NAME), f"{sum(c.sizes):,}", f"{sum(c.drawn):,}", " ".join(map(str, c.drawn))]
        for c in sample.classes
    ]
    drawn = f"{plural(len(sample.rows), 'proposal')} in {plural(len(sample.images), 'picture')}"
    return [
        f"{drawn} to look at: {place}",
        *_table(["class", "proposals", "drawn", "by score, the surest first"], rows),
        "",
        "What to do:",
        "  delete   labels where nothing of that class is, and the second of two on one object",
        "  move     boxes that do not fit",
        "  relabel  objects that are something else",
        "  leave    everything that is right; objects without a label are not part of the sample",
        f"Then: {then}",
    ]


def review_lines(report: ReviewReport, *, accept: str, again: str) -> list[str]:
    """Return what a person found, class by class, and from which score on to accept.

    Args:
        accept: the command that accepts; `again`: the one that draws a further sample, without its options.
    """
    outcomes = ", ".join(f"{count:,} {name}" for name, count in report.outcomes.items())
    classes = report.review.classes
    lines = [f"{report.corrected}: {outcomes}" + (f", {report.drawn:,} drawn anew" if report.drawn else "")]
    lines += _table(
        ["class", "proposals", "seen", "right", "precision", "", "accept from", "accepts"], [_row(c) for c in classes]
    )
    shown = classes[:_MOST_CLASSES]
    if any(len(c.bands) > 1 for c in shown):
        lines += ["", *_band_lines(shown)]
    lines += ["", *(_sentence(c, report.settings.promise) for c in shown)]
    sure = f"{100 * report.settings.confidence:g} %"
    if any(c.promised for c in classes):
        lines.append(f"Each of these promises holds with a confidence of {sure}.")
    lines += finding_lines(report.findings)
    short = [c for c in classes if c.more is not None]
    if short:
        lines.append(f"to review more: {again} --classes {_names(short)} --per-class {max(c.more or 0 for c in short)}")
    if any(c.promised for c in classes):
        lines.append(f"next: {accept}")
    return lines


def _names(classes: Sequence[ClassReview]) -> str:
    return shlex.quote(",".join(show(c.name) for c in classes))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = table_lines(heads, rows[:_MOST_CLASSES])
    more = len(rows) - _MOST_CLASSES
    return [*lines, f"and {plural(more, 'more class')} (--json has all)"] if more > 0 else lines


def _row(found: ClassReview) -> list[str]:
    whole = found.candidates[-1]
    return [
        show(found.name, _LONGEST_NAME),
        f"{found.proposals:,}",
        f"{found.seen:,}",
        f"{found.right:,}",
        _percent(whole.precision),
        _range(whole.interval) if whole.seen else "",
        _threshold(found.threshold) if found.promised else "-",
        f"{found.accepts:,}" if found.promised else "-",
    ]


def _sentence(found: ClassReview, promise: float) -> str:
    name = show(found.name, _LONGEST_NAME)
    if not found.promised:
        return f"{name}: nothing can be promised: {found.advice}"
    held = next(c for c in found.candidates if c.threshold == found.threshold)
    seen = f"{held.seen:,} seen there, {held.right:,} right"
    where = "all of them" if found.threshold is None else f"from {_threshold(found.threshold)}"
    return f"{name} {where}: at least {100 * promise:g} % right ({seen})"


def _band_lines(classes: Sequence[ClassReview]) -> list[str]:
    """Return a line with a bar for each band of scores."""
    rows = []
    for found in classes:
        for at, band in enumerate(found.bands[:_MOST_BANDS]):
            name = show(found.name, _LONGEST_NAME) if at == 0 else ""
            rows.append([name, _score(band), _bar(band), _percent(band.precision), f"{band.right:,} of {band.seen:,}"])
    return table_lines(["class", "score", "right", "", ""], rows, left=3)


def _score(band: BandFigures) -> str:
    if band.low is None or band.high is None:
        return "no score"
    return f"{_threshold(band.low)} to {_threshold(band.high)}"


def _bar(band: BandFigures) -> str:
    full = 0 if band.precision is None else round(band.precision * _BAR)
    return "█" * full + "·" * (_BAR - full)


def _threshold(value: float | None) -> str:
    return "any score" if value is None else f"{least_score(value):.3f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _range(ends: tuple[float, float]) -> str:
    low, high = ends
    return f"({100 * low:.0f} to {100 * high:.0f})"
