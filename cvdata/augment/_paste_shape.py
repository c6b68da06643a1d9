"""The pixels of one object: drawn from its outline, cut out of its mask, or all of its box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations
from ..dataset.geometry import bounds, box_corners
from ..dataset.rings import bridge, rings_of_mask
from ..dataset.rle import mask_boxes, to_mask
from .shapes import fit, object_areas, outlines

__all__ = [
    "Window",
    "agrees",
    "coverage",
    "rings_around",
    "rings_of",
    "shape_in",
    "tells_shape",
    "windows_of",
]

Window = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels."""

_FINE = 4  # rings are drawn at so many times the size and averaged
_MOST_FINE = 1 << 24  # pixels; larger objects are drawn at their size
_FILLS = 0.99  # share of its box from which on an outline is the box itself
_CLOSE = 0.75  # pixels that a new outline may be off the edges of the pixels: a step of one pixel becomes a slope


def _drawn(table: Annotations) -> NDArray[np.bool_]:
    """Tell which annotations have a mask, a polygon or a rotated box, bool, shape (n,)."""
    return table.has("masks") | table.has("polygons") | table.has("rotated")


def tells_shape(table: Annotations) -> NDArray[np.bool_]:
    """Tell whose mask or outline says more than its box, bool, shape (n,).

    Some tools write every box as a polygon of four points, too.
    """
    return np.asarray(_drawn(table) & (object_areas(table) < _FILLS * table.box[:, 2:].prod(axis=1)))


def agrees(table: Annotations, height: int) -> NDArray[np.bool_]:
    """Tell which boxes are those around their masks or outlines, bool, shape (n,).

    Args:
        height: of the picture.
    """
    around = bounds(outlines(table))
    if table.masks is not None:
        masked = (table.masks.lengths > 0)[:, None]
        around = np.where(masked, mask_boxes(table.masks, np.full(len(table), height, np.int32)), around)
    return np.asarray(_drawn(table) & fit(table.box, around))


def windows_of(table: Annotations, width: int, height: int, margin: float | NDArray[np.float64] = 0.0) -> list[Window]:
    """Return the pixels of a picture that hold each object, with its outline and a margin around it.

    Args:
        width, height: of the picture, which no window leaves.
        margin: pixels; may differ across and down, shape (2,).
    """
    shaped = bounds(outlines(table))
    low = np.fmin(table.box[:, :2], shaped[:, :2])
    high = np.fmax(table.box[:, :2] + table.box[:, 2:], shaped[:, :2] + shaped[:, 2:])
    size = np.array([width, height])
    first = np.floor(np.clip(low - margin, 0, size)).astype(int)
    last = np.ceil(np.clip(high + margin, 0, size)).astype(int)
    return [(x0, y0, x1, y1) for (x0, y0), (x1, y1) in zip(first.tolist(), last.tolist(), strict=True)]


def shape_in(table: Annotations, row: int, window: Window, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return how much of each pixel of a window an object covers, 0 to 1, by the most exact of what is known of it.

    Args:
        size: width and height of the picture.
    """
    left, top, right, bottom = window
    if table.masks is not None and len(table.masks[row]):
        return to_mask(table.masks[row], size[1], size[0])[top:bottom, left:right].astype(np.float32)
    corner = np.array([left, top])
    return coverage([ring - corner for ring in rings_of(table, row)], right - left, bottom - top)


def rings_of(table: Annotations, row: int) -> list[NDArray[np.float64]]:
    """Return the outline of an object: its polygon, else its rotated box, else its box."""
    if table.polygons is not None and table.has("polygons")[row]:
        return [ring for ring in table.polygons[row] if len(ring) > 2]
    if table.rotated is not None and table.has("rotated")[row]:
        return [table.rotated[row].reshape(4, 2)]
    return [box_corners(table.box[row : row + 1]).reshape(4, 2)]


def coverage(rings: Sequence[NDArray[np.float64]], width: int, height: int) -> NDArray[np.float32]:
    """Return the share of each pixel that lies inside any of the rings, float32, shape (height, width)."""
    import cv2

    fine = _FINE if width * height * _FINE * _FINE <= _MOST_FINE else 1
    drawn = np.zeros((height * fine, width * fine), np.uint8)
    for ring in rings:
        # OpenCV counts from the middle of a pixel, and takes fractions as 1/256.
        points = np.rint((ring * fine - 0.5) * 256).astype(np.int32)
        cv2.fillPoly(drawn, [points], 255, shift=8)
    small = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255), np.float32)


def rings_around(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return outlines of a mask, true to a pixel, of as few points as that takes.

    An object's rings are joined (COCO's rule), so that none can be a hole: where there are holes all rings become one.

    Args:
        mask: bool, shape (height, width).
    """
    import cv2

    traced = rings_of_mask(mask)
    simple = [
        np.asarray(cv2.approxPolyDP(ring.astype(np.float32), _CLOSE, True), np.float64).reshape(-1, 2)
        for ring in traced
    ]
    kept = [(ring, _is_hole(before)) for ring, before in zip(simple, traced, strict=True) if len(ring) > 2]
    rings = [ring for ring, _ in kept]
    return [bridge(rings)] if any(hole for _, hole in kept) else rings


def _is_hole(ring: NDArray[np.float64]) -> bool:
    """Tell whether a traced ring runs around a hole: counterclockwise as seen on the screen."""
    x, y = ring.T
    return bool((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() < 0)
