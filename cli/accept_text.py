"""What `cvdata accept` tells people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import show
from .table import table_lines

if TYPE_CHECKING:
    from ..prelabel.accept import AcceptedClass, AcceptPart

__all__ = ["accept_lines"]

_MOST_CLASSES = 20
_LONGEST_NAME = 40


def accept_lines(part: AcceptPart) -> list[str]:
    """Return what became truth, class by class, and why the rest did not."""
    from ..prelabel.accept import REASONS

    lines = []
    for one in part.predictions:
        models = ", ".join(show(name, _LONGEST_NAME) for name in one.models)
        lines.append(f"{show(one.name)}: {_count(one.proposals, 'proposal')} of {models} ({one.sha256[:12]})")
    lines += _class_lines(part)
    if part.left_out:
        reasons = ", ".join(f"{count:,} {REASONS[reason]}" for reason, count in part.left_out.items())
        lines.append(f"left out: {reasons}")
    lines.append(f"{_count(part.images, 'picture')} got {_count(part.accepted, 'label')}")
    if part.emptied:
        lines.append(f"{_count(part.emptied, 'picture')} in which nothing likely was found now count as empty")
    return lines


def _class_lines(part: AcceptPart) -> list[str]:
    """Return the table of classes, those with most labels first where there are many."""
    rows = part.classes
    if len(rows) > _MOST_CLASSES:
        rows = sorted(rows, key=lambda row: -row.accepted)[:_MOST_CLASSES]
    several = len(part.predictions) > 1
    heads = [*(["predictions"] if several else []), "class", "from", "proposed", "accepted", "as reviewed", "drawn"]
    cells = [[*([show(row.prediction, _LONGEST_NAME)] if several else []), *_cells(row)] for row in rows]
    more = len(part.classes) - len(rows)
    lines = table_lines(heads, cells, left=2 if several else 1)
    return [*lines, f"and {more:,} more (--json has all)"] if more > 0 else lines


def _cells(row: AcceptedClass) -> list[str]:
    least = "-" if row.threshold is None else f"{row.threshold:.3g}"
    counts = (row.proposals, row.accepted, row.reviewed, row.drawn)
    return [show(row.name, _LONGEST_NAME), least, *(f"{count:,}" for count in counts)]


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
