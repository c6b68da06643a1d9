"""Which pictures are drawn so that each class comes as often as it does in all of them.

The rarest class of a split comes first: of the pictures with it those are drawn whose names have the smallest hashes,
as many as its share asks for, and the others are set aside. Then the next class, whose share is partly reached by then,
and so on: the order of iterative stratification (Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label
data", ECML PKDD 2011), with a step for each class in place of one for each picture. In the end pictures come, go and
change places where that brings the shares nearer, until their number is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import starts
from .units import Ints, Units, apportion

__all__ = ["draw_in_shares"]

Floats = NDArray[np.float64]

_STEPS = 8  # the last pictures come or go in so many steps at first: each step looks at what the one before has changed
_SWAPS = 12  # rounds in which pictures change places: more would bring shares little, and make the choice less stable


def draw_in_shares(units: Units, number: int) -> Ints:
    """Draw from each split and state its share of the pictures, in it that of each class, and each class at least once.

    The rarest classes come first where there are more of them than pictures to draw.
    """
    first = _one_of_each(units, number)
    sizes = units.cell_sizes
    least = np.bincount(units.cell[first], weights=units.size[first], minlength=units.cells).astype(np.int64)
    parts = apportion(number, sizes, least)
    wish = _wishes(units, number)
    fixed = np.zeros(len(units), np.bool_)
    fixed[first] = True
    chosen = fixed.copy()
    pairs_by_cell = np.argsort(units.cell[units.unit], kind="stable")
    ends = starts(np.bincount(units.cell[units.unit], minlength=units.cells))
    for cell in np.flatnonzero(sizes).tolist():
        rows = np.flatnonzero(units.cell == cell)
        pairs = pairs_by_cell[ends[cell] : ends[cell + 1]]
        draft = _Draft(units, rows, pairs, fixed[rows])
        draft.take_by_class(wish[cell])
        draft.settle(int(parts[cell]))
        draft.swap(int(parts[cell]))
        chosen[rows] = draft.chosen
    return np.flatnonzero(chosen)


def _one_of_each(units: Units, number: int) -> Ints:
    """Return units that hold each class, found from the rarest class on; no more pictures than `number`."""
    totals = np.bincount(units.category, weights=units.images, minlength=units.classes)
    by_class = np.lexsort((units.rank[units.unit], units.category))
    ends = starts(np.bincount(units.category, minlength=units.classes))
    by_unit = starts(np.bincount(units.unit, minlength=len(units)))  # pairs are sorted by unit
    seen = np.zeros(units.classes, np.bool_)
    drawn: list[int] = []
    for category in np.argsort(totals, kind="stable").tolist():
        holders = units.unit[by_class[ends[category] : ends[category + 1]]]
        fitting = holders[units.size[holders] <= number][:1]
        if seen[category] or not len(fitting):
            continue
        unit = int(fitting[0])
        drawn.append(unit)
        number -= int(units.size[unit])
        seen[units.category[by_unit[unit] : by_unit[unit + 1]]] = True
    return np.array(drawn, np.int64)


def _wishes(units: Units, number: int) -> Ints:
    """Return how many pictures with each class are wanted from each cell, int64, shape (cells, classes)."""
    key = units.cell[units.unit] * units.classes + units.category
    held = np.bincount(key, weights=units.images, minlength=units.cells * units.classes).astype(np.int64)
    held = held.reshape(units.cells, units.classes)
    share = number / max(1, int(units.size.sum()))
    wish = np.zeros_like(held)
    for category in np.flatnonzero(held.any(axis=0)).tolist():
        total = int(held[:, category].sum())
        wanted = min(total, max(1, int(np.floor(share * total + 0.5))))
        wish[:, category] = apportion(wanted, held[:, category])
    return wish


class _Draft:
    """The choice from one cell while it is made.

    Attributes:
        chosen: bool, shape (rows,), what is drawn so far.
    """

    def __init__(self, units: Units, rows: Ints, pairs: Ints, fixed: NDArray[np.bool_]) -> None:
        self.chosen = fixed.copy()
        self._fixed = fixed
        self._rank, self._size = units.rank[rows], units.size[rows]
        row_of = np.zeros(len(units), np.int64)
        row_of[rows] = np.arange(len(rows))
        self._row, self._category = row_of[units.unit[pairs]], units.category[pairs]
        self._images = units.images[pairs]
        self._classes = units.classes
        # Pictures and objects of each class count alike: one column of amounts for each.
        self._amounts = np.stack([self._images, units.objects[pairs]]).astype(np.float64)
        self._totals = np.stack([self._by_class(amount) for amount in self._amounts])

    def take_by_class(self, wish: Ints) -> None:
        """Draw as many pictures with each class as are wanted, the rarest class first."""
        order = np.lexsort((self._rank[self._row], self._category))
        ends = starts(np.bincount(self._category, minlength=self._classes))
        decided = self.chosen.copy()
        for category in np.argsort(self._totals[0], kind="stable").tolist():
            pairs = order[ends[category] : ends[category + 1]]
            rows, images = self._row[pairs], self._images[pairs]
            wanted = int(wish[category]) - int(images[self.chosen[rows]].sum())
            free = ~decided[rows]
            self.chosen[rows[free][np.cumsum(images[free]) <= wanted]] = True
            decided[rows] = True

    def settle(self, number: int) -> None:
        """Let pictures go or come until their number is right, or nothing fits any more."""
        scale = self._scale(number)
        while (more := number - self._count()) != 0:
            rows = np.flatnonzero(self.chosen & ~self._fixed) if more < 0 else np.flatnonzero(~self.chosen)
            if more > 0:
                rows = rows[self._size[rows] <= more]
            if not len(rows):
                return
            pull = self._pull(self._excess(self.chosen, number), scale)
            best = self._best(rows, pull, -(-abs(more) // _STEPS), coming=more > 0)
            fits = np.cumsum(self._size[best]) <= abs(more)
            fits[0] = True
            self.chosen[best[fits]] = more > 0

    def swap(self, number: int) -> None:
        """Exchange pictures one for one while that brings the shares nearer; fewer at once where it does not."""
        scale = self._scale(number)
        at_once = len(self.chosen) // _STEPS
        excess = self._excess(self.chosen, number)
        badness = float((excess**2 / scale).sum())
        for _ in range(_SWAPS):
            go = np.flatnonzero(self.chosen & ~self._fixed & (self._size == 1))
            come = np.flatnonzero(~self.chosen & (self._size == 1))
            at_once = min(at_once, -(-len(go) // _STEPS), len(come))
            if not at_once:
                return
            pull = self._pull(excess, scale)
            tried = self.chosen.copy()
            tried[self._best(go, pull, at_once, coming=False)] = False
            tried[self._best(come, pull, at_once, coming=True)] = True
            excess_then = self._excess(tried, number)
            better = float((excess_then**2 / scale).sum())
            if better < badness:
                self.chosen, badness, excess = tried, better, excess_then
            else:
                at_once //= 2

    def _count(self) -> int:
        return int(self._size[self.chosen].sum())

    def _by_class(self, weights: Floats) -> Floats:
        return np.bincount(self._category, weights, self._classes).astype(np.float64)

    def _exact(self, number: int) -> Floats:
        """Return how many pictures and objects of each class an exact share would have, shape (2, classes)."""
        return self._totals * (number / max(1, int(self._size.sum())))

    def _scale(self, number: int) -> Floats:
        """Return what a difference is held against, shape (2, classes): it matters most in a rare class."""
        return np.maximum(self._exact(number), 1)

    def _excess(self, chosen: NDArray[np.bool_], number: int) -> Floats:
        """Return how many pictures and objects of each class are too many, shape (2, classes)."""
        held = chosen[self._row]
        return np.stack([self._by_class(amount * held) for amount in self._amounts]) - self._exact(number)

    def _pull(self, excess: Floats, scale: Floats) -> tuple[Floats, Floats]:
        """Return two terms of what one unit changes in the sum of squares of the excess over the scale.

        It is the second plus the first where the unit comes, the second less the first where it goes.
        """
        linear, square = np.zeros((2, len(self._row)))
        for amount, over, unit in zip(self._amounts, excess, scale, strict=True):
            linear += amount * (2 * over / unit)[self._category]
            square += amount**2 * (1 / unit)[self._category]
        units = len(self.chosen)
        first = np.bincount(self._row, linear, units).astype(np.float64)
        return first, np.bincount(self._row, square, units).astype(np.float64)

    def _best(self, rows: Ints, pull: tuple[Floats, Floats], number: int, *, coming: bool) -> Ints:
        """Return the units whose coming or going alone brings the shares nearest; hashes decide between equals."""
        linear, square = pull[0][rows], pull[1][rows]
        cost = square + linear if coming else square - linear
        if number < len(rows):
            few = np.flatnonzero(cost <= np.partition(cost, number - 1)[number - 1])
            rows, cost = rows[few], cost[few]
        rank = self._rank[rows] if coming else -self._rank[rows]
        return rows[np.lexsort((rank, cost))[:number]]
