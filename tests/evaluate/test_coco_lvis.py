"""LVIS' figures, held against pycocotools taught LVIS' rules."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.convert import read
from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.coco import lvis_numbers
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.settings import EvalSettings
from cvdata.formats.results import read_results

from .drawn import pair_of

IDS = (3, 7, 8, 20)
"""Ids of the classes, with gaps as LVIS has them in parts of it."""


NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "APr", "APc", "APf", "AR300", "ARs", "ARm", "ARl"]


def documents(seed: int, *, detections: int = 120) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw a truth as LVIS writes it, and results."""
    rng = np.random.default_rng(seed)
    pair = pair_of(seed, classes=len(IDS), detections=detections, crowd=0.0)
    table, found = pair.truth.annotations, pair.found.annotations
    images = [
        {
            "id": 100 + row,
            "file_name": name,
            "width": 200,
            "height": 200,
            "neg_category_ids": [i for i in IDS if rng.random() < 0.4],
            "not_exhaustive_category_ids": [i for i in IDS if rng.random() < 0.3],
        }
        for row, name in enumerate(pair.truth.images.names)
    ]
    classes = [{"id": i, "name": f"c{i}", "frequency": letter} for i, letter in zip(IDS, "rccf", strict=True)]
    columns = zip(table.image.tolist(), table.category.tolist(), table.box.tolist(), strict=True)
    objects = [
        {"id": n + 1, "image_id": 100 + i, "category_id": IDS[c], "bbox": box, "area": 4 * box[2] * box[3]}
        for n, (i, c, box) in enumerate(columns)
    ]
    rows = zip(found.image.tolist(), found.category.tolist(), found.box.tolist(), pair.score.tolist(), strict=True)
    results = [{"image_id": 100 + i, "category_id": IDS[c], "bbox": box, "score": s} for i, c, box, s in rows]
    return {"images": images, "categories": classes, "annotations": objects}, results


def written(folder: Path, truth: dict[str, Any], results: list[dict[str, Any]]) -> Pair:
    (folder / "truth.json").write_text(json.dumps(truth), "utf-8")
    (folder / "found.json").write_text(json.dumps(results), "utf-8")
    dataset = read(folder / "truth.json", "coco", verify="none").dataset
    return align(dataset, read_results(folder / "found.json", dataset))


def by_the_book(truth: dict[str, Any], results: list[dict[str, Any]], most: int = 300) -> list[float]:
    """Evaluate with pycocotools, changed where `lvis/eval.py` and `lvis/results.py` differ from it."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    surest: list[dict[str, Any]] = []
    for image in truth["images"]:
        there = {row["category_id"] for row in truth["annotations"] if row["image_id"] == image["id"]}
        rows = [row for row in results if row["image_id"] == image["id"]]
        rows = sorted(rows, key=lambda row: -row["score"])[:most]
        surest += [row for row in rows if row["category_id"] in there | set(image["neg_category_ids"])]
    unsure = {(image["id"], i) for image in truth["images"] for i in image["not_exhaustive_category_ids"]}
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {**truth, "info": {}, "annotations": [row | {"iscrowd": 0} for row in truth["annotations"]]}
        gt.createIndex()
        run = COCOeval(gt, gt.loadRes([dict(row) for row in surest]), "bbox")
        run.params.maxDets = [most]
        run.evaluate()
        for one in run.evalImgs:
            if one is not None and (one["image_id"], one["category_id"]) in unsure:
                one["dtIgnore"] = one["dtIgnore"] | (one["dtMatches"] == 0)
        run.accumulate()
    precision, recall = run.eval["precision"][..., 0], run.eval["recall"][..., 0]
    kinds = [[row for row, c in enumerate(truth["categories"]) if c["frequency"] == letter] for letter in "rcf"]
    tables = [precision[..., 0], precision[0, ..., 0], precision[5, ..., 0]]
    tables += [precision[..., area] for area in (1, 2, 3)]
    tables += [precision[:, :, rows, 0] for rows in kinds] + [recall[..., area] for area in range(4)]
    return [float(table[table > -1].mean()) if (table > -1).any() else -1 for table in tables]


@pytest.mark.parametrize("seed", range(6))
def test_the_thirteen_figures_are_those_of_its_rules(tmp_path: Path, seed: int) -> None:
    truth, results = documents(seed)

    metrics = lvis_numbers(written(tmp_path, truth, results), "boxes", EvalSettings()).metrics

    assert list(metrics) == NAMES
    figures = [-1 if value is None else value for value in metrics.values()]
    assert figures == pytest.approx(by_the_book(truth, results), abs=1e-12)


@pytest.mark.parametrize("most", [300, 20])
def test_the_surest_of_a_picture_count_whatever_their_class(tmp_path: Path, most: int) -> None:
    truth, results = documents(2, detections=2400)  # 400 a picture
    settings = EvalSettings(max_detections=(20,)) if most == 20 else EvalSettings()

    metrics = lvis_numbers(written(tmp_path, truth, results), "boxes", settings).metrics

    assert f"AR{most}" in metrics
    figures = [-1 if value is None else value for value in metrics.values()]
    assert figures == pytest.approx(by_the_book(truth, results, most), abs=1e-12)


def test_a_detection_of_a_class_that_nobody_looked_for_is_left_out(tmp_path: Path) -> None:
    images: list[dict[str, Any]] = [
        {"id": n, "file_name": f"{n}.jpg", "width": 9, "height": 9, "neg_category_ids": []} for n in (1, 2)
    ]
    for image in images:
        image["not_exhaustive_category_ids"] = []
    truth = {
        "images": images,
        "categories": [{"id": 1, "name": "cup", "frequency": "f"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "area": 25}],
    }
    results = [
        {"image_id": 2, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 0.9},
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 0.5},
    ]

    unknown = lvis_numbers(written(tmp_path, truth, results), "boxes", EvalSettings()).metrics
    images[1]["neg_category_ids"] = [1]
    absent = lvis_numbers(written(tmp_path, truth, results), "boxes", EvalSettings()).metrics
    images[1]["not_exhaustive_category_ids"] = [1]
    unsure = lvis_numbers(written(tmp_path, truth, results), "boxes", EvalSettings()).metrics

    # A surer one that is wrong leaves half the precision at every recall.
    assert [figures["AP"] for figures in (unknown, absent, unsure)] == pytest.approx([1, 0.5, 1])
    assert unknown["APf"] == pytest.approx(1)
    assert unknown["APr"] is None


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda truth: truth["images"][2].pop("neg_category_ids"),
            "1 picture of the truth without 'neg_category_ids'",
        ),
        (lambda truth: truth["categories"][1].pop("frequency"), "class 'c7' has no 'frequency' of r, c or f"),
        (lambda truth: truth["categories"][1].update(frequency="often"), "class 'c7' has no 'frequency'"),
        (
            lambda truth: truth["images"][0].update(neg_category_ids=[3, 4]),
            "'neg_category_ids' of picture 0.jpg is not",
        ),
        (lambda truth: truth["images"][0].update(neg_category_ids="all"), "'neg_category_ids' of picture 0.jpg is not"),
    ],
)
def test_a_truth_that_is_not_of_lvis_is_refused(tmp_path: Path, spoil: Any, message: str) -> None:
    truth, results = documents(1)
    spoil(truth)

    with pytest.raises(EvaluationError, match=message):
        lvis_numbers(written(tmp_path, truth, results), "boxes", EvalSettings())


def test_lvis_has_no_keypoints(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="LVIS has no rule for keypoints"):
        lvis_numbers(written(tmp_path, *documents(1)), "keypoints", EvalSettings())
