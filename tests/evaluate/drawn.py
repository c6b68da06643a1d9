"""Pairs of truth and detections made by code: random ones by seed, and small ones by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.evaluate.pair import Pair, align

__all__ = ["dataset_of", "hand", "pair_of", "repeated"]


def dataset_of(
    images: int, classes: int, rows: dict[str, Any], *, ids: Sequence[int] | None = None, side: int = 100
) -> Dataset:
    """Make a dataset of square pictures from columns; "image" ascends."""
    return Dataset(
        images=Images(
            names=tuple(f"{i}.jpg" for i in range(images)),
            width=np.full(images, side, np.int32),
            height=np.full(images, side, np.int32),
            state=np.full(images, State.LABELLED, np.uint8),
            split=np.full(images, -1, np.int32),
            folder=np.full(images, -1, np.int32),
            source_id=None if ids is None else np.array(ids, np.int64),
        ),
        annotations=Annotations(**rows),
        categories=Categories(names=tuple(f"class {i}" for i in range(classes))),
    )


def pair_of(
    seed: int, *, images: int = 6, classes: int = 3, objects: int = 40, detections: int = 80, crowd: float = 0.1
) -> Pair:
    """Draw objects, and detections of which most lie near one, with ties in score and areas on the borders of sizes."""
    rng = np.random.default_rng(seed)
    image = np.sort(rng.integers(0, images, objects)).astype(np.int32)
    category = rng.integers(0, classes, objects).astype(np.int32)
    box = rng.integers(0, 60, (objects, 4)).astype(np.float64) + np.array([0, 0, 1, 1])
    edges = rng.choice([1024.0, 9216.0, 1023.5, 9216.5], objects)
    area = np.where(rng.random(objects) < 0.3, edges, box[:, 2] * box[:, 3])
    truth: dict[str, Any] = {
        "image": image,
        "category": category,
        "box": box,
        "area": area,
        "crowd": rng.random(objects) < crowd,
    }

    source = rng.integers(0, max(objects, 1), detections)
    near = (rng.random(detections) < 0.7) & (objects > 0)
    where, what = rng.integers(0, images, detections), rng.integers(0, classes, detections)
    place = rng.integers(0, 60, (detections, 4)).astype(np.float64)
    if objects:
        where = np.where(near, image[source], where)
        place = np.where(near[:, None], box[source] + rng.integers(-3, 4, (detections, 4)), place)
        what = np.where(rng.random(detections) < 0.85, category[source], what)
    place[:, 2:] = np.maximum(place[:, 2:], 1)
    order = np.argsort(where, kind="stable")
    found = {
        "image": where[order].astype(np.int32),
        "category": what[order].astype(np.int32),
        "box": place[order],
        "score": np.round(rng.random(detections), 1 if seed % 2 else 6)[order],
    }
    ids = rng.permutation(1000)[:images].tolist()
    return align(dataset_of(images, classes, truth, ids=ids), dataset_of(images, classes, found, ids=ids))


def hand(
    truth: Sequence[tuple[int, int, Sequence[float]]], found: Sequence[tuple[int, int, Sequence[float], float]]
) -> Pair:
    """Make a pair from rows (picture, class, box) and (picture, class, box, score), by ascending picture."""
    places = [row[:2] for row in truth] + [row[:2] for row in found]
    images = 1 + max([image for image, _ in places], default=0)
    classes = 1 + max([category for _, category in places], default=0)
    objects = {
        "image": np.array([row[0] for row in truth], np.int32),
        "category": np.array([row[1] for row in truth], np.int32),
        "box": np.array([row[2] for row in truth], np.float64).reshape(-1, 4),
    }
    detections = {
        "image": np.array([row[0] for row in found], np.int32),
        "category": np.array([row[1] for row in found], np.int32),
        "box": np.array([row[2] for row in found], np.float64).reshape(-1, 4),
        "score": np.array([row[3] for row in found], np.float64),
    }
    return align(dataset_of(images, classes, objects), dataset_of(images, classes, detections))


def repeated(pair: Pair, counts: NDArray[np.int64]) -> Pair:
    """Return the pair with each picture in it as often as given, copies one after the other."""
    source = np.repeat(np.arange(len(counts)), counts)
    images = pair.truth.images.take(source)
    images = replace(images, names=tuple(f"{row}" for row in range(len(source))))
    order = np.empty(len(source), np.int64)
    order[np.lexsort((np.arange(len(source)), pair.order[source]))] = np.arange(len(source))
    truth, found = (_rows(dataset, source) for dataset in (pair.truth, pair.found))
    return Pair(
        replace(pair.truth, images=images, annotations=truth),
        replace(pair.found, images=images, annotations=found),
        order,
    )


def _rows(dataset: Dataset, source: NDArray[np.int64]) -> Annotations:
    rows = [np.arange(dataset.offsets[row], dataset.offsets[row + 1]) for row in source]
    image = np.repeat(np.arange(len(source)), [len(part) for part in rows])
    table = dataset.annotations.take(np.concatenate([np.zeros(0, np.int64), *rows]))
    return replace(table, image=image.astype(np.int32))
