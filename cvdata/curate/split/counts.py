"""How many objects and pictures of each class are in each split, and in each unit: counted in the finished split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset

__all__ = ["Counted", "classes_of_images"]


def classes_of_images(dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each pair of a picture and a class in it once, ascending: picture rows and class rows, int64."""
    table, classes = dataset.annotations, max(len(dataset.categories), 1)
    keys = np.sort(table.image * np.int64(classes) + table.category)  # np.unique is five times slower on NumPy 2.3
    keys = keys[np.diff(keys, prepend=-1) > 0]
    image, category = np.divmod(keys, classes)
    return image, category


@dataclass(frozen=True)
class Counted:
    """What is where.

    Attributes:
        objects, images: of each class in each split, int64, shape (splits, classes).
        unit_split, unit_class, unit_objects, unit_images: of each pair of a unit and a class in it: the split of the
            unit, the class, the number of objects and of pictures; ascending by class.
    """

    objects: NDArray[np.int64]
    images: NDArray[np.int64]
    unit_split: NDArray[np.int64]
    unit_class: NDArray[np.int64]
    unit_objects: NDArray[np.int64]
    unit_images: NDArray[np.int64]

    @staticmethod
    def of(dataset: Dataset, unit: NDArray[np.int64], splits: int) -> Counted:
        """Count.

        Args:
            unit: of each picture, int64; `splits`: how many there are.
        """
        split, table, classes = dataset.images.split.astype(np.int64), dataset.annotations, len(dataset.categories)
        objects = np.bincount(split[table.image] * classes + table.category, minlength=splits * classes)
        image, category = classes_of_images(dataset)
        images = np.bincount(split[image] * classes + category, minlength=splits * classes)
        units = int(unit.max(initial=-1)) + 1
        kinds, first, count = np.unique(category * units + unit[image], return_index=True, return_counts=True)
        inside = np.searchsorted(kinds, np.sort(table.category * np.int64(units) + unit[table.image]))
        return Counted(
            objects.reshape(splits, classes),
            images.reshape(splits, classes),
            split[image[first]],
            kinds // max(units, 1),
            np.bincount(inside, minlength=len(kinds)).astype(np.int64),
            count.astype(np.int64),
        )

    def pieces(self, category: int, filled: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many objects of a class, and pictures with it, are in each unit of the splits filled, int64."""
        part = slice(*np.searchsorted(self.unit_class, [category, category + 1]).tolist())
        chosen = self.unit_split[part] < filled
        return self.unit_objects[part][chosen], self.unit_images[part][chosen]
