"""Masks and keypoints for pairs made by code, and pycocotools run on a pair as its own users run it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvdata.dataset import Annotations, Dataset, Polygons
from cvdata.dataset.ragged import Ragged
from cvdata.dataset.rle import compress, from_mask
from cvdata.evaluate.objects import Kind
from cvdata.evaluate.pair import Pair

from .drawn import pair_of

__all__ = ["draw", "peer", "with_keypoints", "with_masks"]

SIDE = 100


def draw(kind: Kind, seed: int) -> Pair:
    """Draw a pair; seeds differ in size, in how many crowds there are, and some have more than 100 detections."""
    rng = np.random.default_rng([seed, len(kind)])
    many = seed % 10 == 9
    pair = pair_of(
        seed,
        images=int(rng.integers(1, 3 if many else 8)),
        classes=1 if many else int(rng.integers(1, 5)),
        objects=0 if seed % 25 == 3 else int(rng.integers(1, 50)),
        detections=0 if seed % 25 == 7 else int(rng.integers(250, 400) if many else rng.integers(1, 120)),
        crowd=(0.0, 0.1, 0.5)[seed % 3],
    )
    if kind == "masks":
        return with_masks(pair, seed)
    return with_keypoints(pair, seed) if kind == "keypoints" else pair


def with_masks(pair: Pair, seed: int) -> Pair:
    """Give every box an outline or a mask that fills part of it; detections have masks only.

    By even seeds the size of a detection is that of its box, as `loadRes` has it for results with a box; by odd ones
    that of its mask.
    """
    rng = np.random.default_rng(seed)
    truth, found = pair.truth.annotations, pair.found.annotations
    truth = replace(truth, **_shapes(truth, rng, masks=truth.has("crowd") | (rng.random(len(truth)) < 0.3)))
    area = found.box[:, 2] * found.box[:, 3] if seed % 2 == 0 else None
    found = replace(found, area=area, **_shapes(found, rng, masks=np.ones(len(found), np.bool_)))
    return replace(pair, truth=replace(pair.truth, annotations=truth), found=replace(pair.found, annotations=found))


def _shapes(table: Annotations, rng: np.random.Generator, masks: NDArray[np.bool_]) -> dict[str, Any]:
    rings: list[list[Any]] = []
    runs: list[list[int]] = []
    for (x, y, w, h), as_mask in zip(table.box.tolist(), masks.tolist(), strict=True):
        angle = np.sort(rng.random(int(rng.integers(3, 9))) * 2 * np.pi)
        ring = np.stack([x + w / 2 * (1 + np.cos(angle)), y + h / 2 * (1 + np.sin(angle))], axis=1)
        second = np.array([[x, y], [x + w / 3, y], [x, y + h / 3]])
        rings.append([] if as_mask else [ring, second][: int(rng.integers(1, 3))])
        runs.append(_runs(x, y, w, h) if as_mask else [])
    return {"polygons": Polygons.of(rings), "masks": Ragged.of(runs, np.uint32)}


def _runs(x: float, y: float, w: float, h: float) -> list[int]:
    """Fill the ellipse in a box."""
    down, right = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    inside = ((right - x - w / 2) / (w / 2)) ** 2 + ((down - y - h / 2) / (h / 2)) ** 2 <= 1
    runs: list[int] = from_mask(inside).tolist()
    return runs


def with_keypoints(pair: Pair, seed: int, points: int = 17) -> Pair:
    """Give every box keypoints; a tenth of the objects has none labelled."""
    rng = np.random.default_rng(seed)
    sides: list[Dataset] = []
    for dataset in (pair.truth, pair.found):
        table = dataset.annotations
        # Points of a class lie at the same places of their box, so that detections near an object are near its points.
        place = np.random.default_rng(points).random((points, 2))
        xy = table.box[:, None, :2] + place * table.box[:, None, 2:] + rng.normal(0, 1.5, (len(table), points, 2))
        seen = rng.integers(0, 3, (len(table), points))
        seen[rng.random(len(table)) < 0.1] = 0
        values = np.concatenate([xy, seen[:, :, None]], axis=2).reshape(-1, 3)
        keypoints = Ragged(values, np.arange(len(table) + 1) * points)
        sides.append(replace(dataset, annotations=replace(table, keypoints=keypoints)))
    found = replace(sides[1].annotations, area=sides[1].annotations.box[:, 2] * sides[1].annotations.box[:, 3])
    return replace(pair, truth=sides[0], found=replace(sides[1], annotations=found))


def peer(pair: Pair, kind: Kind, **changes: Any) -> Any:
    """Evaluate with pycocotools as its users do, with `loadRes` and `summarize`; `changes` are of its parameters."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    ids = pair.truth.images.source_id
    assert ids is not None
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": int(i), "width": SIDE, "height": SIDE} for i in ids],
            "categories": [{"id": row, "name": name} for row, name in enumerate(pair.classes)],
            "annotations": [
                row | {"id": number + 1, "iscrowd": int(pair.truth.annotations.has("crowd")[number])}
                for number, row in enumerate(_rows(pair.truth, kind))
            ],
            "info": {},
        }
        truth.createIndex()
        results = _rows(pair.found, kind)
        for row, score in zip(results, pair.score.tolist(), strict=True):
            row["score"] = score
            if kind == "masks" and pair.found.annotations.area is None:
                del row["bbox"]
        if results:
            found = truth.loadRes(results)
        else:  # loadRes fails on an empty list
            found = COCO()
            found.dataset = {**truth.dataset, "annotations": []}
            found.createIndex()
        run = COCOeval(truth, found, {"boxes": "bbox", "masks": "segm", "keypoints": "keypoints"}[kind])
        for name, value in changes.items():
            setattr(run.params, name, value)
        run.evaluate()
        run.accumulate()
        if not changes:
            run.summarize()
    return run


def _rows(dataset: Dataset, kind: Kind) -> list[dict[str, Any]]:
    table, ids = dataset.annotations, dataset.images.source_id
    assert ids is not None
    area = table.area if table.area is not None else np.zeros(len(table))
    rows: list[dict[str, Any]] = []
    for number in range(len(table)):
        row: dict[str, Any] = {
            "image_id": int(ids[table.image[number]]),
            "category_id": int(table.category[number]),
            "bbox": table.box[number].tolist(),
            "area": float(area[number]),
        }
        if kind == "keypoints" and table.keypoints is not None:
            row["keypoints"] = table.keypoints[number].ravel().tolist()
            row["num_keypoints"] = int((table.keypoints[number][:, 2] > 0).sum())
        if kind == "masks" and table.masks is not None and table.polygons is not None:
            counts = compress(table.masks.take(np.array([number])))[0]
            polygons = [ring.ravel().tolist() for ring in table.polygons[number]]
            row["segmentation"] = polygons or {"size": [SIDE, SIDE], "counts": counts}
        rows.append(row)
    return rows
