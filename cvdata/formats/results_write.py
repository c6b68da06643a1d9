"""Write what models found as a COCO result list, which `read_results`, pycocotools and most tools read.

A result says besides what COCO asks for which `model` found it and the `threshold` that it had to reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from ..dataset import Annotations, Dataset, Ragged, SourceIds
from ..errors import UsageError, nearest_of, show
from ._coco_encode import outline_values
from ._coco_images import plain_digits

__all__ = ["results_bytes"]


class _Written(msgspec.Struct, gc=False):
    """Field order is the order in the file."""

    image_id: int | str
    category_id: int | str
    bbox: list[float] | UnsetType
    score: float
    segmentation: Any = UNSET
    keypoints: Any = UNSET
    model: Any = UNSET
    threshold: Any = UNSET


def results_bytes(dataset: Dataset, truth: Dataset) -> bytes:
    """Return a dataset with scores as a list of results, a line each.

    Ids are those of the truth. Where it has none, pictures go by their names and classes by their places, from 1; a
    class that it has not goes by its name.

    Args:
        truth: the dataset that was looked at: it has all the pictures.

    Raises:
        UsageError: a picture is not of the truth, a score is not there, or a class has a name that means another.
    """
    table = dataset.annotations
    if table.score is None or np.isnan(table.score).any():
        if len(table):
            raise UsageError("a result without a score is none", hint="write a dataset: cvdata formats names them")
        return b"[]\n"
    images, classes = _image_ids(dataset, truth), _class_ids(dataset, truth)
    shown, nothing = _origins(table.extra), [UNSET] * len(table)
    boxes: list[Any] = table.box.tolist()
    for row in np.flatnonzero(np.isnan(table.box[:, 0])).tolist():
        boxes[row] = UNSET
    size = np.stack([dataset.images.height, dataset.images.width], axis=1)[table.image]
    rows = map(
        _Written,
        [images[row] for row in table.image.tolist()],
        [classes[row] for row in table.category.tolist()],
        boxes,
        table.score.tolist(),
        outline_values(table, size) or nothing,
        _keypoints(table) or nothing,
        [said.get("model", UNSET) for said in shown] or nothing,
        [said.get("threshold", UNSET) for said in shown] or nothing,
    )
    try:
        return b"[" + b",\n".join(map(msgspec.json.encode, rows)) + b"]\n"
    except UnicodeEncodeError as error:
        hint = "rename the picture, or write the predictions into a cvdata dataset"
        raise UsageError("the name of a picture is no UTF-8, which JSON cannot hold", hint=hint) from error


def _image_ids(dataset: Dataset, truth: Dataset) -> list[int | str]:
    """Return what the list calls each picture."""
    row_of = {name: row for row, name in enumerate(truth.images.names)}
    ids = truth.images.source_id
    called: list[int | str] = []
    for name in dataset.images.names:
        if name not in row_of:
            hint = nearest_of(name, truth.images.names)
            raise UsageError(f"the picture '{show(name)}' is not among those that were looked at", hint=hint)
        called.append(name if ids is None else _plain(ids, row_of[name]))
    return called


def _plain(ids: SourceIds, row: int) -> int | str:
    return int(ids[row]) if isinstance(ids, np.ndarray) else ids[row]


def _class_ids(dataset: Dataset, truth: Dataset) -> list[int | str]:
    """Return what the list calls each class."""
    ids = truth.categories.source_id or tuple(range(1, len(truth.categories) + 1))
    known = dict(zip(truth.categories.names, ids, strict=True))
    used = set(dataset.annotations.category.tolist())
    for row, name in enumerate(dataset.categories.names):
        if row in used and name not in known and (plain_digits(name) or name in ids):
            raise UsageError(
                f"the class '{show(name)}' is new, and a list of results would take its name for the id of another",
                hint="call it otherwise, or propose in a cvdata dataset",
            )
    return [known.get(name, name) for name in dataset.categories.names]


def _keypoints(table: Annotations) -> list[Any] | None:
    """Return x, y, visibility of all points end to end; the last may be a confidence as well."""
    if table.keypoints is None:
        return None
    flat, ends = table.keypoints.values.ravel().tolist(), (3 * table.keypoints.offsets).tolist()
    return [flat[first:last] if last > first else UNSET for first, last in pairwise(ends)]


def _origins(extra: Ragged | None) -> Sequence[dict[str, Any]]:
    """Return the other attributes of each annotation; nothing where there is none."""
    if extra is None:
        return ()
    known: dict[bytes, dict[str, Any]] = {b"": {}}  # thousands have the same
    found = []
    for text in extra.to_bytes():
        if text not in known:
            known[text] = msgspec.json.decode(text, type=dict[str, Any])
        found.append(known[text])
    return found
