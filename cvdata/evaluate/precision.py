"""Precision and recall from matches, and the average precision that each protocol makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .matching import Matches
from .pair import Pair

__all__ = ["COCO_RECALLS", "ClassCurve", "Precision", "class_curves", "class_orders", "coco_precision", "mean_of"]

COCO_RECALLS = np.linspace(0.0, 1.0, 101)
"""The recalls at which COCO reads precision; `linspace`, for its last digits."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassCurve:
    """What happens as detections of one class are taken from the surest on, at every threshold.

    Attributes:
        found: int64, shape (n,), rows of the detections, the surest first.
        true, false: int64, shape (thresholds, n), how many of those so far were true and false.
        objects: number of objects that count.
    """

    found: NDArray[np.int64]
    true: NDArray[np.int64]
    false: NDArray[np.int64]
    objects: int

    @property
    def recall(self) -> NDArray[np.float64]:
        """Share of the objects found so far, float64, shape (thresholds, n); NaN where no object counts."""
        if not self.objects:
            return np.full(self.true.shape, np.nan)
        return np.asarray(self.true / self.objects)

    @property
    def precision(self) -> NDArray[np.float64]:
        """Share of the detections so far that are true, float64, shape (thresholds, n); 0 while none counts."""
        # As in `COCOeval.accumulate`, to the last bit.
        return np.asarray(self.true / (self.false + self.true + np.spacing(1)))


def class_orders(pair: Pair, kept: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the rows of the kept detections of every class, int64, the surest first.

    Equal scores stand in the order of pictures (`Pair.order`), then as they came: the order in which
    `COCOeval.accumulate` merges them.
    """
    table = pair.found.annotations
    order = np.lexsort((pair.order[table.image], -pair.score, table.category))
    order = order[kept[order]]
    ends = np.searchsorted(table.category[order], np.arange(len(pair.classes) + 1)).tolist()
    return [order[first:stop] for first, stop in pairwise(ends)]


def class_curves(pair: Pair, matches: Matches, orders: list[NDArray[np.int64]] | None = None) -> list[ClassCurve]:
    """Return the curve of every class.

    Args:
        orders: of the kept detections, as `class_orders` gives them; None to compute them.
    """
    counted = np.flatnonzero(matches.counted)
    objects = np.bincount(pair.truth.annotations.category[counted], minlength=len(pair.classes))
    true, false = matches.true, matches.false
    curves = []
    for row, rows in enumerate(class_orders(pair, matches.kept) if orders is None else orders):
        so_far = [np.cumsum(flags[:, rows], axis=1, dtype=np.int64) for flags in (true, false)]
        curves.append(ClassCurve(rows, so_far[0], so_far[1], int(objects[row])))
    return curves


@dataclass(frozen=True, slots=True, eq=False)
class Precision:
    """COCO's table; NaN for a class without objects, where COCO has -1.

    Attributes:
        precision: float64, shape (thresholds, recalls, classes).
        recall: float64, shape (thresholds, classes), the highest that is reached.
        scores: float64, shape (thresholds, recalls, classes), score at which each recall is reached, 0 where it is not.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]


def coco_precision(pair: Pair, curves: list[ClassCurve]) -> Precision:
    """Read precision at COCO's 101 recalls (`COCOeval.accumulate`), with the same bits."""
    lines = curves[0].true.shape[0] if curves else 0
    shape = (lines, len(COCO_RECALLS), len(curves))
    table = Precision(np.full(shape, np.nan), np.full((lines, len(curves)), np.nan), np.full(shape, np.nan))
    for row, curve in enumerate(curves):
        if not curve.objects:
            continue
        recall, precision = curve.recall, curve.precision
        table.recall[:, row] = recall[:, -1] if len(curve.found) else 0.0
        table.precision[:, :, row] = table.scores[:, :, row] = 0.0
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        score = pair.score[curve.found]
        for line in range(lines):
            place = np.searchsorted(recall[line], COCO_RECALLS, side="left")
            reached = place < len(curve.found)
            table.precision[line, reached, row] = envelope[line, place[reached]]
            table.scores[line, reached, row] = score[place[reached]]
    return table


def mean_of(values: NDArray[np.float64]) -> float | None:
    """Return the mean of what is defined, None where nothing is."""
    defined = values[~np.isnan(values)]
    return float(np.mean(defined)) if defined.size else None
