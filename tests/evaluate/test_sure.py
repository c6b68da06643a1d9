"""The figures of a protocol with their intervals."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.evaluate.coco import coco_numbers, grid_of, lvis_numbers, overlaps_of
from cvdata.evaluate.diagnosis import diagnose
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.numbers import Numbers
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.protocols import voc_numbers
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty import Sure, sure_numbers
from cvdata.evaluate.uncertainty.figures import figures_once, means_of, over_classes, parts_of
from cvdata.evaluate.uncertainty.operating import operating_of
from tests.evaluate.drawn import hand, pair_of
from tests.evaluate.shapes import with_keypoints
from tests.evaluate.test_coco_lvis import documents, written

SETTINGS = EvalSettings(resamples=200)


def _sure(pair: Pair, settings: EvalSettings = SETTINGS) -> tuple[Numbers, Sure]:
    overlaps = overlaps_of(pair, "boxes", least=0.1)
    numbers = coco_numbers(pair, "boxes", settings)
    return numbers, sure_numbers(pair, "boxes", settings, overlaps, numbers)


def test_every_number_of_coco_has_an_interval() -> None:
    pair = pair_of(0, images=60, objects=400, detections=700)

    numbers, sure = _sure(pair)

    assert list(sure.metrics) == list(numbers.metrics)
    for name, number in sure.metrics.items():
        assert number.value == numbers.metrics[name]
        assert number.low is not None and number.high is not None, name
        assert 0 <= number.low < number.high <= 1
    for values, row in zip(numbers.classes, sure.classes, strict=True):
        assert list(row) == list(values)
        assert all(number.low is not None for number in row.values())


@pytest.mark.parametrize("seed", range(6))
def test_what_is_resampled_is_what_the_engine_computes(seed: int) -> None:
    pair = pair_of(seed, images=8, objects=70, detections=140)
    settings = EvalSettings(thresholds=(0.5, 0.6, 0.75), max_detections=(2, 5))
    numbers = coco_numbers(pair, "boxes", settings)

    parts = parts_of(pair, "boxes", settings, overlaps_of(pair, "boxes", least=0.5))
    classes = figures_once(parts, 8)
    whole = over_classes(classes)

    assert set(whole) == set(numbers.metrics)
    for name, value in numbers.metrics.items():
        assert whole[name][0] == pytest.approx(np.nan if value is None else value, abs=1e-12, nan_ok=True), name
        for row, values in enumerate(numbers.classes):
            if name in values:
                expected = values[name]
                got = classes[name][0, row]
                assert got == pytest.approx(np.nan if expected is None else expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("year", [2007, 2012])
def test_what_is_resampled_is_the_ap_of_voc(seed: int, year: int) -> None:
    pair = pair_of(seed, images=8, objects=70, detections=140)
    difficult = (np.arange(len(pair.truth.annotations)) % 5 == 0).astype(np.int8)
    pair = replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, difficult=difficult)))
    settings = EvalSettings(protocol="voc07" if year == 2007 else "voc12")
    numbers = voc_numbers(pair, "boxes", year)

    classes = figures_once(parts_of(pair, "boxes", settings, overlaps_of(pair, "boxes", least=0.5)), 8)

    assert over_classes(classes)["AP50"][0] == pytest.approx(numbers.metrics["AP50"], abs=1e-12)
    for row, values in enumerate(numbers.classes):
        assert classes["AP50"][0, row] == pytest.approx(values["AP50"], abs=1e-12)


@pytest.mark.parametrize("asked", [{"pixel": 1}, {"thresholds": (0.6, 0.75)}, {"thresholds": (0.3,), "pixel": 1}])
def test_thresholds_and_the_pixel_of_voc_hold_for_the_resamples_too(asked: dict[str, Any]) -> None:
    pair = pair_of(2, images=30, objects=200, detections=400)
    settings = EvalSettings(protocol="voc12", resamples=200, **asked)
    numbers = voc_numbers(pair, "boxes", 2012, thresholds=settings.voc_thresholds, pixel=settings.pixel)
    overlaps = overlaps_of(pair, "boxes", least=0.1)

    whole = over_classes(figures_once(parts_of(pair, "boxes", settings, overlaps), 30))
    sure = sure_numbers(pair, "boxes", settings, overlaps, numbers)

    assert {name: value[0] for name, value in whole.items()} == pytest.approx(numbers.metrics, abs=1e-12)
    assert all(number.low is not None for number in sure.metrics.values())


@pytest.mark.parametrize("seed", range(4))
def test_what_is_resampled_are_the_thirteen_figures_of_lvis(tmp_path: Path, seed: int) -> None:
    pair = written(tmp_path, *documents(seed, detections=2400 if seed == 3 else 120))
    settings = EvalSettings(protocol="lvis", resamples=100)
    numbers = lvis_numbers(pair, "boxes", settings)
    overlaps = overlaps_of(pair, "boxes", least=0.1)

    parts = parts_of(pair, "boxes", settings, overlaps)
    figures = figures_once(parts, len(pair.truth.images))
    whole = means_of(parts, figures)
    sure = sure_numbers(pair, "boxes", settings, overlaps, numbers)

    for name, value in numbers.metrics.items():
        assert whole[name][0] == pytest.approx(np.nan if value is None else value, abs=1e-12, nan_ok=True), name
    for row, values in enumerate(numbers.classes):
        for name, value in values.items():
            got = figures[name][0, row]
            assert got == pytest.approx(np.nan if value is None else value, abs=1e-12, nan_ok=True), name
    assert sure.metrics["AP"].low is not None
    assert sure.metrics["APc"].low is not None


@pytest.mark.parametrize("seed", range(8))
def test_what_is_resampled_is_the_operating_point_of_the_diagnosis(seed: int) -> None:
    pair = pair_of(seed, images=9, classes=5, objects=60 if seed % 3 else 3, detections=100 if seed % 4 else 4)
    overlaps = overlaps_of(pair, "boxes", least=0.1)
    diagnosis = diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes")

    classes, whole = operating_of(pair, "boxes", EvalSettings(), overlaps).figures(np.ones((9, 1)))

    point = diagnosis.operating_points[0]
    for name, value in {"precision": point.precision, "recall": point.recall, "F1": point.f1}.items():
        assert whole[name][0] == pytest.approx(np.nan if value is None else value, nan_ok=True)
    for row, values in enumerate(diagnosis.classes):
        for name, value in values.items():
            assert classes[name][0, row] == pytest.approx(np.nan if value is None else value, nan_ok=True)


def test_a_class_that_is_never_found_has_a_recall_of_0_whatever_was_in_memory_before() -> None:
    box = (10.0, 10.0, 40.0, 40.0)
    pair = hand([(0, 0, box), (1, 0, box), (1, 1, box)], [(0, 0, box, 0.9), (1, 0, box, 0.9)])
    operating = operating_of(pair, "boxes", EvalSettings(), overlaps_of(pair, "boxes", least=0.1))
    weights = np.ones((2, 200), np.float32)
    # NumPy keeps freed blocks of a byte, and puts the next arrays without elements there.
    blocks = [np.empty(0, np.float32) for _ in range(20)]
    for block in blocks:
        ctypes.memset(block.ctypes.data, 255, 4)  # NaN
    del block, blocks

    classes, whole = operating.figures(weights)

    assert np.unique(classes["recall"], axis=0).tolist() == [[1.0, 0.0]]
    assert np.unique(whole["recall"]).tolist() == [0.5]


def test_of_keypoints_only_as_many_detections_are_resampled_as_are_judged() -> None:
    # 30 detections of a class on one picture, each on an object; COCO looks at 20 where keypoints are compared.
    boxes = [(0, 0, (10.0 * (row % 6), 10.0 * (row // 6), 9.0, 9.0)) for row in range(30)]
    pair = with_keypoints(hand(boxes, [(*box, 0.9 - 0.01 * row) for row, box in enumerate(boxes)]), 0)
    same = replace(pair.found.annotations, keypoints=pair.truth.annotations.keypoints)
    pair = replace(pair, found=replace(pair.found, annotations=same))
    overlaps = overlaps_of(pair, "keypoints", least=0.1)
    surest = grid_of("keypoints", EvalSettings()).max_detections[-1]
    matches = match(pair, overlaps, Rules(thresholds=(0.5,), max_detections=surest), "keypoints")
    point = diagnose(pair, overlaps, matches, "keypoints").operating_points[0]

    _, whole = operating_of(pair, "keypoints", EvalSettings(), overlaps).figures(np.ones((1, 1)))

    assert (whole["recall"][0], whole["precision"][0]) == pytest.approx((point.recall, point.precision))


def test_the_same_seed_gives_the_same_intervals() -> None:
    pair = pair_of(3, images=20, objects=80, detections=150)

    _, first = _sure(pair)
    _, second = _sure(pair)
    _, other = _sure(pair, EvalSettings(resamples=200, seed=1))

    assert first == second
    assert first != other


def test_a_higher_level_gives_wider_intervals() -> None:
    pair = pair_of(3, images=20, objects=80, detections=150)

    narrow = _sure(pair, EvalSettings(resamples=400, level=0.8))[1].metrics["AR100"]
    wide = _sure(pair, EvalSettings(resamples=400, level=0.99))[1].metrics["AR100"]

    assert narrow.low is not None and narrow.high is not None and wide.low is not None and wide.high is not None
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_class_without_objects_has_neither_figure_nor_interval() -> None:
    pair = pair_of(0, images=10, classes=3, objects=60, detections=100)
    only = replace(pair.truth.annotations, category=np.zeros(60, np.int32))

    _, sure = _sure(replace(pair, truth=replace(pair.truth, annotations=only)))

    assert sure.classes[1]["AP"].value is None
    assert sure.classes[1]["AP"].low is None
    assert sure.metrics["AP"].low is not None


def test_figures_that_cannot_be_resampled_stay_without_an_interval() -> None:
    pair = pair_of(0, images=10, objects=60, detections=100)
    overlaps = overlaps_of(pair, "boxes", least=0.1)
    settings = EvalSettings(protocol="openimages", resamples=200)

    sure = sure_numbers(pair, "boxes", settings, overlaps, Numbers({"AP50": 0.5}, [{"AP50": 0.5}] * 3))

    assert sure.metrics["AP50"].value == 0.5
    assert sure.metrics["AP50"].low is None


@pytest.mark.parametrize("detections", [0, 50])
def test_without_detections_or_resamples_nothing_fails(detections: int) -> None:
    pair = pair_of(0, images=10, objects=60, detections=detections)

    numbers, sure = _sure(pair, EvalSettings(resamples=200 if not detections else 0))

    assert {name: number.value for name, number in sure.metrics.items()} == numbers.metrics
    assert all(number.low is None for number in sure.metrics.values())
    assert (sure.intervals is None) == bool(detections)
