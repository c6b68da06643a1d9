"""A few pictures that stand for a whole dataset: spread over its classes and splits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset

__all__ = ["spread"]


def spread(
    dataset: Dataset,
    limit: int,
    rng: np.random.Generator,
    *,
    among: NDArray[np.int64] | None = None,
    classes: Sequence[int] | None = None,
) -> NDArray[np.int64]:
    """Choose pictures so that each class and each split is seen about equally often; ascending rows.

    Each turn goes to the class that was seen least so far, in the split that was seen least. Pictures without objects
    count as a class of their own.

    Args:
        among: rows of the pictures to choose from, ascending; None for all.
        classes: rows of the classes that count; None for all.
    """
    images = np.arange(len(dataset.images)) if among is None else among
    if limit >= len(images):
        return images
    queues = _queues(dataset, images, classes, rng.permutation(len(dataset.images)))
    split_of = dataset.images.split.tolist()
    class_turns = dict.fromkeys((key[0] for key in queues), 0)
    split_turns = dict.fromkeys((key[1] for key in queues), 0)
    chosen: dict[int, None] = {}
    while len(chosen) < limit:
        key = min(queues, key=lambda key: (class_turns[key[0]], split_turns[key[1]], key))
        row = next((row for row in queues[key] if row not in chosen), None)
        if row is None:
            del queues[key]
            continue
        chosen[row] = None
        split_turns[split_of[row]] += 1
        for category in _classes_of(dataset, row):
            if category in class_turns:
                class_turns[category] += 1
    return np.array(sorted(chosen), np.int64)


def _classes_of(dataset: Dataset, image: int) -> list[int]:
    """Return the classes in a picture; the number of classes stands for none."""
    found = np.unique(dataset.annotations.category[dataset.offsets[image] : dataset.offsets[image + 1]])
    rows: list[int] = found.tolist() or [len(dataset.categories)]
    return rows


def _queues(
    dataset: Dataset, images: NDArray[np.int64], classes: Sequence[int] | None, rank: NDArray[np.int64]
) -> dict[tuple[int, int], Iterator[int]]:
    """Return the pictures of each class and split in a random order; a picture stands in the queue of each class."""
    table = dataset.annotations
    wanted = np.zeros(len(dataset.images), np.bool_)
    wanted[images] = True
    rows = np.flatnonzero(wanted[table.image] & (True if classes is None else np.isin(table.category, classes)))
    without = images[~np.isin(images, table.image[rows])]
    image = np.concatenate([table.image[rows].astype(np.int64), without])
    category = np.concatenate([table.category[rows].astype(np.int64), np.full(len(without), len(dataset.categories))])
    split = dataset.images.split[image].astype(np.int64)
    order = np.lexsort((rank[image], split, category))
    ends = np.flatnonzero((np.diff(category[order]) != 0) | (np.diff(split[order]) != 0)) + 1
    groups = np.split(order, ends)
    return {(int(category[g[0]]), int(split[g[0]])): iter(image[g].tolist()) for g in groups}
