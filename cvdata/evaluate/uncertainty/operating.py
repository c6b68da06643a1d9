"""Figures at the operating point, and mean overlaps, in every resample: shares of sums over pictures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..diagnosis.curves import best_score, by_score, mean_f1
from ..diagnosis.ious import matched_overlap
from ..judging import matches_of
from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..precision import class_curves
from ..settings import EvalSettings
from .figures import ClassFigures, over_classes

__all__ = ["Operating", "operating_of"]

_Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Sum:
    """Something that is added up over pictures, for each class.

    Attributes:
        picture: int64, shape (n,), picture of each summand, those of class c at `ends[c]:ends[c + 1]`.
        value: float32, shape (n,).
    """

    picture: NDArray[np.int64]
    value: NDArray[np.float32]
    ends: list[int]

    @staticmethod
    def of(picture: NDArray[np.int32], category: NDArray[np.int32], value: _Table | None, classes: int) -> _Sum:
        order = np.argsort(category, kind="stable")
        values = np.ones(len(order)) if value is None else value[order]
        ends = np.searchsorted(category[order], np.arange(classes + 1)).tolist()
        return _Sum(picture[order].astype(np.int64), values.astype(np.float32), ends)

    def over(self, weights: NDArray[np.floating]) -> _Table:
        """Return the sums where pictures count so often, shape (resamples, classes)."""
        table = np.zeros((weights.shape[1], len(self.ends) - 1))
        for row, (first, stop) in enumerate(pairwise(self.ends)):
            if first == stop:
                continue  # of no summands `einsum` makes NaN where memory that it must not read holds NaN (NumPy 2.4)
            table[:, row] = np.einsum("i,ij->j", self.value[first:stop], weights.take(self.picture[first:stop], axis=0))
        return table


@dataclass(frozen=True, slots=True, eq=False)
class Operating:
    """What the figures are made of.

    Attributes:
        true, false: detections at the confidence of the best mean F1, which stays the same in all resamples.
        objects: that count; `pairs`: matched pairs at any confidence; `overlap`: their IoU.
    """

    true: _Sum
    false: _Sum
    objects: _Sum
    pairs: _Sum
    overlap: _Sum

    def figures(self, weights: NDArray[np.floating]) -> tuple[ClassFigures, dict[str, _Table]]:
        """Return the figures of the classes, shape (resamples, classes), and those of all, shape (resamples,).

        Over all classes mean_IoU is of all pairs alike, and the others are means over the classes with objects.

        Args:
            weights: shape (pictures, resamples), how often each picture is in each resample.
        """
        true, false, objects = (part.over(weights) for part in (self.true, self.false, self.objects))
        pairs, overlap = self.pairs.over(weights), self.overlap.over(weights)
        recall = _share(true, objects)
        classes = {
            "precision": _share(true, true + false),
            "recall": recall,
            "F1": np.where(objects > 0, _share(2 * true, true + false + objects), np.nan),
            "mean_IoU": _share(overlap, pairs),
        }
        counted = {name: np.where(objects > 0, classes[name], np.nan) for name in ("precision", "recall", "F1")}
        return classes, over_classes(counted) | {"mean_IoU": _share(overlap.sum(axis=1), pairs.sum(axis=1))}


def _share(part: _Table, whole: _Table) -> _Table:
    share: _Table = np.full(part.shape, np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def operating_of(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> Operating:
    """Return what the figures are made of, at IoU 0.5."""
    table, truth, classes = pair.found.annotations, pair.truth.annotations, len(pair.classes)
    matches = matches_of(pair, kind, settings, overlaps)
    score = best_score(*mean_f1(by_score(pair, class_curves(pair, matches)))) or 0.0
    true, false = matches.true[0], matches.false[0]
    value = matched_overlap(overlaps, matches)

    def of(rows: NDArray[np.bool_], values: _Table | None = None) -> _Sum:
        return _Sum.of(table.image[rows], table.category[rows], values, classes)

    counted = matches.counted
    return Operating(
        true=of(true & (pair.score >= score)),
        false=of(false & (pair.score >= score)),
        objects=_Sum.of(truth.image[counted], truth.category[counted], None, classes),
        pairs=of(true),
        overlap=of(true, value[true]),
    )
