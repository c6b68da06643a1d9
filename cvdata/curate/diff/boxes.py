"""Boxes of two datasets that lie close to each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import ranges, starts

__all__ = ["Boxes", "Near", "near_pairs", "search", "shifts"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

_BLOCK = 1 << 19
"""Pairs looked at at once."""

_MOST = 50
"""Pairs kept of each box; more overlap by half only where one box lies on the next, and then any will do."""


@dataclass(frozen=True)
class Boxes:
    """Boxes and what tells them apart.

    Attributes:
        box: float64, shape (n, 4), x, y, width, height in pixels.
        place: int64; only boxes of one place are held against each other, and none of place -1.
        category: int64.
        rank: int64, place in the list of the picture; the last thing to tell equally good pairs apart.
    """

    box: Floats
    place: Rows
    category: Rows
    rank: Rows

    def take(self, rows: Rows) -> Boxes:
        """Return the given rows in the given order."""
        return Boxes(self.box[rows], self.place[rows], self.category[rows], self.rank[rows])


@dataclass(frozen=True)
class Near:
    """Pairs of boxes, best first: int64 rows in either table."""

    before: Rows
    after: Rows


def shifts(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return how far the corner moved that moved most, in pixels, and the IoU, for boxes of shape (n, 4) each."""
    with np.errstate(all="ignore"):  # a table in memory may hold any number
        low, other_low = before[:, :2], after[:, :2]
        high, other_high = low + before[:, 2:], other_low + after[:, 2:]
        farthest = np.maximum(np.abs(low - other_low), np.abs(high - other_high))
        # A side that did not change moved not at all, though x + width may be rounded.
        farthest = np.where((before == after).reshape(-1, 2, 2).all(axis=1), 0.0, farthest)
        moved = np.hypot(farthest[:, 0], farthest[:, 1])
        sides = np.maximum(np.minimum(high, other_high) - np.maximum(low, other_low), 0)
        shared = sides[:, 0] * sides[:, 1]
        area = before[:, 2] * before[:, 3] + after[:, 2] * after[:, 3]
        iou = np.where(shared > 0, shared / (area - shared), 0.0)
    return np.asarray(moved), np.asarray(np.minimum(iou, 1.0))


def near_pairs(before: Boxes, after: Boxes, iou: float, tolerance: float) -> Near:
    """Return the pairs that overlap by `iou` or lie within the tolerance, in pixels; best first.

    Same class within the tolerance, other class within the tolerance, same class by IoU, other class by IoU; equally
    good ones by the distance of their places in the lists.
    """
    order = np.lexsort((after.box[:, 0], after.place))
    parts = [
        _best(before, after, rows, order[others], iou, tolerance)
        for rows, others in _windows(before, after.take(order), tolerance)
    ]
    rows = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
    others = np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)])
    return Near(*_sorted(before, after, rows, others, tolerance))


def _best(before: Boxes, after: Boxes, rows: Rows, others: Rows, iou: float, tolerance: float) -> tuple[Rows, Rows]:
    moved, overlap = shifts(before.box[rows], after.box[others])
    good = np.flatnonzero((overlap >= iou) | (moved <= tolerance))
    rows, others = rows[good], others[good]
    if len(rows) and np.bincount(rows - rows[0]).max() > _MOST:
        rows, others = _sorted(before, after, rows, others, tolerance)
        order = np.argsort(rows, kind="stable")
        rows, others = rows[order], others[order]
        first = np.searchsorted(rows, rows)
        kept = np.arange(len(rows)) - first < _MOST
        rows, others = rows[kept], others[kept]
    return rows, others


def _sorted(before: Boxes, after: Boxes, rows: Rows, others: Rows, tolerance: float) -> tuple[Rows, Rows]:
    moved, overlap = shifts(before.box[rows], after.box[others])
    rank, other = before.rank[rows], after.rank[others]
    # The sum of the ranks tells two pairs apart that differ by as much; then they have no box in common.
    order = np.lexsort(
        (
            rank + other,
            np.abs(rank - other),
            moved,
            -overlap,
            before.category[rows] != after.category[others],
            moved > tolerance,
        )
    )
    return rows[order], others[order]


def _windows(before: Boxes, after: Boxes, tolerance: float) -> Iterator[tuple[Rows, Rows]]:
    """Yield pairs of rows that may overlap from left to right, in blocks; `after` is sorted by place, then by x."""
    left = before.box[:, 0]
    first = search(after, before.place, left - _widest(after, before.place) - tolerance, after_equal=False)
    last = search(after, before.place, left + before.box[:, 2] + tolerance, after_equal=True)
    count = np.maximum(last - first, 0)
    ends = starts(count)
    begin = 0
    while begin < len(count):
        end = max(begin + 1, int(np.searchsorted(ends, ends[begin] + _BLOCK, side="right")) - 1)
        rows = np.repeat(np.arange(begin, end), count[begin:end])
        yield rows, ranges(first[begin:end], count[begin:end])
        begin = end


def _widest(after: Boxes, places: Rows) -> Floats:
    """Return the width of the widest box of each place, 0 where there is none."""
    first = np.searchsorted(after.place, places)
    last = np.searchsorted(after.place, places, side="right")
    if not len(after.place):
        return np.zeros(len(places))
    new = np.flatnonzero(np.concatenate([[True], after.place[1:] != after.place[:-1]]))
    widest = np.repeat(np.fmax.reduceat(after.box[:, 2], new), np.diff(np.append(new, len(after.place))))
    return np.where(first < last, widest[np.minimum(first, len(widest) - 1)], 0.0)


def search(after: Boxes, places: Rows, values: Floats, *, after_equal: bool) -> Rows:
    """Return how many boxes stand before (place, value) in the order of place, then x."""
    count = len(after.place)
    mark = np.concatenate([np.zeros(count, np.int8), np.full(len(places), 1 if after_equal else -1, np.int8)])
    where = np.concatenate([after.place, places])
    order = np.lexsort((mark, np.concatenate([after.box[:, 0], values]), where))
    before = np.cumsum(order < count)
    found = np.empty(len(places), np.int64)
    asked = order >= count
    found[order[asked] - count] = before[asked]
    return found
