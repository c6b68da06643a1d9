"""How unsure a model is of what it found in a picture, and so how much a person would correct there.

A detection of score p is right with probability p, if the model knows what it knows: its binary entropy is what a
person's answer would tell, in bits: 1 at 0.5, 0 where the model is sure either way (S. Roy et al., Deep Active Learning
for Object Detection, BMVC 2018; C.-A. Brust et al., Active Learning for Deep Object Detection, VISAPP 2019, with
margins in the place of entropies). Brust et al. join the detections of a picture by sum, mean or maximum. The sum lets
crowds win by number alone, though every object more is also work more; in the mean many sure objects hide an unsure
one; the maximum cannot tell one doubt from five. So here: the most unsure detection counts by half, the next by a
quarter, and so on. That stays below the maximum and grows with each doubt, and a hundred sure objects are hardly more
than one.

Of a whole picture with one label only the score of the likeliest class is stored; then it is 1 - p, the least
confidence of D. Lewis and W. Gale (A Sequential Algorithm for Training Text Classifiers, SIGIR 1994).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .opinions import Opinion

__all__ = ["binary_entropy", "uncertainty", "unsure_objects"]

_NEAR = 0.2
"""Scores from 0.3 to 0.7 are near 0.5: entropies of 0.88 bits and more."""


def binary_entropy(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much a yes or no tells that comes true with these probabilities, in bits."""
    both = np.stack([score, 1 - score])
    return np.asarray(-(both * np.log2(both, out=np.zeros_like(both), where=both > 0)).sum(axis=0))


def uncertainty(opinions: Sequence[Opinion]) -> NDArray[np.float64]:
    """Return how unsure the models are of each picture, float64, shape (pictures,), 0 to 1; their mean.

    NaN where no model found anything: the picture is empty, or holds what none of them knows, and no score tells which;
    nor did one find anything in a picture that it never saw. To a classifier of which no label was sure enough to be
    kept, it is 1.
    """
    parts = np.stack([_of_one(opinion) for opinion in opinions])
    known = ~np.isnan(parts)
    total = np.where(known, parts, 0).sum(axis=0)
    mean = np.divide(total, known.sum(axis=0), out=np.full(len(total), np.nan), where=known.any(axis=0))
    return np.asarray(mean)


def _of_one(opinion: Opinion) -> NDArray[np.float64]:
    table, score = opinion.found.annotations, opinion.score
    single = opinion.whole and not opinion.several
    doubt = 1 - score if single else binary_entropy(score)
    order = np.lexsort((-doubt, table.image))
    place = np.arange(len(table)) - opinion.found.offsets[table.image[order]]
    # Beyond the 60th the weight is no more than rounding.
    weight = np.ones(len(table)) if single else 0.5 ** np.minimum(place + 1, 60)
    total = np.bincount(table.image[order], doubt[order] * weight, minlength=len(opinion.looked))
    nothing = np.diff(opinion.found.offsets) == 0
    total[nothing] = np.where(opinion.whole & opinion.looked[nothing], 1.0, np.nan)
    return np.asarray(total, np.float64)


def unsure_objects(opinion: Opinion) -> NDArray[np.int64]:
    """Count the annotations of each picture whose score is near 0.5, int64, shape (pictures,)."""
    near = np.abs(opinion.score - 0.5) <= _NEAR + 1e-9
    return np.bincount(opinion.found.annotations.image[near], minlength=len(opinion.looked))
