"""The labels of one side as FiftyOne's dicts, by row: what documents are put together from."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..boxes import parts_of
from ..names import KEYPOINTS, NUMBER, OUTLINES, VERDICT, VISIBILITY, WHOLE
from ..subject import Subject
from ..views.attributes import LABEL, attributes
from .attributes import Shown, values_of
from .ids import Beside, label_ids, mark_of
from .shapes import keypoints_of, masks_of, outlines_of
from .texts import safe_text

__all__ = ["Fields", "fields_of"]

Side = Literal["truth", "found"]

Labels: TypeAlias = "list[dict[str, Any] | None]"

Fields: TypeAlias = "list[tuple[str, str, str, Labels]]"
"""End of the field's name, FiftyOne's class of it, the name of the list in it, and the label of each annotation."""


def fields_of(part: Subject, side: Side, place: int, shown: Shown) -> Fields:
    """Return the labels of the truth, or of what a model found; None in a list where an annotation has no such label.

    Args:
        place: which of the models.
        shown: of the whole side.
    """
    dataset = part.dataset if side == "truth" else part.found[place].dataset
    maker = _Maker(dataset, side, place)
    objects = maker.objects()
    _add_columns(objects, _columns_of(part, dataset, side, place, shown))
    others = values_of(dataset, shown.extras)
    if others is not None:
        for label, values in zip(objects, others, strict=True):
            label.update(values)
    whole = np.isnan(dataset.annotations.box[:, 0]).tolist()
    fields: Fields = []
    if shown.boxed:
        boxes: Labels = [None if alone else label for label, alone in zip(objects, whole, strict=True)]
        fields.append(("", "Detections", "detections", boxes))
    if any(whole):
        wholes: Labels = [label if alone else None for label, alone in zip(objects, whole, strict=True)]
        fields.append((WHOLE, "Classifications", "classifications", wholes))
    return [*fields, *maker.beside([label.get(VERDICT) for label in objects])]


class _Maker:
    """Makes the labels of a dataset's annotations, without what is known about them."""

    def __init__(self, dataset: Dataset, side: Side, place: int) -> None:
        table, images = dataset.annotations, dataset.images
        self._dataset, self._side, self._place = dataset, side, place
        names = [safe_text(name) for name in dataset.categories.names]
        self._classes = [names[row] for row in table.category.tolist()]
        self._pictures = [images.names[row] for row in table.image.tolist()]
        self._numbers = (np.arange(len(table)) - dataset.offsets[table.image]).tolist()
        # A picture that was found when it was put may be gone now, its size with it.
        sizes = np.column_stack([images.width, images.height]).astype(np.float64)
        self._sizes = np.maximum(sizes, 1)[table.image]

    def objects(self) -> list[dict[str, Any]]:
        """Return a label for each annotation: a box, or one of the whole picture."""
        parts = parts_of(self._dataset.annotations.box, self._sizes).tolist()
        ids = label_ids(self._pictures, self._numbers, mark_of(self._side, self._place))
        masks = masks_of(self._dataset)
        # One empty list and one empty dict for all: millions of them would keep Python's garbage collection busy.
        none: dict[str, Any] = {}
        tags: list[str] = []
        labels = []
        for own, name, number, part in zip(ids, self._classes, self._numbers, parts, strict=True):
            if part[0] != part[0]:  # NaN
                label = {"_id": own, "_cls": "Classification", "tags": tags, "label": name, NUMBER: number}
            else:
                label = {
                    "_id": own,
                    "_cls": "Detection",
                    "attributes": none,
                    "tags": tags,
                    "label": name,
                    "bounding_box": part,
                    NUMBER: number,
                }
            labels.append(label)
        for row, mask in masks.items():
            labels[row]["mask"] = mask
        return labels

    def beside(self, verdicts: list[str | None]) -> Fields:
        """Return what is drawn beside the boxes; it has their verdicts, so that it can be chosen by them as well."""
        outlines, points = outlines_of(self._dataset, self._sizes), keypoints_of(self._dataset, self._sizes)
        fields: Fields = []
        if outlines:
            drawn = self._drawn("Polyline", "outline", list(outlines), verdicts)
            for row, rings in outlines.items():
                drawn[row].update(points=rings, closed=True, filled=False)  # what is below is to be seen
            fields.append((OUTLINES, "Polylines", "polylines", self._by_row(drawn)))
        if points:
            drawn = self._drawn("Keypoint", "keypoints", list(points), verdicts)
            for row, (places, seen) in points.items():
                drawn[row].update({"points": places, "confidence": None, VISIBILITY: seen})
            fields.append((KEYPOINTS, "Keypoints", "keypoints", self._by_row(drawn)))
        return fields

    def _by_row(self, drawn: dict[int, dict[str, Any]]) -> Labels:
        return [drawn.get(row) for row in range(len(self._numbers))]

    def _drawn(
        self, kind: str, beside: Beside, rows: list[int], verdicts: list[str | None]
    ) -> dict[int, dict[str, Any]]:
        mark = mark_of(self._side, self._place, beside)
        numbers = [self._numbers[row] for row in rows]
        ids = label_ids([self._pictures[row] for row in rows], numbers, mark)
        drawn: dict[int, dict[str, Any]] = {}
        for row, own, number in zip(rows, ids, numbers, strict=True):
            said = {"label": self._classes[row], NUMBER: number}
            drawn[row] = {"_id": own, "_cls": kind, "attributes": {}, "tags": [], **said}
            if verdicts[row] is not None:
                drawn[row][VERDICT] = verdicts[row]
        return drawn


def _columns_of(part: Subject, dataset: Dataset, side: Side, place: int, shown: Shown) -> dict[str, list[Any]]:
    """Return what is said of objects, one value each, None for nothing."""
    table = dataset.annotations
    columns: dict[str, list[Any]] = {}
    if table.score is not None:
        columns["confidence"] = _plain(table.score)
    for flag in shown.flags:
        columns[flag] = [None if one < 0 else one == 1 for one in getattr(table, flag).astype(np.int8).tolist()]
    for name, values in attributes(part, side, place).items():
        if name != LABEL:
            columns[name] = _plain(values)
    return columns


def _plain(values: NDArray[Any]) -> list[Any]:
    """Return values as Python has them, None for no number and for an empty text."""
    if values.dtype.kind == "f":
        return [value if value == value else None for value in values.tolist()]
    texts = values.tolist()
    shown = {text: safe_text(text) or None for text in set(texts)}
    return [shown[text] for text in texts]


def _add_columns(labels: list[dict[str, Any]], columns: dict[str, list[Any]]) -> None:
    for name, values in columns.items():
        for label, value in zip(labels, values, strict=True):
            if value is not None:
                label[name] = value
