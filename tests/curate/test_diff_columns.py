"""Columns beside class and box: what differs in them, and what only looks so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvdata.curate.diff import DiffSettings, diff
from cvdata.dataset import Categories, Dataset

from ..tiny import build
from .grids import cell, changed, grid, kinds


def test_what_a_column_says_by_default_is_no_difference() -> None:
    plain = grid({"a.jpg": [("cat", cell(0)), ("dog", cell(1))]})
    said = changed(
        plain,
        crowd=np.zeros(2, np.bool_),
        difficult=np.array([0, -1], np.int8),
        area=np.array([200.0, np.nan]),
        score=np.full(2, np.nan),
    )

    assert diff(plain, said).same
    assert diff(said, plain).same


def test_no_and_not_said_differ_where_flags_are_asked_for_exactly() -> None:
    plain = grid({"a.jpg": [("cat", cell(0)), ("cat", cell(1)), ("cat", cell(2))]})
    said = changed(plain, crowd=np.zeros(3, np.bool_), difficult=np.array([0, -1, 1], np.int8))
    exact = DiffSettings(exact_flags=True)

    assert diff(plain, said).columns == {"difficult": 1}
    assert diff(plain, said, exact).columns == diff(said, plain, exact).columns == {"difficult": 2}
    assert diff(said, said, exact).same


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("score", np.array([0.5, np.nan])),
        ("area", np.array([150.0, np.nan])),
        ("crowd", np.array([True, False])),
        ("difficult", np.array([1, -1], np.int8)),
        ("rotated", np.array([[0, 0, 9, 0, 9, 9, 0, 9], [np.nan] * 8])),
    ],
)
def test_a_column_that_differs_is_named(column: str, values: Any) -> None:
    before = grid({"a.jpg": [("cat", cell(0)), ("cat", cell(1))]})

    report = diff(before, changed(before, **{column: values}))

    assert kinds(report) == {"equal": 1, "changed": 1}
    assert report.columns == {column: 1}
    assert [c.columns for c in report.changes] == [[column]]
    assert diff(before, changed(before, **{column: values}), DiffSettings(ignore=(column,))).same


def one(**columns: Any) -> Dataset:
    row = {"image": "a.jpg", "category": "cat", "box": [1, 2, 30, 30]} | columns
    return build({"a.jpg": (64, 48)}, [row], Categories(names=("cat",)))


_MASK = np.zeros((48, 64), np.bool_)
_MASK[5:20, 10:40] = True
_OTHER = _MASK.copy()
_OTHER[5, 10] = False


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("polygons", {"rings": [[(1, 2), (9, 2), (9, 9)]]}, {"rings": [[(1, 2), (9, 2), (9, 9.5)]]}),
        ("polygons", {"rings": [[(1, 2), (9, 2), (9, 9)]]}, {}),
        (
            "polygons",
            {"rings": [[(1, 2), (9, 2), (9, 9)], [(1, 1), (2, 2), (3, 1)]]},
            {"rings": [[(1, 2), (9, 2), (9, 9), (1, 1), (2, 2), (3, 1)]]},
        ),
        ("masks", {"mask": _MASK}, {"mask": _OTHER}),
        ("keypoints", {"keypoints": [[2, 3, 2]]}, {"keypoints": [[2, 3, 1]]}),
        ("extra", {"extra": {"a": 1}}, {"extra": {"a": 2}}),
        ("extra", {"extra": {"a": 1}}, {}),
    ],
)
def test_a_shape_or_an_attribute_that_differs_is_named(
    column: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    report = diff(one(**before), one(**after))

    assert report.columns == {column: 1}
    assert kinds(report) == {"changed": 1}


def test_attributes_in_another_order_are_the_same() -> None:
    assert diff(one(extra={"a": 1, "b": [1]}), one(extra={"b": [1], "a": 1})).same


def test_outlines_within_the_tolerance_are_the_same() -> None:
    before, after = (one(rings=[[(1, 2), (9, 2), (9, y)]]) for y in (9.0, 9.004))

    assert diff(before, after, DiffSettings(tolerance=0.01)).same
    assert not diff(before, after).same
