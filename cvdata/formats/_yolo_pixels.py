"""From rows of fractions to columns in pixels: boxes, outlines, keypoints, corners."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Polygons, Ragged
from ..dataset.geometry import bounds
from ..dataset.ragged import ranges, starts
from ..images import Sizes
from ._yolo_labels import Labels
from ._yolo_source import Source

__all__ = ["boxes_in_pixels", "in_pixels"]


def in_pixels(labels: Labels, sizes: Sizes, source: Source, corners: bool) -> Annotations:
    """Turn fractions into pixels, each kind of row into its columns."""
    size = np.stack([sizes.width, sizes.height], axis=1).astype(np.float64)[labels.image]
    heads = np.cumsum(labels.widths) - labels.widths
    box = np.full((len(labels.image), 4), np.nan)
    posed = labels.widths > 4 if source.keypoints is not None else np.zeros(len(heads), np.bool_)
    turned = labels.widths == 8 if corners and source.keypoints is None else np.zeros(len(heads), np.bool_)
    outlined = (labels.widths > 4) & ~posed & ~turned
    rows = np.flatnonzero(~outlined & ~turned)
    box[rows] = boxes_in_pixels(labels.values[heads[rows, None] + np.arange(4)], size[rows])
    columns: dict[str, Any] = {}
    if posed.any() and source.keypoints is not None:
        columns["keypoints"] = _keypoints(labels, np.flatnonzero(posed), heads, size, source.keypoints)
    if turned.any():
        rows = np.flatnonzero(turned)
        rotated = np.full((len(heads), 8), np.nan)
        rotated[rows] = labels.values[heads[rows, None] + np.arange(8)] * np.tile(size[rows], 4)
        low, high = rotated[rows].reshape(-1, 4, 2).min(axis=1), rotated[rows].reshape(-1, 4, 2).max(axis=1)
        box[rows] = np.concatenate([low, high - low], axis=1)
        columns["rotated"] = rotated
    if outlined.any():
        polygons = _polygons(labels, outlined, heads, size)
        box[outlined] = bounds(polygons)[outlined]
        columns["polygons"] = polygons
    return Annotations(image=labels.image, category=labels.category, box=box, **columns)


def boxes_in_pixels(rows: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn centre and size, shape (n, 4), into x, y, width, height in pixels."""
    centre, extent = rows[:, :2], rows[:, 2:]
    return np.concatenate([(centre - extent / 2) * size, extent * size], axis=1)


def _polygons(
    labels: Labels, outlined: NDArray[np.bool_], heads: NDArray[np.int64], size: NDArray[np.float64]
) -> Polygons:
    rows = np.flatnonzero(outlined)
    widths = labels.widths[rows]
    values = labels.values[ranges(heads[rows], widths)].reshape(-1, 2)
    return Polygons(values * np.repeat(size[rows], widths // 2, axis=0), starts(widths // 2), starts(outlined * 1))


def _keypoints(
    labels: Labels,
    rows: NDArray[np.int64],
    heads: NDArray[np.int64],
    size: NDArray[np.float64],
    shape: tuple[int, int],
) -> Ragged:
    count, each = shape
    found = labels.values[heads[rows, None] + 4 + np.arange(count * each)].reshape(len(rows), count, each)
    points = np.zeros((len(rows), count, 3))
    # With two values a point, a negative one is how Ultralytics says that the point is not there.
    points[..., 2] = found[..., 2] if each == 3 else np.where((found >= 0).all(axis=2), 2, 0)
    there = np.ones(points.shape[:2], np.bool_) if each == 3 else points[..., 2] > 0
    points[..., :2] = np.where(there[..., None], found[..., :2] * size[rows, None], 0)
    lengths = np.zeros(len(labels.image), np.int64)
    lengths[rows] = count
    return Ragged(points.reshape(-1, 3), starts(lengths))
