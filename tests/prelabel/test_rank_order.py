"""`cvdata.prelabel.ranking.order`: which pictures come first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.prelabel.embeddings.search import farthest_first, novelty
from cvdata.prelabel.ranking.choice import OF_LABELLED
from cvdata.prelabel.ranking.order import in_order, mean_of_ranks, ranks


def at_degrees(*degrees: float) -> NDArray[np.float32]:
    """Return vectors of length 1 in a plane."""
    turned = np.radians(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_a_rank_is_the_share_of_the_others_that_is_lower_and_what_is_unknown_is_in_the_middle() -> None:
    assert ranks(np.array([5.0, 1.0, 5.0, np.nan, 70.0])).tolist() == [0.5, 0.125, 0.5, 0.5, 0.875]


def test_the_scale_of_a_measure_does_not_matter() -> None:
    small, large = np.array([0.1, 0.2, 0.3]), np.array([3e6, 2e6, 1e6])

    assert mean_of_ranks([small, large]).tolist() == [0.5, 0.5, 0.5]


def test_without_vectors_the_highest_scores_come_first_and_equal_ones_stay_as_they_came() -> None:
    ordered = in_order(np.array([0.2, 0.9, 0.2, 0.5]), 3)

    assert (ordered.rows.tolist(), ordered.score.tolist()) == ([1, 3, 0], [0.9, 0.5, 0.2])
    assert ordered.distance is None


def test_of_copies_the_one_with_the_highest_score_stays_and_the_others_come_last() -> None:
    score = np.array([0.9, 0.8, 0.95, 0.1, 0.99])

    ordered = in_order(score, 9, copies=np.array([7, -1, 7, -1, OF_LABELLED]))

    assert ordered.rows.tolist() == [2, 1, 3, 4, 0]


def test_a_picture_near_a_chosen_one_waits_for_those_that_are_not() -> None:
    vectors = at_degrees(0, 2, 60)

    ordered = in_order(np.array([1.0, 0.9, 0.3]), 3, vectors=vectors)

    assert ordered.rows.tolist() == [0, 2, 1]
    assert ordered.distance is not None
    assert np.isnan(ordered.distance[0])
    assert ordered.distance[1:].tolist() == pytest.approx([0.5, 1 - np.cos(np.radians(2))], abs=1e-5)


def test_distance_to_what_is_labelled_and_score_are_multiplied() -> None:
    vectors = at_degrees(10, 90, 60)
    nearest = novelty(vectors, at_degrees(0))

    ordered = in_order(np.array([1.0, 0.1, 0.9]), 2, vectors=vectors, nearest=nearest)

    # 1.0 * 0.015, 0.1 * 1.0, 0.9 * 0.5; then 90 degrees is 30 away from 60: 0.1 * 0.134 against 0.015.
    assert ordered.rows.tolist() == [2, 0]
    assert ordered.score.tolist() == pytest.approx([0.45, 0.015192], abs=1e-5)


def test_copies_of_one_picture_never_stand_among_the_first_while_anything_else_is_left() -> None:
    vectors = at_degrees(*[0] * 5, 10, 20, 30)

    ordered = in_order(np.full(8, 1.0), 4, vectors=vectors)

    assert len(set(ordered.rows.tolist()) & set(range(5))) == 1


@given(st.lists(st.integers(0, 359), min_size=1, max_size=12), st.lists(st.integers(0, 359), max_size=3))
def test_with_equal_scores_it_is_the_farthest_first_rule(degrees: list[int], known: list[int]) -> None:
    vectors, seen = at_degrees(*degrees), at_degrees(*known)
    nearest = novelty(vectors, seen) if known else None

    ordered = in_order(np.ones(len(degrees)), len(degrees), vectors=vectors, nearest=nearest)

    assert sorted(ordered.rows.tolist()) == list(range(len(degrees)))
    if known:
        assert ordered.rows.tolist() == farthest_first(vectors, seen, len(degrees)).tolist()


@given(st.lists(st.tuples(st.floats(0.01, 1), st.integers(0, 359)), min_size=2, max_size=12))
def test_the_score_by_which_pictures_are_chosen_never_rises(pictures: list[tuple[float, int]]) -> None:
    score = np.array([one for one, _ in pictures])
    vectors = at_degrees(*[turn for _, turn in pictures])

    ordered = in_order(score, len(score), vectors=vectors, nearest=novelty(vectors, at_degrees(0)))

    assert (np.diff(ordered.score) <= 1e-12).all()
