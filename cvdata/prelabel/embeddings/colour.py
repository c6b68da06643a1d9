"""Which colours a picture has and where its edges run: numbers that no network has to be fetched for.

It finds copies of a picture, frames of one scene, the same object on the same ground, and pictures that look unlike all
others. What is in a picture it does not know: a cat on a lawn is like a dog on a lawn.

Two parts, each of length 1 before they are weighed: how much of the picture has each of 125 colours (soft bins, and the
root of each share, so that the product of two is the Bhattacharyya coefficient: Arandjelović and Zisserman 2012,
RootSIFT), and how strong edges of 8 directions are in each of 6 x 6 cells (Dalal and Triggs 2005, HOG, without its
blocks). Of 392 pictures of clothes in 10 classes, edges alone find one of the same class first for 70 %, colours alone
for 26 %, both for 66 %, and chance for 13 %.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...engine import worker_count
from .embedder import unit

__all__ = ["ColourEmbedder"]

_RULE = b"colour 1: 96 pixels, 5 levels a channel, 6 x 6 cells of 8 directions, edges weigh 1.5"
"""Changes with anything here that changes a number, so that stored embeddings of another rule are not taken for it."""

_SIDE = 96
_LEVELS = 5
_CELLS = 6
_DIRECTIONS = 8
_EDGES = 1.5  # weight of the edges beside the colours


class ColourEmbedder:
    """Colours and edges; see `embedder.Embedder`."""

    name = "colour"
    sha256 = hashlib.sha256(_RULE).hexdigest()
    length = _LEVELS**3 + _CELLS**2 * _DIRECTIONS

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return a row for each picture; see `Embedder.embed`."""
        with ThreadPoolExecutor(min(len(pictures), worker_count(None))) as pool:
            return unit(np.stack(list(pool.map(_describe, pictures))))


def _describe(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    parts = (_colours(pixels), _EDGES * _edges(pixels @ np.array([0.299, 0.587, 0.114], np.float32)))
    return np.concatenate(parts)


def _colours(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the root of the share of each colour, shape (125,): a pixel counts for the up to 8 colours around it."""
    levels = np.arange(_LEVELS, dtype=np.float32)
    near = np.clip(1 - np.abs(pixels.reshape(-1, 3, 1) * ((_LEVELS - 1) / 255) - levels), 0, None)
    red, green, blue = near.transpose(1, 0, 2)
    others = (green[:, :, None] * blue[:, None, :]).reshape(len(green), -1)
    shares = (red.T @ others).ravel()
    return np.asarray(np.sqrt(shares / shares.sum()), np.float32)  # whose squares sum to 1


def _edges(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the strength of edges by cell and direction, shape (288,), of length 1; 0 where there is no edge."""
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    down[1:-1] = grey[2:] - grey[:-2]
    strength = np.hypot(across, down)
    angle = np.arctan2(down, across) * (_DIRECTIONS / np.pi) % _DIRECTIONS  # an edge has no sign
    centres = (np.arange(_SIDE, dtype=np.float32) + 0.5) * (_CELLS / _SIDE) - 0.5
    cells = np.clip(1 - np.abs(np.clip(centres, 0, _CELLS - 1)[:, None] - np.arange(_CELLS)), 0, None)
    cells = cells.astype(np.float32)
    found = []
    for direction in range(_DIRECTIONS):
        away = np.abs(angle - direction)
        share = np.clip(1 - np.minimum(away, _DIRECTIONS - away), 0, None)
        found.append(cells.T @ (strength * share) @ cells)
    strengths = np.stack(found, axis=2).ravel()
    length = np.sqrt(np.square(strengths).sum())
    return strengths / length if length > 0 else strengths
