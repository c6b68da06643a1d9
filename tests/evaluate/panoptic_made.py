"""COCO panoptic files made by code: pictures of segments, a document and its PNG files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["CLASSES", "drawn", "write_panoptic"]

CLASSES: list[dict[str, Any]] = [
    {"id": 3, "name": "cat", "isthing": 1},
    {"id": 7, "name": "dog", "isthing": 1},
    {"id": 20, "name": "grass", "isthing": 0},
    {"id": 21, "name": "sky", "isthing": 0},
]

Segment = dict[str, Any]
Picture = tuple[NDArray[np.int64], list[Segment]]


def write_panoptic(
    path: Path, pictures: Sequence[Picture], *, classes: Sequence[dict[str, Any]] | None = tuple(CLASSES)
) -> Path:
    """Write maps of ids and their segments as `path` and the folder of the same name; return the path."""
    folder = path.with_suffix("")
    folder.mkdir(parents=True)
    annotations = []
    for row, (ids, segments) in enumerate(pictures):
        channels = np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], axis=-1).astype(np.uint8)
        Image.fromarray(channels).save(folder / f"{row}.png")
        annotations.append({"image_id": row, "file_name": f"{row}.png", "segments_info": segments})
    document: dict[str, Any] = {"annotations": annotations}
    if classes is not None:
        document["categories"] = list(classes)
        names = [f"{row}.jpg" for row in range(len(pictures))]
        document["images"] = [{"id": row, "file_name": name} for row, name in enumerate(names)]
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def drawn(seed: int, *, pictures: int = 4, side: int = 24) -> tuple[list[Picture], list[Picture]]:
    """Draw pictures of up to nine blocks with void and crowds, and the same moved and mixed up as what was found."""
    rng = np.random.default_rng(seed)
    return _both(rng, pictures, side)


def _both(rng: np.random.Generator, pictures: int, side: int) -> tuple[list[Picture], list[Picture]]:
    truth, found = [], []
    for _ in range(pictures):
        ids = _blocks(rng, side)
        other = np.roll(ids, rng.integers(-2, 3, 2), axis=(0, 1))
        if rng.random() < 0.5:  # two segments become one, or a part becomes a new one
            some = rng.choice(np.unique(other))
            other = np.where(other == some, rng.choice(np.unique(other)), other)
        patch = tuple(slice(a, a + 8) for a in rng.integers(0, side - 8, 2))
        other = other.copy()
        other[patch] = rng.choice([0, 4_000_000, int(other[0, 0])])
        classes = {int(i): int(rng.choice([3, 7, 20, 21])) for i in np.union1d(ids, other)}
        truth.append((ids, _segments(rng, ids, classes, crowd=0.25)))
        wrong = {i: c if rng.random() < 0.8 else 3 for i, c in classes.items()}
        found.append((other, _segments(rng, other, wrong, crowd=0)))
    return truth, found


def _blocks(rng: np.random.Generator, side: int) -> NDArray[np.int64]:
    """Cut a picture into a grid of uneven cells, some of them of one segment, some void."""
    ids = rng.choice([0, 1, 300, 70_000, 16_000_000, 5, 6, 7, 8], 9, p=[0.2] + [0.1] * 8)
    rows, columns = (np.digitize(np.arange(side), np.sort(rng.choice(np.arange(2, side - 2), 2, False))) for _ in "ab")
    table: NDArray[np.int64] = ids.reshape(3, 3)[rows][:, columns]
    return table


def _segments(
    rng: np.random.Generator, ids: NDArray[np.int64], classes: dict[int, int], *, crowd: float
) -> list[Segment]:
    there = [int(i) for i in np.unique(ids) if i != 0]
    rng.shuffle(there)
    return [
        {
            "id": i,
            "category_id": classes[i],
            "area": int((ids == i).sum()),
            "iscrowd": int(rng.random() < crowd and classes[i] in (3, 7)),
            "bbox": [0, 0, 1, 1],
        }
        for i in there
    ]
