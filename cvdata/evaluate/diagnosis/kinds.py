"""What is wrong with each detection that found nothing: TIDE's kinds of error."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..overlaps import Overlaps
from ..pair import Pair

__all__ = ["BACKGROUND_BELOW", "FOUND_FROM", "Faults", "Verdict", "faults", "first_of"]

FOUND_FROM = 0.5
"""Overlap from which a detection of the right class finds an object."""

BACKGROUND_BELOW = 0.1
"""Overlap up to which a detection lies on nothing."""


class Verdict(IntEnum):
    """What became of a detection or an object; `verdicts.judge` says what each means."""

    TRUE = 0
    WRONG_CLASS = 1
    BADLY_PLACED = 2
    BOTH = 3
    DUPLICATE = 4
    BACKGROUND = 5
    IGNORED = 6
    UNSURE = 7
    FOUND = 8
    MISSED = 9

    @property
    def words(self) -> str:
        """Return the name as people read it."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Why detections failed, one row per detection.

    Attributes:
        kind: uint8, a `Verdict` each: one of the five kinds of error where the detection failed, else TRUE or UNSURE.
        truth: int64, row of the object that the error is about, -1 for none.
        overlap: float64, with that object, NaN for none.
        failed: bool, the detection is among those that count, and found nothing that counts. As in TIDE those on a
            crowd region are among them: they cost nothing, but the object that they come near is not missed.
        used: bool, shape (objects,), some detection found the object.
    """

    kind: NDArray[np.uint8]
    truth: NDArray[np.int64]
    overlap: NDArray[np.float64]
    failed: NDArray[np.bool_]
    used: NDArray[np.bool_]


def faults(pair: Pair, overlaps: Overlaps, matches: Matches) -> Faults:
    """Tell what is wrong with every detection that found no object that counts.

    The tests and their order are those of tidecv 1.0.1 (`quantify.py`, `TIDERun._eval_image`; Bolya et al., "TIDE: A
    General Toolbox for Identifying Object Detection Errors", ECCV 2020). The first that holds decides, over all objects
    that count, taken or not:

    1. badly placed: the best overlap with an object of its class is from 0.1 to 0.5, both inclusive;
    2. wrong class: the best overlap with an object of another class is at least 0.5;
    3. duplicate: it overlaps an object of its class that a surer detection took by at least 0.5;
    4. background: no overlap with any object is above 0.1;
    5. both: the rest, off in place and in class.

    Args:
        overlaps: pairs of all classes, at least those that overlap by 0.1.
        matches: at the threshold 0.5 alone.
    """
    true, size = matches.true[0], len(pair.found.annotations)
    failed = matches.kept & ~true
    used = np.zeros(len(pair.truth.annotations), np.bool_)
    used[matches.truth[0][true]] = True
    near = overlaps.take(matches.counted[overlaps.truth] & failed[overlaps.found])
    own = pair.found.annotations.category[near.found] == pair.truth.annotations.category[near.truth]
    of_class, other = _best(near.take(own), size), _best(near.take(~own), size)
    any_class = _best(near, size)

    kind = np.where(true, np.uint8(Verdict.TRUE), np.uint8(Verdict.UNSURE))
    truth, overlap = np.full(size, -1, np.int64), np.full(size, np.nan)
    left = failed.copy()
    for verdict, holds, best in (
        (Verdict.BADLY_PLACED, (of_class[1] >= BACKGROUND_BELOW) & (of_class[1] <= FOUND_FROM), of_class),
        (Verdict.WRONG_CLASS, other[1] >= FOUND_FROM, other),
        # A surer one took that object: were it free, this one would have found it.
        (Verdict.DUPLICATE, of_class[1] >= FOUND_FROM, of_class),
        (Verdict.BACKGROUND, any_class[1] <= BACKGROUND_BELOW, None),
        (Verdict.BOTH, failed, any_class),
    ):
        rows = np.flatnonzero(left & holds)
        left[rows] = False
        kind[rows] = verdict
        if best is not None:
            truth[rows], overlap[rows] = best[0][rows], best[1][rows]
    return Faults(kind, truth, overlap, failed, used)


def _best(near: Overlaps, detections: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the object that each detection overlaps most, the first of equal ones, and by how much; -1 and 0."""
    truth, value = np.full(detections, -1, np.int64), np.zeros(detections)
    if len(near):
        heads = np.flatnonzero(first_of(near.found))
        highest = np.maximum.reduceat(near.value, heads)
        value[near.found[heads]] = highest
        at = np.flatnonzero(near.value == value[near.found])
        at = at[first_of(near.found[at])]
        truth[near.found[at]] = near.truth[at]
    return truth, value


def first_of(column: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell which values differ from the one before them, bool, shape (n,); the first does."""
    first = np.ones(len(column), np.bool_)
    first[1:] = column[1:] != column[:-1]
    return first
