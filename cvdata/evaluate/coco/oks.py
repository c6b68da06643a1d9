"""How near detected keypoints lie to labelled ones: COCO's object keypoint similarity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import Ragged
from ..objects import keypoint_counts, truth_area
from ..overlaps import Overlaps, pairs_of
from ..pair import Pair
from .checks import check_shapes
from .sigmas import class_names, point_counts, sigmas_for

__all__ = ["keypoint_overlaps"]

_BLOCK = 1 << 16
"""Pairs looked at at once: each has 17 keypoints in a dozen columns."""


def keypoint_overlaps(pair: Pair, *, least: float = 0.0, same_class: bool = True) -> Overlaps:
    """Return the object keypoint similarity of detections and objects.

    The mean of exp(-d² / (2 s² k²)) over the labelled keypoints of the object, with their distance d, the object's
    area s² and k twice the sigma of each keypoint (`sigmas_for`); of an object without any, d is how far each keypoint
    lies outside twice its box. The operations and their order are those of `computeOks` in pycocotools' `cocoeval.py`.

    Args:
        least: leave out pairs that are less similar than this.
        same_class: only pairs of one class; else also of two classes with the same number of keypoints.

    Raises:
        EvaluationError: keypoints cannot be held against each other.
    """
    check_shapes(pair, "keypoints")
    sides = _Sides(
        ours=pair.truth.annotations.keypoints,
        theirs=pair.found.annotations.keypoints,
        box=pair.truth.annotations.box,
        area=truth_area(pair.truth, "keypoints"),
        labelled=keypoint_counts(pair.truth.annotations),
    )
    counts = point_counts(pair)
    ours, theirs = pair.truth.annotations.category, pair.found.annotations.category
    parts = []
    for found, truth in pairs_of(pair, same_class=same_class):
        alike = (counts[ours[truth]] == counts[theirs[found]]) & (counts[ours[truth]] > 0)
        for chosen in _blocks(np.flatnonzero(alike), ours[truth]):
            rows, others = found[chosen], truth[chosen]
            row = int(ours[others[0]])
            spread = sigmas_for(int(counts[row]), class_names(pair, row))
            value = _similarities(sides, rows, others, spread)
            parts.append(Overlaps(rows, others, value).take((value > 0) & (value >= least)))
    overlaps = Overlaps.concat(parts)
    return overlaps.take(np.lexsort((overlaps.truth, overlaps.found)))


def _blocks(chosen: NDArray[np.int64], category: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """Yield rows class by class, as classes differ in keypoints and sigmas, and not too many at once."""
    order = chosen[np.argsort(category[chosen], kind="stable")]
    borders = np.flatnonzero(np.diff(category[order])) + 1
    for rows in np.split(order, borders):
        for start in range(0, len(rows), _BLOCK):
            yield rows[start : start + _BLOCK]


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Keypoints of objects and detections, and what else of the objects counts."""

    ours: Ragged | None
    theirs: Ragged | None
    box: NDArray[np.float64]
    area: NDArray[np.float64]
    labelled: NDArray[np.int64]


def _similarities(
    sides: _Sides, found: NDArray[np.int64], truth: NDArray[np.int64], sigmas: NDArray[np.float64]
) -> NDArray[np.float64]:
    theirs = _points(sides.theirs, found, len(sigmas))
    ours = _points(sides.ours, truth, len(sigmas))
    bare = sides.labelled[truth] == 0
    away = theirs[:, :, :2] - ours[:, :, :2]
    away[bare] = _outside(theirs[bare, :, :2], sides.box[truth[bare]])
    squared = away[:, :, 0] ** 2 + away[:, :, 1] ** 2
    error = squared / (sigmas * 2) ** 2 / (sides.area[truth] + np.spacing(1))[:, None] / 2
    seen = (ours[:, :, 2] > 0) | bare[:, None]
    value = np.zeros(len(found))
    used = seen.sum(axis=1)
    for count in np.flatnonzero(np.bincount(used)).tolist():
        # Rows with as many numbers to add: a sum with zeros in between would round otherwise.
        rows = np.flatnonzero(used == count)
        value[rows] = np.exp(-error[rows][seen[rows]].reshape(len(rows), count)).sum(axis=1) / count
    return value


def _points(column: Ragged | None, rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return x, y and visibility of keypoints, shape (rows, count, 3); zeros where an object has none."""
    points = np.zeros((len(rows), count, 3))
    if column is not None:
        full = np.flatnonzero(column.lengths[rows] == count)
        chosen = column.take(rows[full])
        points[full] = chosen.values.reshape(len(full), count, 3)
    return points


def _outside(points: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far points, shape (n, k, 2), lie outside boxes doubled about their middle, along x and y."""
    low = box[:, None, :2] - box[:, None, 2:]
    high = box[:, None, :2] + box[:, None, 2:] * 2
    return np.asarray(np.maximum(0.0, low - points) + np.maximum(0.0, points - high))
