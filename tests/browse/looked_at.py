"""A dataset of drawn shapes, and what a model found in it that errs in known places."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cvdata import save
from cvdata.dataset import Dataset

from ..cli.command import cvdata
from ..train.shapes import draw_shapes

__all__ = ["Looked", "looked_at"]


@dataclass(frozen=True)
class Looked:
    """A dataset that is in FiftyOne.

    Attributes:
        source: a cvdata dataset; `found`: what a model found, in COCO's form; `truth`: as it was drawn.
        name: of FiftyOne's dataset; `report`: of `cvdata browse --json`.
        pictures: names of the pictures of each error view, worst first.
    """

    source: Path
    found: Path
    truth: Dataset
    name: str
    report: dict[str, object]
    pictures: dict[str, list[str]]


def looked_at(folder: Path, images: int = 10, *, boxes_alone: bool = False) -> Looked:
    """Draw pictures, save them as a cvdata dataset, and put it into FiftyOne together with what a model found.

    Two objects of the first picture and one of the fourth are missed, one of the second is confused, and something is
    found in a corner of the third where nothing is.

    Args:
        boxes_alone: without outlines, masks and keypoints: FiftyOne's App lets nobody move the box of a mask.
    """
    truth = draw_shapes(folder / "drawn", images, seed=3)
    if boxes_alone:
        truth = replace(truth, annotations=replace(truth.annotations, polygons=None, masks=None, keypoints=None))
    source, found = folder / "shapes", folder / "found.json"
    save(truth, source, "cvdata")
    found.write_text(json.dumps(_found(truth)), "utf-8")
    run = cvdata("browse", source, "--found", found, "--no-app", "--json", "--quiet", "--workers", 1)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    pictures = {
        "missed": ["0000.png", "0003.png"],
        "confused": ["0001.png"],
        "found where nothing is labelled": ["0002.png"],
    }
    return Looked(source, found, truth, report["dataset"], report, pictures)


def _found(truth: Dataset) -> dict[str, object]:
    """Return the document in COCO's form of what was found."""
    table = truth.annotations
    rows = {image: np.flatnonzero(table.image == image) for image in range(len(truth.images))}
    missed = {int(rows[0][0]), int(rows[0][1]), int(rows[3][0])}
    confused = int(rows[1][0])
    found = []
    for row, (image, category, box) in enumerate(
        zip(table.image.tolist(), table.category.tolist(), table.box.tolist(), strict=True)
    ):
        if row not in missed:
            turned = (category + (row == confused)) % len(truth.categories)
            found.append((image, turned, box, 0.95 - 0.001 * row))
    found.append((2, 0, [0.0, 0.0, 6.0, 6.0], 0.99))
    names = enumerate(truth.images.names)
    return {
        "images": [{"id": row, "file_name": name, "width": 96, "height": 96} for row, name in names],
        "annotations": [
            {"id": row, "image_id": image, "category_id": category, "bbox": box, "score": score}
            | {"area": box[2] * box[3], "iscrowd": 0}
            for row, (image, category, box, score) in enumerate(found)
        ],
        "categories": [{"id": row, "name": name} for row, name in enumerate(truth.categories.names)],
    }
