"""Published COCO-style figures of real predictions, read by our own readers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pytest

from cvdata.convert import read
from cvdata.evaluate.coco import coco_numbers
from cvdata.evaluate.objects import Kind
from cvdata.evaluate.pair import Pair, align, chosen
from cvdata.evaluate.settings import EvalSettings
from cvdata.formats.results import read_results

Engine = Literal["hotcoco", "pycocotools"]
ENGINES: tuple[Engine, ...] = ("hotcoco", "pycocotools")

PUBLISHED = 1e-10  # faster_coco_eval compares ten places


def pair_of_files(truth: Path, results: Path) -> Pair:
    dataset = read(truth, "coco", verify="none").dataset
    return align(dataset, read_results(results, dataset))


def given(figures: Mapping[str, float | None]) -> dict[str, Any]:
    """Return figures as `approx` compares them, None for None."""
    return {name: pytest.approx(value, abs=PUBLISHED) if value is not None else None for name, value in figures.items()}


@pytest.fixture
def coco_100(shared: Path) -> Path:
    return shared / "data/coco_eval_100/tests"


@pytest.fixture
def padilla(shared: Path) -> Path:
    return shared / "data/padilla_multiformat"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("kind", "results", "published"),
    [
        (
            "boxes",
            "instances_val2014_fakebbox100_results.json",
            "0.5045806987249628 0.6969727247299577 0.5729816669904824 0.5856257209410443 0.5193996948036719 "
            "0.5013978986347466 0.38681277964578054 0.5936795762842003 0.595352982877607 0.6398109626113442 "
            "0.5664205978994309 0.5642905982905982",
        ),
        (
            "masks",
            "instances_val2014_fakesegm100_results.json",
            "0.3195452758576433 0.5622883972521636 0.29892653412086784 0.3873740315997838 0.31018272403369485 "
            "0.3269339071005138 0.2682297225711534 0.41544868114906375 0.4168394992198818 0.4694498622754236 "
            "0.37675922666197265 0.3814715099715099",
        ),
    ],
)
def test_the_demo_of_pycocotools_gives_its_twelve_figures(
    coco_100: Path, kind: Kind, results: str, published: str, engine: Engine
) -> None:
    folder = coco_100 / "dataset/cocoapi"
    pair = pair_of_files(folder / "instances_val2014_100.json", folder / results)

    metrics = coco_numbers(pair, kind, EvalSettings(engine=engine)).metrics

    assert list(metrics) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    assert list(metrics.values()) == pytest.approx([float(value) for value in published.split()], abs=PUBLISHED)


@pytest.mark.parametrize("engine", ENGINES)
def test_keypoints_give_the_ten_published_figures(coco_100: Path, engine: Engine) -> None:
    folder = coco_100 / "keypoints_dataset"
    pair = pair_of_files(folder / "gt_dataset.json", folder / "dt_dataset.json")

    metrics = coco_numbers(pair, "keypoints", EvalSettings(engine=engine)).metrics

    assert metrics == given({
        "AP": 0.5048844884488449,
        "AP50": 0.7227722772277227,
        "AP75": 0.6336633663366337,
        "APm": 0.46633663366336636,
        "APl": 0.7504950495049505,
        "AR": 0.5181818181818182,
        "AR50": 0.7272727272727273,
        "AR75": 0.6363636363636364,
        "ARm": 0.4666666666666666,
        "ARl": 0.75,
    })  # fmt: skip


MASKS = {
    "AP": 0.6947194719471946,
    "AP50": 0.6947194719471946,
    "AP75": 0.6947194719471946,
    "APs": None,
    "APm": 0.7367986798679867,
    "APl": 0.0,
    "AR1": 0.6666666666666666,
    "AR10": 0.75,
    "AR100": 0.75,
    "ARs": None,
    "ARm": 0.7916666666666666,
    "ARl": 0.0,
}


@pytest.mark.parametrize("engine", ENGINES)
def test_masks_without_boxes_have_the_size_of_the_mask(coco_100: Path, tmp_path: Path, engine: Engine) -> None:
    rows = json.loads((coco_100 / "dataset/dt_dataset.json").read_text("utf-8"))
    for row in rows:
        row.pop("bbox", None)
    (tmp_path / "results.json").write_text(json.dumps(rows), "utf-8")
    pair = pair_of_files(coco_100 / "dataset/gt_dataset.json", tmp_path / "results.json")

    assert coco_numbers(pair, "masks", EvalSettings(engine=engine)).metrics == given(MASKS)


@pytest.mark.parametrize("engine", ENGINES)
def test_masks_with_boxes_have_the_size_of_the_box(coco_100: Path, engine: Engine) -> None:
    pair = pair_of_files(coco_100 / "dataset/gt_dataset.json", coco_100 / "dataset/dt_dataset.json")

    metrics = coco_numbers(pair, "masks", EvalSettings(engine=engine)).metrics

    assert metrics == given({**MASKS, "APm": 0.7920792079207921})  # 0.792079 is given


@pytest.mark.parametrize("engine", ENGINES)
def test_an_id_written_as_text_is_the_same_picture(coco_100: Path, tmp_path: Path, engine: Engine) -> None:
    rows = json.loads((coco_100 / "dataset/dt_ignore_test.json").read_text("utf-8"))
    (tmp_path / "results.json").write_text(json.dumps([row for row in rows if row["score"] >= 0.1]), "utf-8")
    pair = pair_of_files(coco_100 / "dataset/gt_ignore_test.json", tmp_path / "results.json")

    assert coco_numbers(pair, "boxes", EvalSettings(engine=engine)).metrics == given({
        "AP": 0.7099009900990099,
        "AP50": 1.0,
        "AP75": 0.8415841584158416,
        "APs": None,
        "APm": 0.7099009900990099,
        "APl": None,
        "AR1": 0.0,
        "AR10": 0.45384615384615384,
        "AR100": 0.7153846153846154,
        "ARs": None,
        "ARm": 0.7153846153846154,
        "ARl": None,
    })  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
def test_crowdpose_gives_its_published_figures(coco_100: Path, engine: Engine) -> None:
    folder = coco_100 / "dataset"
    pair = pair_of_files(folder / "example_crowdpose_val.json", folder / "example_crowdpose_preds.json")

    metrics = coco_numbers(pair, "keypoints", EvalSettings(engine=engine)).metrics

    published = {
        "AP": 0.7877215935879303,
        "AP50": 0.9881188118811886,
        "AP75": 0.7314356435643564,
        "AR": 0.8222222222222223,
        "AR50": 1.0,
        "AR75": 0.7777777777777778,
    }
    assert {name: metrics[name] for name in published} == given(published)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("results", ["cocoapi_results.json", "dets/sampled_bbox_results.json"])
def test_boxes_with_the_area_of_the_box_give_the_figures_of_padilla(
    padilla: Path, results: str, engine: Engine
) -> None:
    folder = padilla / "tests/test_coco_eval"
    truth = read(folder / "gts/sampled_gts_bbox_area.json", "coco", verify="none").dataset
    if results.startswith("dets"):  # a dataset with scores
        found = read(folder / results, "coco", verify="none").dataset
    else:
        found = read_results(folder / results, truth)

    metrics = coco_numbers(align(truth, found), "boxes", EvalSettings(engine=engine)).metrics

    published: tuple[float, ...] = (0.503647, 0.696973, 0.571667, 0.593252, 0.557991, 0.489363)
    published += (0.386813, 0.593680, 0.595353, 0.654764, 0.603130, 0.553744)
    assert list(metrics.values()) == pytest.approx(published, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_classes_are_matched_by_name_and_pictures_by_stem(padilla: Path, tmp_path: Path, engine: Engine) -> None:
    folder = padilla / "data/database"
    truth = read(folder / "gts/coco_format_v1/instances_default.json", "coco", verify="none").dataset
    document = json.loads((folder / "dets/coco_format/coco_dets.json").read_text("utf-8"))
    for image in document["images"]:
        image["file_name"] = image["file_name"].replace(".jpg", ".png")
    (tmp_path / "found.json").write_text(json.dumps(document), "utf-8")
    found = read(tmp_path / "found.json", "coco", verify="none").dataset

    pair = align(truth, found)
    metrics = coco_numbers(pair, "boxes", EvalSettings(engine=engine)).metrics

    assert "matched-by-stem" in [finding.code for finding in pair.findings]
    computed: tuple[float, ...] = (0.346958, 0.610030, 0.353714, 0.075181, 0.339482, 0.497881)
    computed += (0.373505, 0.520647, 0.522570, 0.158333, 0.446662, 0.580923)
    assert list(metrics.values()) == pytest.approx(computed, abs=5e-7)


def test_crowdpose_is_easy_medium_and_hard_by_how_crowded_its_pictures_are(coco_100: Path) -> None:
    folder = coco_100 / "dataset"
    pair = pair_of_files(folder / "example_crowdpose_val.json", folder / "example_crowdpose_preds.json")
    assert pair.truth.images.extra is not None
    crowded = np.array([msgspec.json.decode(text)["crowdIndex"] for text in pair.truth.images.extra.to_bytes()])

    easy, medium, hard = (
        coco_numbers(chosen(pair, np.flatnonzero(part)), "keypoints", EvalSettings()).metrics["AP"]
        for part in (crowded <= 0.1, (crowded > 0.1) & (crowded <= 0.8), crowded > 0.8)
    )

    assert [easy, medium, hard] == pytest.approx([1.0, 0.9802, 0.4116], abs=5e-5)
