"""Objects as pixels: the mask of each, and all of a picture painted into one map of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...augment.shapes import object_areas, outlines
from ...dataset import Annotations, Categories
from ...dataset.ragged import ranges
from ...dataset.rle import to_mask

__all__ = ["BACKGROUND", "VOID", "drawn_objects", "fill_rings", "masks_of", "paint", "painted_classes"]

VOID = 255
"""Class of a pixel that is of none."""

BACKGROUND = "background"
"""Class of what no object covers."""


def drawn_objects(table: Annotations) -> NDArray[np.bool_]:
    """Tell which objects have an outline or a mask, bool, shape (n,)."""
    drawn = table.has("polygons") | table.has("masks") | table.has("rotated")
    return np.asarray(drawn, np.bool_)


def painted_classes(categories: Categories) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the classes of painted maps, and which of them each class of objects becomes, int64, shape (classes,).

    What no object covers is of the first one, `background`; where a class is called so already, it is that one.
    """
    names = categories.names
    same = [row for row, name in enumerate(names) if name.lower() == BACKGROUND]
    if not same:
        return (BACKGROUND, *names), np.arange(1, len(names) + 1)
    others = [row for row in range(len(names)) if row != same[0]]
    became = np.zeros(len(names), np.int64)
    became[others] = np.arange(1, len(names))
    return (names[same[0]], *(names[row] for row in others)), became


def paint(table: Annotations, became: NDArray[np.int64], height: int, width: int) -> NDArray[np.uint8]:
    """Paint the objects of one picture, uint8, shape (height, width): 0 where there is none.

    Larger objects come first, so that what lies on them is seen. What is in the box of an object that has neither
    outline nor mask may be of any class: it is `VOID`, and all others are painted over it.

    Args:
        became: class of the map for each class of objects.
    """
    pixels = np.zeros((height, width), np.uint8)
    drawn = drawn_objects(table)
    for row in np.flatnonzero(~drawn & ~np.isnan(table.box[:, 0])).tolist():
        pixels[_box_part(table.box[row], height, width)] = VOID
    rows = np.flatnonzero(drawn)
    rows = rows[np.argsort(-object_areas(table)[rows], kind="stable")]
    for row, mask in zip(rows.tolist(), masks_of(table.take(rows), height, width), strict=True):
        pixels[mask] = became[table.category[row]]
    return pixels


def masks_of(table: Annotations, height: int, width: int) -> NDArray[np.bool_]:
    """Return the mask of each object of one picture, bool, shape (n, height, width).

    From its mask, else its outline, else its box.
    """
    found = np.zeros((len(table), height, width), np.bool_)
    rings = outlines(table)
    runs = table.masks
    for row in range(len(table)):
        if runs is not None and len(runs[row]):
            found[row] = to_mask(runs[row], height, width)
        elif rings.ring_counts[row]:
            found[row] = fill_rings(rings[row], height, width)
        else:
            found[row][_box_part(table.box[row], height, width)] = True
    return found


def fill_rings(rings: Sequence[NDArray[np.float64]], height: int, width: int) -> NDArray[np.bool_]:
    """Return which pixels have their middle inside any of some rings, bool, shape (height, width).

    Args:
        rings: x and y of corners, shape (k, 2) each, continuous: the first pixel spans 0 to 1. A ring that crosses
            itself is filled by the even-odd rule.
    """
    mask = np.zeros((height, width), np.bool_)
    for ring in rings:
        mask |= _filled(ring, height, width)
    return mask


def _filled(ring: NDArray[np.float64], height: int, width: int) -> NDArray[np.bool_]:
    """Fill one ring: along the middles of a row, each edge that is crossed changes between outside and inside."""
    begin, end = ring, np.roll(ring, -1, axis=0)
    top, bottom = np.minimum(begin[:, 1], end[:, 1]), np.maximum(begin[:, 1], end[:, 1])
    first = np.clip(np.ceil(top - 0.5), 0, height).astype(np.int64)
    count = np.clip(np.ceil(bottom - 0.5), 0, height).astype(np.int64) - first
    edge, row = np.repeat(np.arange(len(ring)), count), ranges(first, count)
    slope = (end[edge, 0] - begin[edge, 0]) / (end[edge, 1] - begin[edge, 1])
    x = begin[edge, 0] + (row + 0.5 - begin[edge, 1]) * slope
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
    crossed = np.bincount(row * (width + 1) + column, minlength=height * (width + 1)).reshape(height, width + 1)
    return np.asarray(np.cumsum(crossed[:, :width], axis=1) % 2 == 1)


def _box_part(box: NDArray[np.float64], height: int, width: int) -> tuple[slice, slice]:
    """Return the pixels whose middle is in a box."""
    x, y, w, h = box.tolist()
    left, right = (min(max(round(edge), 0), width) for edge in (x, x + w))
    top, bottom = (min(max(round(edge), 0), height) for edge in (y, y + h))
    return slice(top, bottom), slice(left, right)
