"""Outlines traced from masks, and rings joined into one, drawn again by an independent even-odd fill."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.dataset.rings import bridge, rings_of_mask


def filled(rings: list[NDArray[np.float64]], height: int, width: int) -> NDArray[np.bool_]:
    """Fill rings by the even-odd rule: a pixel is in where a ray from its centre to the left crosses an odd number."""
    inside = np.zeros((height, width), np.bool_)
    centres = np.arange(width) + 0.5
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True):
            if y0 > y1:  # one direction, so that a way walked there and back cancels to the last bit
                x0, y0, x1, y1 = x1, y1, x0, y0
            for row in range(height):
                if y0 <= row + 0.5 < y1:
                    crossing = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
                    inside[row] ^= centres > crossing
    return inside


@st.composite
def masks(draw: st.DrawFn) -> NDArray[np.bool_]:
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    bits = draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    return np.array(bits, np.bool_).reshape(height, width)


@given(masks())
def test_the_rings_of_a_mask_filled_again_are_the_mask(mask: NDArray[np.bool_]) -> None:
    assert (filled(rings_of_mask(mask), *mask.shape) == mask).all()


@settings(max_examples=300)
@given(masks().filter(lambda mask: bool(mask.any())))
def test_the_bridged_ring_covers_what_all_rings_cover(mask: NDArray[np.bool_]) -> None:
    ring = bridge(rings_of_mask(mask))

    assert (filled([ring], *mask.shape) == mask).all()


@given(masks())
def test_a_ring_turns_at_every_corner_and_names_no_point_between(mask: NDArray[np.bool_]) -> None:
    for ring in rings_of_mask(mask):
        moves = (np.roll(ring, -1, axis=0) - ring) != 0
        assert (moves[0::2] == [True, False]).all()
        assert (moves[1::2] == [False, True]).all()


def test_a_rectangle_has_four_corners_clockwise_from_its_top_left() -> None:
    mask = np.zeros((5, 6), np.bool_)
    mask[1:3, 2:5] = True

    (ring,) = rings_of_mask(mask)

    assert ring.tolist() == [[2, 1], [5, 1], [5, 3], [2, 3]]


def test_a_hole_is_a_ring_of_its_own_the_other_way_round() -> None:
    mask = np.ones((3, 3), np.bool_)
    mask[1, 1] = False

    outer, hole = rings_of_mask(mask)

    assert outer.tolist() == [[0, 0], [3, 0], [3, 3], [0, 3]]
    assert hole.tolist() == [[2, 1], [1, 1], [1, 2], [2, 2]]


def test_pixels_that_touch_at_a_corner_are_two_rings() -> None:
    rings = rings_of_mask(np.eye(2, dtype=np.bool_))

    assert [ring.tolist() for ring in rings] == [
        [[0, 0], [1, 0], [1, 1], [0, 1]],
        [[1, 1], [2, 1], [2, 2], [1, 2]],
    ]


def test_an_empty_mask_has_no_ring() -> None:
    assert rings_of_mask(np.zeros((4, 4), np.bool_)) == []


def test_a_bridge_joins_the_nearest_points_and_comes_back() -> None:
    left = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], np.float64)
    right = np.array([[9, 0], [9, 2], [5, 2], [5, 1]], np.float64)

    ring = bridge([left, right])

    assert ring.tolist() == [
        [0, 0], [2, 0], [2, 2], [5, 2], [5, 1], [9, 0], [9, 2], [5, 2], [2, 2], [0, 2],
    ]  # fmt: skip


def test_one_ring_needs_no_bridge() -> None:
    ring = np.array([[0, 0], [2, 0], [2, 2]], np.float64)

    assert bridge([ring]) is ring
