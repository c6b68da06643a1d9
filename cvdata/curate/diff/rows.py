"""Which annotations of two datasets are the same object.

First those that are equal, by position and by key, for whole tables at once; only what is left of a picture is held
against what is left of its partner, box by box.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...dataset.ragged import ranges
from .boxes import Boxes, near_pairs, shifts
from .columns import bits_of, differing, fingerprints, mix
from .pictures import PicturePairs

__all__ = ["RowPairs", "Side", "pair_rows"]

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Side:
    """The annotations of one dataset, in terms that both share.

    Attributes:
        picture: int64, pair of pictures that each belongs to, -1 where its picture has no partner.
        category: int64, row in the names of both datasets.
    """

    dataset: Dataset
    picture: Rows
    category: Rows

    @staticmethod
    def of(dataset: Dataset, rows: Rows, categories: Rows) -> Side:
        """Build from the rows of the paired pictures and the shared number of each category."""
        pair = np.full(len(dataset.images), -1, np.int64)
        pair[rows] = np.arange(len(rows))
        return Side(dataset, pair[dataset.annotations.image], categories[dataset.annotations.category])

    @cached_property
    def boxes(self) -> Boxes:
        """The boxes, a label of a whole picture as a unit box in a place of its own."""
        box = self.dataset.annotations.box
        whole = np.asarray(np.isnan(box).all(axis=1))
        rank = np.arange(len(box)) - self.dataset.offsets[self.dataset.annotations.image]
        place = np.where(self.picture < 0, -1, 2 * self.picture + whole)
        known = np.where(np.isnan(box), -np.inf, box)  # a number that is none has to be equal to itself here
        return Boxes(np.where(whole[:, None], [0.0, 0.0, 1.0, 1.0], known), place, self.category, rank)

    @cached_property
    def keys(self) -> NDArray[np.uint64]:
        """A number per annotation that is the same where picture, category and box are."""
        key = mix(self.boxes.place.astype(np.uint64)) ^ self.category.astype(np.uint64)
        for column in self.boxes.box.T:
            key = mix(key ^ bits_of(column))
        return key


@dataclass(frozen=True)
class RowPairs:
    """Annotations that are one object in both datasets.

    Attributes:
        before, after: int64, rows; `before` ascends.
        columns: uint16, which optional columns differ, as `differing` says it.
        moved: float64, pixels that the corner moved that moved most; iou: of the two boxes.
    """

    before: Rows
    after: Rows
    columns: NDArray[np.uint16]
    moved: NDArray[np.float64]
    iou: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.before)


def pair_rows(
    before: Side,
    after: Side,
    pictures: PicturePairs,
    iou: float,
    tolerance: float,
    ignore: tuple[str, ...],
    *,
    exact_flags: bool = False,
) -> RowPairs:
    """Pair the annotations of paired pictures.

    Equal ones first; then, of what is left in a picture, the best pair first: same class within the tolerance, other
    class within the tolerance, same class by IoU, other class by IoU. Greedy: not always the best sum over a picture.
    """
    found = _Found(before, after)
    tables = before.dataset.annotations, after.dataset.annotations

    def columns(rows: Rows, others: Rows) -> NDArray[np.uint16]:
        return differing(*tables, rows, others, tolerance, ignore, exact_flags=exact_flags)

    rows, others = _in_step(before, after, pictures, tolerance)
    same = columns(rows, others) == 0
    found.add(rows[same], others[same])
    sure = found.taken()
    for key in (_whole_keys, _plain_keys):
        found.add(*_equal(key, before, after, *found.left()))
    found.add(*_nearest(before, after, *found.left(), iou, tolerance))
    rows, others = found.pairs()
    moved, overlap = shifts(before.boxes.box[rows], after.boxes.box[others])
    bits = np.zeros(len(rows), np.uint16)
    rest = ~sure[rows]
    bits[rest] = columns(rows[rest], others[rest])
    return RowPairs(rows, others, bits, moved, overlap)


@dataclass
class _Found:
    """The pairs found so far."""

    before: Side
    after: Side

    def __post_init__(self) -> None:
        self._partner = np.full(len(self.before.picture), -1, np.int64)
        self._free = self.after.picture >= 0

    def add(self, rows: Rows, others: Rows) -> None:
        """Keep pairs."""
        self._partner[rows] = others
        self._free[others] = False

    def taken(self) -> NDArray[np.bool_]:
        """Tell which rows of the first dataset have a partner, bool."""
        return np.asarray(self._partner >= 0)

    def left(self) -> tuple[Rows, Rows]:
        """Return the rows of paired pictures that have no partner yet."""
        return np.flatnonzero((self._partner < 0) & (self.before.picture >= 0)), np.flatnonzero(self._free)

    def pairs(self) -> tuple[Rows, Rows]:
        """Return all pairs, by the row in the first dataset."""
        rows = np.flatnonzero(self._partner >= 0)
        return rows, self._partner[rows]


def _in_step(before: Side, after: Side, pictures: PicturePairs, tolerance: float) -> tuple[Rows, Rows]:
    """Return the annotations that stand at one place in the lists of their pictures, with one class and one box."""
    first, other = before.dataset.offsets[pictures.before], after.dataset.offsets[pictures.after]
    count = np.minimum(
        before.dataset.offsets[pictures.before + 1] - first, after.dataset.offsets[pictures.after + 1] - other
    )
    rows, others = ranges(first, count), ranges(other, count)
    moved, _ = shifts(before.boxes.box[rows], after.boxes.box[others])
    same = (before.category[rows] == after.category[others]) & (moved <= tolerance)
    same &= before.boxes.place[rows] == after.boxes.place[others]
    return rows[same], others[same]


Key = Callable[[Side, Rows], NDArray[np.uint64]]


def _plain_keys(side: Side, rows: Rows) -> NDArray[np.uint64]:
    return side.keys[rows]


def _whole_keys(side: Side, rows: Rows) -> NDArray[np.uint64]:
    return mix(side.keys[rows] ^ fingerprints(side.dataset.annotations, rows))


def _equal(key: Key, before: Side, after: Side, rows: Rows, others: Rows) -> tuple[Rows, Rows]:
    """Return the rows with equal keys, the first with the first where several of a picture have one key."""
    places = np.concatenate([before.boxes.place[rows], after.boxes.place[others]])
    keys = np.concatenate([key(before, rows), key(after, others)])
    order = np.lexsort((keys, places))  # stable: of equal ones those of the first dataset come first, in their order
    places, keys, ours = places[order], keys[order], order < len(rows)
    new = np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]) | (places[1:] != places[:-1])])[: len(order)])
    total = np.diff(np.append(new, len(order)))
    count = np.add.reduceat(ours, new, dtype=np.int64) if len(new) else np.zeros(0, np.int64)
    pairs = np.minimum(count, total - count)
    one, two = rows[order[ranges(new, pairs)]], others[order[ranges(new + count, pairs)] - len(rows)]
    # Two keys of one picture may be equal by chance, if hardly ever.
    same = (before.category[one] == after.category[two]) & (before.boxes.box[one] == after.boxes.box[two]).all(axis=1)
    return one[same], two[same]


def _nearest(before: Side, after: Side, rows: Rows, others: Rows, iou: float, tolerance: float) -> tuple[Rows, Rows]:
    """Pair what is left, best pair first."""
    near = near_pairs(before.boxes.take(rows), after.boxes.take(others), iou, tolerance)
    taken, gone = bytearray(len(rows)), bytearray(len(others))
    chosen = []
    for pair, one, two in zip(range(len(near.before)), near.before.tolist(), near.after.tolist(), strict=True):
        if not taken[one] and not gone[two]:
            taken[one] = gone[two] = 1
            chosen.append(pair)
    return rows[near.before[chosen]], others[near.after[chosen]]
