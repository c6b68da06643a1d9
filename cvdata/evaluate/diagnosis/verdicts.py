"""The verdict on every detection and every object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..overlaps import Overlaps
from ..pair import Pair
from .ious import matched_overlap
from .kinds import Faults, Verdict

__all__ = ["Verdicts", "count_verdicts", "judge"]


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What became of everything, and of what it met on the other side.

    Attributes:
        score: least confidence of the detections that count; the others are UNSURE.
        found, truth: uint8, a `Verdict` for each detection and each object.
        found_other: int64, row of the object that a detection met; `truth_other`: of the detection that an object met;
            -1 where it met none.
        found_overlap, truth_overlap: float64, overlap of the two, NaN where there is no other.
    """

    score: float
    found: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    found_other: NDArray[np.int64]
    truth_other: NDArray[np.int64]
    found_overlap: NDArray[np.float64]
    truth_overlap: NDArray[np.float64]


def judge(pair: Pair, overlaps: Overlaps, matches: Matches, faults: Faults, score: float) -> Verdicts:
    """Give every detection and every object its verdict, at IoU 0.5 and the confidence `score`.

    A detection is

    - true: it found an object of its class, by the protocol's rules; its other is that object;
    - badly placed: it overlaps an object of its class by 0.1 to 0.5;
    - wrong class: it overlaps an object of another class by at least 0.5;
    - duplicate: a surer detection found the object of its class that it overlaps by at least 0.5;
    - background: it overlaps nothing by more than 0.1;
    - both: it overlaps objects of other classes alone, by less than 0.5;
    - ignored: it counts neither way: on a crowd region, beyond the surest 100 of its picture and class, or what else
      the protocol sets aside (`judging.matches_of`);
    - unsure: its confidence is below `score`, so that all goes on as if it were not there.

    Where two hold, the first in the order of `kinds.faults`, which is TIDE's, decides. An object is

    - found: by a true detection, its other;
    - wrong class, badly placed: none found it, and the surest detection with such a fault that points to it is its
      other;
    - missed: none of these, as in TIDE;
    - ignored: it does not count, such as a crowd region.

    A detection less sure than another never changes what that one finds, so that matches of all detections hold for
    the sure ones too.

    Args:
        matches: at the threshold 0.5 alone.
    """
    sure = pair.score >= score
    true = matches.true[0] & sure
    aside = sure & ~matches.true[0] & ~(faults.failed & ~matches.ignored[0])
    found = np.where(sure, faults.kind, np.uint8(Verdict.UNSURE))
    found[aside] = Verdict.IGNORED
    on_object = true | (aside & matches.kept)
    other = np.where(on_object, matches.truth[0], faults.truth).astype(np.int64)
    overlap = np.where(on_object, matched_overlap(overlaps, matches), faults.overlap)
    other[~sure | (aside & ~matches.kept)] = -1
    overlap[other < 0] = np.nan

    truth = np.full(len(pair.truth.annotations), np.uint8(Verdict.MISSED))
    truth[~matches.counted] = Verdict.IGNORED
    truth_other, truth_overlap = np.full(len(truth), -1, np.int64), np.full(len(truth), np.nan)
    near = np.flatnonzero((found == Verdict.WRONG_CLASS) | (found == Verdict.BADLY_PLACED))
    near = near[np.argsort(-pair.score[near], kind="stable")]
    # The last to be written stays: of those that point there the surest, and above all the one that found it.
    for rows in (near[::-1], np.flatnonzero(true)):
        truth[other[rows]] = found[rows]
        truth_other[other[rows]], truth_overlap[other[rows]] = rows, overlap[rows]
    truth[truth == Verdict.TRUE] = Verdict.FOUND
    return Verdicts(score, found, truth, other, truth_other, overlap, truth_overlap)


def count_verdicts(verdicts: Verdicts) -> dict[str, int]:
    """Count detections by verdict, and the objects that were found, that were missed and that do not count."""
    found = np.bincount(verdicts.found, minlength=len(Verdict)).tolist()
    truth = np.bincount(verdicts.truth, minlength=len(Verdict)).tolist()
    counts = {verdict.words: found[verdict] for verdict in Verdict if verdict < Verdict.FOUND}
    return counts | {"found": truth[Verdict.FOUND], "missed": truth[Verdict.MISSED]}
