"""How a picture of any size gets into the size of a network: scaled as a whole, in the upper left corner.

Training, prediction and exported files follow this one rule. Pictures keep their shape but for rounding to whole
pixels; what is left over at the right or at the bottom is grey. The filter is Pillow's bilinear one, which widens as a
picture shrinks, so that nothing aliases.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..engine import worker_count

__all__ = ["GREY", "letterbox", "letterbox_all", "scaled_sizes", "scales"]

GREY = 114
"""Colour around pictures, that of most detectors since YOLOv5."""


def scaled_sizes(width: NDArray[np.integer], height: NDArray[np.integer], size: tuple[int, int]) -> NDArray[np.int64]:
    """Return the width and height of pictures inside a network's size, int64, shape (n, 2).

    Args:
        size: height and width of the network.
    """
    wide, tall = np.asarray(width, np.float64), np.asarray(height, np.float64)
    scale = np.minimum(size[1] / wide, size[0] / tall)
    across = np.clip(np.floor(wide * scale + 0.5), 1, size[1])
    down = np.clip(np.floor(tall * scale + 0.5), 1, size[0])
    return np.stack([across, down], axis=-1).astype(np.int64)


def scales(width: NDArray[np.integer], height: NDArray[np.integer], size: tuple[int, int]) -> NDArray[np.float64]:
    """Return by how much x and y grow on the way into the network's size, float64, shape (n, 2)."""
    return scaled_sizes(width, height, size) / np.stack([width, height], axis=-1).astype(np.float64)


def letterbox(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture in the network's size, uint8, shape (height, width, 3).

    Args:
        picture: uint8, shape (any height, any width, 3), RGB.
        size: height and width of the network.
    """
    tall, wide = picture.shape[:2]
    across, down = scaled_sizes(np.array([wide]), np.array([tall]), size)[0].tolist()
    if (down, across) != (tall, wide):
        # Pillow 13 goes down the columns of tall pictures first, earlier ones always along the rows. One side at a time
        # gives the same bytes with all of them, and in exported files.
        rows = Image.fromarray(picture).resize((across, tall), Image.Resampling.BILINEAR)
        picture = np.asarray(rows.resize((across, down), Image.Resampling.BILINEAR), np.uint8)
    if (down, across) == size:
        return picture
    boxed = np.full((*size, 3), GREY, np.uint8)
    boxed[:down, :across] = picture
    return boxed


def letterbox_all(pictures: Sequence[NDArray[np.uint8]], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return pictures in the network's size, uint8, shape (n, height, width, 3)."""
    # Pillow works without Python's lock, and a GPU would wait for one thread.
    with ThreadPoolExecutor(min(len(pictures), worker_count(None))) as pool:
        return np.stack(list(pool.map(partial(letterbox, size=size), pictures)))
