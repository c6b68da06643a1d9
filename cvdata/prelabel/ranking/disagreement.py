"""Where models differ: query by committee (H. Seung et al., Query by Committee, COLT 1992) for what detectors find.

Two models agree on an object where both found it: boxes of one class with an IoU of 0.5 or more, each in one pair. With
scores as weights, the agreement on a picture is Dice's coefficient, the F1 of either model against the other, as it is
softened for losses (F. Milletari et al., V-Net, 3DV 2016):

    (2 sum min(a, b) + 1) / (sum a + sum b + 1)

with the scores a and b of what each found, and the sum of the minima over pairs. The ones keep pictures in which both
found next to nothing from differing wholly. Disagreement is 1 less it; of more than two models the mean over pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...evaluate.overlaps import Overlaps, box_overlaps, pairs_of
from ...evaluate.pair import Pair
from .opinions import Opinion

__all__ = ["Differences", "disagreement"]

IOU = 0.5
"""Overlap from which two boxes are of one object."""

_SURE = 0.5
"""Score from which a thing that one model found, and another did not, is spoken of."""


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """How much models differ on each picture.

    Attributes:
        value: float64, shape (pictures,), 0 to 1; NaN where fewer than two models looked.
        objects: int64, shape (pictures,): what one model found with a score of 0.5 or more and another did not find,
            between the two models that differ in most.
    """

    value: NDArray[np.float64]
    objects: NDArray[np.int64]


def disagreement(opinions: Sequence[Opinion]) -> Differences:
    """Compare every two models, which must be two or more."""
    pictures = len(opinions[0].looked)
    total, pairs, objects = np.zeros(pictures), np.zeros(pictures), np.zeros(pictures, np.int64)
    for one, other in combinations(opinions, 2):
        value, alone = _between(one, other)
        both = one.looked & other.looked
        total += np.where(both, value, 0)
        pairs += both
        objects = np.maximum(objects, np.where(both, alone, 0))
    return Differences(np.divide(total, pairs, out=np.full(pictures, np.nan), where=pairs > 0), objects)


def _between(one: Opinion, other: Opinion) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the disagreement on each picture, and how many sure objects only one of the two found."""
    first, second = _partners(one, other)
    pictures = len(one.looked)
    shared = np.bincount(
        one.found.annotations.image[first], np.minimum(one.score[first], other.score[second]), minlength=pictures
    )
    scores, alone = np.zeros(pictures), np.zeros(pictures, np.int64)
    for side, paired in ((one, first), (other, second)):
        image = side.found.annotations.image
        scores += np.bincount(image, side.score, minlength=pictures)
        lonely = side.score >= _SURE
        lonely[paired] = False
        alone += np.bincount(image[lonely], minlength=pictures)
    # What is equal may be off 0 by the last bit of a sum.
    return np.clip(1 - (2 * shared + 1) / (scores + 1), 0, 1), alone


def _partners(one: Opinion, other: Opinion) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of annotations of either model that are of one object, each in one pair; whichever model is first.

    Whatever pair overlaps most is taken, of equal ones the surest; then of those left over, and so on.
    """
    pair = Pair(truth=other.found, found=one.found, order=np.arange(len(one.looked)))
    near = _same_labels(pair) if one.whole and other.whole else box_overlaps(pair, least=IOU, same_class=True)
    first, second, value = near.found, near.truth, near.value
    order = np.lexsort((-np.minimum(one.score[first], other.score[second]), -value))
    first, second = first[order], second[order]
    taken: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
    while len(first):
        best = _first_of_each(first) & _first_of_each(second)
        taken[0].append(first[best])
        taken[1].append(second[best])
        free = ~(np.isin(first, first[best]) | np.isin(second, second[best]))
        first, second = first[free], second[free]
    nothing = np.zeros(0, np.int64)
    return np.concatenate([nothing, *taken[0]]), np.concatenate([nothing, *taken[1]])


def _same_labels(pair: Pair) -> Overlaps:
    """Return labels of whole pictures that are the same."""
    blocks = pairs_of(pair, same_class=True)
    return Overlaps.concat([Overlaps(found, truth, np.ones(len(found))) for found, truth in blocks])


def _first_of_each(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell where each number appears for the first time."""
    first = np.zeros(len(rows), np.bool_)
    first[np.unique(rows, return_index=True)[1]] = True
    return first
