"""What comes out where several pictures make one, and one picture brought to fill a part of another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .remnants import Cut, Remnants, cut, moved
from .sample import Sample
from .shapes import object_areas

__all__ = ["Mixed", "Part", "fill", "refuse_whole_labels", "resized"]


@dataclass(frozen=True, eq=False)
class Mixed:
    """A picture made of several.

    Attributes:
        dropped: objects of which too little was left to keep a label.
        parameters: what was drawn, as JSON values.
        left_out: objects to paste for which there was no room.
    """

    sample: Sample
    dropped: int
    parameters: Mapping[str, Any]
    left_out: int = 0


@dataclass(frozen=True, eq=False)
class Part:
    """One picture as it fills a part of another.

    Attributes:
        image: uint8, shape (height, width, 3).
        cut: its annotations, in pixels of `image`.
        scale: how much larger it is than it was.
        x, y: where the part begins, in pixels of the whole picture at that scale.
    """

    image: NDArray[np.uint8]
    cut: Cut
    scale: float
    x: int
    y: int


def refuse_whole_labels(sample: Sample, what: str) -> None:
    """Refuse a picture that is labelled as a whole: a part of it need not show what it shows.

    Raises:
        UsageError: an annotation is the label of the whole picture.
    """
    if np.isnan(sample.table.box).any():
        raise UsageError(
            f"{what} needs boxes, and this picture has a label for the whole of it",
            hint="leave it out of the recipe where the dataset is for classification",
        )


def fill(sample: Sample, size: tuple[int, int], scale: float, rng: np.random.Generator, remnants: Remnants) -> Part:
    """Scale a picture and cut a part of a given size out of it, where one of its objects is.

    Args:
        size: width and height of the part.
        scale: how much larger to make it; more, where the part would not be filled.
    """
    width, height = size
    scale = max(scale, width / sample.width, height / sample.height)
    whole = max(width, round(sample.width * scale)), max(height, round(sample.height * scale))
    sx, sy = whole[0] / sample.width, whole[1] / sample.height
    x, y = _window(sample.table.box * (sx, sy, sx, sy), whole, size, rng)
    image = resized(sample.image, whole)[y : y + height, x : x + width]
    table = moved(sample.table, (sx, sy), -x, -y, width, height, (sample.width, sample.height))
    area = object_areas(sample.table) * (sx * sy)
    part = cut(table, width, height, area, remnants, shrunk=sx * sy < 1)
    return Part(image, part, round(math.sqrt(sx * sy), 4), x, y)


def _window(
    box: NDArray[np.float64], whole: tuple[int, int], size: tuple[int, int], rng: np.random.Generator
) -> tuple[int, int]:
    """Draw where the part begins: around an object that is drawn first, as much of it inside as there can be."""
    chosen = box[rng.integers(len(box))].tolist() if len(box) else [0.0, 0.0, *whole]
    draws = rng.random(2).tolist()
    begin = []
    for axis, draw in enumerate(draws):
        near, far = chosen[axis], chosen[axis] + chosen[axis + 2] - size[axis]
        room = whole[axis] - size[axis]
        low, high = (min(max(edge, 0), room) for edge in (min(near, far), max(near, far)))
        begin.append(round(low + draw * (high - low)))
    return begin[0], begin[1]


def resized(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Scale a picture to a width and height: every old pixel counts where it shrinks, none is seen where it grows."""
    import cv2

    if (image.shape[1], image.shape[0]) == size:
        return image
    smaller = size[0] * size[1] < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how))
