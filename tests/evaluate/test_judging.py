"""What does not count by the protocol is no error either."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import msgspec
import numpy as np
import pytest

from cvdata.dataset import Categories, Dataset
from cvdata.dataset.ragged import Ragged
from cvdata.evaluate import run
from cvdata.evaluate.coco import overlaps_of
from cvdata.evaluate.judging import matches_of
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.run import Evaluation
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty.operating import operating_of
from cvdata.evaluate.words import meaning

from .drawn import hand

LEFT, RIGHT = [0, 0, 10, 10], [40, 0, 10, 10]


def told(pair: Pair, images: list[dict[str, Any]]) -> Pair:
    """Say of the pictures which classes were looked for, and of the classes how frequent they are."""
    names = ("cup", "dog")[: len(pair.classes)]
    classes = Categories(names=names, source_id=(1, 2)[: len(names)], extra=tuple({"frequency": "f"} for _ in names))
    extra = Ragged.texts([msgspec.json.encode(row) for row in images])
    truth = replace(pair.truth, categories=classes, images=replace(pair.truth.images, extra=extra))
    return replace(pair, truth=truth, found=replace(pair.found, categories=classes))


def evaluated(pair: Pair, settings: EvalSettings) -> Evaluation:
    return run.evaluate(pair.truth, pair.found, settings)


def unlooked(protocol: Literal["lvis", "openimages"], negative: list[int]) -> Pair:
    """A cup that is found, and a surer cup on a picture where only a dog is."""
    other: dict[str, Any] = {"neg_category_ids": negative}
    if protocol == "lvis":
        other["not_exhaustive_category_ids"] = []
    truth = [(0, 0, LEFT), (1, 1, RIGHT)]
    found = [(0, 0, LEFT, 0.5), (1, 0, LEFT, 0.9), (1, 1, RIGHT, 0.5)]
    return told(hand(truth, found), [other | {"neg_category_ids": []}, other])


@pytest.mark.parametrize("protocol", ["lvis", "openimages"])
def test_a_detection_of_a_class_that_nobody_looked_for_is_no_false_alarm(
    protocol: Literal["lvis", "openimages"],
) -> None:
    settings = EvalSettings(protocol=protocol, resamples=0)

    unknown = evaluated(unlooked(protocol, []), settings).report
    absent = evaluated(unlooked(protocol, [1]), settings).report

    assert _background(unknown) == 0
    assert _background(absent) == 1
    assert unknown.errors is not None
    assert [unknown.errors.ap, unknown.metrics["AP50"].value] == pytest.approx([1, 1])
    assert unknown.metrics["precision"].value == 1
    assert unknown.errors.verdicts["ignored"] == 1


def _background(report: EvalReport) -> int:
    assert report.errors is not None
    return {kind.name: kind.count for kind in report.errors.kinds}["background"]


def test_by_lvis_a_detection_of_a_class_that_is_not_labelled_throughout_is_no_false_alarm() -> None:
    images = [{"neg_category_ids": [], "not_exhaustive_category_ids": [1]}]
    pair = told(hand([(0, 0, LEFT)], [(0, 0, LEFT, 0.5), (0, 0, RIGHT, 0.9)]), images)

    report = evaluated(pair, EvalSettings(protocol="lvis", resamples=0)).report

    assert [report.metrics[name].value for name in ("precision", "AP50")] == pytest.approx([1, 1])
    assert report.confusion is not None
    assert report.confusion.counts == [[1, 0], [0, 0]]
    assert report.label_errors == []


def test_by_voc_a_difficult_object_is_not_missed_and_does_not_count() -> None:
    pair = hand([(0, 0, LEFT), (0, 0, RIGHT)], [(0, 0, LEFT, 0.5)])
    table = replace(pair.truth.annotations, difficult=np.array([False, True]))
    pair = replace(pair, truth=replace(pair.truth, annotations=table))

    voc = evaluated(pair, EvalSettings(protocol="voc12", resamples=0)).report
    coco = evaluated(pair, EvalSettings(resamples=0)).report

    assert (voc.metrics["recall"].value, coco.metrics["recall"].value) == (1, 0.5)
    assert voc.errors is not None
    assert voc.errors.verdicts["missed"] == 0
    assert (voc.objects, voc.classes[0].objects, coco.objects) == (1, 1, 2)
    assert (voc.engine, coco.engine) == ("cvdata", "hotcoco")


@pytest.mark.parametrize("protocol", ["lvis", "openimages"])
def test_what_is_resampled_are_the_same_detections(protocol: Literal["lvis", "openimages"]) -> None:
    pair, settings = unlooked(protocol, []), EvalSettings(protocol=protocol)
    overlaps = overlaps_of(pair, "boxes", least=0.1)

    _, whole = operating_of(pair, "boxes", settings, overlaps).figures(np.ones((2, 1)))

    assert whole["precision"].tolist() == [1]
    assert matches_of(pair, "boxes", settings, overlaps).kept.tolist() == [True, False, True]


def test_a_truth_without_classes_has_no_figures_and_no_errors() -> None:
    pair = told(hand([], []), [{}])
    nothing = Categories(names=())
    empty = replace(pair.truth, categories=nothing)

    report = run.evaluate(empty, replace(pair.found, categories=nothing), EvalSettings(explain=True)).report

    assert report.metrics["AP"].value is None
    assert report.classes == []


def test_lvis_counts_the_surest_of_a_picture_whatever_their_class() -> None:
    report = evaluated(unlooked("lvis", []), EvalSettings(protocol="lvis", details=False)).report

    assert meaning("AR300", report) == "share of the objects found with at most 300 detections per picture"


def test_by_voc_a_crowd_region_is_an_object_for_the_errors_too() -> None:
    pair = hand([(0, 0, LEFT), (0, 0, [0, 50, 80, 40])], [(0, 0, LEFT, 0.5), (0, 0, [0, 50, 10, 10], 0.9)])
    table = replace(pair.truth.annotations, crowd=np.array([False, True]))
    pair = replace(pair, truth=replace(pair.truth, annotations=table))

    voc = evaluated(pair, EvalSettings(protocol="voc12", resamples=0, explain=True)).report
    coco = evaluated(pair, EvalSettings(resamples=0, explain=True)).report

    # One of two objects is found, by the second of two detections; by COCO the other two count neither way.
    assert [voc.metrics[name].value for name in ("AP50", "recall", "precision")] == pytest.approx([0.25, 0.5, 0.5])
    assert voc.objects == 2
    assert [coco.metrics[name].value for name in ("AP50", "recall", "precision")] == pytest.approx([1, 1, 1])
    assert voc.explanation == coco.explanation


def test_by_voc_a_detection_whose_best_object_is_taken_is_a_duplicate_for_the_errors_too() -> None:
    # Two objects that overlap; both detections lie best on the first, and by more than a half on the second.
    beside = [0, 0, 10, 8]
    pair = hand([(0, 0, LEFT), (0, 0, beside)], [(0, 0, LEFT, 0.9), (0, 0, LEFT, 0.8)])

    voc = evaluated(pair, EvalSettings(protocol="voc12", resamples=0)).report
    coco = evaluated(pair, EvalSettings(resamples=0)).report

    assert [voc.metrics[name].value for name in ("AP50", "precision", "recall")] == pytest.approx([0.5, 1, 0.5])
    assert [coco.metrics[name].value for name in ("AP50", "precision", "recall")] == pytest.approx([1, 1, 1])
    assert voc.errors is not None and coco.errors is not None
    duplicates = [
        {kind.name: kind.count for kind in one.errors.kinds}["duplicate"] for one in (voc, coco) if one.errors
    ]
    assert duplicates == [1, 0]


@pytest.mark.parametrize("resamples", [0, 100])
def test_by_voc_the_added_pixel_counts_for_the_errors_too(resamples: int) -> None:
    # 8 of 17 pixels; with one more all around 9 x 2 of 18 x 2: a half.
    pair = hand([(0, 0, [0, 0, 17, 1])], [(0, 0, [0, 0, 8, 1], 0.9)])

    plain, wider = (
        evaluated(pair, EvalSettings(protocol="voc12", pixel=pixel, resamples=resamples, explain=True)).report
        for pixel in (0, 1)
    )

    assert [plain.metrics[name].value for name in ("AP50", "recall")] == [0, None]
    assert [wider.metrics[name].value for name in ("AP50", "recall", "mean_IoU")] == [1, 1, 0.5]
    assert wider.explanation == plain.explanation


def test_by_open_images_the_surest_in_a_group_finds_it_and_the_others_are_no_false_alarms() -> None:
    inside = [(0, 0, [0, 0, 10, 10], 0.9), (0, 0, [20, 0, 10, 10], 0.8), (0, 0, [40, 0, 10, 10], 0.7)]
    pair = hand([(0, 0, [0, 0, 90, 40]), (0, 0, [0, 60, 10, 10])], [*inside, (0, 0, [0, 60, 10, 10], 0.6)])
    extra = Ragged.texts([b'{"is_group_of": true}', b"{}"])
    pair = replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, extra=extra)))

    report = evaluated(pair, EvalSettings(protocol="openimages", resamples=100)).report
    alone = evaluated(replace(pair, found=_only_last(pair)), EvalSettings(protocol="openimages", resamples=0)).report

    assert [report.metrics[name].value for name in ("AP50", "precision", "recall")] == [1, 1, 1]
    assert report.errors is not None and alone.errors is not None
    assert (report.errors.ap, report.errors.verdicts["ignored"], report.errors.verdicts["true"]) == (1, 2, 2)
    # A group that nothing lies in is missed.
    assert [alone.metrics[name].value for name in ("AP50", "recall")] == [0.5, 0.5]
    assert (alone.errors.verdicts["missed"], alone.objects) == (1, 2)


def _only_last(pair: Pair) -> Dataset:
    table = pair.found.annotations
    return replace(pair.found, annotations=table.take(np.array([len(table) - 1])))


def test_by_open_images_all_detections_count_for_the_errors_too() -> None:
    many = [(0, 0, [0, 20, 10, 10 + row / 10], 0.9 - row / 1000) for row in range(120)]
    pair = hand([(0, 0, LEFT)], [*many, (0, 0, LEFT, 0.1)])

    report = evaluated(pair, EvalSettings(protocol="openimages", resamples=0)).report

    assert report.metrics["AP50"].value == pytest.approx(1 / 121)
    assert report.metrics["recall"].value == 1
