"""Pictures with several labels each: every class is a question of its own, is it in the picture or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations
from ...dataset.ragged import starts

__all__ = ["YES", "SeveralLabels", "Tally", "several_labels", "sums"]

YES = 0.5
"""Score from which a class counts as said to be in a picture, for precision, recall and F1."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What every class comes to, float64, shape (classes,).

    Attributes:
        hits: pictures that have the class and are said to; `guessed`: said to; `support`: that have it.
        precision: average precision, NaN for a class that no picture has.
    """

    hits: NDArray[np.float64]
    guessed: NDArray[np.float64]
    support: NDArray[np.float64]
    precision: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SeveralLabels:
    """Predictions by class, the surest first, and the labels.

    Attributes:
        offsets: int64, shape (classes + 1,): class c has the predictions `offsets[c]:offsets[c + 1]`.
        picture: int32, shape (predictions,), row of the picture.
        yes: int64, shape (classes,), place after the last prediction of each class that reaches `YES`.
        hits: int64, shape (hits,), places of predictions whose picture has the class, ascending.
        ends: int64, shape (hits,), place after all predictions of the class that are as sure: a threshold cannot part
            them.
        label_picture, label_category: int64, shape (labels,), the labels.
        probable: no score is above 1, so that `YES` means something.
    """

    offsets: NDArray[np.int64]
    picture: NDArray[np.int32]
    yes: NDArray[np.int64]
    hits: NDArray[np.int64]
    ends: NDArray[np.int64]
    label_picture: NDArray[np.int64]
    label_category: NDArray[np.int64]
    probable: bool

    def tally(self, weights: NDArray[Any]) -> Tally:
        """Count every class where each picture was drawn so often, shape (pictures,).

        Average precision is the sum of precision times the recall that is won, over the thresholds, without
        interpolation: the `average_precision_score` of scikit-learn. Recall is won at hits alone, so precision is read
        there. Labels that were never predicted are recall that is never won.
        """
        classes, begin = len(self.yes), self.offsets[:-1]
        support = sums(self.label_category, weights[self.label_picture], classes)
        told = _running(weights[self.picture])
        drawn = weights[self.picture[self.hits]]
        true = _running(drawn)
        owner = np.searchsorted(self.offsets, self.hits, side="right") - 1
        # Hits before a place: those among the predictions before it.
        first = np.searchsorted(self.hits, begin)
        above = told[self.ends] - told[begin][owner]
        right = true[np.searchsorted(self.hits, self.ends)] - true[first][owner]
        share = np.divide(right, above, out=np.zeros(len(right)), where=above > 0)
        area = sums(owner, drawn * share, classes)
        return Tally(
            hits=np.asarray(true[np.searchsorted(self.hits, self.yes)] - true[first], np.float64),
            guessed=np.asarray(told[self.yes] - told[begin], np.float64),
            support=support,
            precision=np.asarray(np.divide(area, support, out=np.full(classes, np.nan), where=support > 0)),
        )


def _running(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of the values before each place, and of all, shape (n + 1,); counts of pictures are exact."""
    total = np.zeros(len(values) + 1, np.result_type(values.dtype, np.int64))
    np.cumsum(values, out=total[1:])
    return total


def several_labels(
    found: Annotations, picture: NDArray[np.int64], category: NDArray[np.int64], classes: int
) -> SeveralLabels:
    """Sort predictions, one per picture and class, by class and score.

    Args:
        picture, category: int64, shape (labels,), the labels, each once, sorted.
    """
    score = np.zeros(len(found)) if found.score is None else found.score
    order = np.lexsort((-score, found.category))
    offsets = starts(np.bincount(found.category, minlength=classes))
    score, of, shown = score[order], found.category[order], found.image[order]
    wanted, key = picture * classes + category, shown.astype(np.int64) * classes + of
    hits = np.flatnonzero(wanted[np.minimum(np.searchsorted(wanted, key), len(wanted) - 1)] == key)
    last = np.flatnonzero((np.diff(score, append=np.nan) != 0) | (np.diff(of, append=-1) != 0))
    said = np.bincount(of[score >= YES], minlength=classes)  # the surest are first, so they are the first ones
    return SeveralLabels(
        offsets=offsets,
        picture=shown,
        yes=offsets[:-1] + said,
        hits=hits,
        ends=last[np.searchsorted(last, hits)] + 1,
        label_picture=picture,
        label_category=category,
        probable=not bool((score > 1).any()),
    )


def sums(rows: NDArray[np.integer[Any]], values: NDArray[Any], count: int) -> NDArray[np.float64]:
    """Add the values of each row up, float64, shape (count,)."""
    return np.asarray(np.bincount(rows, values, count), np.float64)
