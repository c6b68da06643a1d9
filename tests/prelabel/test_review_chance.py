"""Exact chances of samples from finite sets, held against plain counting."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.prelabel.review.chance import allowed_wrong, at_most, interval, needed, promise_of


def counted(wrong: int, seen: int, bad: int, size: int) -> float:
    """Return the chance by counting the ways to draw."""
    ways = sum(comb(bad, n) * comb(size - bad, seen - n) for n in range(wrong + 1))
    return float(Fraction(ways, comb(size, seen)))


@given(st.data())
def test_the_chance_is_the_share_of_the_ways_to_draw(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 200))
    bad, seen = data.draw(st.integers(0, size)), data.draw(st.integers(0, size))
    wrong = data.draw(st.integers(0, seen))

    assert at_most(wrong, seen, bad, size) == pytest.approx(counted(wrong, seen, bad, size), abs=1e-9)


@pytest.mark.parametrize(("seen", "allowed"), [(58, -1), (59, 0), (92, 0), (93, 1), (123, 1), (124, 2)])
def test_of_very_many_95_percent_are_promised_with_the_counts_that_tables_give(seen: int, allowed: int) -> None:
    # 59, 93, 124: sample sizes of Wilks' one-sided 95 %/95 % rule (Wilks 1941).
    assert allowed_wrong(seen, 100_000_000, 0.95, 0.05) == allowed


def test_of_few_proposals_fewer_must_be_seen() -> None:
    # Of 30, 28 right are not 95 %: two bad ones must have shown up, which 9 of 10 draws of 23 would do.
    assert needed(0, 30, 0.95, 0.05) == 23
    assert counted(0, 23, 2, 30) <= 0.05 < counted(0, 22, 2, 30)


def test_who_saw_everything_knows() -> None:
    assert interval(3, 10, 10, 0.95) == (0.7, 0.7)
    assert promise_of(3, 10, 10, 0.05) == 0.7
    assert allowed_wrong(40, 40, 0.95, 0.05) == 2


def test_who_saw_nothing_knows_nothing() -> None:
    assert interval(0, 0, 10, 0.95) == (0.0, 1.0)
    assert allowed_wrong(0, 10, 0.95, 0.05) == -1


def test_too_many_wrong_ones_cannot_be_made_good_by_looking_at_more() -> None:
    assert needed(2, 40, 0.95, 0.05) == 40
    assert needed(3, 40, 0.95, 0.05) is None


@given(st.data())
def test_an_interval_misses_the_truth_no_more_often_than_it_says(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 60))
    bad, seen = data.draw(st.integers(0, size)), data.draw(st.integers(0, size))

    missed = 0.0
    for wrong in range(max(0, seen - size + bad), min(seen, bad) + 1):
        low, high = interval(wrong, seen, size, 0.9)
        if not low - 1e-12 <= 1 - bad / size <= high + 1e-12:
            missed += counted(wrong, seen, bad, size) - (counted(wrong - 1, seen, bad, size) if wrong else 0.0)

    assert missed <= 0.1 + 1e-9


@given(st.data())
def test_as_many_as_are_needed_are_enough_and_one_fewer_is_not(data: st.DataObject) -> None:
    size, wrong = data.draw(st.integers(1, 300)), data.draw(st.integers(0, 5))
    enough = needed(wrong, size, 0.9, 0.05)

    if enough is None:
        assert allowed_wrong(size, size, 0.9, 0.05) < wrong
    else:
        assert allowed_wrong(enough, size, 0.9, 0.05) >= wrong
        assert enough == 0 or allowed_wrong(enough - 1, size, 0.9, 0.05) < wrong
