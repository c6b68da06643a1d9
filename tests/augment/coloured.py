"""Pictures of one colour with objects of another, so that pixels tell where an object is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvdata.augment._paste_shape import coverage
from cvdata.augment.sample import Sample
from cvdata.dataset import Categories
from cvdata.dataset.rle import to_mask
from tests.tiny import build

__all__ = ["BLUE", "RED", "bounds_of", "drawn", "ellipse", "labelled", "painted", "plain", "redness", "with_ids"]

RED, BLUE = (255, 0, 0), (0, 0, 255)


def labelled(image: NDArray[np.uint8], rows: list[dict[str, Any]]) -> Sample:
    """Label a picture, shape (height, width, 3), with rows as `tests.tiny.build` takes them; the class is cat."""
    whole = [{"category": "cat", **row, "image": "a.jpg"} for row in rows]
    dataset = build({"a.jpg": (image.shape[1], image.shape[0])}, whole, Categories(names=("cat", "dog")))
    return Sample(image, dataset.annotations)


def plain(width: int, height: int, colour: tuple[int, int, int] = BLUE) -> NDArray[np.uint8]:
    """Return a picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def painted(width: int, height: int, box: tuple[int, int, int, int], **columns: Any) -> Sample:
    """Return a blue picture with a red box of whole pixels, labelled as such."""
    image = plain(width, height)
    x, y, w, h = box
    image[y : y + h, x : x + w] = RED
    return labelled(image, [{"box": box, **columns}])


def ellipse(width: int, height: int, middle: tuple[float, float], radii: tuple[float, float], kind: str) -> Sample:
    """Return a blue picture with a red ellipse, labelled by its outline ("rings"), its mask ("mask"), or a box."""
    (x, y), (a, b) = middle, radii
    across, down = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    inside = ((across - x) / a) ** 2 + ((down - y) / b) ** 2 <= 1
    image = plain(width, height)
    image[inside] = RED
    row: dict[str, Any] = {"box": [x - a, y - b, 2 * a, 2 * b]}
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    if kind == "rings":
        row["rings"] = [np.stack([x + a * np.cos(turn), y + b * np.sin(turn)], axis=1).tolist()]
    if kind == "mask":
        row["mask"] = inside
    return labelled(image, [row])


def redness(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how red each pixel of a picture of blue and red is, 0 to 1, shape (height, width)."""
    return np.asarray((image[..., 0].astype(np.float64) - image[..., 2] + 255) / 510)


def bounds_of(inside: NDArray[np.bool_]) -> list[float]:
    """Return x, y, width and height of the box around pixels."""
    across, down = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    x, y = float(across[0]), float(down[0])
    return [x, y, float(across[-1]) + 1 - x, float(down[-1]) + 1 - y]


def drawn(sample: Sample, row: int) -> NDArray[np.bool_]:
    """Return the pixels of an annotation by its mask or its outline."""
    if sample.table.masks is not None:
        return to_mask(sample.table.masks[row], sample.height, sample.width)
    assert sample.table.polygons is not None
    return np.asarray(coverage(sample.table.polygons[row], sample.width, sample.height) > 0.5)


def with_ids(sample: Sample) -> Sample:
    """Give the annotations ids of a source."""
    return Sample(sample.image, replace(sample.table, source_id=np.arange(len(sample.table), dtype=np.int64)))
