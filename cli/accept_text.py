"""What `cvdata accept` tells people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import least_score, plural
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
        lines.append(f"{show(one.name)}: {plural(one.proposals, 'proposal')} of {models} ({one.sha256[:12]})")
    lines += _class_lines(part)
    if part.left_out:
        reasons = ", ".join(f"{count:,} {REASONS[reason]}" for reason, count in part.left_out.items())
        lines.append(f"left out: {reasons}")
    lines.append(f"{plural(part.images, 'picture')} got {plural(part.accepted, 'label')}")
    if part.outlined is not None:
        over = "it" if part.outlined == 1 else "them"
        lines.append(
            f"{plural(part.outlined, 'label')} that had none got the mask or outline of a proposal over {over}"
        )
    if part.emptied:
        count = "counts" if part.emptied == 1 else "count"
        lines.append(f"{plural(part.emptied, 'picture')} in which nothing likely was found now {count} as empty")
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
    least = "-" if row.threshold is None else f"{least_score(row.threshold):g}"
    counts = (row.proposals, row.accepted, row.reviewed, row.drawn)
    return [show(row.name, _LONGEST_NAME), least, *(f"{count:,}" for count in counts)]
