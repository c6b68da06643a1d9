"""In which order pictures teach most: what is unsure, far from all that is known, and far from what comes before it.

Scores of several kinds are turned into ranks before they are mixed, so that no scale matters. With embeddings the batch
is chosen one picture after the other, each time the one with the greatest product of its score and its distance to
the nearest picture that is labelled or chosen already: the farthest-first rule of core sets (O. Sener and S. Savarese,
Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018), weighted by what labelling would
tell. A near copy of a chosen picture is hardly any distance away, and its turn comes when nothing else is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .choice import OF_LABELLED

__all__ = ["Ordered", "in_order", "mean_of_ranks", "ranks"]


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """The first pictures, in order.

    Attributes:
        rows: int64, of the pictures; `score`: float64, by which each was chosen.
        distance: float64, to the nearest picture that is labelled or comes before it; NaN for the first of all where
            nothing is labelled. None without embeddings.
    """

    rows: NDArray[np.int64]
    score: NDArray[np.float64]
    distance: NDArray[np.float64] | None = None


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn numbers into their ranks, 0 to 1: the share of the others that is lower, equal ones counting half.

    What is NaN gets the middle, 0.5: it speaks neither for a picture nor against it.
    """
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    low, high = (np.searchsorted(ordered, values[known], side=side) for side in ("left", "right"))
    rank = np.full(len(values), 0.5)
    rank[known] = (low + high) / 2 / max(len(ordered), 1)
    return rank


def mean_of_ranks(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mix several measures of the same pictures, all alike in weight."""
    return np.asarray(np.mean([ranks(part) for part in parts], axis=0))


def in_order(
    score: NDArray[np.float64],
    number: int,
    *,
    copies: NDArray[np.int64] | None = None,
    vectors: NDArray[np.float32] | None = None,
    nearest: NDArray[np.float64] | None = None,
) -> Ordered:
    """Choose the first pictures.

    Args:
        score: shape (pictures,), above 0.
        copies: shape (pictures,): number of the set of near copies that a picture belongs to, -1 for none,
            `OF_LABELLED` for copies of labelled pictures. Of each set the picture with the highest score comes where it
            belongs; the others, and the copies of labelled ones, behind all the rest.
        vectors: shape (pictures, d), of length 1; None for pictures in the order of their scores alone.
        nearest: shape (pictures,): distance to the nearest labelled picture; None where there is none.
    """
    number = min(number, len(score))
    behind = np.zeros(len(score), np.bool_)
    if copies is not None:
        behind = _behind(score if nearest is None else score * nearest, copies)
    if vectors is None:
        rows = np.lexsort((-score, behind))[:number]
        return Ordered(rows, score[rows])
    return _apart(score, number, behind, vectors, nearest)


def _behind(score: NDArray[np.float64], copies: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which pictures are copies of one that comes before them."""
    order = np.argsort(-score, kind="stable")
    first = np.zeros(len(score), np.bool_)
    first[order[np.unique(copies[order], return_index=True)[1]]] = True
    return np.asarray((copies == OF_LABELLED) | ((copies >= 0) & ~first))


def _apart(
    score: NDArray[np.float64],
    number: int,
    behind: NDArray[np.bool_],
    vectors: NDArray[np.float32],
    nearest: NDArray[np.float64] | None,
) -> Ordered:
    distance = np.full(len(score), np.nan) if nearest is None else _rounded(nearest)
    left = np.ones(len(score), np.bool_)
    rows = np.empty(number, np.int64)
    chosen_by, away = np.empty(number), np.empty(number)
    for place in range(number):
        free = left & ~behind
        free = free if free.any() else left
        if place == 0 and nearest is None:
            best, gain = _first(score, vectors, free), score
        else:
            gain = score * distance
            best = int(np.where(free, gain, -1).argmax())
        rows[place], chosen_by[place], away[place] = best, gain[best], distance[best]
        left[best] = False
        distance = np.fmin(distance, _rounded(1 - vectors @ vectors[best]))
    return Ordered(rows, chosen_by, away)


def _rounded(distance: NDArray[Any]) -> NDArray[np.float64]:
    """Return distances in millionths, or which of two pictures that are the same comes first would hang on rounding."""
    return np.asarray(np.maximum(np.round(distance.astype(np.float64), 6), 0))


def _first(score: NDArray[np.float64], vectors: NDArray[np.float32], free: NDArray[np.bool_]) -> int:
    """Choose where nothing is labelled yet: the highest score, of equal ones what is most like all the others."""
    typical = vectors @ vectors.mean(axis=0)
    order = np.lexsort((-typical, -score, ~free))
    return int(order[0])
