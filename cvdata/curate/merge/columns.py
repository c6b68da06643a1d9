"""What the copies of an annotation know that it does not: outlines, keypoints, flags of the same object."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import COLUMNS, FLAGS, Annotations
from ..diff.columns import differing
from .labels import PIXEL

__all__ = ["Completed", "complete"]

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Completed:
    """Annotations with what their copies know.

    Attributes:
        filled: number of annotations that took each column from a copy; `differing`: number whose copy says otherwise.
    """

    table: Annotations
    filled: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)


def complete(table: Annotations, kept: Rows, copies: Rows, says_crowd: NDArray[np.bool_]) -> Completed:
    """Fill in the columns that an annotation has no value in from the first of its copies that has one.

    Args:
        kept, copies: int64, shape (pairs,), annotations that stay, and copies of them that go.
        says_crowd: bool, annotations whose source says which ones are crowds.
    """
    if not len(kept):
        return Completed(table)
    filled, columns = {}, {}
    for name in COLUMNS:
        lacks = _tells(table, name, says_crowd)[copies] & ~_has(table, name, says_crowd)[kept]
        owners, first = np.unique(kept[lacks], return_index=True)
        if len(owners):
            rows = np.arange(len(table))
            rows[owners] = copies[lacks][first]
            filled[name] = len(owners)
            for column in ("masks", "mask_listed") if name == "masks" else (name,):
                columns[column] = _taken(getattr(table, column), rows)
    whole = replace(table, **columns)
    return Completed(whole, filled, _differing(table, whole, kept, copies, says_crowd))


def _differing(
    table: Annotations, whole: Annotations, kept: Rows, copies: Rows, says_crowd: NDArray[np.bool_]
) -> dict[str, int]:
    bits = differing(whole, whole, kept, copies, PIXEL, ("area",))
    counts = {}
    for place, name in enumerate(COLUMNS):
        other = (bits >> np.uint16(place) & np.uint16(1)).astype(np.bool_)
        counts[name] = int((other & _has(table, name, says_crowd)[copies]).sum())
    return {name: count for name, count in counts.items() if count}


def _has(table: Annotations, name: str, says_crowd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell of each annotation whether its source says anything in a column, bool, shape (n,)."""
    value = getattr(table, name)
    if name == "crowd":
        return says_crowd
    return np.asarray(value >= 0) if name in FLAGS and value is not None else table.has(name)


def _tells(table: Annotations, name: str, says_crowd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell of each annotation whether a column says what nothing would not, bool, shape (n,)."""
    if name != "area" or table.area is None:
        return table.has(name) & (says_crowd if name == "crowd" else True)
    plain = table.box[:, 2] * table.box[:, 3]
    return np.asarray(np.abs(table.area - plain) > 1e-3 + 1e-3 * plain)


def _taken(column: Any, rows: Rows) -> Any:
    if column is None or isinstance(column, np.ndarray):
        return None if column is None else column[rows]
    return column.take(rows)
