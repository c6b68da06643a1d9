"""Two small models for the demo: they find shapes by colour and tell them apart by how much of their box they fill.

They learn nothing and know only plain grounds; but what they say comes from the pixels, so it is wrong where real
models are: at small shapes, at edges, and where the resolution does not tell a class from another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .shapes import CLASSES

__all__ = ["Detection", "find_shapes"]

_FILLS = {"circle": np.pi / 4, "box": 1.0, "triangle": 0.47}
"""Share of its box that a shape covers; of triangles, whatever their turn, 0.43 to 0.5."""

_UNLIKE_GROUND = 40
"""How far, over the three colours together, a pixel lies from the ground: JPEG moves the ground by less than 20."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Class, box x, y, width, height in pixels, and confidence of a shape that was found."""

    category: str
    box: tuple[float, float, float, float]
    score: float


def find_shapes(picture: NDArray[np.uint8], cell: int) -> list[Detection]:
    """Find the shapes of a picture.

    Args:
        picture: shape (height, width, 3).
        cell: side in pixels of the squares that it is looked at in; the smaller, the better.
    """
    ground = np.median(picture.reshape(-1, 3), axis=0)
    unlike = np.abs(picture.astype(np.float64) - ground).sum(axis=2) > _UNLIKE_GROUND
    height, width = (side // cell * cell for side in unlike.shape)
    share = unlike[:height, :width].reshape(height // cell, cell, width // cell, cell).mean(axis=(1, 3))
    groups = _groups(share >= 0.5)
    return [_detection(share, groups == group, cell) for group in np.unique(groups[groups > 0]).tolist()]


def _groups(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give every cell that is inside the highest number of those that it hangs together with, the others 0."""
    number = np.pad(np.where(inside, np.arange(1, inside.size + 1).reshape(inside.shape), 0), 1)
    while True:
        around = [number[1:-1, 1:-1], number[:-2, 1:-1], number[2:, 1:-1], number[1:-1, :-2], number[1:-1, 2:]]
        spread = np.where(inside, np.maximum.reduce(around), 0)
        if np.array_equal(spread, number[1:-1, 1:-1]):
            return spread
        number[1:-1, 1:-1] = spread


def _detection(share: NDArray[np.float64], member: NDArray[np.bool_], cell: int) -> Detection:
    rows, columns = np.flatnonzero(member.any(axis=1)), np.flatnonzero(member.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    fill = float(share[top:bottom, left:right][member[top:bottom, left:right]].sum()) / (
        (bottom - top) * (right - left)
    )
    apart = {name: abs(fill - _FILLS[name]) for name in CLASSES}
    first, second = sorted(apart, key=lambda name: apart[name])[:2]
    surety = (apart[second] - apart[first]) / abs(_FILLS[second] - _FILLS[first])
    box = (float(left * cell), float(top * cell), float((right - left) * cell), float((bottom - top) * cell))
    return Detection(first, box, round(float(min(surety, 1.0)), 3))
