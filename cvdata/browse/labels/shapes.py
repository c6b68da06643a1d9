"""Shapes beside boxes as FiftyOne has them: outlines and keypoints as parts of the picture, masks in their boxes."""

from __future__ import annotations

import io
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..outlines import mask_in_box

__all__ = ["Points", "keypoints_of", "masks_of", "outlines_of", "packed"]

Points = list[list[float]]
"""x and y of points, as parts of the width and height of their picture."""


def outlines_of(dataset: Dataset, sizes: NDArray[np.float64]) -> dict[int, list[Points]]:
    """Return the rings of each annotation that has any, by its row; without, the corners of its rotated box.

    Args:
        sizes: width and height of each annotation's picture, shape (n, 2).
    """
    table = dataset.annotations
    shown: dict[int, list[Points]] = {}
    if table.polygons is not None:
        polygons = table.polygons
        owner = np.repeat(np.repeat(np.arange(len(table)), polygons.ring_counts), np.diff(polygons.rings))
        points = (polygons.points / sizes[owner]).tolist()
        owners, rings = polygons.owners.tolist(), polygons.rings.tolist()
        for row in np.flatnonzero(polygons.ring_counts > 0).tolist():
            ends = rings[owners[row] : owners[row + 1] + 1]
            drawn = [points[first:last] for first, last in pairwise(ends) if last > first]
            if drawn:
                shown[row] = drawn
    if table.rotated is not None:
        rows = np.flatnonzero(table.has("rotated"))
        corners = (table.rotated[rows].reshape(-1, 4, 2) / sizes[rows][:, None]).tolist()
        shown = {row: [ring] for row, ring in zip(rows.tolist(), corners, strict=True)} | shown
    return dict(sorted(shown.items()))


def keypoints_of(dataset: Dataset, sizes: NDArray[np.float64]) -> dict[int, tuple[Points, list[int]]]:
    """Return the points of each annotation that has any, NaN where not labelled, and the visibility of each."""
    keypoints = dataset.annotations.keypoints
    if keypoints is None:
        return {}
    values = keypoints.values.reshape(-1, 3)
    seen = np.ceil(np.nan_to_num(values[:, 2])).astype(np.int64)
    places = np.where(seen[:, None] > 0, values[:, :2] / sizes[keypoints.owner], np.nan)
    points, seen_of, ends = places.tolist(), seen.tolist(), keypoints.offsets.tolist()
    rows = np.flatnonzero(keypoints.lengths > 0).tolist()
    return {row: (points[ends[row] : ends[row + 1]], seen_of[ends[row] : ends[row + 1]]) for row in rows}


def masks_of(dataset: Dataset) -> dict[int, bytes]:
    """Return the mask of each annotation that has one and a box, by its row, as FiftyOne keeps it."""
    masks = dataset.annotations.masks
    if masks is None:
        return {}
    rows = np.flatnonzero((masks.lengths > 0) & ~np.isnan(dataset.annotations.box[:, 0])).tolist()
    shown = {}
    for row in rows:
        mask = mask_in_box(dataset, row)
        if mask is not None:
            shown[row] = packed(mask)
    return shown


def packed(array: NDArray[Any]) -> bytes:
    """Return an array as the bytes that FiftyOne keeps of it: NumPy's file, deflated (core/utils.py)."""
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array), allow_pickle=False)
    return zlib.compress(file.getvalue())
