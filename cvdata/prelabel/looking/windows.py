"""Tiles of a picture: where they lie, and which pixels each of them is nearest to."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError

__all__ = ["TileSettings", "check_tiles", "overlap_pixels", "own_parts", "windows_of"]

_LEAST_TILE = 16
_OVERLAP = (0.05, 0.75)


class TileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large pictures are looked at in parts.

    Attributes:
        tile: side of a part in pixels. Pictures that are no larger are looked at as they are.
        overlap: share of a side that neighbours have in common, at least. What is smaller is whole in one of them.
        whole: look at the whole picture, too, for objects that are larger than the overlap; segmenters do not.
        merge: what becomes of several looks at one object: the surest stands, or the weighted mean of all.
        iou: whole detections of a class from two looks are of one object where they overlap by more than this.
    """

    tile: int = 640
    overlap: float = 0.2
    whole: bool = True
    merge: Literal["nms", "wbf"] = "nms"
    iou: float = 0.5


def check_tiles(settings: TileSettings) -> None:
    """Refuse numbers that make no sense.

    Raises:
        UsageError: one is out of its range.
    """
    if settings.tile < _LEAST_TILE:
        raise UsageError(f"a tile is {settings.tile} pixels wide, expected {_LEAST_TILE} or more")
    low, high = _OVERLAP
    if not low <= settings.overlap <= high:
        raise UsageError(
            f"the overlap of tiles is {settings.overlap}, expected {low} to {high}",
            hint="an object on a seam is one only where both tiles see a part of it; 0.2 suits most",
        )
    if not 0 < settings.iou <= 1:
        raise UsageError(f"detections of tiles are merged from an overlap of {settings.iou}, expected above 0 to 1")


def overlap_pixels(settings: TileSettings) -> int:
    """Return how many pixels neighbouring tiles have in common, at least."""
    return math.ceil(settings.tile * settings.overlap)


def windows_of(width: int, height: int, settings: TileSettings) -> NDArray[np.int64]:
    """Return the tiles of a picture, int64, shape (n, 4): x, y, width, height, line by line.

    They cover the picture and lie inside it: the last of a line is moved inwards.
    """
    across, down = (_begins(side, settings) for side in (width, height))
    x, y = np.meshgrid(across, down)
    size = np.broadcast_to([min(width, settings.tile), min(height, settings.tile)], (x.size, 2))
    return np.concatenate([np.stack([x.ravel(), y.ravel()], axis=1), size], axis=1)


def _begins(side: int, settings: TileSettings) -> NDArray[np.int64]:
    last = max(0, side - settings.tile)
    step = settings.tile - overlap_pixels(settings)
    return np.minimum(np.arange(math.ceil(last / step) + 1, dtype=np.int64) * step, last)


def own_parts(width: int, height: int, settings: TileSettings) -> NDArray[np.int64]:
    """Return for each tile the pixels that are nearer to its middle than to that of any other, as windows.

    They divide the picture; the order is that of `windows_of`.
    """
    sides = []
    for side in (width, height):
        begin = _begins(side, settings)
        middle = (begin[1:] + begin[:-1] + min(side, settings.tile)) // 2
        edges = np.concatenate([[0], middle, [side]])
        sides.append((edges[:-1], np.diff(edges)))
    (x, wide), (y, tall) = sides
    corner = np.stack([np.tile(x, len(y)), np.repeat(y, len(x))], axis=1)
    return np.concatenate([corner, np.stack([np.tile(wide, len(y)), np.repeat(tall, len(x))], axis=1)], axis=1)
