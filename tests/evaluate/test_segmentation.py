"""Semantic segmentation: figures worked out by hand, by NumPy and by hotcoco, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.engine import ProcessPool
from cvdata.errors import UsageError
from cvdata.evaluate.pixels import evaluate_pixels, looks_like_pixels
from cvdata.evaluate.settings import EvalSettings

from .label_maps_made import noisy, sides, write_maps
from .reports_read import POINT, of_class, values


def test_figures_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    # Class 0: 4 true pixels, 3 found, 2 right. 1: 3 true, 4 found, 2 right. 2: 1 true, 1 found, 1 right. One is void.
    truth, found = sides(
        tmp_path, {"a.png": [[0, 0, 0], [0, 1, 1], [1, 2, 255]]}, {"a.png": [[0, 0, 1], [1, 1, 1], [0, 2, 2]]}
    )

    report = evaluate_pixels(truth, found, POINT)

    assert of_class(report, "0") == {"IoU": 2 / 5, "Dice": 4 / 7, "precision": 2 / 3, "recall": 2 / 4}
    assert of_class(report, "1") == {"IoU": 2 / 5, "Dice": 4 / 7, "precision": 2 / 4, "recall": 2 / 3}
    assert of_class(report, "2") == {"IoU": 1.0, "Dice": 1.0, "precision": 1.0, "recall": 1.0}
    assert values(report) == pytest.approx(
        {
            "mIoU": float(Fraction(3, 5)),
            "Dice": float(Fraction(5, 7)),
            "pixel_accuracy": 5 / 8,
            "mean_accuracy": (1 / 2 + 2 / 3 + 1) / 3,
            "fwIoU": (4 * 0.4 + 3 * 0.4 + 1 * 1) / 8,
        },
        abs=1e-15,
    )
    assert report.confusion is not None
    assert report.confusion.counts == [[2, 2, 0], [1, 2, 0], [0, 0, 1]]
    assert (report.images, report.objects, report.detections) == (1, 8, 8)


@pytest.mark.parametrize("seed", range(10))
def test_figures_are_those_of_hotcoco_and_of_numpy(tmp_path: Path, seed: int) -> None:
    from hotcoco import semantic

    truth_maps, found_maps = noisy(seed)
    truth, found = sides(tmp_path, truth_maps, found_maps)

    report = evaluate_pixels(truth, found, POINT)

    engine = semantic.SemanticEval(6)
    first, second = (np.stack(list(maps.values())) for maps in (truth_maps, found_maps))
    engine.update(first, second)
    theirs = engine.report()["metrics"]
    ours = values(report)
    assert ours["mIoU"] == pytest.approx(theirs["mIoU"], abs=1e-12)
    assert ours["fwIoU"] == pytest.approx(theirs["fwIoU"], abs=1e-12)
    assert ours["mean_accuracy"] == pytest.approx(theirs["mAcc"], abs=1e-12)
    assert ours["pixel_accuracy"] == pytest.approx(theirs["aAcc"], abs=1e-12)
    seen = first != 255
    both = [
        [((first == i) & (second == i) & seen).sum(), ((first == i) | ((second == i) & seen)).sum()] for i in range(6)
    ]
    for row, (overlap, union) in enumerate(both):
        assert of_class(report, str(row))["IoU"] == pytest.approx(overlap / union, abs=1e-15)
    dice = [2 * o / (o + u) for o, u in both]  # |A| + |B| = union + overlap
    assert ours["Dice"] == pytest.approx(sum(dice) / 6, abs=1e-12)


def test_a_class_that_is_nowhere_is_undefined_and_out_of_the_mean(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1]]}, {"a.png": [[0, 2]]})

    report = evaluate_pixels(truth, found, POINT, classes=("sky", "tree", "road", "boat"))

    assert of_class(report, "boat") == {"IoU": None, "Dice": None, "precision": None, "recall": None}
    assert of_class(report, "tree") == {"IoU": 0, "Dice": 0, "precision": None, "recall": 0}
    assert of_class(report, "road") == {"IoU": 0, "Dice": 0, "precision": 0, "recall": None}
    assert values(report)["mIoU"] == 1 / 3  # sky 1, tree 0, road 0
    assert values(report)["mean_accuracy"] == 1 / 2  # sky 1, tree 0


def test_pixels_that_are_found_void_are_missed_and_shown_so(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 0, 1, 2]]}, {"a.png": [[0, 255, 1, 2]]})

    report = evaluate_pixels(truth, found, POINT)

    assert of_class(report, "0") == {"IoU": 0.5, "Dice": 2 / 3, "precision": 1.0, "recall": 0.5}
    assert report.confusion is not None
    assert report.confusion.background
    assert report.confusion.counts == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert [finding.code for finding in report.findings] == ["classes-without-names", "void-found"]
    assert report.findings[0].message.endswith("they are called by their values, and 255 is void")


@pytest.mark.parametrize(
    "settings",
    [
        EvalSettings(by=("size",)),
        EvalSettings(split="val"),
        EvalSettings(explain=True),
        EvalSettings(kind="boxes"),
        EvalSettings(protocol="voc07"),
        EvalSettings(thresholds=(0.5,)),
        EvalSettings(max_detections=(10,)),
    ],
)
def test_what_only_objects_have_is_refused(tmp_path: Path, settings: EvalSettings) -> None:
    with pytest.raises(UsageError, match="is for objects"):
        evaluate_pixels(tmp_path, tmp_path, settings)


def test_the_worst_picture_comes_first_with_what_is_mixed_up(tmp_path: Path) -> None:
    truth, found = sides(
        tmp_path,
        {"good.png": [[0, 1, 2, 2]], "bad.png": [[0, 0, 1, 2]], "fair.png": [[0, 1, 2, 2]]},
        {"good.png": [[0, 1, 2, 2]], "bad.png": [[1, 1, 0, 2]], "fair.png": [[0, 1, 2, 1]]},
    )

    worst = evaluate_pixels(truth, found, POINT, classes=("sky", "tree", "road")).worst

    assert [(w.image, w.errors, w.objects) for w in worst] == [("bad", 3, 4), ("fair", 1, 4)]
    assert worst[0].verdicts == {"sky found as tree": 2, "tree found as sky": 1}


def test_intervals_hold_the_figures_and_are_the_same_again_and_with_more_workers(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, *noisy(3, pictures=30, side=16))
    settings = EvalSettings(resamples=200)

    report = evaluate_pixels(truth, found, settings)
    with ProcessPool(2) as engine:
        again = evaluate_pixels(truth, found, settings, engine=engine)

    assert again == report
    number = report.metrics["mIoU"]
    assert number.low is not None and number.value is not None and number.high is not None
    assert number.low < number.value < number.high
    assert report.classes[0].metrics["IoU"].low is not None
    assert report.intervals is not None
    assert (report.intervals.resamples, report.intervals.units) == (200, 30)


def test_of_three_pictures_intervals_are_those_of_students_distribution(tmp_path: Path) -> None:
    # 40, 50 and 60 of 100 pixels are right: 0.5 -+ 4.303 * 0.1 / sqrt(3), which is approximated 4 % too wide.
    truth = np.arange(100).reshape(10, 10) % 2
    place = np.arange(100).reshape(10, 10)
    found = {f"{share}.png": np.where(place < share, truth, 1 - truth) for share in (40, 50, 60)}

    report = evaluate_pixels(*sides(tmp_path, dict.fromkeys(found, truth), found), EvalSettings(resamples=500))

    number = report.metrics["pixel_accuracy"]
    assert (number.low, number.high) == pytest.approx((0.2516, 0.7484), abs=0.015)
    in_class = report.classes[0].metrics["recall"]
    assert (in_class.low, in_class.high) == pytest.approx((0.2516, 0.7484), abs=0.015)


def test_real_masks_held_against_themselves_are_perfect_and_moved_ones_are_as_numpy_says(
    shared: Path, tmp_path: Path
) -> None:
    source = shared / "data" / "dhcn_semseg" / "valid"
    files = sorted(source.glob("*_mask.png"))[:12]
    moved = {}
    table = np.zeros((11, 11), np.int64)
    for file in files:
        mask = np.array(Image.open(file))
        other = np.roll(mask, 9, axis=1)
        moved[file.name.replace("_mask", "")] = other
        np.add.at(table, (mask, other), 1)
    truth = tmp_path / "truth"
    truth.mkdir()
    for file in [*files, source / "_classes.csv"]:
        (truth / file.name).write_bytes(file.read_bytes())
        jpeg = source / file.name.replace("_mask.png", ".jpg")
        (truth / jpeg.name).write_bytes(jpeg.read_bytes())
    found = write_maps(tmp_path / "found", moved)

    assert looks_like_pixels(truth) == "segmentation"
    perfect, report = evaluate_pixels(truth, truth, POINT), evaluate_pixels(truth, found, POINT)

    assert values(perfect)["mIoU"] == 1
    assert report.confusion is not None
    assert report.confusion.counts == table.tolist()
    right, true, got = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    there = true + got > 0
    assert values(report)["mIoU"] == pytest.approx(np.mean(right[there] / (true + got - right)[there]), abs=1e-12)
    assert [c.name for c in report.classes][:3] == ["background", "cabinet", "ceiling"]


def test_real_membranes_of_0_and_255_are_background_and_foreground(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "unet_membrane" / "data" / "membrane" / "train"
    mask = np.array(Image.open(source / "label" / "0.png"))
    flipped = {f"{i}.png": np.array(Image.open(source / "label" / f"{i}.png")) for i in range(8)}
    flipped["0.png"] = 255 - mask
    found = write_maps(tmp_path / "found", flipped)

    assert looks_like_pixels(source) == "segmentation"
    report = evaluate_pixels(source, found, POINT)

    assert report.images == 8
    assert values(report)["pixel_accuracy"] == 7 / 8
    assert [w.image for w in report.worst] == ["0"]


def test_a_model_is_better_on_the_same_pictures_and_one_is_not_better_than_itself(tmp_path: Path) -> None:
    truth_maps, found_maps = noisy(1, pictures=20, side=16, classes=3)
    mixed = {name: np.where(truth_maps[name] < 2, truth_maps[name], found) for name, found in found_maps.items()}
    truth, found = sides(tmp_path, truth_maps, found_maps)
    second = write_maps(tmp_path / "second", mixed)
    settings = EvalSettings(resamples=200)

    comparison = evaluate_pixels(truth, found, settings, second=second).comparison
    same = evaluate_pixels(truth, found, settings, second=found).comparison

    assert comparison is not None and same is not None
    both = [evaluate_pixels(truth, path, POINT) for path in (found, second)]
    first = comparison.metrics[0]
    assert (first.metric, first.objects, first.verdict) == ("mIoU", 20, "better")
    low, high = first.difference.low, first.difference.high
    assert low is not None and high is not None and first.difference.value is not None
    assert 0 < low < first.difference.value < high
    assert (first.first, first.second) == tuple(values(report)["mIoU"] for report in both)
    assert [(row.name, row.metric, row.verdict) for row in comparison.classes[:2]] == [
        ("0", "IoU", "better"),
        ("1", "IoU", "better"),
    ]
    assert {row.verdict for row in [*same.metrics, *same.classes]} == {"too few objects to say"}


def test_two_models_cannot_be_compared_without_resamples(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, *noisy(1))

    with pytest.raises(UsageError, match="cannot be compared without resamples"):
        evaluate_pixels(truth, found, POINT, second=found)
