"""Maps of classes that follow a motion of their picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...augment.motion import Motion, Plane
from .painting import VOID

__all__ = ["move_pixels"]


def move_pixels(pixels: NDArray[np.uint8], motion: Motion) -> NDArray[np.uint8]:
    """Return the map of classes of the new picture: each pixel is what its middle shows of the old one, else `VOID`.

    Args:
        pixels: uint8, shape (height, width).
    """
    if motion.still:
        return pixels
    width, height = motion.size
    if all(isinstance(stage, Plane) and stage.upright and stage.matrix[0, 0] != 0 for stage in motion.stages):
        return _by_lines(pixels, motion)
    points, seen = _back(motion, np.tile(_middles(width), height), np.repeat(_middles(height), width))
    x, y = _places(points, pixels)
    return np.where(seen.all(axis=1), pixels[y, x], np.uint8(VOID)).reshape(height, width)


def _by_lines(pixels: NDArray[np.uint8], motion: Motion) -> NDArray[np.uint8]:
    """Move pixels where lines and columns stay such: flips, scales, crops and shifts; a hundred times faster."""
    width, height = motion.size
    across, seen_across = _back(motion, _middles(width), np.full(width, 0.5))
    down, seen_down = _back(motion, np.full(height, 0.5), _middles(height))
    moved = pixels[np.ix_(_places(down, pixels)[1], _places(across, pixels)[0])]
    moved[~seen_down[:, 1]] = VOID
    moved[:, ~seen_across[:, 0]] = VOID
    return moved


def _middles(count: int) -> NDArray[np.float64]:
    """Return where the middles of so many pixels in a row are."""
    return np.arange(0.5, count)


def _back(
    motion: Motion, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return where points of the new picture come from, and whether x and y were in the picture all the way."""
    points = np.stack([x, y], axis=1)
    seen = np.ones(points.shape, np.bool_)
    for stage, before in zip(motion.stages[::-1], [*motion.stages[-2::-1], motion], strict=True):
        points = stage.back(points)
        seen &= (points >= 0) & (points <= (before.width, before.height))
    return points, seen


def _places(points: NDArray[np.float64], pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the columns and rows of the pixels that hold points."""
    height, width = pixels.shape
    x = np.clip(points[:, 0], 0, width - 1).astype(np.int64)
    y = np.clip(points[:, 1], 0, height - 1).astype(np.int64)
    return x, y
