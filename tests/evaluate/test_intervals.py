"""From the figures of resamples to the ends of an interval."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest

from cvdata.evaluate.report import Number
from cvdata.evaluate.uncertainty.intervals import ENVELOPE, PAIRED, SMOOTH, interval, spread_of, two_sided


def test_the_ends_are_quantiles_of_the_resamples() -> None:
    samples = np.linspace(0.301, 0.499, 199)  # the 10th of 199 has 1/20 of 200 below it

    number = interval(samples, 0.4, 0.9)

    assert number.value == 0.4
    assert number.low == pytest.approx(0.31)
    assert number.high == pytest.approx(0.49)


def test_bias_that_resamples_show_is_taken_off() -> None:
    # Resamples lie 0.05 above the figure on average, so the figure lies 0.05 above the truth.
    samples = np.linspace(0.351, 0.549, 199)

    number = interval(samples, 0.4, 0.9, bias=SMOOTH)

    assert number.low == pytest.approx(0.35 - 0.09)
    assert number.high == pytest.approx(0.35 + 0.09)


def test_average_precision_has_twice_the_bias_that_resamples_show_and_doubt_about_it() -> None:
    # An offset of 0.05 is taken for a bias of 0.1, give or take 0.03; the resamples' own deviation is 0.03, and 0.0315
    # once the bias is off.
    samples = 0.45 + np.tile([-0.03, 0.03], 50)

    spread = spread_of(samples, 0.4, ENVELOPE)

    assert spread is not None
    assert spread.centre == pytest.approx(0.3)
    assert spread.error == pytest.approx(0.0435, abs=0.0001)


def test_a_skewed_spread_keeps_its_side() -> None:
    samples = np.concatenate([np.full(90, 0.5), np.linspace(0.5, 0.9, 10)])

    number = interval(samples, float(samples.mean()), 0.8)

    assert number.low is not None and number.high is not None and number.value is not None
    assert number.high - number.value < number.value - number.low + 0.05
    assert number.low == pytest.approx(0.5)


def test_ends_stay_within_what_the_figure_can_be() -> None:
    number = interval(np.array([0.7, 0.8, 0.9, 1.0]), 0.99, 0.95)

    assert number.high == 1.0


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_figure_that_is_not_defined_has_no_interval(value: float | None) -> None:
    assert interval(np.array([0.1, 0.2]), value, 0.95) == Number(None)


def test_a_figure_that_most_resamples_do_not_have_has_no_interval() -> None:
    samples = np.array([0.1, 0.2, np.nan, np.nan, np.nan])

    assert interval(samples, 0.15, 0.95) == Number(0.15)


def test_resamples_that_all_agree_say_nothing() -> None:
    assert interval(np.ones(100), 1.0, 0.95) == Number(1.0)


def test_resamples_that_differ_by_rounding_alone_agree() -> None:
    samples = np.array([0.6, np.float32(0.6)] * 50)  # figures of resamples are float32

    assert interval(samples, 0.6, 0.95) == Number(0.6)


def test_no_resamples_give_no_interval() -> None:
    assert interval(np.zeros(0), 0.5, 0.95) == Number(0.5)


def test_an_interval_on_few_things_is_wider() -> None:
    # Student's distribution with 4 degrees of freedom has 2.132 where the normal one has 1.645; times sqrt(5 / 4).
    samples = np.array([NormalDist(0.5, 0.05).inv_cdf((i + 0.5) / 4000) for i in range(4000)])

    many, few = interval(samples, 0.5, 0.9), interval(samples, 0.5, 0.9, among=5)

    assert many.high == pytest.approx(0.5 + 0.05 * 1.645, abs=0.001)
    assert few.high == pytest.approx(0.5 + 0.05 * 2.132 * np.sqrt(5 / 4), abs=0.002)


def test_an_interval_on_three_things_is_that_of_students_distribution_though_no_resample_lies_so_far_out() -> None:
    # All 27 means of three of 0.4, 0.5 and 0.6 lie from 0.4 to 0.6. Student's interval around 0.5, with 2 degrees of
    # freedom and a standard deviation of 0.1: 0.5 -+ 4.303 * 0.1 / sqrt(3). The approximation is 4 % too wide there.
    samples = np.array([np.mean(drawn) for drawn in product([0.4, 0.5, 0.6], repeat=3)])

    number = interval(samples, 0.5, 0.95, among=3)

    assert (number.low, number.high) == pytest.approx((0.5 - 0.2484, 0.5 + 0.2484), abs=0.0101)


def test_the_chance_of_a_difference_is_that_of_students_distribution() -> None:
    # 2.228 standard errors with 40 / 4 degrees of freedom: 5 % lie beyond (any table of Student's distribution).
    samples = 0.2228 + np.tile([-0.1, 0.1], 500)

    spread = spread_of(samples, 0.2228, PAIRED)

    assert spread is not None
    assert two_sided(spread, 40) == pytest.approx(0.05, abs=0.0005)


def test_resamples_of_a_difference_stay_where_they_are() -> None:
    samples = np.linspace(0.101, 0.299, 199)

    number = interval(samples, 0.15, 0.9, bias=PAIRED, bounds=(-1.0, 1.0))

    assert number.low == pytest.approx(0.11)
    assert number.high == pytest.approx(0.29)
