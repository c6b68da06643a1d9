"""A model that makes no mistakes: pictures are drawn so that every pixel says what it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cvdata.dataset import Ragged
from cvdata.dataset.rle import from_mask
from cvdata.models.columns import Columns, concat_columns
from cvdata.models.spec import ModelSpec

__all__ = [
    "CLASSES",
    "ExactFinder",
    "ExactMaps",
    "KnowsBoxes",
    "blank",
    "draw_box",
    "draw_disc",
    "map_of_places",
]

CLASSES = ("cat", "dog", "cow")


def blank(width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture with nothing in it."""
    return np.zeros((height, width, 3), np.uint8)


def draw_box(picture: NDArray[np.uint8], number: int, label: int, x: int, y: int, width: int, height: int) -> None:
    """Draw an object over what is there: red is its class, from 1; green and blue are its number."""
    picture[y : y + height, x : x + width] = (label + 1, number >> 8, number & 255)


def map_of_places(width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture whose pixels say where they are: red is x, green is y; up to 256 pixels a side."""
    picture = blank(width, height)
    picture[..., 0], picture[..., 1] = np.arange(width), np.arange(height)[:, None]
    return picture


def draw_disc(picture: NDArray[np.uint8], number: int, label: int, x: int, y: int, side: int) -> None:
    """Draw a disc that fills a square."""
    down, across = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    inside = (across - x - side / 2) ** 2 + (down - y - side / 2) ** 2 < side**2 / 4
    picture[inside] = (label + 1, number >> 8, number & 255)


class ExactFinder:
    """Finds the visible part of each object: its box, its mask, its class, and its upper left corner as a keypoint.

    An object is the surer the more of it is in sight.

    Attributes:
        looked: sizes (width, height) of all pictures that it was shown, and how many at once.
    """

    def __init__(self, *, masks: bool = False, score: float = 1.0) -> None:
        self.spec = ModelSpec(
            task="detector", architecture="exact", classes=CLASSES, size=(64, 64), masks=masks, keypoints=("corner",)
        )
        self.name = "exact"
        self.sha256 = "ab" * 32
        self.score = score
        self.looked: list[list[tuple[int, int]]] = []

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        self.looked.append([(one.shape[1], one.shape[0]) for one in pictures])
        rows: list[tuple[int, float, list[float], int, NDArray[np.uint32]]] = []
        for owner, picture in enumerate(pictures):
            code = picture.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
            numbers, counts = np.unique(code[code > 0], return_counts=True)
            found = sorted(zip((-counts).tolist(), numbers.tolist(), strict=True))
            for pixels, number in found:
                y, x = np.nonzero(code == number)
                sides = [x.min(), y.min(), x.max() + 1 - x.min(), y.max() + 1 - y.min()]
                score = self.score * -pixels / (1 - pixels)
                runs = from_mask(code == number) if self.spec.masks else np.empty(0, np.uint32)
                rows.append((owner, score, [float(side) for side in sides], (number >> 16) - 1, runs))
        box = np.array([row[2] for row in rows], np.float64).reshape(-1, 4)
        points = np.concatenate([box[:, :2], np.array([[row[1]] for row in rows]).reshape(-1, 1)], axis=1)
        return Columns(
            images=len(pictures),
            owner=np.array([row[0] for row in rows], np.int64),
            box=box,
            label=np.array([row[3] for row in rows], np.int64),
            score=np.array([row[1] for row in rows], np.float64),
            masks=Ragged.of([row[4].tolist() for row in rows], np.uint32) if self.spec.masks else None,
            keypoints=points[:, None],
        )


class ExactMaps:
    """A segmenter: the class of each pixel is its red value."""

    def __init__(self) -> None:
        self.spec = ModelSpec(task="segmenter", architecture="exact", classes=("background", *CLASSES), size=(64, 64))
        self.name = "maps"
        self.sha256 = "cd" * 32

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        return Columns(images=len(pictures), maps=[picture[..., 0].copy() for picture in pictures])


class KnowsBoxes(ExactFinder):
    """Knows where objects are and sees through them: it names what reaches into a part of a `map_of_places`."""

    def __init__(self, boxes: Sequence[tuple[int, ...]], labels: Sequence[int]) -> None:
        super().__init__()
        self.boxes = np.array(boxes, np.float64).reshape(-1, 4)
        self.labels = np.array(labels, np.int64)

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        parts = []
        for picture in pictures:
            corner, size = picture[0, 0, :2].astype(np.float64), np.array([picture.shape[1], picture.shape[0]])
            low = np.clip(self.boxes[:, :2] - corner, 0, size)
            high = np.clip(self.boxes[:, :2] + self.boxes[:, 2:] - corner, 0, size)
            rows = np.flatnonzero((high > low).all(axis=1))
            box = np.concatenate([low, high - low], axis=1)[rows]
            label = self.labels[rows]
            parts.append(Columns(images=1, owner=0 * label, box=box, label=label, score=np.full(len(rows), 0.9)))
        return concat_columns(parts)
