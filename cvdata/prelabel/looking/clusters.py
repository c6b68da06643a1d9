"""Boxes that several looks gave to one object, gathered one by one around their weighted mean."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .pairs import one_to_many

__all__ = ["clusters_of"]

_MANY = 32
"""From so many boxes on NumPy is faster than a loop."""


def clusters_of(box: NDArray[np.float64], weight: NDArray[np.float64], iou: float) -> NDArray[np.int64]:
    """Return the cluster of each box, int64, shape (n,), numbered as they come up.

    Each box in turn joins the cluster whose weighted mean it overlaps most, where the intersection over union is above
    `iou`, and moves that mean; else it begins a cluster. So does `weighted_boxes_fusion` of the authors (section 3 of
    arXiv:1910.13302), who hold every box against every cluster; here only those that are near.

    Args:
        box: float64, shape (n, 4): x, y, width, height; of one picture and one class, surest first.
        weight: float64, shape (n,), confidences.
        iou: above 0.
    """
    means = _Means(len(box), iou, cell=float(np.median(box[:, 2:])) if len(box) else 1.0)
    rows = zip(box.tolist(), weight.tolist(), strict=True)
    return np.fromiter((means.put(one, confidence) for one, confidence in rows), np.int64, len(box))


class _Means:
    """The mean box of every cluster, in a grid by its centre, so that those near a place are found at once."""

    def __init__(self, most: int, iou: float, cell: float) -> None:
        self._iou = iou
        self._cell = max(cell, 1e-9)
        # Boxes of widths v and w whose centres are d apart overlap by at most ((v + w)/2 - d) / ((v + w)/2 + d), and by
        # no more than v/w: beyond this share of its own side nothing overlaps a box enough.
        self._reach = (1 - iou) / (2 * iou) + 1e-6
        self._grid: dict[tuple[int, int], list[int]] = {}
        self._sums: list[list[float]] = []  # of the weighted boxes, and of the weights
        self._boxes: list[list[float]] = []
        self._table = np.empty((most, 4))  # the same boxes, for many at once

    def put(self, box: list[float], weight: float) -> int:
        """Give a box to the cluster that it overlaps most, or to a new one; return its number."""
        cluster = self._best(box)
        if cluster is None:
            cluster = len(self._boxes)
            self._sums.append([0.0] * 5)
            self._boxes.append(box)
        else:
            self._grid[self._place(self._boxes[cluster])].remove(cluster)
        sums = self._sums[cluster]
        for place, value in enumerate((*box, 1.0)):
            sums[place] += weight * value
        if sums[4] > 0:  # else the first box stands, as there is nothing to weigh by
            self._boxes[cluster] = [value / sums[4] for value in sums[:4]]
        self._table[cluster] = self._boxes[cluster]
        self._grid.setdefault(self._place(self._boxes[cluster]), []).append(cluster)
        return cluster

    def _place(self, box: list[float]) -> tuple[int, int]:
        x, y, width, height = box
        return math.floor((x + width / 2) / self._cell), math.floor((y + height / 2) / self._cell)

    def _best(self, box: list[float]) -> int | None:
        """Return the cluster that a box overlaps most, above the least overlap; of equals the first."""
        near = sorted(self._near(box))
        if len(near) > _MANY:
            values = one_to_many(box, self._table[near])
            highest = int(values.argmax())
            return near[highest] if values[highest] > self._iou else None
        best, found = self._iou, None
        for cluster in near:
            value = _iou(box, self._boxes[cluster])
            if value > best:
                best, found = value, cluster
        return found

    def _near(self, box: list[float]) -> list[int]:
        """Return the clusters that may overlap a box enough."""
        across, down = self._cells(box[0], box[2]), self._cells(box[1], box[3])
        if len(across) * len(down) > len(self._boxes):
            return list(range(len(self._boxes)))
        return [cluster for place in product(across, down) for cluster in self._grid.get(place, ())]

    def _cells(self, start: float, side: float) -> range:
        """Return the cells, along an axis, in which the middle of what overlaps a box enough may lie."""
        middle, reach = start + side / 2, side * self._reach
        return range(math.floor((middle - reach) / self._cell), math.floor((middle + reach) / self._cell) + 1)


def _iou(one: list[float], other: list[float]) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
