"""From the curve of a class to its average precision, as each protocol computes it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..pair import Pair
from ..precision import COCO_RECALLS, ClassCurve, coco_precision
from .rules import Average

__all__ = ["VOC_RECALLS", "class_averages"]

VOC_RECALLS = np.linspace(0.0, 1.0, 11)
"""Recalls of the VOC2007 measure.

Published figures rest on these very numbers: 0.3, 0.6 and 0.7 are a last digit higher here than as decimals, so that 9
objects of 15 do not reach 0.6. py-faster-rcnn, detectron2 and Padilla's tool have the same (`arange(0, 1.1, 0.1)`);
MATLAB's `0:0.1:1`, as the development kit has it, counts its upper half down from 1, which gives exact 0.6 and 0.7.
"""


def class_averages(average: Average, pair: Pair, curves: list[ClassCurve]) -> NDArray[np.float64]:
    """Return the AP of every class, float64, shape (thresholds, classes); NaN for a class without objects."""
    if not curves:
        return np.zeros((1, 0))
    if average == "coco":
        return np.asarray(coco_precision(pair, curves).precision.mean(axis=1))
    rule = _RULES[average]
    columns = [_of_class(curve, rule) for curve in curves]
    return np.stack(columns, axis=1)


_Rule = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
"""From recall, ascending, and precision at it, both of shape (detections,), to the average precision."""


def _of_class(curve: ClassCurve, rule: _Rule) -> NDArray[np.float64]:
    lines = len(curve.true)
    if not curve.objects:
        return np.full(lines, np.nan)
    if not len(curve.found):
        return np.zeros(lines)
    counted = curve.true + curve.false
    # While only detections on objects set aside have come, nothing counts: the kits have 0/0 there, and drop it.
    precision = np.divide(curve.true, counted, out=np.zeros(counted.shape), where=counted > 0)
    return np.array([rule(*line) for line in zip(curve.recall, precision, strict=True)])


def _eleven_recalls(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Return the mean of the highest precision at or beyond eleven recalls (VOC2007, `VOCevaldet.m`)."""
    place = np.searchsorted(recall, VOC_RECALLS, side="left")
    return float(np.append(_envelope(precision), 0.0)[place].sum() / len(VOC_RECALLS))


def _whole_area(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Return the area under the falling envelope of the curve (VOC2010 on, `VOCap.m`)."""
    return float(np.sum(np.diff(recall, prepend=0.0) * _envelope(precision)))


def _lines(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Return Ultralytics' area under straight lines between the points of the envelope, read at COCO's recalls.

    Beyond the last recall that is reached, precision is 0.
    """
    return _under_lines(np.append(recall, recall[-1]), np.append(precision, 0.0))


def _lines_to_1(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Return the area as releases before 8.4.37 had it.

    The last line falls from the last point to precision 0 at recall 1: recall that was never reached counts, too.
    """
    return _under_lines(recall, precision)


def _under_lines(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    across = np.concatenate([[0.0], recall, [1.0]])
    up = _envelope(np.concatenate([[1.0], precision, [0.0]]))
    height = np.interp(COCO_RECALLS, across, up)
    return float(np.sum(np.diff(COCO_RECALLS) * (height[1:] + height[:-1]) / 2.0))


def _envelope(precision: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum.accumulate(precision[::-1])[::-1])


_RULES: dict[Average, _Rule] = {
    "voc07": _eleven_recalls,
    "voc12": _whole_area,
    "lines": _lines,
    "lines-to-1": _lines_to_1,
}
