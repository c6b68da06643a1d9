"""Calibration: every expected value is worked out here, by hand or with fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.evaluate.classify import calibration, calibration_of_detections
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.report import Calibration

from .drawn import hand


def judged(score: list[float], right: list[bool], bins: int = 15) -> Calibration:
    found = calibration(np.array(score), np.array(right, np.bool_), of="pictures", bins=bins)
    assert found is not None
    return found


def test_the_error_is_the_mean_gap_weighted_by_bin() -> None:
    # Two bins. Lower: 0.2 and 0.4, none right, gap 0.3. Upper: 0.6, 0.8 and 1.0, two right, gap 0.8 - 2/3.
    found = judged([0.2, 0.4, 0.6, 0.8, 1.0], [False, False, True, False, True], bins=2)

    assert found.ece.value == pytest.approx((2 * 0.3 + 3 * (0.8 - 2 / 3)) / 5)  # 0.2
    assert found.mce == pytest.approx(0.3)
    assert [b.count for b in found.bins] == [2, 3]
    assert [b.confidence for b in found.bins] == [pytest.approx(0.3), pytest.approx(0.8)]
    assert [b.accuracy for b in found.bins] == [0.0, pytest.approx(2 / 3)]


def test_confidences_that_hold_what_they_say_have_no_error() -> None:
    found = judged([0.75] * 4 + [0.5] * 2, [True, True, True, False, True, False])

    assert found.ece.value == 0.0
    assert found.mce == 0.0


def test_a_surety_that_is_always_wrong_has_an_error_of_one() -> None:
    found = judged([1.0, 1.0], [False, False])

    assert (found.ece.value, found.mce) == (1.0, 1.0)


def test_there_are_fifteen_bins_of_equal_width_from_0_to_1() -> None:
    found = judged([0.5], [True])

    assert len(found.bins) == 15
    assert [b.low for b in found.bins] == pytest.approx([i / 15 for i in range(15)])
    assert [b.high for b in found.bins] == pytest.approx([(i + 1) / 15 for i in range(15)])
    assert found.bins[0].low == 0.0
    assert found.bins[-1].high == 1.0


def test_a_border_belongs_to_the_bin_below_it_and_zero_to_the_first() -> None:
    found = judged([0.0, 0.25, 0.5, 0.50001, 0.75, 1.0], [True] * 6, bins=4)

    # (0, 0.25], (0.25, 0.5], (0.5, 0.75], (0.75, 1]; Guo et al. leave 0 out, which drops a case.
    assert [b.count for b in found.bins] == [2, 1, 2, 1]


def test_an_empty_bin_has_neither_confidence_nor_accuracy() -> None:
    found = judged([0.1, 0.9], [False, True], bins=3)

    assert found.bins[1].count == 0
    assert found.bins[1].confidence is None
    assert found.bins[1].accuracy is None
    assert found.ece.value == pytest.approx(0.1)
    assert found.mce == pytest.approx(0.1)


def test_cases_without_confidence_are_left_out() -> None:
    score, right = np.array([0.5, np.nan, 0.5]), np.array([True, False, True])

    found = calibration(score, right, of="pictures")

    assert found is not None
    assert sum(b.count for b in found.bins) == 2
    assert found.ece.value == 0.5


@pytest.mark.parametrize("score", [[], [np.nan], [0.5, 1.5], [7.0]])
def test_there_is_no_calibration_of_nothing_or_of_scores_above_one(score: list[float]) -> None:
    assert calibration(np.array(score), np.ones(len(score), np.bool_), of="pictures") is None


def test_weights_count_a_case_as_often_as_they_say() -> None:
    score, right = np.array([0.2, 0.6, 0.6, np.nan]), np.array([True, False, True, False])

    found = calibration(score, right, of="pictures", weights=np.array([0.0, 3, 1, 5]))

    assert found is not None
    assert found.ece.value == pytest.approx(abs(0.6 - 1 / 4))  # four cases, one right
    assert sum(b.count for b in found.bins) == 4
    assert calibration(score, right, of="pictures", weights=np.array([0.0, 0, 0, 2])) is None


def exact(score: list[Fraction], right: list[bool], bins: int) -> Fraction:
    """Work the error out with fractions, bin by bin."""
    total = Fraction(0)
    for k in range(bins):
        low, high = Fraction(k, bins), Fraction(k + 1, bins)
        rows = [i for i, s in enumerate(score) if low < s <= high or (k == 0 and s == 0)]
        if rows:
            confidence = sum((score[i] for i in rows), Fraction(0)) / len(rows)
            accuracy = Fraction(sum(right[i] for i in rows), len(rows))
            total += abs(confidence - accuracy) * Fraction(len(rows), len(score))
    return total


@given(st.lists(st.tuples(st.integers(0, 64), st.booleans()), min_size=1, max_size=30), st.sampled_from([1, 2, 4, 8]))
def test_the_error_is_that_of_exact_arithmetic(cases: list[tuple[int, bool]], bins: int) -> None:
    fractions, right = [Fraction(s, 64) for s, _ in cases], [r for _, r in cases]

    found = judged([float(s) for s in fractions], right, bins)

    assert found.ece.value == pytest.approx(float(exact(fractions, right, bins)), abs=1e-12)
    assert sum(b.count for b in found.bins) == len(cases)


def test_a_detection_is_right_where_it_finds_an_object_at_half_overlap() -> None:
    # The first lies on the object, the second overlaps it by a third, the third lies on nothing.
    pair = hand(
        [(0, 0, (0, 0, 10, 10))],
        [(0, 0, (0, 0, 10, 10), 0.9), (0, 0, (5, 0, 10, 10), 0.5), (0, 0, (50, 50, 9, 9), 0.1)],
    )

    said = calibration_of_detections(pair, match(pair, box_overlaps(pair), Rules()))

    assert said is not None
    assert said.of == "detections"
    assert said.ece.value == pytest.approx((0.1 + 0.5 + 0.1) / 3)
    assert said.mce == pytest.approx(0.5)


def test_detections_on_crowds_are_neither_right_nor_wrong() -> None:
    from dataclasses import replace

    pair = hand([(0, 0, (0, 0, 10, 10))], [(0, 0, (0, 0, 10, 10), 0.9)])
    crowd = replace(pair.truth.annotations, crowd=np.array([True]))
    pair = replace(pair, truth=replace(pair.truth, annotations=crowd))

    assert calibration_of_detections(pair, match(pair, box_overlaps(pair), Rules())) is None


def test_detections_that_were_not_matched_at_half_overlap_have_no_calibration() -> None:
    pair = hand([(0, 0, (0, 0, 10, 10))], [(0, 0, (0, 0, 10, 10), 0.9)])

    assert calibration_of_detections(pair, match(pair, box_overlaps(pair), Rules(thresholds=(0.75,)))) is None
