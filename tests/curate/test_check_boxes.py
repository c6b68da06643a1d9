"""Boxes that are there twice, too small, too long, or as large as their picture."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.curate.check import check
from cvdata.curate.check.boxes import near_repeats, repeats
from cvdata.curate.check.findings import CheckSettings
from tests.curate.checked import boxes, codes, dataset_of, found

LABELS = CheckSettings(labels_only=True)


def near(table: Any, same: float = 0.95) -> list[tuple[int, int]]:
    later, earlier, _ = near_repeats(table, same, without=repeats(table)[0])
    return list(zip(later.tolist(), earlier.tolist(), strict=True))


def test_an_annotation_that_repeats_another_is_found_with_the_one_it_repeats() -> None:
    dataset = dataset_of([{"box": [1, 2, 30, 40]}, {"box": [5, 5, 9, 9]}, {"box": [1, 2, 30, 40]}])

    report = check(dataset, settings=LABELS)

    finding = found(report, "duplicate-box")
    assert finding.title == "1 annotation repeats another of its picture exactly"
    assert [(spot.at, spot.what, spot.row) for spot in finding.places] == [
        ("a.jpg: annotation 3", "cat, 30 x 40 pixels: as a.jpg: annotation 1", 2)
    ]
    assert finding.images == ["a.jpg"]


@pytest.mark.parametrize(
    "other",
    [
        {"box": [1, 2, 30, 40.001]},
        {"box": [1, 2, 30, 40], "category": "dog"},
        {"box": [1, 2, 30, 40], "image": "b.jpg"},
        {"box": [1, 2, 30, 40], "rings": [[(1, 2), (31, 2), (31, 42)]]},
        {"box": [1, 2, 30, 40], "keypoints": [[3, 4, 2]]},
        {"box": [1, 2, 30, 40], "crowd": True},
    ],
    ids=["box", "class", "picture", "outline", "keypoints", "crowd"],
)
def test_annotations_that_differ_in_anything_are_no_repeats(other: dict[str, Any]) -> None:
    dataset = dataset_of([{"box": [1, 2, 30, 40]}, other])

    rows, _ = repeats(dataset.annotations)

    assert rows.tolist() == []


def test_outlines_with_the_same_points_in_another_order_are_no_repeats() -> None:
    rings = [[(0, 0), (10, 0), (10, 10)]], [[(0, 0), (10, 10), (10, 0)]], [[(0, 0), (10, 0), (10, 10)]]
    dataset = dataset_of([{"box": [0, 0, 10, 10], "rings": ring} for ring in rings])

    rows, first = repeats(dataset.annotations)

    assert (rows.tolist(), first.tolist()) == ([2], [0])


def test_a_box_drawn_twice_is_found_though_no_number_is_the_same() -> None:
    table = boxes([10, 10, 100, 100], [50, 50, 100, 100], [10.4, 10.2, 100.3, 99.9])

    assert near(table) == [(2, 0)]


def test_a_table_without_rows_has_no_repeats() -> None:
    table = boxes()

    assert repeats(table)[0].tolist() == []
    assert near(table) == []


sides = st.integers(1, 40)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), sides, sides), max_size=30), st.floats(0.55, 0.98))
def test_near_repeats_are_those_of_a_comparison_of_all_pairs(rows: list[tuple[int, ...]], same: float) -> None:
    table = boxes(*[[float(value) for value in row] for row in rows])
    again = set(repeats(table)[0].tolist())

    def overlap(a: Any, b: Any) -> float:
        w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
        h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
        shared = max(w, 0) * max(h, 0)
        return float(shared / (a[2] * a[3] + b[2] * b[3] - shared))

    pairs = [(b, a) for a, b in combinations([r for r in range(len(rows)) if r not in again], 2)]
    expected = {later for later, earlier in pairs if overlap(rows[later], rows[earlier]) > same}

    assert {later for later, _ in near(table, same)} == expected


def test_a_thousand_boxes_that_begin_at_one_column_take_no_quadratic_work() -> None:
    rng = np.random.default_rng(0)
    table = boxes(*[[5.0, float(y), 20.0, 20.0] for y in rng.permutation(5000) * 25])

    assert near(table) == []


def test_boxes_too_thin_too_long_or_as_large_as_the_picture_are_found() -> None:
    dataset = dataset_of(
        [
            {"box": [0, 0, 2.9, 30]},
            {"box": [0, 0, 3, 30]},
            {"box": [0, 0, 4, 79]},
            {"box": [0, 0, 4, 80.5], "image": "b.jpg"},
            {"box": [0, 0, 100, 80], "image": "b.jpg"},
        ]
    )

    report = check(dataset, settings=CheckSettings(labels_only=True, wild_aspect=20.0))

    assert [spot.row for spot in found(report, "tiny-box").places] == [0]
    assert [spot.row for spot in found(report, "wild-aspect-box").places] == [3]
    assert [spot.row for spot in found(report, "whole-picture-box").places] == [4]
    assert found(report, "tiny-box").title == "1 box is less than 3 pixels wide or high"


def test_labels_of_whole_pictures_are_no_boxes_to_be_judged() -> None:
    nan = float("nan")
    dataset = dataset_of([{"box": [nan] * 4}, {"box": [nan] * 4, "image": "b.jpg"}])

    report = check(dataset, settings=LABELS)

    assert not codes(report).keys() & {"tiny-box", "wild-aspect-box", "whole-picture-box", "near-duplicate-box"}
