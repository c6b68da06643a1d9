"""What pasted objects do to the labels below them: a mask loses its covered pixels, an outline runs around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Polygons, Ragged
from ..dataset.ragged import starts
from ..dataset.rle import from_mask, to_mask
from ._paste_shape import Window, agrees, rings_around, shape_in, windows_of
from .remnants import Remnants

__all__ = ["hide"]

_SLIVER = 0.01  # share of an object that is covered before its outline or its flag says so


@dataclass(frozen=True, eq=False)
class _Left:
    """What is to be seen of one object.

    Attributes:
        share: of its pixels.
        box: x, y, width, height.
        rings, runs: its new outline and mask, None where it keeps what it has.
    """

    share: float
    box: NDArray[np.float64]
    rings: list[NDArray[np.float64]] | None = None
    runs: NDArray[np.uint32] | None = None


def hide(
    table: Annotations, layer: NDArray[np.int32], order: NDArray[np.int64], remnants: Remnants
) -> tuple[Annotations, int]:
    """Take from the annotations of a picture what pasted objects cover; those that all but vanish are dropped.

    A mask loses the covered pixels, exactly. An outline that loses a hundredth of its area or more is drawn anew
    around what is left, true to a pixel. The box of a mask or an outline is then that of what is left; an object
    known by its box alone, upright or rotated, keeps it. `occluded` is set where that column is in use, and visible
    keypoints become hidden.

    Args:
        layer: int32, shape (height, width): number of the pasted object that each pixel shows, from 1; else 0.
        order: number of each row among the pasted objects, 0 for those that were there.

    Returns:
        The annotations that are left, and how many were dropped.
    """
    height, width = layer.shape
    windows = windows_of(table, width, height)
    touched = [row for row, (x0, y0, x1, y1) in enumerate(windows) if (layer[y0:y1, x0:x1] > order[row]).any()]
    fits = agrees(table.take(np.array(touched, np.int64)), height)
    left: dict[int, _Left] = {}
    for row, fit in zip(touched, fits.tolist(), strict=True):
        x0, y0, x1, y1 = windows[row]
        shape = shape_in(table, row, windows[row], (width, height)) >= 0.5
        seen = shape & (layer[y0:y1, x0:x1] <= order[row])
        if seen.sum() < shape.sum():
            left[row] = _left(table, row, seen, shape, windows[row], (width, height), fit)
    if not left:
        return table, 0
    gone = [row for row, rest in left.items() if not _enough(rest, remnants)]
    changed = _changed(table, left, layer, order)
    return changed.take(np.delete(np.arange(len(table)), gone)), len(gone)


def _enough(rest: _Left, remnants: Remnants) -> bool:
    return rest.share > 0 and rest.share >= remnants.min_visible and bool(rest.box[2:].min() >= remnants.min_side)


def _left(
    table: Annotations,
    row: int,
    seen: NDArray[np.bool_],
    shape: NDArray[np.bool_],
    window: Window,
    size: tuple[int, int],
    fits: bool,
) -> _Left:
    """Describe what is left of an object.

    Args:
        seen, shape: bool, the pixels of a window that show the object, and those that did.
        size: width and height of the picture.
        fits: whether its box is the one around its mask or outline.
    """
    share = float(seen.sum() / shape.sum())
    x0, y0, x1, y1 = window
    box = _bounds(seen, window) if fits else table.box[row]
    if table.masks is not None and len(table.masks[row]):
        whole = to_mask(table.masks[row], size[1], size[0]).copy()
        whole[y0:y1, x0:x1] &= seen
        return _Left(share, box, runs=from_mask(whole))
    if not table.has("polygons")[row] or share > 1 - _SLIVER:
        return _Left(share, table.box[row])
    rings = [ring + np.array([x0, y0]) for ring in rings_around(seen)]
    return _Left(share if rings else 0.0, box, rings=rings)


def _bounds(seen: NDArray[np.bool_], window: Window) -> NDArray[np.float64]:
    """Return the box around pixels of a window: x, y, width, height."""
    across, down = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    if not len(across):
        return np.zeros(4)
    x, y = across[0], down[0]
    return np.array([window[0] + x, window[1] + y, across[-1] + 1 - x, down[-1] + 1 - y], np.float64)


def _changed(
    table: Annotations, left: Mapping[int, _Left], layer: NDArray[np.int32], order: NDArray[np.int64]
) -> Annotations:
    """Return the table with what is left in place of what was."""
    box = table.box.copy()
    for row, seen in left.items():
        box[row] = seen.box
    columns: dict[str, Any] = {"box": box}
    if table.polygons is not None:
        rings = [table.polygons[row] for row in range(len(table))]
        for row, seen in left.items():
            rings[row] = rings[row] if seen.rings is None else seen.rings
        columns["polygons"] = Polygons.of(rings)
    if table.masks is not None:
        runs = [table.masks[row] for row in range(len(table))]
        for row, seen in left.items():
            runs[row] = runs[row] if seen.runs is None else seen.runs
        columns["masks"] = Ragged(np.concatenate(runs), starts(np.array([len(run) for run in runs])))
    if table.area is not None:
        columns["area"] = _areas(table, left)
    if table.occluded is not None:
        occluded = table.occluded.copy()
        occluded[[row for row, seen in left.items() if seen.share <= 1 - _SLIVER]] = 1
        columns["occluded"] = occluded
    if table.keypoints is not None:
        columns["keypoints"] = _keypoints(table.keypoints, layer, order)
    return replace(table, **columns)


def _areas(table: Annotations, left: Mapping[int, _Left]) -> NDArray[np.float64]:
    """Return the areas as the source measures them, less what is covered of masks and of outlines drawn anew."""
    area = np.array(table.area, np.float64)
    for row, seen in left.items():
        if seen.runs is not None or seen.rings is not None:
            area[row] *= seen.share
    return area


def _keypoints(keypoints: Ragged, layer: NDArray[np.int32], order: NDArray[np.int64]) -> Ragged:
    """Call visible keypoints hidden (2 becomes 1) where something lies over them."""
    values = keypoints.values.copy()
    height, width = layer.shape
    x, y = np.floor(values[:, 0]).astype(np.int64), np.floor(values[:, 1]).astype(np.int64)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    above = layer[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] > order[keypoints.owner]
    values[inside & above & (values[:, 2] == 2), 2] = 1
    return Ragged(values, keypoints.offsets)
