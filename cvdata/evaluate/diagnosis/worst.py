"""The pictures with the most errors."""

from __future__ import annotations

import numpy as np

from ..matching import Matches
from ..pair import Pair
from ..report import WorstPicture
from .kinds import Verdict
from .verdicts import Verdicts

__all__ = ["worst_pictures"]

_MOST = 24

_ERRORS = (Verdict.WRONG_CLASS, Verdict.BADLY_PLACED, Verdict.BOTH, Verdict.DUPLICATE, Verdict.BACKGROUND)
"""Errors of detections; an object is one where it is missed, else the detection that points to it is."""


def worst_pictures(pair: Pair, matches: Matches, verdicts: Verdicts, most: int = _MOST) -> list[WorstPicture]:
    """Return the pictures with the most errors at the operating point, equal ones by name."""
    images = len(pair.truth.images)
    errors = np.zeros(images, np.int64)
    of_found, of_truth = pair.found.annotations.image, pair.truth.annotations.image
    errors += np.bincount(of_found[np.isin(verdicts.found, _ERRORS)], minlength=images)
    errors += np.bincount(of_truth[verdicts.truth == Verdict.MISSED], minlength=images)
    objects = np.bincount(of_truth[matches.counted], minlength=images)
    least = max(1, int(np.partition(errors, -most)[-most]) if images > most else 1)
    names = pair.truth.images.names
    rows = sorted(np.flatnonzero(errors >= least).tolist(), key=lambda row: (-int(errors[row]), names[row]))
    return [
        WorstPicture(
            image=names[row],
            errors=int(errors[row]),
            objects=int(objects[row]),
            verdicts=_verdicts_of(pair, verdicts, row),
        )
        for row in rows[:most]
    ]


def _verdicts_of(pair: Pair, verdicts: Verdicts, image: int) -> dict[str, int]:
    """Count true detections and every kind of error of a picture; what does not occur is left out."""
    found = verdicts.found[pair.found.offsets[image] : pair.found.offsets[image + 1]]
    truth = verdicts.truth[pair.truth.offsets[image] : pair.truth.offsets[image + 1]]
    counts = {verdict.words: int((found == verdict).sum()) for verdict in (Verdict.TRUE, *_ERRORS)}
    counts[Verdict.MISSED.words] = int((truth == Verdict.MISSED).sum())
    return {words: count for words, count in counts.items() if count}
