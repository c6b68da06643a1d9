"""Measures of a dataset as arrays, each over all its rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..dataset import COLUMNS, Dataset
from .scales import ticks

__all__ = [
    "ASPECTS",
    "SHARES",
    "SIDES",
    "Bins",
    "Boxes",
    "ClassCounts",
    "Pairs",
    "areas_of",
    "box_areas",
    "box_grid",
    "boxes_of",
    "class_counts",
    "kinds",
    "medians",
    "pairs_of",
    "position_grids",
    "shares_by_pair",
    "sizes_by_class",
    "sizes_by_pair",
    "split_rows",
    "together",
    "whole_edges",
]

Bins: TypeAlias = "NDArray[np.float64]"

# The same bins for every dataset, so that plots of two can be laid side by side.
SIDES: Bins = 2.0 ** (np.arange(37) / 3)  # 1 to 4,096 pixels, three bins to a doubling
SHARES: Bins = 2.0 ** (np.arange(-28, 1) / 2)  # 1/16,384 to 1
ASPECTS: Bins = 2.0 ** ((np.arange(28) - 13.5) / 3)  # 1/23 to 23; squares are in the middle of a bin
GRID = 32
# Longest side in pixels, and shortest as its inverse: a file may say 1e200, and the square of that is no number.
_LONGEST = 1e12
SMALL, LARGE = 32.0 * 32.0, 96.0 * 96.0  # https://cocodataset.org/#detection-eval


@dataclass(frozen=True)
class Boxes:
    """Boxes of a dataset, without the labels of whole pictures.

    Attributes:
        rows: int64, their rows among the annotations.
        width, height, side: float64, in pixels; side is the square root of width x height.
        aspect: width / height.
        share: of the picture that the box covers, cut at 1; NaN where the size of the picture is unknown.
        centre: float64, shape (boxes, 2), x and y from 0 to 1 of the picture, NaN where its size is unknown.
    """

    rows: NDArray[np.int64]
    width: NDArray[np.float64]
    height: NDArray[np.float64]
    side: NDArray[np.float64]
    aspect: NDArray[np.float64]
    share: NDArray[np.float64]
    centre: NDArray[np.float64]


def boxes_of(dataset: Dataset) -> Boxes:
    """Measure the boxes of a dataset."""
    table, images = dataset.annotations, dataset.images
    rows = np.flatnonzero((table.box[:, 2] > 0) & (table.box[:, 3] > 0))
    x, y = table.box[rows, :2].T
    w, h = np.clip(table.box[rows, 2:], 1 / _LONGEST, _LONGEST).T
    image = table.image[rows]
    size = np.stack([images.width[image], images.height[image]], axis=1).astype(np.float64)
    size[(size <= 0).any(axis=1)] = np.nan
    area = w * h
    return Boxes(
        rows=rows,
        width=w,
        height=h,
        side=np.sqrt(area),
        aspect=w / h,
        share=np.minimum(area / (size[:, 0] * size[:, 1]), 1),
        centre=np.stack([x + w / 2, y + h / 2], axis=1) / size,
    )


def box_areas(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return width x height of boxes; NaN without a box."""
    return np.asarray(np.prod(np.minimum(box[:, 2:], _LONGEST), axis=1))


def areas_of(dataset: Dataset) -> NDArray[np.float64]:
    """Return the area of each annotation in pixels: as the source gives it, else width x height; NaN without a box."""
    table = dataset.annotations
    plain = box_areas(table.box)
    return plain if table.area is None else np.where(np.isnan(table.area), plain, table.area)


def size_classes(area: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return 0 for a small area, 1 for medium, 2 for large (COCO's limits), 3 where there is none."""
    return np.asarray(np.where(np.isnan(area), 3, (area >= SMALL).astype(np.int64) + (area >= LARGE)), np.int64)


def sizes_by_class(dataset: Dataset) -> NDArray[np.int64]:
    """Count small, medium and large annotations, shape (3, classes)."""
    code = dataset.annotations.category.astype(np.int64) * 4 + size_classes(areas_of(dataset))
    return np.asarray(np.bincount(code, minlength=4 * len(dataset.categories)).reshape(-1, 4)[:, :3].T)


def split_rows(dataset: Dataset) -> NDArray[np.int64]:
    """Return the split of each picture; the number of splits stands for none."""
    split = dataset.images.split.astype(np.int64)
    return np.where(split < 0, len(dataset.images.splits), split)


@dataclass(frozen=True)
class Pairs:
    """Classes of each picture: int64 columns, a row per picture and class in it, ordered by both."""

    image: NDArray[np.int64]
    category: NDArray[np.int64]
    count: NDArray[np.int64]


def pairs_of(dataset: Dataset) -> Pairs:
    """Count the annotations of each class in each picture."""
    table = dataset.annotations
    classes = max(len(dataset.categories), 1)
    code, count = np.unique(table.image.astype(np.int64) * classes + table.category, return_counts=True)
    return Pairs(code // classes, code % classes, count)


def _pair_rows(dataset: Dataset) -> tuple[NDArray[np.int64], int]:
    """Return the row in `pairs_of` of each annotation, and the number of rows."""
    table = dataset.annotations
    code = table.image.astype(np.int64) * max(len(dataset.categories), 1) + table.category
    known, rows = np.unique(code, return_inverse=True)
    return rows, len(known)


def sizes_by_pair(dataset: Dataset) -> NDArray[np.int64]:
    """Count small, medium and large annotations for each row of `pairs_of`, shape (3, rows)."""
    rows, number = _pair_rows(dataset)
    code = rows * 4 + size_classes(areas_of(dataset))
    return np.asarray(np.bincount(code, minlength=4 * number).reshape(-1, 4)[:, :3].T)


def shares_by_pair(dataset: Dataset) -> NDArray[np.float64]:
    """Add up what the boxes of each row of `pairs_of` cover of the picture; NaN where sizes or boxes are unknown."""
    rows, number = _pair_rows(dataset)
    images, table = dataset.images, dataset.annotations
    whole = images.width.astype(np.float64) * images.height
    whole[whole <= 0] = np.nan
    share = box_areas(table.box) / whole[table.image]
    return np.asarray(np.bincount(rows, weights=share, minlength=number), np.float64)


@dataclass(frozen=True)
class ClassCounts:
    """Annotations of each class and pictures with it, int64, shape (classes, splits)."""

    annotations: NDArray[np.int64]
    images: NDArray[np.int64]


def class_counts(dataset: Dataset) -> ClassCounts:
    """Count by class and split; a last column is for pictures in no split, where there are such."""
    split = split_rows(dataset)
    splits = len(dataset.images.splits)
    columns = splits + int((split == splits).any() or not splits)
    pairs = pairs_of(dataset)
    code = pairs.category * columns + split[pairs.image]
    size, shape = len(dataset.categories) * columns, (len(dataset.categories), columns)
    return ClassCounts(
        np.bincount(code, weights=pairs.count, minlength=size).astype(np.int64).reshape(shape),
        np.bincount(code, minlength=size).reshape(shape),
    )


def kinds(dataset: Dataset, unread_polygons: int) -> dict[str, int]:
    """Count the annotations that have each kind of label; only what there is."""
    table = dataset.annotations
    whole = int(np.isnan(table.box).all(axis=1).sum())
    counts = {"boxes": len(table) - whole, "image-labels": whole}
    counts |= {column: int(table.has(column).sum()) for column in COLUMNS}
    counts["polygons"] += unread_polygons
    return {kind: count for kind, count in counts.items() if count}


def medians(group: NDArray[np.integer], values: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """Return the median of the values of each group, NaN where there is none; NaN values are passed over."""
    known = ~np.isnan(values)
    group, values = group[known], values[known]
    order = np.lexsort((values, group))
    counts = np.bincount(group, minlength=groups)
    first = np.cumsum(counts) - counts
    ranked = np.append(values[order], np.nan)
    low, high = first + np.maximum(counts - 1, 0) // 2, first + counts // 2
    middle = (ranked[np.minimum(low, len(values))] + ranked[np.minimum(high, len(values))]) / 2
    return np.where(counts > 0, middle, np.nan)


def box_grid(boxes: Boxes) -> NDArray[np.int64]:
    """Count boxes by height and width between `SIDES`, shape (36, 36)."""
    low, high = SIDES[0], SIDES[-1]
    edges = [SIDES, SIDES]
    grid = np.histogram2d(np.clip(boxes.height, low, high), np.clip(boxes.width, low, high), edges)[0]
    return grid.astype(np.int64)


def position_grids(boxes: Boxes, category: NDArray[np.integer], chosen: Sequence[int]) -> list[NDArray[np.int64]]:
    """Count the centres of boxes in 32 x 32 parts of the picture: of all classes, then of each chosen one."""
    known = ~np.isnan(boxes.centre).any(axis=1)
    across, down = np.clip((boxes.centre[known] * GRID).astype(np.int64), 0, GRID - 1).T
    cell = down * GRID + across
    number = np.full(int(category.max(initial=-1)) + 1, len(chosen), np.int64)
    number[list(chosen)] = np.arange(len(chosen))
    code = number[category[known]] * GRID * GRID + cell
    grids = np.bincount(code, minlength=(len(chosen) + 1) * GRID * GRID).reshape(-1, GRID, GRID)
    return [grids.sum(axis=0), *grids[: len(chosen)]]


def together(dataset: Dataset, most: int) -> tuple[list[int], NDArray[np.int64]]:
    """Count the pictures that hold two classes, for the classes in most pictures.

    Returns:
        Rows of the classes, most pictures first, and a symmetric table; its diagonal has the pictures of each class.
    """
    pairs = pairs_of(dataset)
    counts = np.bincount(pairs.category, minlength=len(dataset.categories))
    chosen = [row for row in np.argsort(-counts, kind="stable")[:most].tolist() if counts[row]]
    # A table of pictures by chosen classes, 0 or 1; in float32 because NumPy multiplies integers slowly. Exact below
    # 2**24 pictures, so it is summed in blocks.
    column = np.full(len(dataset.categories), -1, np.int64)
    column[chosen] = np.arange(len(chosen))
    kept = column[pairs.category] >= 0
    image, place = pairs.image[kept], column[pairs.category[kept]]
    both = np.zeros((len(chosen), len(chosen)), np.int64)
    for first in range(0, len(dataset.images), _BLOCK):
        low, high = np.searchsorted(image, [first, first + _BLOCK])
        held = np.zeros((_BLOCK, len(chosen)), np.float32)
        held[image[low:high] - first, place[low:high]] = 1
        both += (held.T @ held).astype(np.int64)
    return chosen, both


_BLOCK = 1 << 16


def whole_edges(most: int, bins: int = 60) -> NDArray[np.float64]:
    """Return edges between whole numbers from 0 to `most`, steps of a round number, about so many bins."""
    step = 1 if most < bins else int(max(1, np.diff(ticks(0, most, bins // 2)[:2])[0]))
    return np.arange(most // step + 2, dtype=np.float64) * step - 0.5
