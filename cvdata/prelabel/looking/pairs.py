"""Which boxes meet which: pairs of boxes that share pixels, without looking at every pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import ranges

__all__ = ["Pairs", "areas", "crowded", "meeting", "one_to_many", "overlap"]

_BLOCK = 1 << 20
"""Pairs looked at at once: a dozen columns of them are in memory."""

_CROWD = 128


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of boxes that share pixels, each pair once.

    Attributes:
        first, second: int64, shape (pairs,), rows of the boxes, first < second; sorted by both.
        shared: float64, shape (pairs,), area that both cover, above 0.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shared: NDArray[np.float64]

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.first[chosen], self.second[chosen], self.shared[chosen])


def meeting(box: NDArray[np.float64], group: NDArray[np.int64]) -> Pairs:
    """Return the pairs of boxes of one group that share an area.

    The boxes are sorted along the axis in which fewer of them lie beside each other, and each is held against those
    alone that begin before it ends.

    Args:
        box: float64, shape (n, 4): x, y, width, height.
        group: int64, shape (n,): only boxes with the same number are paired.
    """
    parts = [Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)), *_sweep(box, group).pairs(box)]
    first = np.concatenate([part.first for part in parts])
    second = np.concatenate([part.second for part in parts])
    found = Pairs(np.minimum(first, second), np.maximum(first, second), np.concatenate([p.shared for p in parts]))
    return found.take(np.lexsort([found.second, found.first]))


def crowded(box: NDArray[np.float64], group: NDArray[np.int64]) -> bool:
    """Tell whether boxes lie on each other in such numbers that their pairs are too many to write down."""
    return _sweep(box, group).candidates > _CROWD * len(box)


def _sweep(box: NDArray[np.float64], group: NDArray[np.int64]) -> _Sweep:
    return min((_Sweep(box, group, axis) for axis in (0, 1)), key=lambda one: one.candidates)


class _Sweep:
    """Boxes in the order in which they begin along an axis.

    Attributes:
        order: int64, shape (n,), rows of the boxes.
        following: int64, shape (n,), how many of the next ones begin before the box at this place ends.
        candidates: how many pairs there are to look at.
    """

    def __init__(self, box: NDArray[np.float64], group: NDArray[np.int64], axis: int) -> None:
        begin, end = box[:, axis], box[:, axis] + box[:, axis + 2]
        # Whole numbers that are ordered as the coordinates are: with the group before them they are still exact.
        place = np.unique(np.concatenate([begin, end]), return_inverse=True)[1].astype(np.int64).ravel()
        start, stop = place[: len(box)], place[len(box) :]
        before = group * (int(place.max(initial=0)) + 1)
        self.order = np.argsort(before + start, kind="stable")
        last = np.searchsorted((before + start)[self.order], (before + stop)[self.order], side="left")
        self.following = np.maximum(last - np.arange(1, len(box) + 1), 0)
        self.candidates = int(self.following.sum())

    def pairs(self, box: NDArray[np.float64]) -> Iterator[Pairs]:
        """Yield the pairs that share an area, in blocks."""
        ends = np.cumsum(self.following)
        start = 0
        while start < len(ends):
            before = ends[start] - self.following[start]
            stop = max(start + 1, int(np.searchsorted(ends, before + _BLOCK, side="right")))
            places, counts = np.arange(start, stop), self.following[start:stop]
            first, second = self.order[np.repeat(places, counts)], self.order[ranges(places + 1, counts)]
            shared = _shared(box[first], box[second])
            yield Pairs(first, second, shared).take(shared > 0)
            start = stop


def _shared(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    low = np.maximum(one[:, :2], other[:, :2])
    side = np.minimum(one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:]) - low
    return np.asarray(np.where((side > 0).all(axis=1), side.prod(axis=1), 0.0))


def areas(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area of boxes, float64, shape (n,)."""
    return np.asarray(box[:, 2] * box[:, 3])


def overlap(pairs: Pairs, area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of pairs of boxes, float64, shape (pairs,).

    Args:
        area: float64, shape (n,), of the boxes.
    """
    return np.asarray(pairs.shared / (area[pairs.first] + area[pairs.second] - pairs.shared))


def one_to_many(one: Sequence[float] | NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of a box with each of some others, float64, shape (n,)."""
    x, y, width, height = one
    wide = np.minimum(x + width, others[:, 0] + others[:, 2]) - np.maximum(x, others[:, 0])
    high = np.minimum(y + height, others[:, 1] + others[:, 3]) - np.maximum(y, others[:, 1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    return np.asarray(shared / (width * height + others[:, 2] * others[:, 3] - shared))
