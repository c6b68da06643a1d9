"""Precision-recall and F1 curves and the confidence that is best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.evaluate.diagnosis import Diagnosis, diagnose
from cvdata.evaluate.diagnosis.curves import thinned
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair

from .drawn import hand, pair_of

HERE, THERE = (10, 10, 10, 10), (50, 50, 10, 10)


def diagnosis_of(pair: Pair) -> Diagnosis:
    overlaps = box_overlaps(pair, least=0.1)
    return diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes")


def three_of_four() -> Pair:
    """Class 0: true at 0.9, true and false at 0.8, false at 0.7, of three objects; class 1: true at 0.6 of one."""
    return hand(
        [(0, 0, HERE), (1, 0, HERE), (2, 0, HERE), (3, 1, HERE)],
        [
            (0, 0, HERE, 0.9),
            (1, 0, THERE, 0.8),
            (1, 0, HERE, 0.8),
            (2, 0, THERE, 0.7),
            (3, 1, HERE, 0.6),
        ],
    )


def test_f1_is_read_where_all_detections_of_equal_confidence_are_in() -> None:
    curve = diagnosis_of(three_of_four()).curves[1]

    # 2 TP / (detections + objects): 2/(1+3), 4/(3+3), 4/(4+3).
    assert curve.name == "class 0"
    assert curve.score == [0.7, 0.8, 0.9]
    assert curve.f1 == pytest.approx([4 / 7, 4 / 6, 2 / 4])


def test_each_recall_has_the_confidence_that_reaches_it() -> None:
    mean, curve = diagnosis_of(three_of_four()).curves[:2]
    confidence = dict(zip(curve.recall, curve.confidence, strict=True))

    # One of the three objects is found at 0.9, another at 0.8, the last at none.
    assert confidence[0.0] == 0.9
    assert confidence[0.34] == 0.8
    assert confidence[1.0] == 0
    assert set(confidence.values()) == {0.9, 0.8, 0}
    assert mean.confidence == []


def test_each_class_has_the_confidence_of_its_highest_f1() -> None:
    points = diagnosis_of(three_of_four()).operating_points

    assert [(point.name, point.score) for point in points] == [(None, 0.6), ("class 0", 0.8), ("class 1", 0.6)]
    assert (points[1].f1, points[1].precision, points[1].recall) == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_one_confidence_for_all_maximises_the_mean_f1_over_classes() -> None:
    overall = diagnosis_of(three_of_four()).operating_points[0]

    # At 0.6 class 0 has 4/7 and class 1 has 1; at 0.8 they have 2/3 and 0.
    assert overall.score == 0.6
    assert overall.f1 == pytest.approx((4 / 7 + 1) / 2)
    assert overall.precision == pytest.approx((2 / 4 + 1) / 2)
    assert overall.recall == pytest.approx((2 / 3 + 1) / 2)


def test_of_confidences_with_the_same_f1_the_highest_is_taken() -> None:
    # 2/(1+2), then 2/(2+2), then 4/(3+2) and 4/(4+2) = 2/3 as at first.
    pair = hand([(0, 0, HERE), (0, 0, THERE)], [(0, 0, HERE, 0.9), (0, 0, (80, 80, 9, 9), 0.8)])

    assert diagnosis_of(pair).operating_points[0].score == 0.9


def test_figures_of_classes_are_those_at_the_common_confidence() -> None:
    classes = diagnosis_of(three_of_four()).classes

    assert classes[0] == pytest.approx({"precision": 1 / 2, "recall": 2 / 3, "F1": 4 / 7, "mean_IoU": 1.0})
    assert classes[1] == {"precision": 1.0, "recall": 1.0, "F1": 1.0, "mean_IoU": 1.0}


def test_a_class_without_objects_has_no_curve_and_does_not_count_in_means() -> None:
    pair = hand([(0, 0, HERE)], [(0, 0, HERE, 0.9), (0, 1, HERE, 0.95)])

    diagnosis = diagnosis_of(pair)

    assert [curve.name for curve in diagnosis.curves] == [None, "class 0"]
    assert diagnosis.operating_points[0].f1 == 1
    assert diagnosis.classes[1] == {"precision": 0.0, "recall": None, "F1": None, "mean_IoU": None}


def test_where_nothing_is_true_no_confidence_is_best() -> None:
    diagnosis = diagnosis_of(hand([(0, 0, HERE)], [(0, 0, THERE, 0.9)]))

    overall = diagnosis.operating_points[0]
    assert (overall.score, overall.f1) == (None, 0.0)
    assert diagnosis.errors.score == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_the_mean_of_the_precision_curve_is_ap50(seed: int) -> None:
    diagnosis = diagnosis_of(pair_of(seed, crowd=0))

    overall = diagnosis.curves[0]
    at = np.interp(np.linspace(0, 1, 101), overall.recall, overall.precision)
    assert float(at.mean()) == pytest.approx(diagnosis.errors.ap, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_confidence_is_that_of_trying_every_one(seed: int) -> None:
    pair = pair_of(seed)
    overlaps = box_overlaps(pair, least=0.1)
    matches = match(pair, overlaps, Rules(thresholds=(0.5,)))

    overall = diagnosis_of(pair).operating_points[0]

    category = pair.truth.annotations.category[matches.counted]
    tried = []
    for score in np.unique(pair.score).tolist():
        sure = pair.score >= score
        values = []
        for row in np.unique(category).tolist():
            of_class = sure & (pair.found.annotations.category == row)
            true, false = (matches.true[0] & of_class).sum(), (matches.false[0] & of_class).sum()
            values.append(2 * true / (true + false + (category == row).sum()))
        tried.append((float(np.mean(values)), score))
    best = max(value for value, _ in tried)
    assert overall.f1 == pytest.approx(best, abs=1e-12)
    assert overall.score == max(score for value, score in tried if value > best - 1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=2000))
def test_a_thinned_curve_keeps_ends_and_extremes(values: list[float]) -> None:
    column = np.array(values)

    places = thinned(column)

    assert len(places) <= 200
    assert (np.diff(places) > 0).all()
    assert places[0] == 0
    assert places[-1] == len(values) - 1
    assert column[places].max() == column.max()
    assert column[places].min() == column.min()


@pytest.mark.parametrize("size", [201, 250, 5000])
def test_a_thinned_long_curve_keeps_its_one_peak_and_its_one_valley(size: int) -> None:
    column = np.full(size, 0.5)
    column[size // 3], column[size // 2] = 1.0, 0.0

    places = thinned(column)

    assert {0, size // 3, size // 2, size - 1} <= set(places.tolist())
    assert len(places) <= 200


def test_the_order_of_pictures_changes_nothing_where_no_confidences_are_equal() -> None:
    pair = pair_of(8)

    turned = replace(pair, order=pair.order[::-1].copy())

    assert diagnosis_of(turned).errors == diagnosis_of(pair).errors
