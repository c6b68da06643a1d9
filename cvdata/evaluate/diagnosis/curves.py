"""Precision against recall, F1 against confidence, and the confidence that is best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..pair import Pair
from ..precision import COCO_RECALLS, ClassCurve, coco_precision
from ..report import Curve, OperatingPoint
from .kinds import first_of

__all__ = ["ByScore", "best_score", "by_score", "curves_of", "figures_at", "mean_f1", "operating_points", "thinned"]

_POINTS = 200
"""About so many points of a curve are kept."""

_ROUNDING = 1e-12
"""Means of F1 that differ by less are equal: they are sums of many small steps."""


F1: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Confidences, descending, and the F1 that each gives."""


@dataclass(frozen=True, slots=True, eq=False)
class ByScore:
    """What a least confidence gives for one class, for every confidence that occurs.

    Detections of equal confidence come together: no least confidence can take one of them without the others.

    Attributes:
        score: float64, shape (n,), each confidence once, descending.
        true, false: int64, shape (n,), how many detections that are at least so sure are true and false.
        f1: float64, shape (n,), 2 TP / (2 TP + FP + FN); NaN where no object counts.
        objects: number of objects that count.
    """

    score: NDArray[np.float64]
    true: NDArray[np.int64]
    false: NDArray[np.int64]
    f1: NDArray[np.float64]
    objects: int

    def at(self, score: float) -> tuple[float | None, float | None, float | None]:
        """Return precision, recall and F1 of the detections that are at least so sure; None where undefined."""
        place = int(np.searchsorted(-self.score, -score, side="right")) - 1
        true, false = (int(self.true[place]), int(self.false[place])) if place >= 0 else (0, 0)
        precision = true / (true + false) if true + false else None
        if not self.objects:
            return precision, None, None
        return precision, true / self.objects, 2 * true / (true + false + self.objects)


def by_score(pair: Pair, curves: list[ClassCurve]) -> list[ByScore]:
    """Return what each least confidence gives, of each class.

    Args:
        curves: at the threshold 0.5 alone.
    """
    return [_by_score(pair.score[curve.found], curve) for curve in curves]


def _by_score(score: NDArray[np.float64], curve: ClassCurve) -> ByScore:
    last = np.flatnonzero(first_of(score[::-1])[::-1])
    true, false = curve.true[0, last], curve.false[0, last]
    f1 = 2 * true / (true + false + curve.objects) if curve.objects else np.full(len(last), np.nan)
    return ByScore(score[last], true, false, f1, curve.objects)


def mean_f1(classes: list[ByScore]) -> F1:
    """Return every confidence, descending, and the mean F1 over classes that it gives."""
    counted = [one for one in classes if one.objects]
    if not counted:
        return np.zeros(0), np.zeros(0)
    score = np.concatenate([one.score for one in counted])
    step = np.concatenate([np.diff(one.f1, prepend=0.0) for one in counted])
    order = np.argsort(-score, kind="stable")
    score, total = score[order], np.cumsum(step[order])
    last = np.flatnonzero(first_of(score[::-1])[::-1])
    return score[last], np.clip(total[last] / len(counted), 0.0, 1.0)


def best_score(score: NDArray[np.float64], f1: NDArray[np.float64]) -> float | None:
    """Return the highest confidence that gives the highest F1, None where no confidence gives any."""
    if not len(f1) or not np.nanmax(f1, initial=0.0) > 0:
        return None
    return float(score[np.flatnonzero(f1 >= np.nanmax(f1) - _ROUNDING)[0]])


def operating_points(pair: Pair, classes: list[ByScore], mean: F1) -> list[OperatingPoint]:
    """Return the confidence of best F1: one for all classes together, then one for each.

    For all together it is the one with the highest mean of the classes' F1, as in Ultralytics
    (`ultralytics/utils/metrics.py`, `ap_per_class`), which reads F1 at 1,000 confidences and smooths it; here each
    confidence that occurs is looked at. Precision and recall are means over the classes too. Classes without objects
    are left out of the means.
    """
    score = best_score(*mean)
    counted = [one.at(score) for one in classes if one.objects] if score is not None else []
    means = [_mean([figures[i] for figures in counted]) for i in range(3)]
    if score is None and any(one.objects for one in classes):
        means[2] = 0.0
    points = [OperatingPoint(name=None, score=score, f1=means[2], precision=means[0], recall=means[1])]
    for name, one in zip(pair.classes, classes, strict=True):
        own = best_score(one.score, one.f1)
        precision, recall, f1 = (None, None, 0.0 if one.objects else None) if own is None else one.at(own)
        points.append(OperatingPoint(name=name, score=own, f1=f1, precision=precision, recall=recall))
    return points


def _mean(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None


def figures_at(classes: list[ByScore], score: float) -> list[dict[str, float | None]]:
    """Return precision, recall and F1 of each class at one confidence for all."""
    return [dict(zip(("precision", "recall", "F1"), one.at(score), strict=True)) for one in classes]


def curves_of(pair: Pair, curves: list[ClassCurve], classes: list[ByScore], mean: F1) -> list[Curve]:
    """Return the curves of the mean over classes, then of each class that has objects.

    Precision is read at COCO's 101 recalls, so that its mean is AP50; a point between two of equal precision is left
    out, which changes neither. F1 keeps its ends, its maximum and, of every stretch, its lowest and highest points.

    Args:
        curves: at the threshold 0.5 alone; `classes`: made of them.
    """
    counted = [row for row, curve in enumerate(curves) if curve.objects]
    if not counted:
        return []
    table = coco_precision(pair, curves)
    precision, reached = table.precision[0], table.scores[0]
    lines = [_curve(None, precision[:, counted].mean(axis=1), None, *mean)]
    for row in counted:
        one = classes[row]
        lines.append(_curve(pair.classes[row], precision[:, row], reached[:, row], one.score, one.f1))
    return lines


def _curve(
    name: str | None,
    precision: NDArray[np.float64],
    reached: NDArray[np.float64] | None,
    score: NDArray[np.float64],
    f1: NDArray[np.float64],
) -> Curve:
    corners = np.ones(len(precision), np.bool_)
    corners[1:-1] = (precision[1:-1] != precision[:-2]) | (precision[1:-1] != precision[2:])
    kept = thinned(f1[::-1])
    return Curve(
        name=name,
        recall=COCO_RECALLS[corners].tolist(),
        precision=precision[corners].tolist(),
        confidence=[] if reached is None else reached[corners].tolist(),
        score=score[::-1][kept].tolist(),
        f1=f1[::-1][kept].tolist(),
    )


def thinned(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of about 200 values that draw the same line: first, lowest, highest, last of each stretch."""
    if len(values) <= _POINTS:
        return np.arange(len(values))
    stretches = _POINTS // 4
    size = -(-len(values) // stretches)
    # The last stretch is filled up with the last value; the first of equal places counts, so that it is a real one.
    table = np.concatenate([values, np.full(stretches * size - len(values), values[-1])]).reshape(stretches, size)
    first = np.arange(stretches) * size
    places = np.concatenate([first, first + table.argmin(axis=1), first + table.argmax(axis=1), first + size - 1])
    return np.unique(np.minimum(places, len(values) - 1)).astype(np.int64)
