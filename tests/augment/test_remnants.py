"""Cutting annotations to a picture, and moving them to another place and scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.augment.remnants import Cut, Remnants, cut, moved
from cvdata.augment.shapes import clip_rings, dense, object_areas
from cvdata.dataset import Annotations, Polygons
from cvdata.dataset.geometry import bounds, polygon_areas
from cvdata.dataset.rle import from_mask, mask_areas, to_mask

from .coloured import labelled, plain
from .recipes import EVERYTHING


def table(*rows: dict[str, Any], width: int = 40, height: int = 30) -> Annotations:
    return labelled(plain(width, height), list(rows)).table


def trimmed(annotations: Annotations, remnants: Remnants = EVERYTHING, shrunk: bool = True) -> Cut:
    return cut(annotations, 40, 30, object_areas(annotations), remnants, shrunk=shrunk)


@st.composite
def stars(draw: st.DrawFn) -> list[list[tuple[float, float]]]:
    """Rings that do not cross themselves, around points in and outside of a picture of 40 x 30."""
    rings = []
    for _ in range(draw(st.integers(1, 3))):
        x, y = draw(st.integers(-20, 60)), draw(st.integers(-20, 50))
        reach = draw(st.lists(st.integers(1, 30), min_size=3, max_size=12))
        turn = np.linspace(0, 2 * np.pi, len(reach), endpoint=False)
        rings.append([(x + r * np.cos(t), y + r * np.sin(t)) for r, t in zip(reach, turn.tolist(), strict=True)])
    return rings


@settings(max_examples=150)
@given(st.lists(stars(), min_size=1, max_size=3))
def test_the_parts_of_outlines_in_four_quarters_have_the_area_of_the_whole(rows: list[Any]) -> None:
    polygons = Polygons.of(rows)

    area = np.zeros(len(rows))
    for x, y in ((-100, -100), (0, -100), (-100, 0), (0, 0)):
        quarter = Polygons(polygons.points - (x, y), polygons.rings, polygons.owners)
        part = clip_rings(quarter, 100, 100)
        assert len(part) == len(rows)
        assert (part.points >= 0).all() and (part.points <= 100).all()
        area += polygon_areas(part)

    np.testing.assert_allclose(area, polygon_areas(polygons), rtol=1e-9, atol=1e-9)


def test_an_outline_inside_keeps_every_bit_and_one_outside_is_gone() -> None:
    inside, outside = [(1.1, 2.2), (5.5, 2.3), (4.4, 9.9)], [(-9, -9), (-1, -9), (-1, -1)]
    half = [(-10, 10), (10, 10), (10, 20), (-10, 20)]

    left = clip_rings(Polygons.of([[inside, outside], [outside], [half], []]), 40, 30)

    assert left.ring_counts.tolist() == [1, 0, 1, 0]
    assert left[0][0].tolist() == [list(point) for point in inside]
    assert sorted(left[2][0].tolist()) == [[0, 10], [0, 20], [10, 10], [10, 20]]


def test_a_concave_outline_cut_in_two_has_the_right_area() -> None:
    prongs = [(-10, 0), (10, 0), (10, 4), (-5, 4), (-5, 8), (10, 8), (10, 12), (-10, 12)]

    assert polygon_areas(clip_rings(Polygons.of([[prongs]]), 40, 30)).tolist() == [80]


def test_rings_get_more_points_without_a_change_of_shape() -> None:
    polygons = Polygons.of([[[(0, 0), (20, 0), (20, 20), (0, 20)]], [], [[(1, 1), (3, 1), (3, 3)]]])

    more = dense(polygons, 5)

    assert np.diff(more.rings).tolist() == [16, 3]
    assert polygon_areas(more).tolist() == [400, 0, 2]
    np.testing.assert_array_equal(bounds(more), bounds(polygons))


def test_boxes_are_cut_to_the_picture_and_those_inside_keep_every_bit() -> None:
    made = trimmed(table({"box": [-5, -5, 20.5, 20]}, {"box": [0.1, 0.2, 0.3, 0.7]}, {"box": [50, 5, 5, 5]}))

    assert made.table.box.tolist() == [[0, 0, 15.5, 15], [0.1, 0.2, 0.3, 0.7]]
    assert made.rows.tolist() == [0, 1]
    assert made.dropped == 1


def test_too_little_of_an_object_is_dropped_and_counted() -> None:
    rows = [{"box": [-9, 0, 10, 10]}, {"box": [-8, 0, 10, 10]}, {"box": [-90, 0, 100, 10]}]

    assert trimmed(table(*rows), Remnants(min_visible=0.1, min_side=2)).rows.tolist() == [1, 2]
    assert trimmed(table(*rows), Remnants(min_visible=0.2, min_side=0)).rows.tolist() == [1]
    assert trimmed(table(*rows), Remnants(min_visible=0, min_side=0)).dropped == 0


def test_an_object_that_was_always_small_stays_where_it_is_said_so() -> None:
    rows = [{"box": [5, 5, 1, 1]}, {"box": [-1, 5, 2, 2]}]

    assert trimmed(table(*rows), Remnants(min_side=2)).rows.tolist() == []
    assert trimmed(table(*rows), Remnants(min_side=2), shrunk=False).rows.tolist() == [0]


def test_a_box_that_fitted_its_outline_fits_what_is_left_of_it() -> None:
    wedge = [(-10, 0), (30, 0), (30, 20)]
    rows = [{"box": [-10, 0, 40, 20], "rings": [wedge]}, {"box": [-20, 0, 60, 25], "rings": [wedge]}]

    made = cut(table(*rows), 20, 30, object_areas(table(*rows)), EVERYTHING)

    # The wedge is 15 high at x = 20; the loose box is cut as it is.
    assert made.table.box.tolist() == [[0, 0, 20, 15], [0, 0, 20, 25]]


def test_what_was_cut_off_counts_in_areas_and_truncated() -> None:
    rows = [
        {"box": [-5, 0, 10, 10], "area": 60.0, "truncated": 0},
        {"box": [5, 5, 10, 10], "area": 60.0, "truncated": 0},
        {"box": [30.005, 5, 10, 10], "area": 60.0, "truncated": -1},
    ]

    made = trimmed(table(*rows)).table

    assert made.area is not None and made.truncated is not None
    np.testing.assert_allclose(made.area, [30, 60, 60])
    assert made.truncated.tolist() == [1, 0, -1]


def test_a_rotated_box_over_an_edge_keeps_its_angle_and_holds_all_that_is_in_the_picture() -> None:
    corners = [0, -10, 10, 0, 0, 10, -10, 0]
    rows = [
        {"box": [-10, -10, 20, 20], "rotated": corners},
        {"box": [5, 5, 8, 8], "rotated": [9, 5, 13, 9, 9, 13, 5, 9]},
    ]

    made = trimmed(table(*rows), Remnants(min_visible=0.2))
    less = trimmed(table(*rows), Remnants(min_visible=0.3))

    assert made.table.rotated is not None
    assert made.table.rotated.tolist() == [[5, -5, 10, 0, 0, 10, -5, 5], [9, 5, 13, 9, 9, 13, 5, 9]]
    assert made.table.box.tolist() == [[0, 0, 10, 10], [5, 5, 8, 8]]
    assert less.rows.tolist() == [1]  # a quarter of the first is in the picture


def test_the_label_of_a_whole_picture_always_stays() -> None:
    made = trimmed(table({"box": [float("nan")] * 4}), Remnants(min_visible=1, min_side=100))

    assert made.dropped == 0


def test_annotations_move_to_another_place_and_scale() -> None:
    mask = np.zeros((30, 40), np.bool_)
    mask[10:20, 5:15] = True
    rows: list[dict[str, Any]] = [
        {"box": [5, 10, 10, 10], "mask": mask, "area": 100.0},
        {"box": [5, 10, 10, 10], "rings": [[(5, 10), (15, 10), (15, 20)]], "keypoints": [[6, 11, 2], [0, 0, 0]]},
        {"box": [5, 10, 10, 10], "rotated": [10, 10, 15, 15, 10, 20, 5, 15]},
    ]

    made = moved(table(*rows), (2.0, 3.0), -20, 7, 100, 80, (40, 30))

    assert made.box.tolist() == [[-10, 37, 20, 30]] * 3
    assert made.area is not None and made.masks is not None and made.polygons is not None
    assert made.keypoints is not None and made.rotated is not None
    assert made.area[0] == 600
    assert made.polygons[1][0].tolist() == [[-10, 37], [10, 37], [10, 67]]
    assert made.keypoints[1].tolist() == [[-8, 40, 2], [0, 0, 0]]
    assert made.rotated[2].tolist() == [0, 37, 10, 52, 0, 67, -10, 52]
    wanted = np.zeros((80, 100), np.bool_)
    wanted[37:67, 0:10] = True
    assert (to_mask(made.masks[0], 80, 100) == wanted).all()


def test_a_moved_mask_that_lost_a_part_is_measured_by_its_pixels() -> None:
    mask = np.zeros((30, 40), np.bool_)
    mask[10:20, 5:15] = True
    whole = table({"box": [5, 10, 10, 10], "mask": mask, "area": 100.0, "truncated": 0})

    pasted = moved(whole, 1.0, -12, 0, 40, 30, (40, 30))
    made = cut(pasted, 40, 30, object_areas(whole), Remnants(min_visible=0.3, min_side=1))
    less = cut(pasted, 40, 30, object_areas(whole), Remnants(min_visible=0.31, min_side=1))

    assert made.table.box.tolist() == [[0, 10, 3, 10]]
    assert made.table.area is not None and made.table.truncated is not None
    assert made.table.area.tolist() == [30]
    assert made.table.truncated.tolist() == [1]
    assert less.dropped == 1


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom"), [(0, 0, 40, 30), (0, 3, 12, 30), (9, 0, 40, 4), (5, 5, 6, 6)]
)
def test_masks_move_with_the_bytes_of_a_fresh_encoding(left: int, top: int, right: int, bottom: int) -> None:
    mask = np.zeros((30, 40), np.bool_)
    mask[top:bottom, left:right] = True
    whole = table({"box": [left, top, right - left, bottom - top], "mask": mask})

    pasted = moved(whole, 1.0, 10, -2, 44, 33, (40, 30))

    wanted = np.zeros((33, 44), np.bool_)
    wanted[: 30 - 2, 10:] = mask[2:, :34]
    assert pasted.masks is not None
    assert pasted.masks[0].tolist() == from_mask(wanted).tolist()


def test_areas_are_those_of_masks_before_outlines_before_boxes() -> None:
    mask = np.zeros((30, 40), np.bool_)
    mask[:2, :3] = True
    ring = [(0, 0), (10, 0), (0, 10)]
    rows: list[dict[str, Any]] = [
        {"box": [0, 0, 10, 10], "mask": mask, "rings": [ring]},
        {"box": [0, 0, 10, 10], "rings": [ring, ring]},
        {"box": [0, 0, 10, 10], "rotated": [5, 0, 10, 5, 5, 10, 0, 5]},
        {"box": [0, 0, 10, 10]},
        {"box": [float("nan")] * 4},
    ]

    np.testing.assert_array_equal(object_areas(table(*rows)), [6, 100, 50, 100, np.nan])


def test_an_empty_mask_is_no_remnant() -> None:
    made = trimmed(table({"box": [3, 3, 5, 5], "mask": np.zeros((30, 40), np.bool_)}))

    assert made.dropped == 0
    assert made.table.masks is not None
    assert mask_areas(made.table.masks).tolist() == [0]
