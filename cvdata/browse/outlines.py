"""Masks as FiftyOne shows them: a small picture over the box; and the mask of the whole picture from one of those."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..dataset import Dataset
from ..dataset.rle import from_mask, to_mask

__all__ = ["mask_in_box", "runs_of"]


def mask_in_box(dataset: Dataset, row: int) -> NDArray[np.bool_] | None:
    """Return what an annotation covers of the pixels that its box touches, or None where it has no mask or outline.

    FiftyOne stretches this over the box, so an edge may be shown up to a pixel off; it is for eyes, not for measuring.
    """
    table, images = dataset.annotations, dataset.images
    picture = table.image[row]
    size = int(images.width[picture]), int(images.height[picture])
    left, top, right, bottom = _pixels(table.box[row], size)
    if table.masks is not None and len(table.masks[row]):
        return to_mask(table.masks[row], size[1], size[0])[top:bottom, left:right]
    rings = [] if table.polygons is None else table.polygons[row]
    if not rings:
        return None
    canvas = Image.new("1", (right - left, bottom - top))
    for ring in rings:  # an object is the union of its rings
        ImageDraw.Draw(canvas).polygon([(x - left, y - top) for x, y in ring.tolist()], fill=1)
    return np.array(canvas, np.bool_)


def runs_of(mask: NDArray[np.bool_], box: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint32]:
    """Return the run lengths, over the whole picture, of a mask that FiftyOne stretches over a box.

    Args:
        mask: bool, of any shape.
        box: in pixels: x, y, width, height.
        size: of the picture: width, height.
    """
    left, top, right, bottom = _pixels(box, size)
    wide, tall = right - left, bottom - top
    # The nearest sample of the mask for the middle of each pixel.
    column = np.minimum((np.arange(wide) + 0.5) * mask.shape[1] / wide, mask.shape[1] - 1).astype(np.int64)
    line = np.minimum((np.arange(tall) + 0.5) * mask.shape[0] / tall, mask.shape[0] - 1).astype(np.int64)
    whole = np.zeros((size[1], size[0]), np.bool_)
    whole[top:bottom, left:right] = mask[np.ix_(line, column)]
    return from_mask(whole)


def _pixels(box: NDArray[np.float64], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the left, top, right and bottom edges of the pixels that a box touches, one pixel at least."""
    x, y, width, height = box.tolist()
    left, top = min(max(int(np.floor(x)), 0), size[0] - 1), min(max(int(np.floor(y)), 0), size[1] - 1)
    right, bottom = min(int(np.ceil(x + width)), size[0]), min(int(np.ceil(y + height)), size[1])
    return left, top, max(right, left + 1), max(bottom, top + 1)
