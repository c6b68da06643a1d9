"""Small tables as lines of text: names to the left, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import show

if TYPE_CHECKING:
    from ..curate.class_counts import ClassChange

__all__ = ["class_lines", "table_lines"]

_MOST_ROWS = 20
_LONGEST_NAME = 40


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Return a table as lines, none without rows; the first `left` columns are set to the left, others to the right."""
    from rich.cells import cell_len  # letters of some scripts take two columns

    if not rows:
        return []
    cells = [list(heads), *(list(row) for row in rows)]
    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(heads))]
    lines = []
    for row in cells:
        padded = []
        for at, (text, width) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (width - cell_len(text))
            padded.append(text + blank if at < left else blank + text)
        lines.append("  ".join(padded).rstrip())
    return lines


def class_lines(classes: Sequence[ClassChange]) -> list[str]:
    """Return how many annotations and pictures of each class were kept; the largest losses where there are many."""
    shown = list(classes)
    if len(shown) > _MOST_ROWS:
        shown.sort(key=lambda row: row.annotations_after - row.annotations)
    rows = [[show(row.name, _LONGEST_NAME), *(f"{n:,}" for n in _numbers(row))] for row in shown[:_MOST_ROWS]]
    lines = table_lines(["class", "annotations", "kept", "pictures", "kept"], rows)
    more = len(shown) - _MOST_ROWS
    return [*lines, f"and {more:,} more (--json has all)"] if more > 0 else lines


def _numbers(row: ClassChange) -> tuple[int, int, int, int]:
    return row.annotations, row.annotations_after, row.images, row.images_after
