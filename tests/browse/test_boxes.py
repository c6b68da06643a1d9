"""Boxes as parts of a picture, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.browse.boxes import SAME, in_picture, parts_of, pixels_of

lengths = st.integers(1, 100_000)
shares = st.floats(0, 1)


def test_a_box_is_given_as_parts_of_its_picture() -> None:
    parts = parts_of(np.array([[10.0, 20.0, 40.0, 5.0]]), np.array([[200.0, 50.0]]))

    assert parts.tolist() == [[0.05, 0.4, 0.2, 0.1]]


@given(lengths, lengths, st.tuples(shares, shares, shares, shares))
def test_a_box_comes_back_within_a_hair(width: int, height: int, part: tuple[float, ...]) -> None:
    size = np.array([[width, height]], np.float64)
    box = np.array([part]) * np.tile(size, 2)

    back = pixels_of(parts_of(box, size), size)

    assert np.abs(back - box).max() <= SAME


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ([1.1, 2.2, 3.3, 4.4], [1.1, 2.2, 3.3, 4.4]),
        ([-5.0, 2.0, 10.0, 4.0], [0.0, 2.0, 5.0, 4.0]),
        ([90.0, 45.0, 20.0, 10.0], [90.0, 45.0, 10.0, 5.0]),
        ([120.0, 10.0, 5.0, 5.0], [100.0, 10.0, 0.0, 5.0]),
    ],
)
def test_a_box_is_cut_to_its_picture(box: list[float], cut: list[float]) -> None:
    assert in_picture(np.array([box]), np.array([[100.0, 50.0]])).tolist() == [cut]
