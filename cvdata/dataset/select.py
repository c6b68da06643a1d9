"""Parts of a dataset: some of its pictures, annotations or classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .tables import Dataset, State

__all__ = ["keep_annotations", "keep_classes", "keep_images"]


def keep_annotations(dataset: Dataset, rows: NDArray[np.int64]) -> Dataset:
    """Return the dataset with the given annotations, ascending, and all its pictures.

    A picture that loses all its annotations is not known to be empty: it counts as not labelled.
    """
    kept = replace(dataset, annotations=dataset.annotations.take(rows))
    return _with_emptied(kept, State.UNLABELLED)


def keep_images(dataset: Dataset, rows: NDArray[np.int64]) -> Dataset:
    """Return the dataset with the given pictures, ascending, and their annotations."""
    renumbered = np.full(len(dataset.images), -1, np.int32)
    renumbered[rows] = np.arange(len(rows), dtype=np.int32)
    image = renumbered[dataset.annotations.image]
    chosen = np.flatnonzero(image >= 0)
    annotations = replace(dataset.annotations.take(chosen), image=image[chosen])
    return replace(dataset, images=dataset.images.take(rows), annotations=annotations)


def keep_classes(dataset: Dataset, rows: list[int]) -> Dataset:
    """Return the dataset with the given classes, in the given order, their annotations, and all its pictures.

    A picture that loses all its annotations is empty: somebody looked, and nothing of the kept classes is in it.
    """
    renumbered = np.full(len(dataset.categories), -1, np.int32)
    renumbered[rows] = np.arange(len(rows), dtype=np.int32)
    category = renumbered[dataset.annotations.category]
    chosen = np.flatnonzero(category >= 0)
    annotations = replace(dataset.annotations.take(chosen), category=category[chosen])
    kept = replace(dataset, annotations=annotations, categories=dataset.categories.take(rows))
    return _with_emptied(kept, State.EMPTY)


def _with_emptied(dataset: Dataset, emptied: State) -> Dataset:
    """Give labelled pictures that have no annotation any more another state."""
    images = dataset.images
    without = (np.diff(dataset.offsets) == 0) & (images.state == State.LABELLED)
    state = np.where(without, emptied, images.state).astype(np.uint8)
    return replace(dataset, images=replace(images, state=state))
