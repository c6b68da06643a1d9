"""Which candidates are objects that are labelled already, and which lie where something is labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..looking.pairs import Pairs, areas, meeting, overlap
from .candidates import CHANGED, KEPT, NOBODY, STILL, Candidates
from .origins import Known

__all__ = ["Meetings", "accepted_before", "labelled_before", "labelled_twice", "meetings_of", "untouched_rows"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Meetings:
    """Pairs of objects of one picture that overlap enough to be one.

    Attributes:
        truth, candidate: int64, rows of annotations and of candidates; `same`: bool, they have one class; `overlap`:
            float64, intersection over union.
        first, second: int64, rows of candidates; `alike`: bool, they have one class.
    """

    truth: Ints
    candidate: Ints
    same: Flags
    overlap: NDArray[np.float64]
    first: Ints
    second: Ints
    alike: Flags


def meetings_of(truth: Dataset, candidates: Candidates, iou: float) -> Meetings:
    """Return which objects overlap by at least so much; labels of a whole picture overlap wholly.

    Where no picture has more than one label of its own, neither in the truth nor among the proposals of a model, two
    labels of a picture are one that two looked at: their classes do not count.
    """
    table, there = truth.annotations, candidates.image >= 0
    mine = np.flatnonzero(np.isin(table.image, candidates.image[there]))
    theirs = np.flatnonzero(there)
    box = np.concatenate([table.box[mine], candidates.box[theirs]])
    image = np.concatenate([table.image[mine].astype(np.int64), candidates.image[theirs]])
    category = np.concatenate([table.category[mine].astype(np.int64), candidates.category[theirs]])
    maker = np.concatenate([np.full(len(mine), -1), candidates.source[theirs]])
    whole = np.asarray(np.isnan(box).all(axis=1))
    box = np.where(whole[:, None], [0.0, 0.0, 1.0, 1.0], box)
    pairs = meeting(box, 2 * image + whole)
    share = overlap(pairs, areas(box))
    pairs, share = pairs.take(share >= iou), share[share >= iou]
    single = not (whole[pairs.first] & (maker[pairs.first] == maker[pairs.second])).any()
    same = (category[pairs.first] == category[pairs.second]) | (whole[pairs.first] & single)
    return _split(pairs, same, share, mine, theirs)


def _split(pairs: Pairs, same: Flags, share: NDArray[np.float64], mine: Ints, theirs: Ints) -> Meetings:
    """Tell pairs with an annotation of the truth, which stand first, from pairs of candidates."""
    known = len(mine)
    across = (pairs.first < known) & (pairs.second >= known)
    inside = pairs.first >= known
    return Meetings(
        truth=mine[pairs.first[across]],
        candidate=theirs[pairs.second[across] - known],
        same=same[across],
        overlap=share[across],
        first=theirs[pairs.first[inside] - known],
        second=theirs[pairs.second[inside] - known],
        alike=same[inside],
    )


def labelled_before(truth: Dataset, candidates: Candidates, known: Known, met: Meetings) -> Flags:
    """Tell which candidates are objects that the truth has: accepted before, or overlapping one of the same class.

    What was accepted before from the same model is another object, however much it overlaps: the model tells them
    apart.
    """
    before = accepted_before(candidates, known)
    untouched = untouched_rows(truth, candidates, known)
    sibling = untouched[met.truth] & (known.source[met.truth] == candidates.source[met.candidate])
    sibling &= np.isin(candidates.outcome[met.candidate], (NOBODY, KEPT))
    before[met.candidate[met.same & ~sibling]] = True
    return before


def untouched_rows(truth: Dataset, candidates: Candidates, known: Known) -> Flags:
    """Tell which annotations of the truth lie where the model saw them, and nobody says otherwise, bool."""
    keys = zip(candidates.source.tolist(), candidates.row.tolist(), strict=True)
    place = {key: at for at, key in enumerate(keys) if key[1] >= 0}
    keys = zip(known.source.tolist(), known.row.tolist(), strict=True)
    own = np.array([place.get(key, -1) for key in keys], np.int64)
    rows = np.flatnonzero((own >= 0) & (known.row >= 0))
    still = np.isclose(truth.annotations.box[rows], candidates.box[own[rows]], rtol=0, atol=STILL, equal_nan=True)
    untouched = np.zeros(len(known.row), np.bool_)
    untouched[rows] = still.all(axis=1) & np.isin(candidates.outcome[own[rows]], (NOBODY, KEPT))
    return untouched


def accepted_before(candidates: Candidates, known: Known) -> Flags:
    """Tell which proposals are in the truth already, as their origins say, wherever they lie by now."""
    there = {key for key in zip(known.source.tolist(), known.row.tolist(), strict=True) if key[1] >= 0}
    keys = zip(candidates.source.tolist(), candidates.row.tolist(), strict=True)
    return np.fromiter((key in there for key in keys), np.bool_, len(candidates))


def labelled_twice(candidates: Candidates, chosen: Flags, met: Meetings) -> Flags:
    """Tell which of the chosen candidates another one stands for: of a person before a model, else the first named.

    Proposals of one model are different objects, unless a person drew or changed one of the two.
    """
    source, outcome = candidates.source, candidates.outcome
    changed, nobody = np.isin(outcome, CHANGED), outcome == NOBODY
    one, two = met.first, met.second
    rivals = (source[one] != source[two]) | (changed[one] & nobody[two]) | (nobody[one] & changed[two])
    pairs = np.flatnonzero(met.alike & rivals & chosen[one] & chosen[two])
    rank = np.empty(len(candidates), np.int64)
    rank[np.lexsort((source, nobody))] = np.arange(len(candidates))
    winner = np.where(rank[one] < rank[two], one, two)[pairs]
    loser = np.where(rank[one] < rank[two], two, one)[pairs]
    gone = np.zeros(len(candidates), np.bool_)
    for at in np.argsort(rank[loser], kind="stable").tolist():  # who loses to one that lost itself, stays
        gone[loser[at]] |= not gone[winner[at]]
    return gone
