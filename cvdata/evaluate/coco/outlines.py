"""Outlines and masks as the engines take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset
from ...dataset.rle import compress
from ..objects import sizes_of

__all__ = ["outlines", "without_outline"]


def outlines(dataset: Dataset) -> list[Any]:
    """Return the shape of each annotation as COCO's `segmentation`: run lengths, else rings, else the box as a ring.

    A box stands in for a missing outline because pycocotools' `loadRes` puts it there for results.
    Checked before by `checks.check_shapes`, as the engines die on bad ones.
    """
    table = dataset.annotations
    x, y, w, h = table.box.T
    rings = np.stack([x, y, x, y + h, x + w, y + h, x + w, y], axis=1)
    shapes: list[Any] = [[ring] for ring in rings.tolist()]
    sizes = sizes_of(dataset.images, table.image).tolist()
    _put_rings(shapes, table, sizes)
    if table.masks is not None:
        rows = np.flatnonzero(table.has("masks"))
        for row, counts in zip(rows.tolist(), compress(table.masks.take(rows)), strict=True):
            shapes[row] = {"size": sizes[row], "counts": counts}
    return shapes


def _put_rings(shapes: list[Any], table: Annotations, sizes: list[list[int]]) -> None:
    """Put rings as flat x, y lists, without those of fewer than three points: engines take them for boxes."""
    if table.polygons is None:
        return
    flat = table.polygons.points.ravel().tolist()
    ends = (2 * table.polygons.rings).tolist()
    owners = table.polygons.owners.tolist()
    for row in np.flatnonzero(table.has("polygons")).tolist():
        rings = range(owners[row], owners[row + 1])
        closed = [flat[ends[r] : ends[r + 1]] for r in rings if ends[r + 1] - ends[r] >= 6]
        height, width = sizes[row]
        shapes[row] = closed or {"size": [height, width], "counts": [height * width]}  # encloses nothing


def without_outline(table: Annotations) -> NDArray[np.bool_]:
    """Tell which annotations have neither a mask nor an outline, so that their box is taken for it."""
    return np.asarray(~(table.has("polygons") | table.has("masks")))
