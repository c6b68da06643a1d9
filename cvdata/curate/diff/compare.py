"""The comparison of two datasets as columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...dataset import COLUMNS, Dataset
from ...engine import Engine, Progress
from ...errors import UsageError, show
from .classes import ClassPairs, pair_classes
from .pictures import PicturePairs, pair_pictures
from .records import DiffSettings
from .rows import RowPairs, Side, pair_rows

__all__ = ["Comparison", "Kind", "compare_columns"]


class Kind(IntEnum):
    """What became of an annotation that is in both datasets; of several, the last."""

    EQUAL = 0
    CHANGED = 1  # only other columns
    MOVED = 2
    RELABELLED = 3


@dataclass(frozen=True)
class Comparison:
    """Two datasets and what is the same in them.

    Attributes:
        pictures, classes, rows: what is paired with what.
        kind: uint8, a `Kind` for each pair of `rows`.
        removed, added: int64, annotations without a partner in the first and in the second dataset, ascending.
    """

    before: Dataset
    after: Dataset
    settings: DiffSettings
    pictures: PicturePairs
    classes: ClassPairs
    rows: RowPairs
    kind: NDArray[np.uint8]
    removed: NDArray[np.int64]
    added: NDArray[np.int64]

    @cached_property
    def old_class(self) -> NDArray[np.int64]:
        """Place in the names of `classes` of each annotation of the first dataset."""
        return self.classes.before[self.before.annotations.category]

    @cached_property
    def new_class(self) -> NDArray[np.int64]:
        """The same of the second dataset."""
        return self.classes.after[self.after.annotations.category]

    @cached_property
    def picture_of_before(self) -> NDArray[np.int64]:
        """Pair of pictures of each picture of the first dataset, -1 for none."""
        return _inverse(self.pictures.before, len(self.before.images))

    @cached_property
    def picture_of_after(self) -> NDArray[np.int64]:
        """The same of the second dataset."""
        return _inverse(self.pictures.after, len(self.after.images))


def _inverse(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    place = np.full(count, -1, np.int64)
    place[rows] = np.arange(len(rows))
    return place


def compare_columns(
    before: Dataset, after: Dataset, settings: DiffSettings, engine: Engine, progress: Progress
) -> Comparison:
    """Pair pictures, classes and annotations.

    Raises:
        UsageError: a setting makes no sense.
    """
    _check(settings)
    pictures = pair_pictures(before.images, after.images, settings.match, engine, progress)
    classes = pair_classes(before.categories, after.categories)
    sides = Side.of(before, pictures.before, classes.before), Side.of(after, pictures.after, classes.after)
    rows = pair_rows(
        *sides, pictures, settings.iou, settings.tolerance, settings.ignore, exact_flags=settings.exact_flags
    )
    kind = np.where(rows.columns > 0, Kind.CHANGED, Kind.EQUAL).astype(np.uint8)
    kind[rows.moved > settings.tolerance] = Kind.MOVED
    kind[sides[0].category[rows.before] != sides[1].category[rows.after]] = Kind.RELABELLED
    removed = np.setdiff1d(np.arange(len(before.annotations)), rows.before, assume_unique=True)
    added = np.setdiff1d(np.arange(len(after.annotations)), rows.after, assume_unique=True)
    return Comparison(before, after, settings, pictures, classes, rows, kind, removed, added)


def _check(settings: DiffSettings) -> None:
    if not 0 < settings.iou <= 1:
        raise UsageError(f"an IoU of {settings.iou}", hint="give a number above 0 and up to 1, such as 0.5")
    if not 0 <= settings.tolerance < float("inf"):
        raise UsageError(f"a tolerance of {settings.tolerance} pixels", hint="give 0 or more, such as 0.01")
    for name in settings.ignore:
        if name not in COLUMNS:
            raise UsageError(f"there is no column '{show(name)}'", hint=f"columns: {', '.join(COLUMNS)}")
