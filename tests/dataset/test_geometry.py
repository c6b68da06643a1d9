from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.dataset import Polygons
from cvdata.dataset.geometry import (
    BoxVerdict,
    bounds,
    box_corners,
    clip_boxes,
    judge_boxes,
    polygon_areas,
    ring_areas,
)

NAN, INF = float("nan"), float("inf")

numbers = st.integers(-1000, 1000).map(lambda n: n / 8)
rings = st.lists(st.tuples(numbers, numbers), max_size=7)
owners = st.lists(st.lists(rings, max_size=3), max_size=5)


def judge(box: list[float], width: int = 100, height: int = 50) -> BoxVerdict:
    sides = np.array([width], np.int32), np.array([height], np.int32)
    return BoxVerdict(judge_boxes(np.array([box], np.float64), *sides)[0])


@pytest.mark.parametrize(
    ("box", "verdict"),
    [
        ([0, 0, 100, 50], BoxVerdict.GOOD),
        ([99.5, 49.5, 0.5, 0.5], BoxVerdict.GOOD),
        ([-0.005, 0, 10, 10], BoxVerdict.GOOD),
        ([90, 0, 10.005, 10], BoxVerdict.GOOD),
        ([-0.02, 0, 10, 10], BoxVerdict.OVERSHOOTS),
        ([-5, 0, 10, 10], BoxVerdict.OVERSHOOTS),
        ([0, 45, 10, 10], BoxVerdict.OVERSHOOTS),
        ([-5.1, 0, 10, 10], BoxVerdict.OUTSIDE),
        ([-5, 45, 10, 10], BoxVerdict.OUTSIDE),
        ([200, 0, 10, 10], BoxVerdict.OUTSIDE),
        ([0, 0, 1e300, 1e300], BoxVerdict.OUTSIDE),
        ([0, 0, 0, 10], BoxVerdict.NO_AREA),
        ([0, 0, 10, -1], BoxVerdict.NO_AREA),
        ([300, 0, 0, 10], BoxVerdict.NO_AREA),
        ([NAN, 0, 10, 10], BoxVerdict.NOT_FINITE),
        ([0, 0, 10, INF], BoxVerdict.NOT_FINITE),
        ([-INF, 0, INF, 10], BoxVerdict.NOT_FINITE),
        ([1e308, 0, 1e308, 1], BoxVerdict.NOT_FINITE),
        ([NAN, NAN, NAN, NAN], BoxVerdict.GOOD),
    ],
)
def test_each_box_gets_its_verdict(box: list[float], verdict: BoxVerdict) -> None:
    assert judge(box) == verdict


def test_nothing_is_outside_of_a_picture_of_unknown_size() -> None:
    assert judge([500, 500, 10, 10], 0, 0) == BoxVerdict.GOOD
    assert judge([500, 500, 0, 10], 0, 0) == BoxVerdict.NO_AREA


@given(st.lists(st.tuples(*[st.floats(allow_nan=True)] * 4), max_size=5), st.integers(0, 5000), st.integers(0, 5000))
def test_a_kept_box_is_inside_once_it_is_clipped(boxes: list[tuple[float, ...]], width: int, height: int) -> None:
    box = np.array(boxes, np.float64).reshape(-1, 4)
    sides = np.full(len(box), width, np.int32), np.full(len(box), height, np.int32)
    verdict = judge_boxes(box, *sides)
    over = verdict == BoxVerdict.OVERSHOOTS

    clipped = clip_boxes(box[over], sides[0][over], sides[1][over])

    assert (clipped[:, :2] >= 0).all() and (clipped[:, 2:] > 0).all()
    assert (clipped[:, 0] + clipped[:, 2] <= width * (1 + 1e-12)).all()
    assert (clipped[:, 1] + clipped[:, 3] <= height * (1 + 1e-12)).all()
    again = judge_boxes(clipped, sides[0][over], sides[1][over])
    assert (again == BoxVerdict.GOOD).all()


def test_clipping_cuts_at_the_edges() -> None:
    sides = np.array([100], np.int32), np.array([50], np.int32)

    assert clip_boxes(np.array([[-5.0, 40, 20, 20]]), *sides).tolist() == [[0, 40, 15, 10]]


def test_corners_go_round_clockwise() -> None:
    assert box_corners(np.array([[1.0, 2, 3, 4]])).tolist() == [[1, 2, 4, 2, 4, 6, 1, 6]]


def exact_area(ring: list[tuple[float, float]]) -> Fraction:
    """Sum the trapezoids between the ring and the x axis, in exact fractions."""
    total = Fraction(0)
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        total += (Fraction(x1) - Fraction(x0)) * (Fraction(y0) + Fraction(y1)) / 2
    return abs(total)


@given(owners)
def test_areas_are_those_of_exact_arithmetic(objects: list[list[list[tuple[float, float]]]]) -> None:
    polygons = Polygons.of(objects)

    assert ring_areas(polygons).tolist() == [float(exact_area(ring)) for row in objects for ring in row]
    assert polygon_areas(polygons).tolist() == [float(sum(map(exact_area, row))) for row in objects]


def test_a_small_ring_far_away_keeps_its_digits() -> None:
    far = [[(1e8, 1e8), (1e8 + 0.5, 1e8), (1e8 + 0.5, 1e8 + 0.5), (1e8, 1e8 + 0.5)]]

    assert polygon_areas(Polygons.of([far])).tolist() == [0.25]


@given(owners)
def test_bounds_hold_every_point_and_no_more(objects: list[list[list[tuple[float, float]]]]) -> None:
    found = bounds(Polygons.of(objects))

    assert found.shape == (len(objects), 4)
    for row, box in zip(objects, found.tolist(), strict=True):
        points = [point for ring in row for point in ring]
        if not points:
            assert np.isnan(box).all()
            continue
        xs, ys = zip(*points, strict=True)
        assert box == [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
