"""From the pixels of a network back to those of a picture: masks as run lengths, maps of classes.

Both are enlarged by the filter that `letterbox` shrinks with, and only where something was found or a few rows at a
time, so that a large picture takes little memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["map_of", "runs_of"]

_PIXELS_AT_ONCE = 1 << 22


def runs_of(
    mask: NDArray[np.float32], box: NDArray[np.float64], content: tuple[int, int], picture: tuple[int, int]
) -> NDArray[np.uint32]:
    """Return the pixels of a picture that belong to an object more likely than not, as COCO's run lengths.

    Args:
        mask: float32, shape (any height, any width), probability of each pixel of the network.
        box: float64, x, y, width, height of the object in pixels of the picture; nothing outside it counts.
        content: height and width that the picture has in the network, in the upper left corner.
        picture: height and width of the picture.
    """
    left, top = (math.floor(value) for value in box[:2].tolist())
    right, bottom = (math.ceil(value) for value in (box[:2] + box[2:]).tolist())
    right, bottom = min(right, picture[1]), min(bottom, picture[0])
    image = Image.fromarray(np.ascontiguousarray(mask[: content[0], : content[1]], np.float32))
    across, down = content[1] / picture[1], content[0] / picture[0]
    first: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    stop: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    # COCO's runs go down the columns, so the columns are what can be taken a few at a time.
    for begin, end in _pieces(left, right, bottom - top):
        part = (begin * across, top * down, end * across, bottom * down)
        sure = np.asarray(image.resize((end - begin, bottom - top), Image.Resampling.BILINEAR, box=part)) > 0.5
        padded = np.zeros((end - begin, bottom - top + 2), np.int8)
        padded[:, 1:-1] = sure.T
        change = np.diff(padded, axis=1)
        for value, places in ((1, first), (-1, stop)):
            column, row = np.nonzero(change == value)
            places.append((begin + column) * picture[0] + top + row)
    return _alternate(np.concatenate(first), np.concatenate(stop), picture[0] * picture[1])


def _pieces(first: int, stop: int, other: int) -> Iterator[tuple[int, int]]:
    """Yield parts of a range of rows or columns, of a number of pixels that memory has room for each."""
    step = max(1, _PIXELS_AT_ONCE // max(1, other))
    for begin in range(first, stop, step):
        yield begin, min(begin + step, stop)


def _alternate(first: NDArray[np.int64], stop: NDArray[np.int64], pixels: int) -> NDArray[np.uint32]:
    """Return runs of zeros and ones in turn; spans that touch, from one column to the next, are one."""
    if not len(first):
        return np.array([pixels], np.uint32)
    apart = first[1:] != stop[:-1]
    edges = np.stack([first[np.r_[True, apart]], stop[np.r_[apart, True]]], axis=1).ravel()
    if edges[-1] != pixels:
        edges = np.append(edges, pixels)
    return np.diff(edges, prepend=0).astype(np.uint32)


def map_of(pixels: NDArray[np.float32], content: tuple[int, int], picture: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the most likely class of each pixel of a picture, uint8, shape (height, width).

    Args:
        pixels: float32, shape (classes, any height, any width), probabilities in the network; the rest as in `runs_of`.
    """
    inside = pixels[:, : content[0], : content[1]]
    if content == picture:
        return np.asarray(inside.argmax(axis=0), np.uint8)
    layers = [Image.fromarray(np.ascontiguousarray(layer, np.float32)) for layer in inside]
    found = np.zeros(picture, np.uint8)
    for begin, end in _pieces(0, picture[0], picture[1]):
        part = (0, begin * content[0] / picture[0], content[1], end * content[0] / picture[0])
        size = (picture[1], end - begin)
        best = np.asarray(layers[0].resize(size, Image.Resampling.BILINEAR, box=part))
        for label, layer in enumerate(layers[1:], start=1):
            likely = np.asarray(layer.resize(size, Image.Resampling.BILINEAR, box=part))
            found[begin:end][likely > best] = label
            best = np.maximum(best, likely)
    return found
