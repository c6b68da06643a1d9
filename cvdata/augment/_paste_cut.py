"""One object, cut out of its picture at the size and the way round that it is pasted in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Ragged
from ..dataset.rle import from_mask, mask_boxes
from ._paste_shape import Window, agrees, coverage, rings_of, shape_in, tells_shape, windows_of
from .carry import place
from .mixed import resized
from .motion import Plane
from .sample import Sample
from .shapes import turned_over

__all__ = ["Cutout", "Frame", "annotation_at", "cut_out", "frame"]

_AROUND = 0.1  # of the sides of a box: what is taken along of its surroundings, to fade
_SOLID = 0.5  # share of a pixel from which on it belongs to the object


@dataclass(frozen=True, eq=False)
class Frame:
    """Where an object is taken from and what size it gets.

    Attributes:
        source: the object's picture, with its annotation alone.
        shaped: whether it is cut along its outline or mask, instead of taken with its box.
        window: the object with some of its surroundings, in pixels of its picture.
        size: width and height that the window gets.
        mirrored: whether left and right change sides.
    """

    source: Sample
    shaped: bool
    window: Window
    size: tuple[int, int]
    mirrored: bool

    @property
    def scale(self) -> tuple[float, float]:
        """How many times as wide and as tall the object becomes."""
        left, top, right, bottom = self.window
        return self.size[0] / (right - left), self.size[1] / (bottom - top)

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """x, y, width and height of the object inside the window at its new size, float64, shape (4,)."""
        return np.asarray(self.plane((0, 0), self.size).move_boxes(self.source.table.box)[0])

    @property
    def reach(self) -> NDArray[np.float64]:
        """x, y, width and height of what covers the ground: the object, or all of the window where that fades."""
        return self.box if self.shaped else np.array([0, 0, *self.size], np.float64)

    def plane(self, at: tuple[int, int], size: tuple[int, int]) -> Plane:
        """Return how points of the object's picture go to one of a given size where the window begins at a point."""
        (sx, sy), (left, top), (x, y) = self.scale, self.window[:2], at
        across = (-sx, x + self.size[0] + left * sx) if self.mirrored else (sx, x - left * sx)
        return Plane(np.array([[across[0], 0, across[1]], [0, sy, y - top * sy], [0, 0, 1]], np.float64), *size)


@dataclass(frozen=True, eq=False)
class Cutout:
    """Pixels of an object.

    Attributes:
        image: uint8, shape (height, width, 3).
        solid: bool, shape (height, width), the pixels that are the object.
        alpha: float32, shape (height, width), how much of it covers what is below, 0 to 1.
        broad: the same for its soft tones, where those fade over a broader seam than its details; None where not.
    """

    image: NDArray[np.uint8]
    solid: NDArray[np.bool_]
    alpha: NDArray[np.float32]
    broad: NDArray[np.float32] | None = None


def frame(source: Sample, scale: float, mirrored: bool, feather: float) -> Frame | None:
    """Lay out the one object of a picture at a scale; None where it has no pixel."""
    shaped = bool(tells_shape(source.table)[0])
    margin = np.full(2, (feather + 1) / scale)
    if not shaped:
        margin = np.maximum(margin, _AROUND * source.table.box[0, 2:])
    window = windows_of(source.table, source.width, source.height, margin)[0]
    wide, tall = window[2] - window[0], window[3] - window[1]
    if min(wide, tall) < 1:
        return None
    return Frame(source, shaped, window, (max(1, round(wide * scale)), max(1, round(tall * scale))), mirrored)


def cut_out(cut: Frame, feather: float, pins: tuple[int, int] = (0, 0)) -> Cutout:
    """Take the pixels of an object: one with an outline or a mask is cut along it, else its box is.

    Args:
        feather: pixels over which the edge of an outline fades.
        pins: edges of the new picture that it touches, as in `places_for`: a box does not fade there.
    """
    left, top, right, bottom = cut.window
    image = _turned(resized(cut.source.image[top:bottom, left:right], cut.size), cut.mirrored)
    part = _shape(cut)
    if cut.shaped:
        return Cutout(image, part >= _SOLID, _feathered(part, feather))
    round_box = _distance(cut.size, pins, 4.0)
    rounder = _distance(cut.size, pins, 2.5)
    return Cutout(image, part >= _SOLID, _fading(round_box, 0.85), _fading(rounder, 0.35))


def _turned(array: NDArray[Any], mirrored: bool) -> NDArray[Any]:
    return array[:, ::-1] if mirrored else array


def _shape(cut: Frame) -> NDArray[np.float32]:
    """Return how much of each pixel of the window, at its new size, the object covers."""
    table = cut.source.table
    if table.has("masks")[0]:
        before = shape_in(table, 0, cut.window, (cut.source.width, cut.source.height))
        return _turned(resized(before, cut.size), cut.mirrored)
    plane = cut.plane((0, 0), cut.size)
    return coverage([plane.move(ring) for ring in rings_of(table, 0)], *cut.size)


def _feathered(part: NDArray[np.float32], feather: float) -> NDArray[np.float32]:
    """Blur the edge of a shape (Dwibedi et al. 2017: from hard seams a detector learns to see seams)."""
    import cv2

    if feather <= 0:
        return part
    # Half of the width on either side of the edge: the ramp of a Gaussian is about four deviations wide.
    return np.asarray(cv2.GaussianBlur(part, (0, 0), feather / 4, borderType=cv2.BORDER_CONSTANT), np.float32)


def _distance(size: tuple[int, int], pins: tuple[int, int], power: float) -> NDArray[np.float32]:
    """Return how far out each pixel of a window is, 0 in the middle and 1 at the edge, in rounded rectangles.

    Args:
        power: of the superellipse: 2 is an ellipse, more is closer to a rectangle.
    """
    from_middle = []
    for side, pin in zip(size, pins, strict=True):
        away = (2 * np.arange(side) + 1) / side - 1
        from_middle.append(np.abs(away) if not pin else np.maximum(-pin * away, 0))
    across, down = from_middle
    out = (across[None, :] ** power + down[:, None] ** power) ** (1 / power)
    return np.asarray(np.minimum(out, 1), np.float32)


def _fading(distance: NDArray[np.float32], whole: float) -> NDArray[np.float32]:
    """Return 1 up to a distance, and a smooth way down to 0 at 1."""
    ramp = np.minimum((1 - distance) / np.float32(1 - whole), np.float32(1))
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def annotation_at(cut: Frame, solid: NDArray[np.bool_], at: tuple[int, int], size: tuple[int, int]) -> Annotations:
    """Return the object's annotation, one row, where it is pasted; attributes follow, ids do not.

    Args:
        at: x and y of the window's corner in the new picture.
        size: width and height of the new picture.
    """
    before = cut.source.table
    masked = bool(before.has("masks")[0])
    # A mask is not moved but drawn: it is what was pasted, pixel by pixel.
    bare = before.without(frozenset({"masks"})) if masked else before
    after = place(bare, cut.plane(at, size), (cut.source.width, cut.source.height))
    if after.rotated is not None and cut.mirrored:
        after = replace(after, rotated=turned_over(after.rotated))
    return replace(after, **_masked(cut, solid, at, size)) if masked else after


def _masked(cut: Frame, solid: NDArray[np.bool_], at: tuple[int, int], size: tuple[int, int]) -> dict[str, Any]:
    """Return the columns of an object with a mask: its pixels over the whole new picture, and what they measure."""
    (x, y), (tall, wide) = at, solid.shape
    left, top = max(0, -x), max(0, -y)
    right, bottom = min(wide, size[0] - x), min(tall, size[1] - y)
    whole = np.zeros((size[1], size[0]), np.bool_)
    whole[y + top : y + bottom, x + left : x + right] = solid[top:bottom, left:right]
    runs = from_mask(whole)
    columns: dict[str, Any] = {"masks": Ragged(runs, np.array([0, len(runs)]))}
    if agrees(cut.source.table, cut.source.height)[0]:
        columns["box"] = mask_boxes(columns["masks"], np.array([size[1]], np.int32))
    area = cut.source.table.area
    if area is not None and not np.isnan(area[0]):
        columns["area"] = np.array([float(whole.sum())])
    return columns
