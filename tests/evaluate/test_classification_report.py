"""Reports on classifiers: what to look at, intervals, slices, two models, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Annotations, Dataset
from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.classify import classify, is_classification, label_report, suspect_labels, worst_pictures
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.settings import EvalSettings

from .classifiers_made import FOUND, SEVERAL, TRUTH, classified, labelled, pair_of, wide


def test_the_worst_pictures_are_those_that_it_is_surest_and_wrong_on() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)

    worst = worst_pictures(pair, classify(pair))

    assert [w.image for w in worst] == ["7.jpg", "6.jpg", "4.jpg"]  # 0.85, 0.8, 0.7
    assert worst[0].verdicts == {"class 1 found as class 0": 1}


def test_a_label_is_suspect_where_it_is_as_sure_of_another_class_as_it_is_of_pictures_labelled_so() -> None:
    # Class 0 is given 0.9 and 0.7 where it is the label, 0.8 on average; class 1 has 0.6, 0.1 and 0.05: 0.25.
    truth = [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1)]
    scores = [[0.9, 0.1], [0.7, 0.3], [0.4, 0.6], [0.79, 0.1], [0.85, 0.05]]
    pair = pair_of(5, 2, truth, wide(scores))

    (suspect,) = suspect_labels(pair, classify(pair))

    # Picture 3 is taken for class 0, too, but with less than 0.8.
    assert (suspect.image, suspect.truth, suspect.found, suspect.score) == ("4.jpg", "class 1", "class 0", 0.85)
    assert suspect.kind == "swapped"
    assert suspect.surety == pytest.approx(0.8)
    assert suspect.box == (0, 0, 30, 20)


def test_suspect_labels_are_sorted_by_how_much_surer_of_another_class_it_is() -> None:
    truth = [(0, 0), (1, 1), (2, 1), (3, 1)]
    pair = pair_of(4, 2, truth, wide([[0.5, 0.0], [0.8, 0.25], [0.75, 0.0], [0.9, 0.45]]))

    suspects = suspect_labels(pair, classify(pair))

    assert [(s.image, s.surety) for s in suspects] == [("2.jpg", 0.75), ("1.jpg", pytest.approx(0.55))]  # 3.jpg: 0.45


def test_a_truth_without_labels_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no picture of the truth has a label"):
        classified(2, 2, [], [(0, 0, 0.5)])


def test_labels_of_whole_pictures_are_told_from_boxes() -> None:
    labels = labelled(2, 1, [(0, 0)])
    boxes = Dataset(
        images=labels.images,
        annotations=Annotations(
            image=np.zeros(1, np.int32), category=np.zeros(1, np.int32), box=np.array([[0.0, 0, 1, 1]])
        ),
        categories=labels.categories,
    )

    assert is_classification(labels)
    assert not is_classification(boxes)
    assert not is_classification(labelled(2, 1, []))


def report_of(pair: Pair, settings: EvalSettings, other: Pair | None = None) -> EvalReport:
    from cvdata.evaluate.report import Names

    return label_report(pair, other, settings, Names())


def test_the_report_has_figures_with_intervals_and_what_to_look_at() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)

    report = report_of(pair, EvalSettings(resamples=200))

    assert report.task == "classification"
    assert report.kind == "labels"
    assert list(report.metrics) == ["top1", "top5", "balanced_accuracy", "macro_F1", "weighted_F1", "ECE"]
    top1 = report.metrics["top1"]
    assert top1.value == 0.6
    assert top1.low is not None
    assert top1.high is not None
    assert 0 <= top1.low < 0.6 < top1.high <= 1
    assert report.metrics["top5"].value is None
    assert report.classes[0].metrics["recall"].value == 0.8
    assert report.classes[0].metrics["recall"].low is not None
    assert report.intervals is not None
    assert report.intervals.units == 10
    assert report.calibration is not None
    assert report.calibration.ece == report.metrics["ECE"]
    assert report.worst[0].image == "7.jpg"
    assert [f.code for f in report.findings] == ["no-prediction"]


def test_without_details_there_are_the_figures_alone() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)

    report = report_of(pair, EvalSettings(details=False))

    assert report.metrics["top1"].low is None
    assert report.intervals is None
    assert report.confusion is None
    assert report.worst == []


def test_scores_above_one_have_no_calibration() -> None:
    pair = pair_of(2, 2, [(0, 0), (1, 1)], [(0, 0, 5.5), (1, 1, 0.5)])

    report = report_of(pair, EvalSettings(resamples=0))

    assert report.calibration is None
    assert report.metrics["ECE"].value is None
    assert report.metrics["top1"].value == 1.0
    assert [f.code for f in report.findings] == ["scores-above-1"]


def test_several_labels_have_a_report_of_their_own() -> None:
    pair = pair_of(4, 2, SEVERAL, [(1, 0, 0.9), (0, 1, 0.6)])

    report = report_of(pair, EvalSettings(resamples=200))

    assert list(report.metrics) == ["mAP", "macro_F1", "micro_F1", "weighted_F1"]
    assert list(report.classes[0].metrics) == ["AP", "F1", "precision", "recall"]
    assert report.calibration is None


@pytest.mark.parametrize(
    ("option", "settings"),
    [
        ("--explain", EvalSettings(explain=True)),
        ("--kind", EvalSettings(kind="boxes")),
        ("--protocol", EvalSettings(protocol="voc07")),
        ("--engine", EvalSettings(engine="pycocotools")),
        ("--iou", EvalSettings(thresholds=(0.5,))),
        ("--areas", EvalSettings(areas={"all": (0, 1e10)})),
        ("--max-detections", EvalSettings(max_detections=(10,))),
    ],
)
def test_a_rule_for_objects_is_refused_for_labels(option: str, settings: EvalSettings) -> None:
    with pytest.raises(UsageError, match=f"{option} is for objects"):
        report_of(pair_of(10, 3, TRUTH, FOUND), settings)


def sliced(pair: Pair, **columns: Any) -> Pair:
    """Return the pair with more columns of its pictures."""
    return replace(pair, truth=replace(pair.truth, images=replace(pair.truth.images, **columns)))


def test_figures_of_a_part_of_the_pictures_are_those_of_these_pictures_alone() -> None:
    split = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, -1], np.int32)
    pair = sliced(pair_of(10, 3, TRUTH, FOUND), split=split, splits=("train", "val"))

    slices = report_of(pair, EvalSettings(resamples=200, by=("split",))).slices

    assert [(s.by, s.value, s.of) for s in slices] == [
        ("split", "train", "pictures"),
        ("split", "val", "pictures"),
        ("split", "not given", "pictures"),
    ]
    assert [(s.pictures, s.objects, s.detections) for s in slices] == [(5, 5, 5), (4, 4, 4), (1, 1, 0)]
    assert [s.metrics["top1"].value for s in slices] == [1.0, 0.25, 0.0]
    assert slices[1].metrics["balanced_accuracy"].value == pytest.approx((0 + 1 / 3) / 2)
    assert slices[1].metrics["top1"].high is not None


def test_a_class_or_slice_of_few_pictures_is_less_sure_than_one_of_many_that_scores_the_same() -> None:
    # Half of 4 and half of 96 pictures are right; of four pictures 0.5 may be anything.
    truth = [0, 0, 1, 1] + [2] * 48 + [3] * 48
    found = [0, 1, 1, 0] + [2, 3] * 48
    split = (np.arange(100) >= 4).astype(np.int32)
    said = [(row, code, 0.9) for row, code in enumerate(found)]
    pair = sliced(pair_of(100, 4, list(enumerate(truth)), said), split=split, splits=("few", "many"))

    report = report_of(pair, EvalSettings(resamples=200, by=("split",)))

    number = report.slices[0].metrics["top1"]
    assert (number.low, number.high) == (0.0, 1.0)
    recall = report.classes[0].metrics["recall"]
    assert (recall.low, recall.high) == (0.0, 1.0)
    assert report.slices[1].metrics["top1"].low == pytest.approx(0.4, abs=0.03)


def test_an_attribute_of_labels_slices_pictures_with_one_label() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)
    hard = np.array([1, 1, 0, 0, 1, 0, 0, 1, 1, 0], np.int8)
    truth = replace(pair.truth, annotations=replace(pair.truth.annotations, difficult=hard))

    slices = report_of(replace(pair, truth=truth), EvalSettings(resamples=0, by=("difficult",))).slices

    assert [(s.value, s.objects, s.metrics["top1"].value) for s in slices] == [("yes", 5, 0.6), ("no", 5, 0.6)]


@pytest.mark.parametrize(("by", "found"), [("size", "have no size"), ("difficult", "pictures have several")])
def test_a_slice_that_pictures_do_not_have_is_refused(by: str, found: str) -> None:
    pair = pair_of(4, 2, SEVERAL, [(0, 0, 0.9)])
    truth = replace(pair.truth, annotations=replace(pair.truth.annotations, difficult=np.ones(5, np.int8)))

    with pytest.raises(UsageError, match=found):
        report_of(replace(pair, truth=truth), EvalSettings(by=(by,)))


def test_sizes_are_not_offered_to_slice_labels_by() -> None:
    with pytest.raises(UsageError, match="no column 'sizes' to slice by") as error:
        report_of(pair_of(10, 3, TRUTH, FOUND), EvalSettings(by=("sizes",)))

    assert error.value.hint == "there are: folder"


def test_two_classifiers_are_compared_on_the_same_pictures() -> None:
    truth = [(i, i % 2) for i in range(60)]
    good = pair_of(60, 2, truth, [(i, i % 2, 0.9) for i in range(60)])
    bad = pair_of(60, 2, truth, [(i, 0 if i < 30 else i % 2, 0.9) for i in range(60)])

    up = report_of(bad, EvalSettings(resamples=300), good).comparison
    down = report_of(good, EvalSettings(resamples=300), bad).comparison
    same = report_of(good, EvalSettings(resamples=300), good).comparison

    assert up is not None
    assert down is not None
    assert same is not None
    assert [row.metric for row in up.metrics] == ["top1", "top5", "balanced_accuracy", "macro_F1", "weighted_F1"]
    assert up.metrics[0].first == 0.75
    assert up.metrics[0].difference.value == 0.25
    assert [row.verdict for row in up.metrics if row.first is not None] == ["better"] * 4
    assert [row.verdict for row in down.metrics if row.first is not None] == ["worse"] * 4
    assert [(row.name, row.metric, row.objects) for row in up.classes] == [("class 0", "F1", 30), ("class 1", "F1", 30)]
    assert {row.verdict for row in [*same.metrics, *same.classes]} == {"too few objects to say"}


def test_two_models_are_not_compared_without_resamples() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)

    with pytest.raises(UsageError, match="cannot be compared without resamples"):
        report_of(pair, EvalSettings(resamples=0), pair)
