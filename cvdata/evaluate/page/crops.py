"""The places of probable label errors, cut out of their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...reports.canvas import Canvas, fit
from ..pair import Pair
from ..report import LabelError
from .colours import LABEL_COLOURS, NEIGHBOUR
from .drawing import Drawing, PictureSource, draw_scenes, label_space, rows_of

__all__ = ["draw_label_errors"]

_WITHIN = (280, 224)
_MOST_BYTES = 12_000

_CONTEXT = 0.6
"""Of its width and height that is shown on every side of a box."""

_SHAPE = 1.25
"""Width of a crop, of its height."""

_LEAST = 72
"""Pixels of the picture that a crop shows at least."""


@dataclass(frozen=True, slots=True)
class _Crop:
    """A place in a picture.

    Attributes:
        said: width and height of the picture according to its labels.
        box: x, y, width, height of the place in pixels of the labels; None for the whole picture.
        near: float64, shape (objects, 4), the other objects that are labelled there.
    """

    path: str
    said: tuple[int, int]
    box: tuple[float, float, float, float] | None
    near: NDArray[np.float64]
    colour: str
    most_bytes: int = _MOST_BYTES

    def draw(self, picture: NDArray[np.uint8]) -> list[Image.Image]:
        """Cut the place out and draw its box, and thinly those that are labelled there."""
        if self.box is None:
            return [Canvas(picture, _size(picture)).finish()]
        space = label_space(picture, self.said)
        scale = np.array([picture.shape[1] / space[0], picture.shape[0] / space[1]] * 2)
        box = np.array(self.box) * scale
        left, top, right, bottom = _window(box, picture.shape[1], picture.shape[0])
        part = np.ascontiguousarray(picture[top:bottom, left:right])
        canvas = Canvas(part, _size(part))
        corner = np.array([left, top, 0, 0])
        canvas.line = 1.5
        for other in self.near * scale - corner:
            canvas.box(other.tolist(), NEIGHBOUR)
        canvas.line = 3.0
        canvas.box((box - corner).tolist(), self.colour)
        return [canvas.finish()]


def draw_label_errors(source: PictureSource, found: Sequence[LabelError]) -> list[Drawing]:
    """Draw each place in its surroundings, with the objects that are labelled there; of whole pictures all of it."""
    rows = rows_of(source.pair, [item.image for item in found])
    scenes = [_crop(source.pair, row, item) for row, item in zip(rows, found, strict=True)]
    return draw_scenes(source, scenes, "drawing probable label errors")


def _crop(pair: Pair, row: int, item: LabelError) -> _Crop | None:
    images = pair.truth.images
    path = None if row < 0 else images.file(row)
    if path is None:
        return None
    near = pair.truth.annotations.box[pair.truth.offsets[row] : pair.truth.offsets[row + 1]]
    said, colour = (int(images.width[row]), int(images.height[row])), LABEL_COLOURS[item.kind]
    if np.isnan(near).any() or not np.isfinite(item.box).all() or min(item.box[2:]) <= 0:
        return _Crop(path, said, None, np.zeros((0, 4)), colour)
    # The object itself is among them where the error is about one.
    return _Crop(path, said, item.box, near[(np.abs(near - np.array(item.box)) > 1e-6).any(axis=1)], colour)


def _size(part: NDArray[np.uint8]) -> tuple[int, int]:
    return fit(part.shape[1], part.shape[0], _WITHIN)


def _window(box: NDArray[np.float64], width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what to show of a picture around a box, all in one shape where it fits."""
    wide, tall = (max(size * (1 + 2 * _CONTEXT), _LEAST) for size in (float(box[2]), float(box[3])))
    wide, tall = max(wide, tall * _SHAPE), max(tall, wide / _SHAPE)
    left, right = _within(box[0] + box[2] / 2, wide, width)
    top, bottom = _within(box[1] + box[3] / 2, tall, height)
    return left, top, right, bottom


def _within(middle: float, size: float, most: int) -> tuple[int, int]:
    """Place a stretch of so many pixels around a middle so that it stays inside 0 to `most`."""
    size = min(size, float(most))
    low = min(max(middle - size / 2, 0.0), most - size)
    first = int(low)
    return first, max(first + 1, min(most, round(low + size)))
