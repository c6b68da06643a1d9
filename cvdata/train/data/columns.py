"""Pictures and their labels as the columns of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations
from ...dataset.ragged import ranges
from ...models.spec import ModelSpec
from .arrays import PartArrays
from .making import Made
from .painting import masks_of

__all__ = ["columns_of"]

Columns = dict[str, "NDArray[Any]"]


def columns_of(made: Sequence[Made], rows: NDArray[np.int64], arrays: PartArrays, spec: ModelSpec) -> Columns:
    """Return the columns of `models.batch.Batch` as arrays, by name.

    Args:
        rows: int64, of the pictures in their part.
    """
    columns: Columns = {"images": _images(made), "rows": np.ascontiguousarray(rows)}
    if spec.task == "detector":
        return columns | _objects(made, spec)
    if spec.task == "classifier":
        return columns | {"target": _targets(rows, arrays, spec)}
    return columns | {"pixels": np.stack([one.pixels for one in made if one.pixels is not None])}


def _images(made: Sequence[Made]) -> NDArray[np.uint8]:
    """Return pictures with their colours in planes, uint8, shape (n, 3, height, width), in one piece of memory."""
    height, width = made[0].image.shape[:2]
    images = np.empty((len(made), 3, height, width), np.uint8)
    for place, one in enumerate(made):
        images[place] = one.image.transpose(2, 0, 1)
    return images


def _objects(made: Sequence[Made], spec: ModelSpec) -> Columns:
    """Return the objects of all pictures; what has no area in float32 is none."""
    corners = [_corners(one.table) for one in made]
    whole = [(box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1]) for box in corners]
    columns: Columns = {
        "owner": np.repeat(np.arange(len(made)), [int(keep.sum()) for keep in whole]),
        "box": np.concatenate([box[keep] for box, keep in zip(corners, whole, strict=True)]),
        "label": np.concatenate([one.table.category[keep] for one, keep in zip(made, whole, strict=True)]).astype(
            np.int64
        ),
    }
    if spec.masks:
        height, width = made[0].image.shape[:2]
        columns["mask"] = np.concatenate(
            [masks_of(one.table, height, width)[keep] for one, keep in zip(made, whole, strict=True)]
        )
    if spec.keypoints:
        columns["keypoint"] = np.concatenate(
            [_points(one.table, len(spec.keypoints))[keep] for one, keep in zip(made, whole, strict=True)]
        )
    return columns


def _corners(table: Annotations) -> NDArray[np.float32]:
    """Return boxes as left, top, right, bottom."""
    return np.concatenate([table.box[:, :2], table.box[:, :2] + table.box[:, 2:]], axis=1).astype(np.float32)


def _points(table: Annotations, count: int) -> NDArray[np.float32]:
    """Return the keypoints of each object, float32, shape (n, count, 3); all 0 where it has none."""
    points = np.zeros((len(table), count, 3), np.float32)
    if table.keypoints is not None:
        given = table.keypoints.lengths == count
        points[given] = table.keypoints.values[np.repeat(given, table.keypoints.lengths)].reshape(-1, count, 3)
    return points


def _targets(rows: NDArray[np.int64], arrays: PartArrays, spec: ModelSpec) -> NDArray[Any]:
    """Return the class of each picture, int64; where it may have several, 0 or 1 for each, float32."""
    if not spec.several:
        return arrays.table.category[arrays.offsets[rows]].astype(np.int64)
    target = np.zeros((len(rows), len(spec.classes)), np.float32)
    counts = arrays.offsets[rows + 1] - arrays.offsets[rows]
    chosen = ranges(arrays.offsets[rows], counts)
    target[np.repeat(np.arange(len(rows)), counts), arrays.table.category[chosen]] = 1
    return target
