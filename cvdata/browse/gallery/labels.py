"""The labels of a picture as the page draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dataset import Dataset
from ...evaluate.diagnosis import Verdict
from ..subject import NOT_JUDGED, Judged, Subject
from .tracing import mask_path, rings_path

__all__ = ["Said", "place_of"]


class Said:
    """What is to be said of labels beside their shapes: verdicts and suspicions, by side and row.

    Sides are numbered: 0 is the truth, 1 the first model, 2 the second, ...
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._suspect: dict[tuple[int, int], tuple[str, float]] = {}
        suspects = subject.suspects
        if suspects is not None:
            rows, sure = suspects.row.tolist(), suspects.surety.tolist()
            for side, row, kind, surety in zip(suspects.side, rows, suspects.kind, sure, strict=True):
                self._suspect.setdefault((int(side == "found"), row), (kind, surety))

    def labels(self, picture: int) -> list[dict[str, Any]]:
        """Return the labels of a picture, those of the truth first, then model by model."""
        found = [part.dataset for part in self._subject.found]
        return [
            self._label(side, dataset, picture, row)
            for side, dataset in enumerate([self._subject.dataset, *found])
            for row in range(int(dataset.offsets[picture]), int(dataset.offsets[picture + 1]))
        ]

    def _label(self, side: int, dataset: Dataset, picture: int, row: int) -> dict[str, Any]:
        table = dataset.annotations
        label: dict[str, Any] = {"s": side, "c": int(table.category[row])}
        if not np.isnan(table.box[row]).any():
            label["b"] = [round(value, 2) for value in table.box[row].tolist()]
        label |= _shape(dataset, row)
        if table.score is not None and not np.isnan(table.score[row]):
            label["p"] = round(float(table.score[row]), 4)
        label |= self._verdict(side, picture, row)
        if (side, row) in self._suspect:
            kind, surety = self._suspect[side, row]
            label["e"] = [kind, round(surety, 3)]
        return label

    def _verdict(self, side: int, picture: int, row: int) -> dict[str, Any]:
        """Return verdict, overlap and partner; the truth carries those of the first model."""
        model = max(side, 1)
        judged = self._subject.found[model - 1].judged if len(self._subject.found) >= model else None
        if judged is None:
            return {}
        verdict, other, overlap = _of(judged, side, row)
        said: dict[str, Any] = {} if verdict == NOT_JUDGED else {"v": Verdict(verdict).words}
        if not np.isnan(overlap):
            said["o"] = round(overlap, 3)
        if other >= 0:
            said["m"] = place_of(self._subject, picture, 0 if side else 1, other)
        return said


def _of(judged: Judged, side: int, row: int) -> tuple[int, int, float]:
    if side:
        return int(judged.found[row]), int(judged.found_other[row]), float(judged.found_overlap[row])
    return int(judged.truth[row]), int(judged.truth_other[row]), float(judged.truth_overlap[row])


def place_of(subject: Subject, picture: int, side: int, row: int) -> int:
    """Return the place of a label among all that are drawn on its picture, see `Said.labels`."""
    tables = [subject.dataset, *(part.dataset for part in subject.found)]
    before = sum(int(table.offsets[picture + 1] - table.offsets[picture]) for table in tables[:side])
    return before + row - int(tables[side].offsets[picture])


def _shape(dataset: Dataset, row: int) -> dict[str, Any]:
    """Return what is drawn beside or in place of the box: `d` the path of an outline, `k` points."""
    table, images = dataset.annotations, dataset.images
    shape: dict[str, Any] = {}
    path = ""
    if table.rotated is not None and not np.isnan(table.rotated[row]).any():
        path = rings_path([table.rotated[row].reshape(-1, 2)])
    elif table.polygons is not None and table.polygons.ring_counts[row]:
        path = rings_path(table.polygons[row])
    elif table.masks is not None and len(table.masks[row]):
        picture = int(table.image[row])
        path = mask_path(table.masks[row], int(images.width[picture]), int(images.height[picture]))
    if path:
        shape["d"] = path
    if table.keypoints is not None and len(table.keypoints[row]):
        points = np.asarray(table.keypoints[row], np.float64).reshape(-1, 3)
        shape["k"] = [[round(x, 1), round(y, 1), int(seen)] for x, y, seen in np.nan_to_num(points).tolist()]
    return shape
