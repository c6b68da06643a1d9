"""What a training sees of a dataset: one part to learn from, one to validate with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...dataset.select import keep_images
from ...files import Finding
from ...models.run_folder import DatasetInfo
from ..source import PixelMaps

__all__ = ["Part", "Prepared", "Shown"]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Which classes are on which pictures.

    Attributes:
        image, category, count: int64, shape (pairs,): so many objects, labels or pixels of a class on a picture; by
            image, then by class.
    """

    image: NDArray[np.int64]
    category: NDArray[np.int64]
    count: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64], pictures: int) -> Shown:
        """Return what is on some of so many pictures, by their rows in ascending order."""
        number = np.full(pictures, -1, np.int64)
        number[rows] = np.arange(len(rows))
        image = number[self.image]
        chosen = image >= 0
        return Shown(image[chosen], self.category[chosen], self.count[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The pictures of one split.

    Attributes:
        dataset: of these pictures alone.
        maps: segmenters: the map of classes of each picture; None where objects are painted.
        crop: float64, shape (n, 4): x, y, width, height, whole pixels of its file that each picture is; None where it
            is all of it.
        shown: segmenters: pixels of each class on each picture.
    """

    dataset: Dataset
    maps: PixelMaps | None = None
    crop: NDArray[np.float64] | None = None
    shown: Shown | None = None

    def __len__(self) -> int:
        return len(self.dataset.images)

    def take(self, rows: NDArray[np.int64]) -> Part:
        """Return some of its pictures, by their rows in ascending order."""
        if len(rows) == len(self):
            return self
        maps = self.maps
        if maps is not None:
            maps = replace(maps, files=tuple(maps.files[row] for row in rows.tolist()))
        crop = None if self.crop is None else self.crop[rows]
        shown = None if self.shown is None else self.shown.take(rows, len(self))
        return Part(keep_images(self.dataset, rows), maps, crop, shown)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prepared:
    """A dataset that can be trained on.

    Attributes:
        train, val: to learn from, and to validate with.
        classes: names in the order of the network's outputs.
        several: classifiers: whether a picture may have several labels.
        keypoints: names of the points of each object, empty where objects have none; `flips`: the one that each
            becomes where left and right change places.
        findings: what is worth knowing about the dataset.
        info: what a run remembers of it.
        leaks: validation pictures of which there is a copy, or nearly one, among those to learn from.
        class_counts: int64, shape (classes,): objects (classifiers: pictures, segmenters: pixels) of each in `train`.
    """

    train: Part
    val: Part
    classes: tuple[str, ...]
    several: bool
    keypoints: tuple[str, ...]
    flips: tuple[int, ...]
    findings: tuple[Finding, ...]
    info: DatasetInfo
    leaks: int
    class_counts: NDArray[np.int64]
