"""A map of classes over its picture, in the colours of the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...reports.palette import class_colour, rgb
from ..data.painting import VOID

__all__ = ["paint_classes", "unpainted"]

_SHARE = 0.55  # of the colour; the rest is the picture
_GROUND = "background"


def unpainted(classes: Sequence[str]) -> set[int]:
    """Return the classes that are left as they are: that of all that is no object, where there are others."""
    return {row for row, name in enumerate(classes) if name.casefold() == _GROUND and len(classes) > 1}


def paint_classes(
    picture: NDArray[np.uint8], values: NDArray[np.uint8] | None, size: tuple[int, int], classes: Sequence[str]
) -> Image.Image:
    """Draw a picture with its classes in their colours and a line where they meet; pixels of no class are dark.

    Args:
        values: class of each pixel, 255 for none, of any size; None draws the picture alone.
        size: width and height to draw it in.
    """
    small = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    if values is None:
        return small
    drawn = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.NEAREST))
    colours = np.zeros((256, 3), np.float32)
    strength = np.full(256, _SHARE, np.float32)
    for row in range(min(len(classes), VOID)):
        colours[row] = rgb(class_colour(row))
    strength[list(unpainted(classes))] = 0
    share = strength[drawn][..., None]
    share = np.where(_edges(drawn)[..., None] & (share > 0), 1.0, share)
    mixed = (1 - share) * np.asarray(small, np.float32) + share * colours[drawn]
    return Image.fromarray(mixed.round().astype(np.uint8))


def _edges(values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pixels have another class above or to the left, or below or to the right."""
    edge = np.zeros(values.shape, np.bool_)
    across, down = values[:, 1:] != values[:, :-1], values[1:] != values[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge
