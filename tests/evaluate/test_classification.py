"""Classifiers: figures worked out by hand, and against plain loops on random pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.classify import (
    Classified,
    class_figures,
    class_metrics,
    class_results,
    classify,
    confusion_of,
    is_classification,
    label_report,
    suspect_labels,
    worst_pictures,
)
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.settings import EvalSettings

Label = tuple[int, int]
Said = tuple[int, int, float]


def labelled(images: int, classes: int, rows: Sequence[tuple[Any, ...]]) -> Dataset:
    """Make a dataset of whole-picture labels from rows (picture, class) or (picture, class, score)."""
    rows = sorted(rows, key=lambda row: row[0])
    used = {row[0] for row in rows}
    return Dataset(
        images=Images(
            names=tuple(f"{i}.jpg" for i in range(images)),
            width=np.full(images, 30, np.int32),
            height=np.full(images, 20, np.int32),
            state=np.array([State.LABELLED if i in used else State.EMPTY for i in range(images)], np.uint8),
            split=np.full(images, -1, np.int32),
            folder=np.full(images, -1, np.int32),
        ),
        annotations=Annotations(
            image=np.array([row[0] for row in rows], np.int32),
            category=np.array([row[1] for row in rows], np.int32),
            box=np.full((len(rows), 4), np.nan),
            score=np.array([row[2] for row in rows]) if rows and len(rows[0]) == 3 else None,
        ),
        categories=Categories(names=tuple(f"class {i}" for i in range(classes))),
    )


def pair_of(images: int, classes: int, truth: Sequence[Label], found: Sequence[Said]) -> Pair:
    return align(labelled(images, classes, truth), labelled(images, classes, found))


def classified(images: int, classes: int, truth: Sequence[Label], found: Sequence[Said]) -> Classified:
    return classify(pair_of(images, classes, truth, found))


# Ten pictures of three classes: five, three and two. Guessed: class 0 is right 4 of 5 (one taken for 1), class 1 is
# right 1 of 3 (two taken for 0), class 2 is right 1 of 2 (the other has no prediction).
TRUTH: list[Label] = [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (6, 1), (7, 1), (8, 2), (9, 2)]
GUESS = [0, 0, 0, 0, 1, 1, 0, 0, 2]
FOUND: list[Said] = [(i, c, 0.5 + i / 20) for i, c in enumerate(GUESS)]


def test_accuracy_is_the_share_of_pictures_whose_surest_class_is_right() -> None:
    metrics = class_metrics(classified(10, 3, TRUTH, FOUND))

    assert metrics["top1"] == 6 / 10
    assert metrics["balanced_accuracy"] == pytest.approx((4 / 5 + 1 / 3 + 1 / 2) / 3)
    # F1 is 2 hits / (guessed + there): 8 / 11, 2 / 5, 2 / 3.
    assert metrics["macro_F1"] == pytest.approx((8 / 11 + 2 / 5 + 2 / 3) / 3)
    assert metrics["weighted_F1"] == pytest.approx((5 * 8 / 11 + 3 * 2 / 5 + 2 * 2 / 3) / 10)
    assert list(metrics) == ["top1", "top5", "balanced_accuracy", "macro_F1", "weighted_F1"]


def test_each_class_has_its_precision_recall_and_f1() -> None:
    figures = class_figures(classified(10, 3, TRUTH, FOUND))

    assert figures["precision"].tolist() == pytest.approx([4 / 6, 1 / 2, 1])
    assert figures["recall"].tolist() == pytest.approx([4 / 5, 1 / 3, 1 / 2])
    assert figures["F1"].tolist() == pytest.approx([8 / 11, 2 / 5, 2 / 3])


def test_results_of_classes_count_pictures_and_guesses() -> None:
    results = class_results(classified(10, 3, TRUTH, FOUND))

    assert [(r.name, r.images, r.objects, r.detections) for r in results] == [
        ("class 0", 5, 5, 6),
        ("class 1", 3, 3, 2),
        ("class 2", 2, 2, 1),
    ]
    assert results[1].metrics["precision"].value == 0.5


def test_the_confusion_matrix_has_the_truth_in_its_rows_and_no_background() -> None:
    confusion = confusion_of(classified(10, 3, TRUTH, FOUND))

    assert confusion is not None
    assert confusion.counts == [[4, 1, 0], [2, 1, 0], [0, 0, 1]]
    assert confusion.names == ["class 0", "class 1", "class 2"]
    assert not confusion.background


def test_pictures_without_prediction_count_as_wrong_and_are_told() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)
    said = classify(pair)

    assert said.guess.tolist()[9] == -1
    assert math.isnan(said.score[9])
    assert not said.right[9]
    assert [(f.code, f.count, f.examples) for f in said.findings] == [("no-prediction", 1, ["9.jpg"])]


def test_figures_that_nothing_defines_are_not_numbers() -> None:
    # Class 1 is never there and never guessed, class 2 is guessed once and never there.
    said = classified(2, 3, [(0, 0), (1, 0)], [(0, 0, 0.5), (1, 2, 0.5)])

    figures, results = class_figures(said), class_results(said)

    assert [None if math.isnan(v) else v for v in figures["precision"].tolist()] == [1.0, None, 0.0]
    assert [None if math.isnan(v) else v for v in figures["recall"].tolist()] == [0.5, None, None]
    assert [None if math.isnan(v) else v for v in figures["F1"].tolist()] == [pytest.approx(2 / 3), None, 0.0]
    assert results[1].metrics["F1"].value is None
    assert class_metrics(said)["balanced_accuracy"] == 0.5
    assert class_metrics(said)["macro_F1"] == pytest.approx((2 / 3 + 0) / 2)


def test_of_equally_sure_classes_the_first_is_the_guess() -> None:
    said = classified(1, 3, [(0, 1)], [(0, 2, 0.5), (0, 1, 0.5), (0, 0, 0.1)])

    assert said.guess.tolist() == [1]


def test_of_two_scores_of_a_class_the_surer_counts() -> None:
    said = classified(1, 2, [(0, 1)], [(0, 1, 0.2), (0, 0, 0.5), (0, 1, 0.9)])

    assert said.guess.tolist() == [1]
    assert said.score.tolist() == [0.9]
    assert said.own.tolist() == [0.9]


def wide(scores: list[list[float]]) -> list[Said]:
    return [(i, c, s) for i, row in enumerate(scores) for c, s in enumerate(row)]


def test_top_5_takes_the_five_surest_and_of_equal_ones_the_first_listed() -> None:
    scores = [
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.0],  # the truth, 4, is the fifth
        [0.9, 0.8, 0.7, 0.6, 0.4, 0.5, 0.0],  # the truth, 4, is the sixth
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],  # seven alike: 4 is the fifth listed
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],  # and 5 the sixth
    ]

    said = classified(4, 7, [(0, 4), (1, 4), (2, 4), (3, 5)], wide(scores))

    assert said.top5 is not None
    assert said.top5.tolist() == [True, False, True, False]
    assert class_metrics(said)["top5"] == 0.5


def test_top_5_is_not_defined_of_five_classes_or_where_fewer_are_named() -> None:
    five = classified(1, 5, [(0, 0)], wide([[0.5, 0.4, 0.3, 0.2, 0.1]]))
    four = classified(2, 6, [(0, 0), (1, 0)], [*wide([[0.5, 0.4, 0.3, 0.2, 0.1, 0.0]]), (1, 0, 0.5)])

    assert math.isnan(class_metrics(five)["top5"])
    assert math.isnan(class_metrics(four)["top5"])


def test_a_picture_without_prediction_takes_nothing_from_top_5_of_the_others() -> None:
    said = classified(2, 6, [(0, 5), (1, 0)], wide([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]))

    assert class_metrics(said)["top5"] == 0.5


def test_pictures_without_class_are_left_out_and_told() -> None:
    said = classified(3, 2, [(0, 0), (2, 1)], [(0, 0, 0.5), (1, 1, 0.5), (2, 1, 0.5)])

    assert class_metrics(said)["top1"] == 1.0
    assert said.pictures.tolist() == [0, 2]
    assert [(f.code, f.count) for f in said.findings] == [("pictures-without-class", 1)]


def test_weights_count_pictures_as_often_as_they_were_drawn() -> None:
    said, weights = classified(10, 3, TRUTH, FOUND), np.array([0, 2, 1, 0, 3, 1, 0, 2, 0, 1])
    drawn = np.repeat(np.arange(10), weights)
    again = [(i, TRUTH[old][1]) for i, old in enumerate(drawn.tolist())]
    guesses = [(i, GUESS[old], 0.5) for i, old in enumerate(drawn.tolist()) if old < 9]

    expected = class_metrics(classified(10, 3, again, guesses))

    assert class_metrics(said, weights) == pytest.approx(expected, nan_ok=True)


def by_loops(truth: np.ndarray[Any, Any], score: np.ndarray[Any, Any]) -> dict[str, float]:
    """Work the figures out picture by picture."""
    classes = score.shape[1]
    ranked = [[c for _, c in sorted((-s, c) for c, s in enumerate(row))] for row in score.tolist()]
    guess = [order[0] for order in ranked]
    recalls, f1, weighted = [], [], 0.0
    for c in range(classes):
        hits = sum(g == c == t for g, t in zip(guess, truth, strict=True))
        there, said = sum(truth == c), guess.count(c)
        if there:
            recalls.append(hits / there)
        if there + said:
            f1.append(2 * hits / (there + said))
            weighted += there * f1[-1] / len(truth)
    return {
        "top1": sum(g == t for g, t in zip(guess, truth, strict=True)) / len(truth),
        "top5": sum(t in order[:5] for t, order in zip(truth, ranked, strict=True)) / len(truth),
        "balanced_accuracy": sum(recalls) / len(recalls),
        "macro_F1": sum(f1) / len(f1),
        "weighted_F1": weighted,
    }


@pytest.mark.parametrize("seed", range(20))
def test_figures_are_those_of_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, score = rng.integers(0, 8, 60), np.round(rng.random((60, 8)), 1)  # with many ties

    said = classified(60, 8, [(i, int(c)) for i, c in enumerate(truth)], wide(score.tolist()))

    assert class_metrics(said) == pytest.approx(by_loops(truth, score))


def test_of_very_many_classes_the_most_confused_are_shown() -> None:
    truth = [(i, i) for i in range(150)]
    guesses = [(i, 149 if i == 148 else i, 0.5) for i in range(150)]

    confusion = confusion_of(classified(150, 150, truth, guesses))

    assert confusion is not None
    assert len(confusion.names) == len(confusion.counts) == 100
    assert confusion.names[-2:] == ["class 148", "class 149"]
    assert confusion.counts[-2][-1] == 1


# --- several labels a picture


SEVERAL: list[Label] = [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0)]


def test_average_precision_sums_precision_over_the_recall_that_is_won() -> None:
    # Class 0 is in pictures 0, 1 and 3; by score: 1 (right), 2 (wrong), 0 (right), and 3 is never said.
    # Class 1 is in 0 and 2: 0 and 3 are equally sure, so both come at once, then 2.
    found = [(1, 0, 0.9), (2, 0, 0.8), (0, 0, 0.3), (0, 1, 0.6), (3, 1, 0.6), (2, 1, 0.1)]

    said = classified(4, 2, SEVERAL, found)

    assert said.several is not None
    figures = class_figures(said)
    assert figures["AP"].tolist() == pytest.approx([(1 + 2 / 3) / 3, (1 / 2 + 2 / 3) / 2])
    # At 0.5: class 0 is said of 1 and 2, one right of three; class 1 of 0 and 3, one right of two.
    assert figures["precision"].tolist() == [0.5, 0.5]
    assert figures["recall"].tolist() == pytest.approx([1 / 3, 1 / 2])
    metrics = class_metrics(said)
    assert metrics["mAP"] == pytest.approx(figures["AP"].mean())
    assert metrics["macro_F1"] == pytest.approx((2 / 5 + 2 / 4) / 2)
    assert metrics["micro_F1"] == pytest.approx(2 * 2 / (4 + 5))
    assert metrics["weighted_F1"] == pytest.approx((3 * 2 / 5 + 2 * 2 / 4) / 5)


def test_with_several_labels_nothing_is_said_of_confusion() -> None:
    pair = pair_of(4, 2, SEVERAL, [(0, 0, 0.9)])
    said = classify(pair)

    assert confusion_of(said) is None
    assert worst_pictures(pair, said) == []
    assert suspect_labels(pair, said) == []


def test_scores_above_one_still_rank_but_say_no_yes() -> None:
    said = classified(4, 2, SEVERAL, [(1, 0, 9.0), (0, 0, 3.0)])

    metrics = class_metrics(said)

    assert metrics["mAP"] == pytest.approx((2 / 3 + 0) / 2)
    assert math.isnan(metrics["macro_F1"])
    assert math.isnan(class_figures(said)["precision"][0])


@pytest.mark.parametrize("seed", range(10))
def test_average_precision_is_that_of_plain_loops_also_of_resamples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    there, score = rng.random((12, 3)) < 0.5, np.round(rng.random((12, 3)), 1)
    there[0] = True
    weights = rng.integers(0, 3, 12)
    truth = [(i, c) for i in range(12) for c in range(3) if there[i, c]]

    said = classified(12, 3, truth, wide(score.tolist()))

    def ap(c: int) -> float:
        total, area, before = float(weights[there[:, c]].sum()), 0.0, 0.0
        for level in sorted(set(score[:, c].tolist()), reverse=True):
            chosen = score[:, c] >= level
            hits, count = float(weights[chosen & there[:, c]].sum()), float(weights[chosen].sum())
            area += (hits - before) / total * (hits / count if count else 0.0)
            before = hits
        return area

    assert class_figures(said, weights)["AP"].tolist() == pytest.approx([ap(c) for c in range(3)])


# --- what to look at


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


# --- what is refused


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


# --- the report


def report_of(pair: Pair, settings: EvalSettings, other: Pair | None = None) -> EvalReport:
    from cvdata.evaluate.run import Names

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
