"""From what a person found to thresholds, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.prelabel.review.draw import ClassOrder
from cvdata.prelabel.review.estimate import RIGHT, UNSEEN, WRONG, level_of, review_class
from cvdata.prelabel.review.records import ClassReview, ReviewSettings

from .reviewed import order_of

MANY = 100_000


def order(size: int, bands: int) -> ClassOrder:
    return order_of(np.linspace(0.99, 0.01, size), bands, np.random.default_rng(0))


def seen(order: ClassOrder, quota: int, wrong: list[int] | None = None) -> NDArray[np.int8]:
    """Return the verdict of a person who finds these wrong, given as places in the order, among the first."""
    verdict = np.full(len(order.rows), UNSEEN, np.int8)
    verdict[order.first(quota)] = RIGHT
    verdict[order.rows[wrong or []]] = WRONG
    return verdict


def reviewed(size: int, quota: int, wrong: list[int] | None = None, bands: int = 1) -> ClassReview:
    one = order(size, bands)
    return review_class(one, seen(one, quota, wrong), [quota], ReviewSettings())


def test_63_right_ones_of_63_promise_95_percent_of_very_many() -> None:
    found = reviewed(MANY, 63)

    assert (found.promised, found.threshold, found.accepts) == (True, 0.01, MANY)
    assert (found.seen, found.right, found.advice) == (63, 63, "")


def test_of_62_all_right_it_is_said_what_they_support_and_how_many_more_it_takes() -> None:
    found = reviewed(MANY, 62)

    assert found.more == 1
    # 0.95 ** 62 = 0.0416 is more than four fifths of 5 %; 0.04 ** (1 / 62) = 0.9494.
    assert not found.promised
    assert found.advice == (
        "62 proposals seen, all right: that supports 94.9 %; review 1 more there: if they are right, that makes 95 %"
    )


def test_one_wrong_of_63_takes_a_larger_second_look() -> None:
    found = reviewed(MANY, 63, [5])

    # p ** 63 + 63 (1 - p) p ** 62 is 0.0402 for p = 0.923, 0.0380 for 0.922, which is below 0.04. The second look may
    # err with a fifth of that, 0.008, and 135 is the first n with 0.95 ** n + n 0.05 0.95 ** (n - 1) below it.
    assert found.advice == (
        "63 proposals seen, 1 wrong: that supports 92.2 %; review 72 more there: if they are right, that makes 95 %"
    )


def test_where_too_many_are_wrong_more_looking_is_not_advised() -> None:
    found = reviewed(MANY, 63, list(range(8)))

    assert found.advice.startswith("63 proposals seen, 8 wrong: that supports ")
    assert found.advice.endswith("; promise less, or let a better model propose")


def test_who_saw_all_of_a_small_class_needs_no_chance() -> None:
    assert reviewed(20, 20, [3]).promised  # 19 of 20 are 95 %
    assert not reviewed(20, 20, [3, 4]).promised


def test_a_class_that_nobody_looked_at_gets_no_promise() -> None:
    one = order(500, 2)

    found = review_class(one, np.full(500, UNSEEN, np.int8), [], ReviewSettings())

    assert (found.promised, found.seen, found.advice) == (False, 0, "no proposal of it was seen yet")
    assert all(c.precision is None and c.interval == (0, 1) for c in found.candidates)


def test_candidates_below_the_first_that_fails_are_not_accepted() -> None:
    # Bands of 1,000; the second is wrong throughout, the third and the fourth are right.
    one = order(4000, 4)
    verdict = seen(one, 100)
    place = np.arange(4000)
    verdict[(verdict == RIGHT) & (place >= 1000) & (place < 1100)] = WRONG

    found = review_class(one, verdict, [100], ReviewSettings())

    holds = [c.holds for c in found.candidates]
    assert holds[0]
    assert holds == sorted(holds, reverse=True)


def test_the_figures_of_a_band_are_those_of_its_own_proposals() -> None:
    one = order(40, 2)
    verdict = seen(one, 40)
    verdict[30:] = WRONG

    found = review_class(one, verdict, [40], ReviewSettings())

    high, low = found.bands
    assert (high.proposals, high.seen, high.right, high.precision, high.interval) == (20, 20, 20, 1.0, (1.0, 1.0))
    assert (low.proposals, low.seen, low.right, low.precision, low.interval) == (20, 20, 10, 0.5, (0.5, 0.5))
    assert (high.high, low.low) == (0.99, 0.01)
    assert [c.precision for c in found.candidates] == [1.0, 0.75]


def test_proposals_whose_pictures_did_not_come_back_count_as_not_seen() -> None:
    one = order(MANY, 1)
    verdict = seen(one, 100)
    verdict[one.rows[:40]] = UNSEEN

    (whole,) = review_class(one, verdict, [100], ReviewSettings()).candidates

    assert (whole.seen, whole.possible, whole.holds) == (60, False, False)


def test_looks_share_what_confidence_leaves_and_never_take_more() -> None:
    assert level_of(0, 0.95) == pytest.approx(0.04)
    assert level_of(1, 0.95) == pytest.approx(0.008)
    assert sum(level_of(look, 0.95) for look in range(50)) <= 0.05 + 1e-12


def test_a_second_look_goes_by_all_that_was_seen_at_its_own_level() -> None:
    one = order(MANY, 1)
    wrong = [0]

    first = review_class(one, seen(one, 63, wrong), [63], ReviewSettings())
    short = review_class(one, seen(one, 134, wrong), [63, 134], ReviewSettings())
    long = review_class(one, seen(one, 135, wrong), [63, 135], ReviewSettings())

    assert (first.promised, short.promised, long.promised) == (False, False, True)


def test_a_look_at_which_nothing_could_be_promised_costs_nothing() -> None:
    one = order(MANY, 1)

    assert review_class(one, seen(one, 63), [30, 63], ReviewSettings()).promised


def test_a_promise_stays_until_what_was_seen_since_falls_below_it() -> None:
    one = order(MANY, 1)
    few, many = list(range(100, 105)), list(range(100, 125))

    assert review_class(one, seen(one, 200, few), [100, 200], ReviewSettings()).promised  # 195 of 200
    assert not review_class(one, seen(one, 200, many), [100, 200], ReviewSettings()).promised


def test_proposals_without_scores_are_accepted_all_or_not() -> None:
    one = ClassOrder("road", np.arange(MANY), np.full(MANY, -np.inf), np.array([-np.inf]))

    found = review_class(one, seen(one, 63), [63], ReviewSettings())

    assert (found.promised, found.threshold, found.accepts) == (True, None, MANY)
    assert (found.bands[0].low, found.bands[0].high) == (None, None)
