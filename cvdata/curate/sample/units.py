"""What is drawn as one, and drawing it by the hashes of names alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Images, State
from ...dataset.lots import draw_lots
from ...reports.measures import pairs_of, split_rows

__all__ = ["Ints", "Units", "apportion", "draw_first", "draw_in_cells", "units_of"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Units:
    """What is drawn as one: single pictures, or groups of pictures that stay whole.

    Attributes:
        of_image: int64, shape (images,), the unit of each picture.
        rank: int64, shape (units,), the place of each in the order of the hashes of names.
        size: int64, number of pictures in each.
        cell: int64, split and state of labels of each; `cells`: how many of those there are.
        unit, category: int64, shape (pairs,), one pair for each unit and class in it.
        images, objects: int64, shape (pairs,), number of the unit's pictures with the class, and of its annotations.
        classes: number of classes.
    """

    of_image: Ints
    rank: Ints
    size: Ints
    cell: Ints
    cells: int
    unit: Ints
    category: Ints
    images: Ints
    objects: Ints
    classes: int

    def __len__(self) -> int:
        return len(self.rank)

    @property
    def cell_sizes(self) -> Ints:
        """Number of pictures in each cell, int64."""
        return np.bincount(self.cell, weights=self.size, minlength=self.cells).astype(np.int64)


def units_of(dataset: Dataset, seed: int, *, whole_groups: bool) -> Units:
    """Return what can be drawn.

    A group counts for the split of its first picture; it is labelled if one of its pictures is, else empty if one is.
    """
    images = dataset.images
    unit = _groups(images) if whole_groups else np.arange(len(images))
    size = np.bincount(unit)
    first = np.unique(unit, return_index=True)[1]
    state = np.zeros(len(size), np.int64)
    for value, weight in ((State.EMPTY, 1), (State.LABELLED, 2)):
        state[unit[images.state == value]] = np.maximum(state[unit[images.state == value]], weight)
    pairs = pairs_of(dataset)
    classes = len(dataset.categories)
    key, back = unit[pairs.image] * max(classes, 1) + pairs.category, np.arange(len(pairs.image))
    if whole_groups:
        key, back = np.unique(key, return_inverse=True)
    return Units(
        of_image=unit,
        rank=_ranks([images.names[row] for row in first.tolist()], seed),
        size=size,
        cell=split_rows(dataset)[first] * 3 + state,
        cells=3 * (len(images.splits) + 1),
        unit=key // max(classes, 1),
        category=key % max(classes, 1),
        images=np.bincount(back, minlength=len(key)),
        objects=np.bincount(back, weights=pairs.count, minlength=len(key)).astype(np.int64),
        classes=classes,
    )


def _groups(images: Images) -> Ints:
    """Return a number for each picture that pictures of one group share, in the order of the first picture of each."""
    alone = np.arange(len(images)) + len(images.groups)
    group = alone if images.group is None else np.where(images.group < 0, alone, images.group)
    _, first, back = np.unique(group, return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return np.asarray(place[back], np.int64)


def _ranks(names: list[str], seed: int) -> Ints:
    """Return the place of each name in the order of hashes, in which one more name moves no other."""
    order = np.argsort(draw_lots(names, f"{seed}/"), kind="stable")
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank


def apportion(total: int, sizes: Ints, least: Ints | None = None) -> Ints:
    """Divide a number in proportion to sizes by largest remainders, at most its size and at least `least` for each.

    Args:
        total: at most the sum of `sizes`, at least that of `least`.
    """
    least = np.zeros_like(sizes) if least is None else least
    exact = total * sizes / max(1, int(sizes.sum()))
    parts = np.maximum(np.floor(exact).astype(np.int64), least)
    while (more := total - int(parts.sum())) != 0:
        sign = 1 if more > 0 else -1
        can = np.flatnonzero(parts < sizes if more > 0 else parts > least)
        first = can[np.argsort(sign * (parts - exact)[can], kind="stable")[: abs(more)]]
        parts[first] += sign
    return parts


def draw_first(units: Units, rows: Ints, number: int) -> Ints:
    """Draw units of the smallest hashes until they hold so many pictures; those that no longer fit are passed over."""
    ordered = rows[np.argsort(units.rank[rows], kind="stable")]
    if (units.size[ordered] == 1).all():
        return ordered[:number]
    drawn = []
    for row, size in zip(ordered.tolist(), units.size[ordered].tolist(), strict=True):
        if size <= number:
            drawn.append(row)
            number -= size
    return np.array(drawn, np.int64)


def draw_in_cells(units: Units, number: int) -> Ints:
    """Draw from each split and state of labels its share of the pictures."""
    parts = apportion(number, units.cell_sizes).tolist()
    drawn = [draw_first(units, np.flatnonzero(units.cell == cell), part) for cell, part in enumerate(parts) if part]
    return np.concatenate([np.zeros(0, np.int64), *drawn])
