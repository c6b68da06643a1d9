"""What each unit of a split would bring along: objects and pictures per class, pictures, empty and unlabelled ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...dataset.ragged import starts
from .counts import classes_of_images

__all__ = ["Tally", "tally"]


@dataclass(frozen=True)
class Tally:
    """A sparse table with a row per unit; of `classes` classes, c of them, the columns are

    0 to c - 1: objects per class; c to 2 c - 1: pictures with the class; 2 c: pictures; 2 c + 1: pictures that are
    known to be empty; 2 c + 2: pictures that nobody has labelled.

    Attributes:
        offsets: int64, shape (units + 1,): unit g has the entries `offsets[g]:offsets[g + 1]`.
        column: int64 column of each entry, ascending in each unit.
        count: int64, how many of it the unit has, never 0.
    """

    classes: int
    offsets: NDArray[np.int64]
    column: NDArray[np.int64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def columns(self) -> int:
        """Number of columns."""
        return 2 * self.classes + 3

    @property
    def pictures(self) -> int:
        """Column of all pictures."""
        return 2 * self.classes

    @property
    def labels(self) -> range:
        """Columns that say what pictures are of: classes, empty, unlabelled; each unit is in one of them at least."""
        return range(self.classes, self.columns)

    @property
    def unit(self) -> NDArray[np.int64]:
        """Unit of each entry, int64."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def totals(self) -> NDArray[np.int64]:
        """Return the sum of each column, int64."""
        return np.bincount(self.column, self.count, self.columns).astype(np.int64)


def tally(dataset: Dataset, unit: NDArray[np.int64]) -> Tally:
    """Count what each unit has.

    Args:
        unit: number of the unit of each picture, int64, shape (images,).
    """
    images, table, classes = dataset.images, dataset.annotations, len(dataset.categories)
    columns = 2 * classes + 3
    bare = np.diff(dataset.offsets) == 0
    unlabelled = bare & (images.state == State.UNLABELLED)
    image, category = classes_of_images(dataset)
    keys = np.concatenate(
        [
            unit[table.image] * columns + table.category,
            unit[image] * columns + classes + category,
            unit * columns + 2 * classes,
            unit[bare & ~unlabelled] * columns + 2 * classes + 1,
            unit[unlabelled] * columns + 2 * classes + 2,
        ]
    )
    kinds, count = np.unique(keys, return_counts=True)
    owner, column = np.divmod(kinds, columns)
    units = int(unit.max(initial=-1)) + 1
    return Tally(classes, starts(np.bincount(owner, minlength=units)), column, count.astype(np.int64))
