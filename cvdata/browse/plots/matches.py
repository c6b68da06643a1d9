"""What met what, by the verdicts of `cvdata eval`, in the form that FiftyOne lists it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...evaluate.diagnosis.kinds import Verdict
from ..subject import Judged
from .places import Ids

__all__ = ["Match", "counts_of", "matches_of"]

Match: TypeAlias = "tuple[str | None, str | None, float | None, float | None, str | None, str | None]"
"""Class of the object, class of the detection, their overlap, its confidence, ids of the two; None for a side that
there is not."""

_FALSE = (Verdict.WRONG_CLASS, Verdict.BADLY_PLACED, Verdict.BOTH, Verdict.DUPLICATE, Verdict.BACKGROUND)
_LOST = (Verdict.WRONG_CLASS, Verdict.BADLY_PLACED, Verdict.MISSED)


def matches_of(truth: Dataset, found: Dataset, judged: Judged, truth_ids: Ids, found_ids: Ids) -> list[Match]:
    """List each detection and each object that counts once: alone, or with the other that it met.

    Two stand together where the detection is true, or where it is the surest of another class right on an object that
    none found. What is not in FiftyOne is left out.
    """
    named, other = truth.categories.names, judged.found_other
    known = np.maximum(other, 0)
    paired = judged.found == Verdict.TRUE
    if len(truth.annotations):
        confused = (judged.found == Verdict.WRONG_CLASS) & (other >= 0) & (judged.truth[known] == Verdict.WRONG_CLASS)
        paired |= confused & (judged.truth_other[known] == np.arange(len(other)))
        paired &= truth_ids.there[known]
    paired &= (other >= 0) & found_ids.there
    alone = np.isin(judged.found, (Verdict.TRUE, *_FALSE)) & ~paired & found_ids.there
    lost = np.isin(judged.truth, (Verdict.FOUND, *_LOST)) & truth_ids.there
    lost[other[paired]] = False

    score = found.annotations.score
    sure = np.full(len(found.annotations), np.nan) if score is None else score
    classes, guesses = truth.annotations.category, found.annotations.category
    matches: list[Match] = []
    for row in np.flatnonzero(paired | alone).tolist():
        on = int(other[row]) if paired[row] else None
        guess, confidence, own = named[guesses[row]], _number(sure[row]), str(found_ids.label[row])
        if on is None:
            matches.append((None, guess, None, confidence, None, own))
        else:
            overlap = _number(judged.found_overlap[row])
            matches.append((named[classes[on]], guess, overlap, confidence, str(truth_ids.label[on]), own))
    missed = np.flatnonzero(lost).tolist()
    return matches + [(named[classes[row]], None, None, None, str(truth_ids.label[row]), None) for row in missed]


def counts_of(truth: Dataset, found: Dataset, judged: Judged) -> NDArray[np.int64]:
    """Count true detections, false ones and objects not found of each picture, int64, shape (pictures + 1, 3).

    The last row, of no picture, is zeros.
    """
    pictures = len(truth.images)
    columns = (
        found.annotations.image[judged.found == Verdict.TRUE],
        found.annotations.image[np.isin(judged.found, _FALSE)],
        truth.annotations.image[np.isin(judged.truth, _LOST)],
    )
    return np.stack([np.bincount(column, minlength=pictures + 1) for column in columns], axis=1).astype(np.int64)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
