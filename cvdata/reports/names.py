"""Where the names of objects go so that they hide neither each other nor small objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tag", "place_tags"]

Rect = tuple[float, float, float, float]


class Tag(NamedTuple):
    """Size of a name in pixels."""

    width: int
    height: int


def place_tags(
    tags: Sequence[Tag],
    boxes: NDArray[np.float64],
    size: tuple[int, int],
    taken: Sequence[Rect] = (),
    anchors: Sequence[tuple[float, float] | None] = (),
) -> list[tuple[int, int] | None]:
    """Find a place for each name in turn: at a corner of its box, inside the picture, on no other name.

    Of the places that are free, the one that hides least of the boxes that are as small as a name; the first where
    several are as good. None where no place is free.

    Args:
        boxes: float64, shape (names, 4): left, top, right, bottom in pixels.
        size: width and height of the picture.
        taken: places where no name may be: left, top, right, bottom.
        anchors: a point for each name, or None, above which it stands best.
    """
    placed = [tuple(map(float, rect)) for rect in taken]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    found: list[tuple[int, int] | None] = []
    for tag, box, anchor in zip(tags, boxes.tolist(), anchors or [None] * len(tags), strict=True):
        spots = _spots(tag, box, anchor, size)
        free = spots[_overlap(spots, np.array(placed).reshape(-1, 4)).sum(axis=1) == 0]
        if not len(free):
            found.append(None)
            continue
        small = boxes[area < 4 * tag.width * tag.height]
        best = free[_overlap(free, small).sum(axis=1).argmin()]
        placed.append(tuple(best.tolist()))
        found.append((int(best[0]), int(best[1])))
    return found


def _spots(
    tag: Tag, box: Sequence[float], anchor: tuple[float, float] | None, size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the places that name a box, best first, moved into the picture: shape (places, 4)."""
    left, top, right, bottom = box
    w, h = tag
    above = [] if anchor is None else [(anchor[0] - w / 2, anchor[1] - h)]
    corners = np.array(
        [
            *above,
            (left, top - h),  # above
            (left, top),  # inside, at the top
            (left, bottom),  # below
            (right - w, top - h),
            (right - w, top),
            (right - w, bottom),
            (left, bottom - h),
            (right - w, bottom - h),
            (right, top),  # beside
            (left - w, top),
        ]
    )
    corners = np.rint(np.clip(corners, 0, np.maximum(np.array(size) - (w, h), 0)))
    return np.concatenate([corners, corners + np.array([w, h])], axis=1)


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area that rectangles share, shape (a, b)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=2))
