"""Iterative stratification of pictures with several classes each, for groups that stay whole.

Source: K. Sechidis, G. Tsoumakas, I. Vlahavas, On the Stratification of Multi-Label Data, ECML PKDD 2011, algorithm 1:
the class with the fewest pictures left is dealt out first, each picture to the split that lacks most of it. Here a unit
is a picture or a whole group of them, and goes where it brings all that it holds (objects and pictures of each of its
classes, pictures at all) nearest to the wish. Before that, every class is put into each split that has room for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from itertools import islice
from math import fsum
from operator import itemgetter, mul

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import ranges, starts
from .search import settle
from .tally import Tally

__all__ = ["Problem", "stratify"]

_ROOM = 0.02  # of all pictures: so much may splits grow beyond their wish so that every class reaches them
_CANDIDATES = 64  # units among which the first of a class in a split is chosen
_LARGE = 0.01  # a unit with more of a class than this share comes first, the largest before others
_PICTURES = 8.0  # how much more the number of pictures in a split counts than that of a class in all of them


@dataclass(frozen=True)
class Problem:
    """Units to divide.

    Attributes:
        tally: what each unit has.
        shares: wish of each split, above 0, of sum 1.
        fixed: int64, split of each unit that is settled already, -1 for those to divide.
        turns: which split a rare class reaches first: another one each time, or always the first, which is for
            training.
    """

    tally: Tally
    shares: tuple[float, ...]
    fixed: NDArray[np.int64]
    turns: bool = False


def stratify(problem: Problem, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Divide units so that each split has its share of every class, objects and pictures alike.

    Deterministic: plain arithmetic in a fixed order, the same on every machine.

    Args:
        order: the units to divide and those that are settled, in the order in which they are dealt out where nothing
            else decides: another order, another division.

    Returns:
        The split of each unit, int64, shape (units,); -1 for units that are not in `order`.
    """
    dealer = _Dealer(problem, order)
    dealer.reach_every_split()
    dealer.deal()
    split = np.array(dealer.split, np.int64)
    settled = settle(dealer.tally, np.array(problem.shares), split, problem.fixed[order] < 0, dealer.weights)
    divided = np.full(len(problem.tally), -1, np.int64)
    divided[order] = settled
    return divided


class _Dealer:
    """Deals units out one by one; they are numbered in the order of dealing.

    Attributes:
        split: split of each unit, -1 where it is not dealt out.
        over: of each split, by how much of the total it is over its wish, per column; negative where it lacks.
        weights: how much each column counts.
    """

    def __init__(self, problem: Problem, order: NDArray[np.int64]) -> None:
        self.tally = tally = _ordered(problem.tally, order)
        self._shares, self._turns = problem.shares, problem.turns
        self.weights = _weights(tally)
        share = tally.count / tally.totals()[tally.column]
        pull = share * self.weights[tally.column]
        self._starts: list[int] = tally.offsets.tolist()
        self._column: list[int] = tally.column.tolist()
        self._share: list[float] = share.tolist()
        self._pull: list[float] = pull.tolist()
        self._own: list[float] = np.bincount(tally.unit, pull * share, len(tally)).tolist()
        self._rows, self._bulk = _by_label(tally, share)
        self._left = [len(self._rows[label]) if label in self._rows else 0 for label in range(tally.columns)]
        self.split = [-1] * len(tally)
        self.over = [[-wish] * tally.columns for wish in problem.shares]
        least = float(share[tally.column == tally.pictures].min(initial=1))
        self._room = max(_ROOM / (len(problem.shares) - 1 or 1), least) + 1e-9
        for unit, fixed in enumerate(problem.fixed[order].tolist()):
            if fixed >= 0:
                self._give(unit, fixed)

    def reach_every_split(self) -> None:
        """Give each split a unit of every class while it has room; the first split comes first."""
        enough = len(self._shares) if self._turns else 1
        labels = range(self.tally.classes, self.tally.pictures + 1)
        wanted = [label for label in labels if len(self._rows[label]) >= enough]
        for split in range(len(self._shares)):
            reached = {column for unit, at in enumerate(self.split) if at == split for column in self._columns(unit)}
            self._reach(split, {label for label in wanted if label not in reached})

    def _reach(self, split: int, missing: set[int]) -> None:
        """Give a split units until no label is missing, or there is no room (the greedy rule for covering sets)."""

        def rank(unit: int) -> tuple[int, float, int]:
            return -sum(column in missing for column in self._columns(unit)), self._costs(unit)[split], unit

        heap = [rank(unit) for unit in self._candidates(missing)]
        heapify(heap)
        while heap and missing:
            best = heap[0]
            now = rank(best[2])
            if now > best:  # what a unit adds only shrinks, so that one that is best still is the best of all
                heapreplace(heap, now)
                continue
            heappop(heap)
            if now[0] < 0 and self._has_room(split, now[2]):
                self._give(now[2], split)
                missing.difference_update(self._columns(now[2]))

    def _candidates(self, labels: set[int]) -> list[int]:
        """Return the first units of each label that are not dealt out, ascending."""
        found: set[int] = set()
        for label in sorted(labels):
            found.update(islice((unit for unit in self._rows[label] if self.split[unit] < 0), _CANDIDATES))
        return sorted(found)

    def _has_room(self, split: int, unit: int) -> bool:
        at = self._column.index(self.tally.pictures, self._starts[unit])
        return self.over[split][self.tally.pictures] + self._share[at] <= self._room

    def _columns(self, unit: int) -> list[int]:
        return self._column[self._starts[unit] : self._starts[unit + 1]]

    def deal(self) -> None:
        """Deal out all units, those of the class with the fewest left first."""
        while any(self._left):
            label = min((left, label) for label, left in enumerate(self._left) if left)[1]
            bulk = self._bulk[label]
            units = [unit for unit in self._rows[label] if self.split[unit] < 0]
            for unit in sorted(units, key=lambda unit: -bulk.get(unit, 0.0)) if bulk else units:
                costs = self._costs(unit)
                self._give(unit, costs.index(min(costs)))

    def _costs(self, unit: int) -> list[float]:
        """Return how the squared distance from the wish, relative to the wish, changes if a unit goes to each split."""
        part = slice(self._starts[unit], self._starts[unit + 1])
        pull, own = self._pull[part], self._own[unit]
        of_columns = itemgetter(*self._column[part])  # two at least: pictures, and a label
        # fsum: exact, so that every version of Python adds up to the same.
        return [
            (2 * fsum(map(mul, pull, of_columns(over))) + own) / share
            for over, share in zip(self.over, self._shares, strict=True)
        ]

    def _give(self, unit: int, split: int) -> None:
        self.split[unit] = split
        over, left, first = self.over[split], self._left, self.tally.classes
        part = slice(self._starts[unit], self._starts[unit + 1])
        for column, share in zip(self._column[part], self._share[part], strict=True):
            over[column] += share
            if column >= first:
                left[column] -= 1


def _weights(tally: Tally) -> NDArray[np.float64]:
    """Weigh each column by the number of units that have it, so that squared distances become those of a chi-square.

    Else a few classes of three pictures each, which no division does justice to, would pull whole splits out of shape.
    """
    units = np.bincount(tally.column, minlength=tally.columns).astype(np.float64)
    units[tally.pictures] *= _PICTURES
    return np.maximum(units, 1) / max(len(tally), 1)


def _ordered(tally: Tally, order: NDArray[np.int64]) -> Tally:
    """Number the units anew: first what is dealt out first."""
    lengths = np.diff(tally.offsets)[order]
    entries = ranges(tally.offsets[order], lengths)
    return Tally(tally.classes, starts(lengths), tally.column[entries], tally.count[entries])


def _by_label(tally: Tally, share: NDArray[np.float64]) -> tuple[dict[int, list[int]], dict[int, dict[int, float]]]:
    """Return the units of each label, and for each label the share that large units hold of it.

    Only large ones come first: if all did by size, crowded pictures would be for training and sparse ones for tests.
    """
    units = tally.unit
    rows: dict[int, list[int]] = {label: [] for label in tally.labels}
    bulk: dict[int, dict[int, float]] = {label: {} for label in tally.labels}
    for column, entries in enumerate(_entries_by_column(tally)):
        label = column if column >= tally.classes else column + tally.classes
        if column == label:
            rows[label] = units[entries].tolist()
        large = entries[share[entries] > _LARGE]
        for unit, held in zip(units[large].tolist(), share[large].tolist(), strict=True):
            bulk[label][unit] = max(held, bulk[label].get(unit, 0.0))
    return rows, bulk


def _entries_by_column(tally: Tally) -> list[NDArray[np.int64]]:
    """Return the entries of each column, units ascending."""
    order = np.argsort(tally.column, kind="stable")
    ends = np.cumsum(np.bincount(tally.column, minlength=tally.columns))[:-1]
    return np.split(order, ends)
