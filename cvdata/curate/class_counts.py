"""What a command did to each class: annotations and pictures before and after."""

from __future__ import annotations

import msgspec

from ..dataset import Dataset
from ..files import Counts
from ..reports.measures import class_counts

__all__ = ["ClassChange", "class_changes", "left_out"]


class ClassChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class before and after.

    Attributes:
        name: of the class.
        annotations, annotations_after: number of its annotations.
        images, images_after: number of the pictures with at least one of them.
    """

    name: str
    annotations: int
    annotations_after: int
    images: int
    images_after: int


def class_changes(before: Dataset, after: Dataset) -> list[ClassChange]:
    """Count the annotations and pictures of each class in two datasets with the same classes."""
    first, second = class_counts(before), class_counts(after)
    counts = [
        table.sum(axis=1).tolist() for table in (first.annotations, second.annotations, first.images, second.images)
    ]
    return [
        ClassChange(name=name, annotations=a, annotations_after=b, images=c, images_after=d)
        for name, a, b, c, d in zip(before.categories.names, *counts, strict=True)
    ]


def left_out(before: Dataset, after: Dataset) -> Counts:
    """Count the pictures and annotations that a command did not keep."""
    images, annotations = len(before.images) - len(after.images), len(before.annotations) - len(after.annotations)
    return Counts(images, annotations)
