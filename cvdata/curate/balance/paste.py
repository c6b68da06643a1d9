"""Which objects of rare classes are to be pasted into which training pictures."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Ragged, State
from ...dataset.copies import Copies
from ...errors import UsageError
from .count import Census, draws

__all__ = ["Pasting", "plan_pasting"]

_SMALLEST_SIDE = 16
"""Pixels: a smaller object is a blot when its surroundings are gone."""

_LARGEST_SHARE = 0.5
"""Of its own picture: a larger object leaves no room for what is there already."""

_FULL = 0.5
"""Of a picture: where boxes take more, it is a ground only when no other is left."""

_LOAD = 0.5
"""Of their own pictures: objects that take so much together are enough for one ground."""

_SHRUNK = 0.5
"""Of its size, the room that an object needs at the least: it can be made smaller, but has surroundings."""

_TAKEN = 0.75
"""Of a ground: a place is hard to find beyond."""

_TRIES = 20  # pictures looked at so that no object comes back into its own, or where there is no room


@dataclass(frozen=True, eq=False)
class Pasting:
    """New pictures of rare objects before the grounds of others.

    Attributes:
        copies: the pictures to make, with what is pasted into each.
        usable: int64, shape (classes,), objects that can be cut out; `reachable`: the most of each class there can be.
        objects, pictures: int64, shape (classes,), with the new pictures.
    """

    copies: Copies
    usable: NDArray[np.int64]
    reachable: NDArray[np.int64]
    objects: NDArray[np.int64]
    pictures: NDArray[np.int64]


def plan_pasting(dataset: Dataset, census: Census, target: int, limit: int, per_picture: int, seed: int) -> Pasting:
    """Plan new pictures until each class has `target` objects, or its objects have been used `limit` times each.

    Objects with an outline or a mask come first, then those with a box alone; crowds, difficult, cut off, tiny and
    overlarge ones are left alone. They go into pictures with nothing in them, then into those that show the fewest
    objects of classes that have enough; a picture is the ground of up to `limit` - 1 new ones. Pictures that are full
    come last, and large objects go fewer into one picture, so that there is room for what is planned.

    Args:
        per_picture: objects pasted into one picture, at most.

    Raises:
        UsageError: no object has a box.
    """
    table = dataset.annotations
    if len(table) and np.isnan(table.box).any(axis=1).all():
        raise UsageError(
            "copy-paste needs objects with boxes, and these labels are of whole pictures",
            hint="use another strategy, such as augment",
        )
    now = census.objects()
    sources = _Sources(dataset, census, now < target, limit - 1, seed)
    room = len(census) * (limit - 1) * per_picture
    reachable = now + np.minimum(sources.usable * (limit - 1), room)
    taken_of = np.bincount(table.image, weights=sources.share, minlength=len(dataset.images))
    taken = np.asarray(taken_of[census.rows], np.float64)
    grounds = _grounds(dataset, census, now >= target, taken, limit - 1)
    parents, pasted = _fill(census, sources, grounds, np.maximum(target - now, 0), per_picture, taken)
    copies = _copies(census.rows, parents, pasted)
    objects, pictures = _outcome(dataset, census, parents, pasted)
    return Pasting(copies, sources.usable, reachable, objects, pictures)


class _Sources:
    """The objects of each class that can be cut out, in the order in which they are used."""

    def __init__(self, dataset: Dataset, census: Census, wanted: NDArray[np.bool_], rounds: int, seed: int) -> None:
        rows = np.flatnonzero(_can_be_cut_out(dataset, census))
        table = dataset.annotations
        self.usable = np.bincount(table.category[rows], minlength=census.classes)
        rows = rows[wanted[table.category[rows]]]
        place = rows - dataset.offsets[table.image[rows]]
        names = dataset.images.names
        images = table.image[rows].tolist()
        lot = draws([f"{names[i]}\0{n}" for i, n in zip(images, place.tolist(), strict=True)], seed)
        outlined = (table.has("polygons") | table.has("masks"))[rows]
        order = np.lexsort((lot, table.category[rows]))
        rows, outlined = rows[order], outlined[order]
        number = np.full(len(dataset.images), -1, np.int64)
        number[census.rows] = np.arange(len(census))
        self.image = number[table.image]
        self.share = _shares(dataset)
        ends = np.searchsorted(table.category[rows], np.arange(census.classes + 1))
        self._queues = [
            _turns(rows[a:b][outlined[a:b]], rows[a:b][~outlined[a:b]], rounds)
            for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
        ]

    def next_of(self, category: int) -> int | None:
        """Return the next object of a class; None where all have been used often enough."""
        return next(self._queues[category], None)


def _turns(first: NDArray[np.int64], then: NDArray[np.int64], rounds: int) -> Iterator[int]:
    """Yield each of the first so many times, in turn, then each of the others."""
    for rows in (first.tolist(), then.tolist()):
        for _ in range(rounds):
            yield from rows


def _shares(dataset: Dataset) -> NDArray[np.float64]:
    """Return how much of its picture the box of each annotation takes; 0 where that is not known."""
    table, images = dataset.annotations, dataset.images
    whole = images.width[table.image].astype(np.float64) * images.height[table.image]
    area = np.nan_to_num(table.box[:, 2] * table.box[:, 3])
    return np.asarray(np.divide(area, whole, out=np.zeros(len(table)), where=whole > 0))


def _can_be_cut_out(dataset: Dataset, census: Census) -> NDArray[np.bool_]:
    table, images = dataset.annotations, dataset.images
    training = np.zeros(len(images), np.bool_)
    training[census.rows] = True
    found = images.folder >= 0
    if found.any():  # else a plan of labels alone
        training &= found
    good = training[table.image]
    if table.crowd is not None:
        good = good & ~table.crowd
    for flag in (table.difficult, table.truncated):
        if flag is not None:
            good = good & (flag != 1)
    with np.errstate(invalid="ignore"):
        width, height = table.box[:, 2], table.box[:, 3]
        good = good & (np.minimum(width, height) >= _SMALLEST_SIDE)
        return np.asarray(good & (_shares(dataset) <= _LARGEST_SHARE))


def _grounds(
    dataset: Dataset, census: Census, enough: NDArray[np.bool_], taken: NDArray[np.float64], rounds: int
) -> Iterator[int]:
    """Yield pictures to paste into, best first: empty ones, then those with few objects of classes that have enough.

    Args:
        taken: share of each picture that boxes take; those that are full come last.
    """
    common = np.bincount(census.image, weights=census.count * enough[census.category], minlength=len(census)).astype(
        np.int64
    )
    total = np.bincount(census.image, weights=census.count, minlength=len(census))
    usable = dataset.images.folder[census.rows] >= 0
    usable |= not usable.any()
    shown = dataset.images.state[census.rows] != State.EMPTY
    # Alike pictures take turns; each is used as often as it may be before a less suitable one is.
    key = np.where(shown, common + 1, 0)
    key[taken > _FULL] += key.max(initial=0) + 1
    for value in np.unique(key[usable]).tolist():
        alike = np.flatnonzero(usable & (key == value))
        alike = alike[np.lexsort((census.draw[alike], total[alike]))].tolist()
        for _ in range(rounds):
            yield from alike


def _fill(
    census: Census,
    sources: _Sources,
    grounds: Iterator[int],
    lack: NDArray[np.int64],
    per_picture: int,
    taken: NDArray[np.float64],
) -> tuple[list[int], list[list[int]]]:
    """Choose objects, always of the class that lacks most, and a ground for every few of them.

    Returns:
        The ground of each new picture, and the annotations that are pasted into it.
    """
    missing = lack.tolist()
    queue = [(-count, row) for row, count in enumerate(missing) if count]
    heapq.heapify(queue)
    parents: list[int] = []
    pasted: list[list[int]] = []
    waiting: deque[int] = deque()
    while chosen := _objects(queue, missing, sources, per_picture):
        room = _TAKEN - _SHRUNK * float(sources.share[chosen].sum())
        ground = _other_than({int(sources.image[row]) for row in chosen}, grounds, waiting, taken, room)
        if ground is None:
            break
        parents.append(ground)
        pasted.append(chosen)
        pairs = slice(int(census.offsets[ground]), int(census.offsets[ground + 1]))
        for row, count in zip(census.category[pairs].tolist(), census.count[pairs].tolist(), strict=True):
            missing[row] -= count
    return parents, pasted


def _objects(queue: list[tuple[int, int]], missing: list[int], sources: _Sources, most: int) -> list[int]:
    chosen: list[int] = []
    load = 0.0
    while queue and len(chosen) < most and load < _LOAD:
        known, row = heapq.heappop(queue)
        if missing[row] <= 0:
            continue
        if -known != missing[row]:  # a ground showed some of the class
            heapq.heappush(queue, (-missing[row], row))
            continue
        found = sources.next_of(row)
        if found is None:
            continue
        chosen.append(found)
        load += float(sources.share[found])
        missing[row] -= 1
        heapq.heappush(queue, (-missing[row], row))
    return chosen


def _other_than(
    own: set[int], grounds: Iterator[int], waiting: deque[int], taken: NDArray[np.float64], room: float
) -> int | None:
    """Return the next ground with room that none of the objects comes from; the next of all where none is near."""
    for place, ground in enumerate(waiting):
        if ground not in own and taken[ground] <= room:
            del waiting[place]
            return ground
    while len(waiting) < _TRIES and (ground := next(grounds, -1)) >= 0:
        if ground not in own and taken[ground] <= room:
            return ground
        waiting.append(ground)
    for place, ground in enumerate(waiting):
        if ground not in own:
            del waiting[place]
            return ground
    return waiting.popleft() if waiting else None


def _copies(rows: NDArray[np.int64], parents: list[int], pasted: list[list[int]]) -> Copies:
    parent = np.array(parents, np.int64)
    order = np.argsort(parent, kind="stable")
    parent = parent[order]
    number = np.arange(len(parent)) - np.searchsorted(parent, parent) + 1
    return Copies(rows[parent], number, Ragged.of([pasted[row] for row in order.tolist()], np.int64))


def _outcome(
    dataset: Dataset, census: Census, parents: list[int], pasted: list[list[int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return objects and pictures of each class with the new pictures."""
    ground = np.array(parents, np.int64)
    pairs = census.pairs_of(ground)
    owner = np.repeat(np.arange(len(ground)), np.diff(census.offsets)[ground])
    added = Ragged.of(pasted, np.int64)
    category = dataset.annotations.category[added.values].astype(np.int64)
    objects = census.objects() + census.objects_in(ground) + np.bincount(category, minlength=census.classes)
    keys = np.concatenate([owner * census.classes + census.category[pairs], added.owner * census.classes + category])
    shown = np.unique(keys) % max(census.classes, 1)
    return objects, census.pictures() + np.bincount(shown, minlength=census.classes)
