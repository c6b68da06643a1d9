"""An object laid on a picture so that no seam shows: where it looks at home, and how it fades."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._paste_cut import Cutout
from .mixed import resized

__all__ = ["blend", "strangeness"]

_SOFT = 0.1  # of the shorter side of a window: tones that vary over less are details
_NARROW = 3.0  # pixels of deviation that a blur is computed with, at most
_SAMPLES = 10  # points along each side of a window that are compared with what is below them
_TONE = 8  # pixels, across and down, that each of them is the mean of


def blend(
    image: NDArray[np.uint8], part: Cutout, place: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Lay an object on a picture, which is changed; return which pixels of the picture show which of the object.

    What surrounds the object in its box fades in two bands (Burt and Adelson 1983): details over a narrow seam, soft
    tones over a broad one, so that the ground around it takes on the colour of the picture and the object keeps its
    own.

    Args:
        place: x and y of the object's corner; what lies outside the picture is left away.
    """
    height, width = image.shape[:2]
    (x, y), (tall, wide) = place, part.alpha.shape
    left, top = max(0, -x), max(0, -y)
    right, bottom = min(wide, width - x), min(tall, height - y)
    here = slice(y + top, y + bottom), slice(x + left, x + right)
    there = slice(top, bottom), slice(left, right)
    below, above = image[here].astype(np.float32), part.image[there].astype(np.float32)
    difference = above - below
    if part.broad is None:
        mixed = below + part.alpha[there][..., None] * difference
    else:
        soft = _soft(difference)
        mixed = below + part.broad[there][..., None] * soft + part.alpha[there][..., None] * (difference - soft)
    image[here] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
    return here, there


def _soft(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is left of a picture where all details are blurred away."""
    import cv2

    height, width = difference.shape[:2]
    deviation = max(2.0, _SOFT * min(height, width))
    # A broad blur shows at a tenth of the cost on fewer pixels.
    shrink = max(1.0, deviation / _NARROW)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    small = cv2.GaussianBlur(resized(difference, size), (0, 0), deviation / shrink)
    return np.asarray(resized(small, (width, height)), np.float32)


def strangeness(image: NDArray[np.uint8], part: Cutout) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
    """Return a measure of places, int64, shape (n, 2): how much the rim of an object differs from what is there."""
    tall, wide = part.alpha.shape
    along = np.linspace(0, 1, _SAMPLES)
    x = np.concatenate([along, along, np.zeros(_SAMPLES), np.ones(_SAMPLES)]) * (wide - 1)
    y = np.concatenate([np.zeros(_SAMPLES), np.ones(_SAMPLES), along, along]) * (tall - 1)
    rim = _tones(part.image)(x, y)
    ground = _tones(image)

    def measure(places: NDArray[np.int64]) -> NDArray[np.float64]:
        there = ground(places[:, :1] + x, places[:, 1:] + y)
        return np.asarray(np.abs(there - rim).mean(axis=(1, 2)))

    return measure


def _tones(image: NDArray[np.uint8]) -> Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]:
    """Return a lookup of the mean colours of a picture around points x and y, float64, shape (..., 3)."""
    height, width = image.shape[:2]
    size = max(1, width // _TONE), max(1, height // _TONE)
    small = resized(image, size).astype(np.float64)

    def tone(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        column = np.clip(x * (size[0] / width), 0, size[0] - 1).astype(np.int64)
        row = np.clip(y * (size[1] / height), 0, size[1] - 1).astype(np.int64)
        return np.asarray(small[row, column])

    return tone
