"""A dataset as samples of FiftyOne: one per picture, with its labels in fields that the App shows.

Boxes are `Detections`, labels of whole pictures `Classifications`. Each label carries what it was when it was put -
its number, class and box - so that what a person changed can be told from what nobody touched, and the latter comes
back bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..boxes import parts_of
from ..outlines import mask_in_box

__all__ = [
    "BAND",
    "BOXES",
    "BOX_LIST",
    "NAME",
    "NUMBER",
    "PUT",
    "WAS_BOX",
    "WAS_CLASS",
    "WHOLE",
    "WHOLE_LIST",
    "Marks",
    "labels_of",
    "samples_of",
    "shown_pictures",
]

BOXES, BOX_LIST = "proposals", "proposals.detections"
WHOLE, WHOLE_LIST = "picture_proposals", "picture_proposals.classifications"
"""Fields of a sample: of its boxes, and of what labels the whole picture; and the lists of labels in them."""

NUMBER, WAS_CLASS, WAS_BOX, BAND = "number", "proposed_class", "proposed_box", "score_band"
"""Attributes of a label."""

NAME, PUT = "name", "put"
"""Fields of a sample: the picture's name in the dataset, and the numbers of the labels that were put on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is said of each annotation besides its columns.

    Attributes:
        rows: int64, shape (n,): the number under which it comes back.
        bands: words for the part of the scores that it belongs to, one per annotation, or None.
    """

    rows: NDArray[np.int64]
    bands: Sequence[str] | None = None


def shown_pictures(dataset: Dataset) -> NDArray[np.int64]:
    """Return the rows of the pictures that can be shown: their file was found and their size is known."""
    images = dataset.images
    return np.flatnonzero((images.folder >= 0) & (images.width > 0) & (images.height > 0))


def samples_of(fiftyone: Any, dataset: Dataset, marks: Marks, pictures: Iterable[int]) -> Iterator[Any]:
    """Yield a sample of FiftyOne for each of the given pictures (rows of `Images`), all of them `shown_pictures`."""
    images = dataset.images
    for picture in pictures:
        rows = np.arange(dataset.offsets[picture], dataset.offsets[picture + 1])
        boxes, wholes = labels_of(fiftyone, dataset, marks, rows)
        sample = fiftyone.Sample(
            filepath=images.file(picture),
            metadata=fiftyone.ImageMetadata(width=int(images.width[picture]), height=int(images.height[picture])),
        )
        sample[NAME] = images.names[picture]
        sample[PUT] = marks.rows[rows].tolist()
        if boxes:
            sample[BOXES] = fiftyone.Detections(detections=boxes)
        if wholes:
            sample[WHOLE] = fiftyone.Classifications(classifications=wholes)
        yield sample


def labels_of(fiftyone: Any, dataset: Dataset, marks: Marks, rows: NDArray[np.int64]) -> tuple[list[Any], list[Any]]:
    """Return the given annotations as FiftyOne's detections and classifications."""
    table, images = dataset.annotations, dataset.images
    pictures = table.image[rows]
    sizes = np.stack([images.width[pictures], images.height[pictures]], axis=1).astype(np.float64)
    parts = parts_of(table.box[rows], sizes)
    boxes, wholes = [], []
    for row, part in zip(rows.tolist(), parts.tolist(), strict=True):
        said = _said(dataset, marks, row)
        if np.isnan(part[0]):
            wholes.append(fiftyone.Classification(**said))
            continue
        mask = mask_in_box(dataset, row)
        shape = {} if mask is None else {"mask": mask}
        boxes.append(fiftyone.Detection(bounding_box=part, **shape, **said, **{WAS_BOX: table.box[row].tolist()}))
    return boxes, wholes


def _said(dataset: Dataset, marks: Marks, row: int) -> dict[str, Any]:
    """Return what every kind of label says."""
    table = dataset.annotations
    name = dataset.categories.names[table.category[row]]
    said: dict[str, Any] = {"label": name, NUMBER: int(marks.rows[row]), WAS_CLASS: name}
    if table.score is not None and not np.isnan(table.score[row]):
        said["confidence"] = float(table.score[row])
    if marks.bands is not None:
        said[BAND] = marks.bands[row]
    return said
