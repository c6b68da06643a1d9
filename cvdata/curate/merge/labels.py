"""Whether two pictures have the same labels, and the labels of several pictures as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset
from ...dataset.ragged import ranges
from ..diff.boxes import Boxes, search, shifts

__all__ = ["PIXEL", "SAME_IOU", "Agreement", "hold_against", "pool"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

PIXEL = 1.01
"""How far an edge may be from another that is the same: a pixel, and what a YOLO row of six decimals is off."""

SAME_IOU = 0.9
"""Boxes of one class in one picture that overlap by so much are one object, drawn by two people."""

_MOST = 64  # boxes that one is held against


@dataclass(frozen=True)
class Agreement:
    """Whether pictures have the same labels.

    Attributes:
        agrees: bool, shape (pairs,).
        one, two: int64, annotations that are the same object, of the pairs that agree.
    """

    agrees: NDArray[np.bool_]
    one: Rows
    two: Rows


def hold_against(dataset: Dataset, rows: Rows, others: Rows) -> Agreement:
    """Compare pairs of pictures: as many annotations, each with one of the same class and box within a pixel.

    Args:
        rows, others: int64, shape (pairs,), rows of pictures.
    """
    offsets, table = dataset.offsets, dataset.annotations
    count = np.diff(offsets)[rows]
    equal = count == np.diff(offsets)[others]
    pair = np.repeat(np.flatnonzero(equal), count[equal])
    one, two = ranges(offsets[rows[equal]], count[equal]), ranges(offsets[others[equal]], count[equal])
    same = (table.category[one] == table.category[two]) & _close(table.box[one], table.box[two])
    astray = np.bincount(pair[~same], minlength=len(rows)) > 0
    in_step = ~astray[pair]
    # The same labels in another order: only what is left is held against each other box by box.
    left, right, place = one[~in_step], two[~in_step], pair[~in_step]
    near, far = _match(table, left, place, right, place, iou=2.0)
    matched = np.bincount(place[near], minlength=len(rows))
    agrees = equal & (~astray | (matched == count))
    found = agrees[place[near]]
    return Agreement(
        agrees,
        np.concatenate([one[in_step], left[near][found]]),
        np.concatenate([two[in_step], right[far][found]]),
    )


def pool(dataset: Dataset, pictures: Rows, group: Rows) -> tuple[Rows, Rows, Rows]:
    """Join the annotations of pictures that are one; what two of them have is kept once, as the first has it.

    Pictures are joined two and two, then pairs of pairs, so that many copies of one picture take few rounds.

    Args:
        pictures: int64, rows of pictures, those of a group side by side; `group`: int64, a number for each.

    Returns:
        The annotations to keep, by group, then by picture; and pairs of annotations that are one: kept, left out.
    """
    counts = np.diff(dataset.offsets)[pictures]
    rows = ranges(dataset.offsets[:-1][pictures], counts)
    first = np.searchsorted(group, group)  # sorted, so this is where each group begins
    team, of = np.repeat(np.arange(len(pictures)) - first, counts), np.repeat(group, counts)
    kept, gone = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    while len(team) and team.max() > 0:
        guest = team % 2 == 1
        match = of * (int(team.max()) // 2 + 1) + team // 2
        hosts, guests = rows[~guest], rows[guest]
        one, two = _match(dataset.annotations, hosts, match[~guest], guests, match[guest], SAME_IOU)
        kept.append(hosts[one])
        gone.append(guests[two])
        stays = np.ones(len(rows), np.bool_)
        stays[np.flatnonzero(guest)[two]] = False
        rows, team, of = rows[stays], team[stays] // 2, of[stays]
    return rows, np.concatenate(kept), np.concatenate(gone)


def _close(one: Floats, two: Floats) -> NDArray[np.bool_]:
    """Tell whether every edge of a box is within a pixel of that of another; labels of whole pictures are."""
    with np.errstate(invalid="ignore"):
        low = np.abs(one[:, :2] - two[:, :2])
        high = np.abs(one[:, :2] + one[:, 2:] - two[:, :2] - two[:, 2:])
        near = (np.maximum(low, high) <= PIXEL).all(axis=1)
    return np.asarray(near | (np.isnan(one).all(axis=1) & np.isnan(two).all(axis=1)))


def _match(
    table: Annotations, rows: Rows, place: Rows, others: Rows, other_place: Rows, iou: float
) -> tuple[Rows, Rows]:
    """Pair annotations of one place and class whose boxes are one: equal ones first, then the best pair.

    Returns:
        Places in `rows` and in `others`; none is there twice.
    """
    before, after = _boxes(table, rows, place), _boxes(table, others, other_place)
    one, two = _equal(before, after)
    left, right = _left(len(rows), one), _left(len(others), two)
    near, far = _near(before.take(left), after.take(right), iou)
    taken, gone = bytearray(len(left)), bytearray(len(right))
    chosen = []
    for pair, a, b in zip(range(len(near)), near.tolist(), far.tolist(), strict=True):
        if not taken[a] and not gone[b]:
            taken[a] = gone[b] = 1
            chosen.append(pair)
    return np.concatenate([one, left[near[chosen]]]), np.concatenate([two, right[far[chosen]]])


def _left(count: int, taken: Rows) -> Rows:
    free = np.ones(count, np.bool_)
    free[taken] = False
    return np.flatnonzero(free)


def _boxes(table: Annotations, rows: Rows, place: Rows) -> Boxes:
    """Return boxes that are held against each other where place and class are one; a whole picture is a unit box."""
    box, category = table.box[rows], table.category[rows].astype(np.int64)
    whole = np.asarray(np.isnan(box).all(axis=1))
    classes = int(table.category.max(initial=0)) + 1
    box = np.where(whole[:, None], [0.0, 0.0, 1.0, 1.0], box)
    return Boxes(box, 2 * (place * classes + category) + whole, category, rows)


def _equal(before: Boxes, after: Boxes) -> tuple[Rows, Rows]:
    """Pair boxes that are equal to the last bit, the first with the first where several are."""
    box, place = np.concatenate([before.box, after.box]), np.concatenate([before.place, after.place])
    order = np.lexsort((*box.T, place))  # stable: of equal ones those of the first table come first, in their order
    box, place, ours = box[order], place[order], order < len(before.place)
    new = np.ones(len(order), np.bool_)
    new[1:] = (place[1:] != place[:-1]) | (box[1:] != box[:-1]).any(axis=1)
    first = np.flatnonzero(new)
    total = np.diff(np.append(first, len(order)))
    count = np.add.reduceat(ours, first, dtype=np.int64) if len(first) else np.zeros(0, np.int64)
    pairs = np.minimum(count, total - count)
    return order[ranges(first, pairs)], order[ranges(first + count, pairs)] - len(before.place)


def _near(before: Boxes, after: Boxes, iou: float) -> tuple[Rows, Rows]:
    """Return pairs of boxes within a pixel or overlapping by so much, best first.

    Boxes that overlap by t begin within (1 - t) / t of their width of each other; of a crowd that does, each is held
    against the first few alone, so that the work stays bounded.
    """
    order = np.lexsort((after.box[:, 0], after.place))
    after = after.take(order)
    left, wide = before.box[:, 0], before.box[:, 2]
    reach = np.maximum(PIXEL, max(0.0, 1 - iou) / iou * wide)
    first = search(after, before.place, left - reach, after_equal=False)
    last = search(after, before.place, left + reach, after_equal=True)
    count = np.clip(last - first, 0, _MOST)
    rows, others = np.repeat(np.arange(len(count)), count), ranges(first, count)
    one, two = before.box[rows], after.box[others]
    moved, overlap = shifts(one, two)
    close = _close(one, two)
    good = np.flatnonzero(close | (overlap >= iou))
    best = np.lexsort((others[good], rows[good], moved[good], -overlap[good], ~close[good]))
    rows, others = rows[good[best]], others[good[best]]
    return rows, order[others]
