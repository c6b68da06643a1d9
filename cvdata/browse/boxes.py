"""Boxes as FiftyOne has them, and back: parts of the picture's width and height instead of pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAME", "in_picture", "parts_of", "pixels_of"]

SAME = 1e-9
"""Pixels that a box may differ by and still be the one that was put: its way to parts and back rounds twice."""


def parts_of(box: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return boxes as parts of their pictures, float64, shape (n, 4): left, top, width, height.

    Args:
        box: in pixels, shape (n, 4): x, y, width, height.
        size: of each box's picture in pixels, shape (n, 2): width, height.
    """
    return np.asarray(box / np.tile(size, 2))


def pixels_of(parts: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo `parts_of`, within `SAME`."""
    return np.asarray(parts * np.tile(size, 2))


def in_picture(box: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut boxes, shape (n, 4), to their pictures, shape (n, 2); one that lies outside has no area left."""
    first = np.clip(box[:, :2], 0, size)
    last = np.clip(box[:, :2] + box[:, 2:], 0, size)
    # What lies inside stays as it is: adding and taking away again would move it by a hair.
    inside = np.all((box[:, :2] >= 0) & (box[:, :2] + box[:, 2:] <= size), axis=1, keepdims=True)
    return np.where(inside, box, np.concatenate([first, np.maximum(last - first, 0)], axis=1))
