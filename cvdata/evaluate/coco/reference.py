"""COCO's numbers by pycocotools itself: slow, and the one that papers cite."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from ..objects import found_area, keypoint_counts, truth_area
from ..pair import Pair
from .arrays import Arrays
from .columns import IOU_TYPES, keypoint_rows
from .grid import Grid
from .outlines import outlines
from .sigmas import sigmas_of

__all__ = ["by_pycocotools"]


def by_pycocotools(pair: Pair, grid: Grid) -> Arrays:
    """Evaluate with pycocotools.

    Detections do not pass through its `loadRes`, which fails where there are none and changes what it is given.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        truth, found = COCO(), COCO()
        truth.dataset, found.dataset = _document(pair, _objects(pair, grid)), _document(pair, _detections(pair, grid))
        truth.createIndex()
        found.createIndex()
        run = COCOeval(truth, found, IOU_TYPES[grid.kind])
        if grid.kind == "keypoints":
            run.params.kpt_oks_sigmas = sigmas_of(pair)
        run.params.iouThrs = np.array(grid.thresholds)
        run.params.areaRng = [list(bounds) for bounds in grid.areas.values()]
        run.params.areaRngLbl = list(grid.areas)
        run.params.maxDets = list(grid.max_detections)
        run.evaluate()
        run.accumulate()
    return Arrays.of(run.eval)


def _document(pair: Pair, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    images = pair.truth.images
    sizes = zip((pair.order + 1).tolist(), images.height.tolist(), images.width.tolist(), strict=True)
    return {
        "info": {},  # without it version 2.0.9 fails
        "images": [{"id": i, "height": height, "width": width} for i, height, width in sizes],
        "categories": [{"id": row + 1, "name": name} for row, name in enumerate(pair.classes)],
        "annotations": annotations,
    }


def _objects(pair: Pair, grid: Grid) -> list[dict[str, Any]]:
    table = pair.truth.annotations
    rows = keypoint_rows(pair, table, truth_area(pair.truth, grid.kind))
    shapes = outlines(pair.truth) if grid.kind == "masks" else [None] * len(rows)
    counts = keypoint_counts(table).tolist()
    for row, crowd, shape, count in zip(rows, table.has("crowd").tolist(), shapes, counts, strict=True):
        row.update(iscrowd=int(crowd), segmentation=shape, num_keypoints=count)
    return rows


def _detections(pair: Pair, grid: Grid) -> list[dict[str, Any]]:
    rows = keypoint_rows(pair, pair.found.annotations, found_area(pair, grid.kind))
    shapes = outlines(pair.found) if grid.kind == "masks" else [None] * len(rows)
    for row, score, shape in zip(rows, pair.score.tolist(), shapes, strict=True):
        row.update(iscrowd=0, score=score, segmentation=shape)
    return rows
