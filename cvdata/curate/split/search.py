"""Local search: move and swap units between splits until each split has its share of every class, or none helps."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import ranges
from .tally import Tally

__all__ = ["settle"]

_GOOD = 0.0005  # of 1: a share that is nearer to its wish needs no search
_PER_LABEL = 200  # units of each label that the search looks at,
_POOL = 10_000  # and so many of all: in a large dataset these are more than enough to even out what is left
_PARTNERS = 32  # units of a split that are tried as partners in swaps
_WORK, _MOST_STEPS = 100_000_000, 2000
_DIGITS = 12  # sums may differ in the last digits from machine to machine; no choice may hang on them


def settle(
    tally: Tally,
    wishes: NDArray[np.float64],
    split: NDArray[np.int64],
    movable: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Lower the sum of squared distances from the wish, weighted by column; return the split of each unit, int64.

    No step takes the last unit of a class out of a split. The number of steps depends on the sizes alone.

    Args:
        wishes: share of each split; `split`: of each unit now; `movable`: units that may go elsewhere.
        weights: of the columns of the tally, all of them positive.
    """
    search = _Search(tally, wishes, split, movable, weights)
    steps = min(_MOST_STEPS, max(20, _WORK // (max(1, len(search.pool)) * len(wishes) ** 2)))
    for _ in range(steps):
        if search.settled or not (search.move() or search.swap()):
            break
    return search.split


class _Search:
    """A division that is made better step by step.

    Attributes:
        pool: units that may be moved, ascending.
        split: split of each unit.
    """

    def __init__(
        self,
        tally: Tally,
        wishes: NDArray[np.float64],
        split: NDArray[np.int64],
        movable: NDArray[np.bool_],
        weights: NDArray[np.float64],
    ) -> None:
        self.split: NDArray[np.int64] = split.copy()
        self._classes, self._columns = tally.classes, tally.columns
        self.pool = _pool(tally, movable)
        totals = np.maximum(tally.totals(), 1)
        kinds = len(wishes)
        entry_split = split[tally.unit]
        self._over = -np.repeat(wishes[:, None], tally.columns, axis=1) * (tally.totals() > 0)
        np.add.at(self._over, (entry_split, tally.column), tally.count / totals[tally.column])
        self._has = np.zeros((kinds, tally.columns), np.int64)
        np.add.at(self._has, (entry_split, tally.column), 1)
        self._read_pool(tally, totals, weights)
        self._at = split[self.pool]  # split of each unit of the pool
        self._weights = weights

    def _read_pool(self, tally: Tally, totals: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
        """Keep the entries of the pool alone, by unit and by column."""
        lengths = np.diff(tally.offsets)[self.pool]
        entries = ranges(tally.offsets[self.pool], lengths)
        self._column = tally.column[entries]
        self._share = tally.count[entries] / totals[self._column]
        self._ends = np.cumsum(lengths)
        self._unit = np.repeat(np.arange(len(self.pool)), lengths)
        order = np.argsort(self._column, kind="stable")
        self._by_column = np.split(order, np.cumsum(np.bincount(self._column, minlength=self._columns))[:-1])
        pull = self._share * weights[self._column]
        self._pull = pull
        self._own = np.bincount(self._unit, pull * self._share, len(self.pool))
        # Of each split, how much worse it gets per unit of the pool, to first order; kept current by `_shift`.
        self._slope = np.stack(
            [np.bincount(self._unit, pull * over[self._column], len(self.pool)) for over in self._over]
        )

    @property
    def settled(self) -> bool:
        """Whether there is nothing to gain."""
        return not len(self.pool) or bool(np.abs(self._over).max() <= _GOOD)

    def move(self) -> bool:
        """Make the best move of one unit; return whether there was one that helps."""
        free = ~self._bound()
        units = np.arange(len(self.pool))
        stay = self._slope[self._at, units]
        gain = np.round(2 * (self._slope - stay + self._own), _DIGITS)
        gain[self._at, units] = 0
        gain[:, ~free] = 0
        split, unit = divmod(int(np.argmin(gain)), len(units))
        if not gain[split, unit] < 0:
            return False
        self._shift(unit, split)
        return True

    def swap(self) -> bool:
        """Make the best swap of two units, of those that are likely to help; return whether there was one."""
        free = ~self._bound()
        best: tuple[float, int, int] = (0.0, -1, -1)
        for a, b in combinations(range(len(self._over)), 2):
            best = min(best, self._best_swap(a, b, free))
        _, one, other = best
        if one < 0:
            return False
        a, b = int(self._at[one]), int(self._at[other])
        self._shift(one, b)
        self._shift(other, a)
        return True

    def _best_swap(self, a: int, b: int, free: NDArray[np.bool_]) -> tuple[float, int, int]:
        """Return what the best swap between two splits gains (negative), and its units."""
        away = 2 * (self._slope[b] - self._slope[a] + self._own)
        back = 2 * (self._slope[a] - self._slope[b] + self._own)
        ones = _least(away, np.flatnonzero(free & (self._at == a)))
        others = _least(back, np.flatnonzero(free & (self._at == b)))
        if not len(ones) or not len(others):
            return 0.0, -1, -1
        common = (self._dense(ones) * self._weights) @ self._dense(others).T
        gain = np.round(away[ones][:, None] + back[others][None, :] - 4 * common, _DIGITS)
        i, j = divmod(int(np.argmin(gain)), len(others))
        if not gain[i, j] < 0:
            return 0.0, -1, -1
        return float(gain[i, j]), int(ones[i]), int(others[j])

    def _dense(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        table = np.zeros((len(units), self._columns))
        for row, unit in enumerate(units.tolist()):
            part = self._entries(unit)
            table[row, self._column[part]] = self._share[part]
        return table

    def _entries(self, unit: int) -> slice:
        return slice(int(self._ends[unit - 1]) if unit else 0, int(self._ends[unit]))

    def _bound(self) -> NDArray[np.bool_]:
        """Tell which units are the last of a class in their split, or the last unit at all."""
        bound = np.zeros(len(self.pool), np.bool_)
        labels = slice(self._classes, 2 * self._classes + 1)
        for split, label in np.argwhere(self._has[:, labels] == 1).tolist():
            units = self._unit[self._by_column[label + self._classes]]
            bound[units[self._at[units] == split]] = True
        return bound

    def _shift(self, unit: int, split: int) -> None:
        """Put a unit into another split."""
        before, part = int(self._at[unit]), self._entries(unit)
        for column, share in zip(self._column[part].tolist(), self._share[part].tolist(), strict=True):
            entries = self._by_column[column]
            change = self._pull[entries] * share
            self._slope[before][self._unit[entries]] -= change
            self._slope[split][self._unit[entries]] += change
        self._over[before, self._column[part]] -= self._share[part]
        self._over[split, self._column[part]] += self._share[part]
        self._has[before, self._column[part]] -= 1
        self._has[split, self._column[part]] += 1
        self._at[unit] = split
        self.split[self.pool[unit]] = split


def _least(cost: NDArray[np.float64], units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the units that cost least, ascending by cost, then by number."""
    order = np.argsort(np.round(cost[units], _DIGITS), kind="stable")
    return units[order[:_PARTNERS]]


def _pool(tally: Tally, movable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Choose the units to look at: the first of each label, and the first of all."""
    unit = tally.unit
    order = np.argsort(tally.column, kind="stable")
    order = order[movable[unit[order]]]
    counts = np.bincount(tally.column[order], minlength=tally.columns)
    chosen = order[ranges(np.cumsum(counts) - counts, np.minimum(counts, _PER_LABEL))]
    pool = np.zeros(len(tally), np.bool_)
    pool[unit[chosen]] = True
    pool[np.flatnonzero(movable)[:_POOL]] = True
    return np.asarray(np.flatnonzero(pool))
