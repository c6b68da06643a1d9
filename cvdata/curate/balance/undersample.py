"""Which training pictures to leave out, so that common classes shrink and none falls below its floor."""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from .count import Census

__all__ = ["undersample_exactly", "undersample_greedily"]


def undersample_greedily(census: Census, target: int) -> NDArray[np.int64]:
    """Leave pictures out, as many objects beyond the floors as a greedy choice finds.

    The floor of each class is `target` objects, or all where it has fewer. Pictures are kept one by one, those first
    of whose objects the largest share is still needed (Chvátal 1979, for covering), until every floor is reached; then
    those that turned out not to be needed are left out again, the fullest first.

    Returns:
        1 where a picture is kept, else 0; int64, shape (m,). Pictures without objects are kept.
    """
    floor = np.minimum(census.objects(), target)
    held = _held(census)
    lack = floor.tolist()
    kept: list[int] = []
    total = [sum(count for _, count in one) for one in held]
    # A share only ever falls, so one that is out of date is looked at again when it comes up, and no sooner.
    queue = [(-1.0, draw, image) for image, draw in enumerate(census.draw.tolist()) if total[image]]
    heapq.heapify(queue)
    while queue:
        known, draw, image = heapq.heappop(queue)
        share = -sum(min(count, lack[row]) for row, count in held[image]) / total[image]
        if share == 0:
            continue
        if share > known:
            heapq.heappush(queue, (share, draw, image))
            continue
        kept.append(image)
        for row, count in held[image]:
            lack[row] = max(0, lack[row] - count)
    return _without_surplus(census, held, kept, floor)


def _held(census: Census) -> list[list[tuple[int, int]]]:
    """Return (class, objects) of each picture; loops over single pictures are faster on lists."""
    pairs = list(zip(census.category.tolist(), census.count.tolist(), strict=True))
    ends = census.offsets.tolist()
    return [pairs[first:last] for first, last in pairwise(ends)]


def _without_surplus(
    census: Census, held: list[list[tuple[int, int]]], kept: list[int], floor: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Leave out what the floors can do without, the fullest pictures first."""
    times = np.ones(len(census), np.int64)
    times[census.image] = 0
    times[kept] = 1
    spare = (census.objects(times) - floor).tolist()
    for image in sorted(kept, key=lambda image: (-sum(count for _, count in held[image]), image)):
        if all(count <= spare[row] for row, count in held[image]):
            times[image] = 0
            for row, count in held[image]:
                spare[row] -= count
    return times


_MOST_KINDS = 300
_MOST_NODES = 200_000


def undersample_exactly(census: Census, target: int) -> NDArray[np.int64]:
    """Leave pictures out so that the fewest objects possible remain beyond the floors; of equals, most pictures stay.

    Pictures that hold the same are alike, so it is decided how many of each kind are kept: an integer programme,
    solved by branch and bound, whose bound is the Lagrangian relaxation of the floors (Geoffrion 1974).

    Returns:
        1 where a picture is kept, else 0; int64, shape (m,). Pictures without objects are kept.

    Raises:
        UsageError: there are more than 300 kinds of pictures, or the search takes more than 200,000 steps.
    """
    kind_of, kinds = _kinds(census)
    if len(kinds) > _MOST_KINDS:
        raise UsageError(
            f"the training pictures hold {len(kinds):,} different combinations of objects, and the exact method is "
            f"for up to {_MOST_KINDS}",
            hint="use --method greedy",
        )
    stock = np.bincount(kind_of, minlength=len(kinds))
    floor = np.minimum(census.objects(), target)
    greedy = np.bincount(kind_of, weights=undersample_greedily(census, target), minlength=len(kinds))
    keep = _Search(kinds, stock, floor, greedy.astype(np.int64)).best()
    order = np.lexsort((census.draw, kind_of))
    first = np.cumsum(stock) - stock
    place = np.empty(len(census), np.int64)
    place[order] = np.arange(len(census)) - first[kind_of[order]]
    return (place < keep[kind_of]).astype(np.int64)


def _kinds(census: Census) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the kind of each picture, and the objects of each class in one of each kind, shape (kinds, classes)."""
    pairs = list(zip(census.category.tolist(), census.count.tolist(), strict=True))
    ends = census.offsets.tolist()
    known: dict[tuple[tuple[int, int], ...], int] = {}
    kind_of = [known.setdefault(tuple(pairs[first:last]), len(known)) for first, last in pairwise(ends)]
    table = np.zeros((len(known), census.classes), np.int64)
    for held, row in known.items():
        for category, count in held:
            table[row, category] = count
    return np.array(kind_of, np.int64), table


_Node = tuple[int, int, int, "NDArray[np.int64]"]
"""Kinds decided, number kept of the last of them, cost so far, and what each floor still lacks."""


class _Search:
    """Branch and bound: how many pictures of each kind to keep, at the least cost that reaches every floor.

    The cost of a picture is its objects, less a little, so that of two equal outcomes the one of more pictures wins.
    """

    def __init__(
        self, kinds: NDArray[np.int64], stock: NDArray[np.int64], floor: NDArray[np.int64], start: NDArray[np.int64]
    ) -> None:
        self._cost = kinds.sum(axis=1) * (int(stock.sum()) + 1) - 1
        prices = _prices(kinds, self._cost, stock, floor)
        reduced = self._cost - kinds @ prices
        # What pays most, or costs most, is decided first: either way the bound moves.
        order = np.argsort(-np.abs(reduced) * stock, kind="stable")
        self._order, self._kinds, self._stock = order, kinds[order], stock[order]
        self._cost, self._prices = self._cost[order], prices
        gain = np.minimum(reduced[order], 0) * self._stock
        self._rest = np.append(np.cumsum(gain[::-1])[::-1], 0.0)  # the least that the kinds from here on can cost
        self._supply = np.zeros((len(kinds) + 1, kinds.shape[1]), np.int64)
        self._supply[:-1] = np.cumsum((self._kinds * self._stock[:, None])[::-1], axis=0)[::-1]
        self._floor = floor
        self._best = start[order]
        self._least = int(self._cost @ self._best)
        self._nodes = 0

    def best(self) -> NDArray[np.int64]:
        """Return how many of each kind to keep."""
        self._visit()
        best = np.empty_like(self._best)
        best[self._order] = self._best
        return best

    def _visit(self) -> None:
        """Walk through the tree depth first, without recursion: a level is a kind, its branches the numbers kept."""
        depth = len(self._stock)
        chosen = np.zeros(depth, np.int64)
        stack: list[_Node] = [(0, 0, 0, self._floor)]
        while stack:
            level, count, cost, lack = stack.pop()
            self._nodes += 1
            if self._nodes > _MOST_NODES:
                raise UsageError(
                    f"the exact method did not end within {_MOST_NODES:,} steps", hint="use --method greedy"
                )
            if level:
                chosen[level - 1] = count
            if cost + float(lack @ self._prices) + self._rest[level] > self._least - 1 + 1e-6:
                continue
            if level == depth:
                self._best, self._least = chosen.copy(), cost
                continue
            stack += self._branches(level, cost, lack)

    def _branches(
        self, level: int, cost: int, lack: NDArray[np.int64]
    ) -> list[tuple[int, int, int, NDArray[np.int64]]]:
        """Return the numbers of this kind that can still lead to every floor, the likeliest last: it is taken first."""
        held, stock = self._kinds[level], int(self._stock[level])
        short = lack - self._supply[level + 1]
        if np.any((short > 0) & (held == 0)):
            return []
        shows = held > 0
        least = int(np.max(-(-short[shows] // held[shows]), initial=0))
        if least > stock:
            return []
        counts = range(max(least, 0), stock + 1)
        if self._cost[level] >= float(held @ self._prices):  # each one kept costs more than it is worth
            counts = counts[::-1]
        return [(level + 1, n, cost + n * int(self._cost[level]), np.maximum(lack - n * held, 0)) for n in counts]


def _prices(
    kinds: NDArray[np.int64], cost: NDArray[np.int64], stock: NDArray[np.int64], floor: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what an object of each class is worth, float64, shape (classes,): the best bound of subgradient steps."""
    prices = np.full(kinds.shape[1], float(cost.sum() / max(kinds.sum(), 1)))
    best, highest = prices, -np.inf
    scale = 2.0
    for step in range(600):
        reduced = cost - kinds @ prices
        keep = np.where(reduced < 0, stock, 0)
        bound = float(prices @ floor) + float(np.minimum(reduced, 0) @ stock)
        if bound > highest:
            best, highest = prices, bound
        lack = floor - keep @ kinds
        length = float(lack @ lack)
        if length == 0:
            break
        if step % 20 == 19:
            scale *= 0.8
        gap = max(abs(highest) * 0.05, 1.0)
        prices = np.maximum(0.0, prices + scale * gap / length * lack)
    return best
