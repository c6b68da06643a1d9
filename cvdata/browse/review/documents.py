"""Proposals as the documents that FiftyOne keeps of samples: one for each picture, with its labels in two fields.

Boxes are `Detections`, labels of whole pictures `Classifications`. Each label carries what it was when it was put -
its number, class and box - so that what a person changed can be told from what nobody touched, and the latter comes
back bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...dataset.ragged import ranges, starts
from ..boxes import parts_of
from ..labels.ids import label_ids, mark_of
from ..labels.schema import FieldSpec
from ..labels.shapes import packed
from ..labels.texts import safe_text
from ..names import NAME, NUMBER
from ..outlines import mask_in_box

__all__ = [
    "BAND",
    "BOXES",
    "BOX_LIST",
    "PUT",
    "WAS_BOX",
    "WAS_CLASS",
    "WHOLE",
    "WHOLE_LIST",
    "Marks",
    "documents_of",
    "fields_of",
    "labels_in",
    "renewed",
]

BOXES, BOX_LIST = "proposals", "proposals.detections"
WHOLE, WHOLE_LIST = "picture_proposals", "picture_proposals.classifications"
"""Fields of a sample: of its boxes, and of what labels the whole picture; and the lists of labels in them."""

WAS_CLASS, WAS_BOX, BAND = "proposed_class", "proposed_box", "score_band"
"""Attributes of a label."""

PUT = "put"
"""Field of a sample: the numbers of the labels that were put on it."""

_LISTS = ((BOXES, "Detections", "detections"), (WHOLE, "Classifications", "classifications"))

_TOGETHER = 256
"""Pictures whose columns become lists together."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is said of each annotation besides its columns.

    Attributes:
        rows: int64, shape (n,): the number under which it comes back.
        bands: words for the part of the scores that it belongs to, one per annotation, or None.
    """

    rows: NDArray[np.int64]
    bands: Sequence[str] | None = None


def documents_of(dataset: Dataset, marks: Marks, pictures: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """Yield the document of each picture (rows of `Images`), without what FiftyOne itself says of a sample."""
    images = dataset.images
    for first in range(0, len(pictures), _TOGETHER):
        part = pictures[first : first + _TOGETHER]
        counts = np.diff(dataset.offsets)[part]
        rows = ranges(dataset.offsets[part], counts)
        labels = _labels(dataset, marks, rows)
        for picture, (begin, end) in zip(part.tolist(), pairwise(starts(counts).tolist()), strict=True):
            own = labels[begin:end]
            yield {
                "filepath": safe_text(images.file(picture) or images.names[picture]),
                "tags": [],
                "metadata": {
                    "_cls": "ImageMetadata",
                    "width": int(images.width[picture]),
                    "height": int(images.height[picture]),
                },
                "_media_type": "image",
                NAME: safe_text(images.names[picture]),
                PUT: [label[NUMBER] for label in own],
                **_held([label for label in own if WAS_BOX in label], [label for label in own if WAS_BOX not in label]),
            }


def fields_of(dataset: Dataset, marks: Marks) -> Iterator[FieldSpec]:
    """Yield what FiftyOne has to know of the fields in these documents."""
    whole = np.isnan(dataset.annotations.box[:, 0])
    yield FieldSpec(NAME, "StringField")
    yield FieldSpec(PUT, "ListField", "IntField")
    for (field, kind, held), there in zip(_LISTS, (not whole.all() or not len(whole), whole.any()), strict=True):
        if there:
            yield FieldSpec(field, kind)
            yield FieldSpec(f"{field}.{held}.{NUMBER}", "IntField")
            yield FieldSpec(f"{field}.{held}.{WAS_CLASS}", "StringField")
            if marks.bands is not None:
                yield FieldSpec(f"{field}.{held}.{BAND}", "StringField")
            if field == BOXES:
                yield FieldSpec(f"{field}.{held}.{WAS_BOX}", "ListField", "FloatField")


def labels_in(document: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the boxes of a document, and its labels of the whole picture."""
    return [list((document.get(field) or {}).get(held) or ()) for field, _, held in _LISTS]


def renewed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a document with the labels of a new one that were never put on its picture; None where nothing differs.

    What a person did stays, and what they deleted stays deleted. The bands of scores, and where the picture lies, are
    those of today.
    """
    known = set(old.get(PUT) or ())
    fresh = labels_in(new)
    band_of = {label[NUMBER]: label.get(BAND) for labels in fresh for label in labels}
    kept = [[_with_band(label, band_of.get(label.get(NUMBER))) for label in labels] for labels in labels_in(old)]
    more = [[label for label in labels if label[NUMBER] not in known] for labels in fresh]
    put = [*(old.get(PUT) or ()), *(number for number in new[PUT] if number not in known)]
    where = {"filepath": new["filepath"]}
    merged = {**old, **where, PUT: put, **_held(*([*was, *now] for was, now in zip(kept, more, strict=True)))}
    return None if merged == old else merged


def _with_band(label: dict[str, Any], band: str | None) -> dict[str, Any]:
    return label if label.get(BAND) == band else {**label, BAND: band}


def _held(boxes: list[dict[str, Any]], wholes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return labels in their fields; a field is left out where it would hold none."""
    pairs = zip(_LISTS, (boxes, wholes), strict=True)
    return {field: {"_cls": kind, held: labels} for (field, kind, held), labels in pairs if labels}


def _labels(dataset: Dataset, marks: Marks, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return annotations as FiftyOne's labels."""
    table, images = dataset.annotations, dataset.images
    pictures = table.image[rows]
    sizes = np.column_stack([images.width, images.height]).astype(np.float64)[pictures]
    numbers = marks.rows[rows].tolist()
    ids = label_ids([images.names[picture] for picture in pictures.tolist()], numbers, mark_of("found"))
    names = [safe_text(name) for name in dataset.categories.names]
    score = np.full(len(rows), np.nan) if table.score is None else table.score[rows]
    columns = (table.category[rows], table.box[rows], parts_of(table.box[rows], sizes), score)
    labels: list[dict[str, Any]] = []
    for own, row, number, category, box, part, sure in zip(
        ids, rows.tolist(), numbers, *(column.tolist() for column in columns), strict=True
    ):
        name = names[category]
        label = {"_id": own, "_cls": "Classification", "tags": [], "label": name, NUMBER: number, WAS_CLASS: name}
        if sure == sure:  # no NaN
            label["confidence"] = sure
        if marks.bands is not None:
            label[BAND] = marks.bands[row]
        if box[0] == box[0]:
            label.update({"_cls": "Detection", "attributes": {}, "bounding_box": part, WAS_BOX: box})
            mask = mask_in_box(dataset, row)
            if mask is not None:
                label["mask"] = packed(mask)
        labels.append(label)
    return labels
