"""What differs between two datasets: every edit is found, and nothing else."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.curate.diff import Change, DiffSettings, compare, diff, report_of
from cvdata.dataset import Annotations, Dataset
from cvdata.dataset.select import keep_annotations
from cvdata.errors import UsageError

from ..strategies import datasets
from .grids import NAMES, Edit, cell, changed, edited, grid, kinds

ALL_KINDS = frozenset(
    {"rings", "mask", "keypoints", "rotated", "score", "area", "crowd", "flags", "extra", "splits", "states"}
)


# --- nothing


@given(datasets(ALL_KINDS))
def test_a_dataset_does_not_differ_from_itself(dataset: Dataset) -> None:
    report = diff(dataset, dataset)

    assert report.same
    assert report.counts.equal == len(dataset.annotations)
    assert (report.changes, report.picture_changes, report.class_changes) == ([], [], [])
    assert report.shift is None


@given(datasets(ALL_KINDS), st.randoms(use_true_random=False))
def test_the_order_of_annotations_is_no_difference(dataset: Dataset, random: Any) -> None:
    order = list(range(len(dataset.annotations)))
    random.shuffle(order)
    rows = np.array(sorted(order, key=lambda row: dataset.annotations.image[row]), np.int64)

    report = diff(dataset, replace(dataset, annotations=dataset.annotations.take(rows)))

    assert report.same


def test_numbers_that_are_none_are_equal_to_themselves() -> None:
    box = np.array([[np.nan, 1, 2, 3], [np.inf, 1, 2, 3], [0, 0, 0, 0], [np.nan] * 4, [-0.0, 0, 1, 1]])
    table = Annotations(image=np.zeros(5, np.int32), category=np.zeros(5, np.int32), box=box)
    dataset = replace(grid({"a.jpg": []}), annotations=table)

    assert diff(dataset, dataset).same
    assert diff(dataset, changed(dataset, box=box + 0.0)).same  # -0.0 is 0


# --- planted edits


@st.composite
def edits(draw: st.DrawFn) -> dict[str, list[Edit]]:
    images = draw(st.integers(1, 3))
    kind = st.sampled_from(["equal", "moved", "relabelled", "both", "removed", "added"])
    found = {}
    for image in range(images):
        row = []
        for what in draw(st.lists(kind, max_size=12)):
            moves = what in ("moved", "both")
            # 20 x 10 pixels moved by 3 and 1.5 still overlap by more than a half.
            dx, dy = (draw(st.integers(1, 3)), draw(st.sampled_from([-1.5, 0.0, 1.0]))) if moves else (0, 0.0)
            row.append(Edit(what, dx, dy))
        found[f"{image}.jpg"] = row
    return found


def expected(image: str, place: int, edit: Edit) -> tuple[Any, ...]:
    """Return what an edit is called: kind, picture, old class, new class, pixels moved."""
    name, other = NAMES[place % 3], NAMES[(place + 1) % 3]
    moved = round(math.hypot(edit.dx, edit.dy), 6) or None
    if edit.kind == "removed":
        return "removed", image, name, None, None
    if edit.kind == "added":
        return "added", image, None, name, None
    if edit.kind == "moved":
        return "moved", image, name, name, moved
    return "relabelled", image, name, other, moved


@given(edits())
def test_planted_edits_are_found_exactly(planted: dict[str, list[Edit]]) -> None:
    before, after = edited(planted)

    report = diff(before, after)

    wanted = Counter(
        expected(image, place, edit)
        for image, row in planted.items()
        for place, edit in enumerate(row)
        if edit.kind != "equal"
    )
    found = Counter(
        (c.kind, c.image, c.class_before, c.class_after, None if c.moved_px is None else round(c.moved_px, 6))
        for c in report.changes
    )
    assert found == wanted
    assert report.counts.equal == sum(edit.kind == "equal" for row in planted.values() for edit in row)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Dataset, Dataset]:
    """Draw a dataset and a copy in which boxes are shaken, classes changed, and annotations gone."""
    before = draw(datasets(ALL_KINDS))
    count = len(before.annotations)
    shake = draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 30.0]), min_size=4 * count, max_size=4 * count))
    turned = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    left = draw(st.lists(st.sampled_from([True, True, False]), min_size=count, max_size=count))
    category = before.annotations.category
    after = changed(
        before,
        box=before.annotations.box + np.array(shake).reshape(count, 4),
        category=np.where(np.array(turned, np.bool_), (category + 1) % len(before.categories), category).astype(
            np.int32
        ),
    )
    return before, keep_annotations(after, np.flatnonzero(np.array(left, np.bool_)))


def mirrored(change: Change) -> tuple[Any, ...]:
    kind = {"added": "removed", "removed": "added"}.get(change.kind, change.kind)
    return (
        kind,
        change.image,
        change.class_after,
        change.class_before,
        change.box_after,
        change.box_before,
        change.moved_px,
        change.iou,
        tuple(change.columns),
    )


def plain(change: Change) -> tuple[Any, ...]:
    return (
        change.kind,
        change.image,
        change.class_before,
        change.class_after,
        change.box_before,
        change.box_after,
        change.moved_px,
        change.iou,
        tuple(change.columns),
    )


@given(pairs())
def test_the_other_way_round_the_same_is_found(pair: tuple[Dataset, Dataset]) -> None:
    there, back = diff(*pair), diff(*pair[::-1])

    assert Counter(map(mirrored, there.changes)) == Counter(map(plain, back.changes))
    assert there.same == back.same


@given(pairs())
def test_the_counts_account_for_every_annotation(pair: tuple[Dataset, Dataset]) -> None:
    report = diff(*pair)

    counts = report.counts
    kept = counts.equal + counts.moved + counts.relabelled + counts.changed
    assert kept + counts.removed == len(pair[0].annotations)
    assert kept + counts.added == len(pair[1].annotations)
    for row in report.by_class:
        stayed = row.equal + row.moved + row.changed
        assert row.before == stayed + row.relabelled_from + row.removed
        assert row.after == stayed + row.relabelled_to + row.added
    assert sum(row.before for row in report.by_class) == len(pair[0].annotations)


# --- which is which


def test_of_two_equal_boxes_the_one_that_is_left_is_not_called_moved() -> None:
    before = grid({"a.jpg": [("cat", cell(0)), ("cat", cell(0)), ("dog", cell(1))]})
    after = grid({"a.jpg": [("dog", cell(1)), ("cat", cell(0))]})

    assert kinds(diff(before, after)) == {"equal": 2, "removed": 1}


def test_of_equal_boxes_those_with_equal_columns_belong_together() -> None:
    before = changed(grid({"a.jpg": [("cat", cell(0))] * 3}), difficult=np.array([1, 0, 0], np.int8))
    after = changed(grid({"a.jpg": [("cat", cell(0))] * 3}), difficult=np.array([0, 0, 1], np.int8))

    assert diff(before, after).same


def test_the_nearer_box_of_the_class_is_the_moved_one() -> None:
    before = grid({"a.jpg": [("cat", [50, 50, 20, 20])]})
    after = grid({"a.jpg": [("cat", [54, 50, 20, 20]), ("cat", [51, 50, 20, 20]), ("dog", [50.5, 50, 20, 20])]})

    report = diff(before, after)

    assert kinds(report) == {"added": 2, "moved": 1}
    assert [c.box_after for c in report.changes if c.kind == "moved"] == [(51.0, 50.0, 20.0, 20.0)]


def test_the_larger_overlap_counts_more_than_the_shorter_way() -> None:
    before = grid({"a.jpg": [("cat", [50, 50, 20, 20])]})
    after = grid({"a.jpg": [("cat", [53, 53, 20, 20]), ("cat", [50, 50, 20, 26])]})  # by 4.2 and 6 pixels

    assert [c.box_after for c in diff(before, after).changes if c.kind == "moved"] == [(50.0, 50.0, 20.0, 26.0)]


def test_a_box_in_the_very_same_place_is_the_same_object_whatever_its_class() -> None:
    before = grid({"a.jpg": [("cat", [50, 50, 20, 20])]})
    after = grid({"a.jpg": [("cat", [54, 50, 20, 20]), ("dog", [50, 50, 20, 20])]})

    assert kinds(diff(before, after)) == {"added": 1, "relabelled": 1}


def test_boxes_that_overlap_by_less_than_half_are_two_objects() -> None:
    before, after = grid({"a.jpg": [("cat", [0, 0, 20, 20])]}), grid({"a.jpg": [("cat", [0, 8, 20, 20])]})

    assert kinds(diff(before, after)) == {"added": 1, "removed": 1}
    assert kinds(diff(before, after, DiffSettings(iou=0.4))) == {"moved": 1}


def test_within_the_tolerance_a_box_is_equal_however_small_it_is() -> None:
    before = grid({"a.jpg": [("cat", [10, 10, 0.5, 0.5]), ("dog", cell(3))]})
    after = grid({"a.jpg": [("cat", [10.4, 10.3, 0.5, 0.5]), ("dog", cell(3))]})

    assert kinds(diff(before, after, DiffSettings(tolerance=0.51))) == {"equal": 2}
    assert kinds(diff(before, after, DiffSettings(tolerance=0.49))) == {"equal": 1, "added": 1, "removed": 1}
    swapped = replace(after, annotations=after.annotations.take(np.array([1, 0])))
    assert kinds(diff(before, swapped, DiffSettings(tolerance=0.51))) == {"equal": 2}


def test_the_corner_that_moved_most_is_measured() -> None:
    before = grid({"a.jpg": [("cat", [10, 10, 50, 50])]})
    after = grid({"a.jpg": [("cat", [11, 10, 52, 54])]})  # right edge by 3, lower edge by 4

    (change,) = diff(before, after).changes

    assert change.moved_px == 5.0
    assert change.iou == pytest.approx(49 * 50 / (50 * 50 + 52 * 54 - 49 * 50))


def test_boxes_that_all_moved_alike_are_called_so() -> None:
    rows = [("cat", cell(place)) for place in range(5)]
    other = [(name, [x + 1, y + 1, w - 1, h - 1]) for name, (x, y, w, h) in rows]

    shift = diff(grid({"a.jpg": rows}), grid({"a.jpg": other})).shift
    assert shift is not None
    assert shift.edges == (1.0, 1.0, 0.0, 0.0)

    other[2] = ("cat", [cell(2)[0] + 2, *cell(2)[1:]])
    shift = diff(grid({"a.jpg": rows}), grid({"a.jpg": other})).shift
    assert shift is not None
    assert shift.edges is None
    assert (shift.largest, shift.median) == (2.0, math.sqrt(2))


def test_a_label_of_a_whole_picture_is_relabelled_not_moved() -> None:
    whole = [math.nan] * 4
    before = grid({"a.jpg": [("cat", whole)], "b.jpg": [("cat", whole), ("cat", cell(0))]})
    after = grid({"a.jpg": [("dog", whole)], "b.jpg": [("cat", cell(0))]})

    report = diff(before, after)

    assert kinds(report) == {"equal": 1, "removed": 1, "relabelled": 1}
    assert report.changes[0] == Change(kind="relabelled", image="a.jpg", class_before="cat", class_after="dog")


def test_stacks_of_boxes_are_paired_one_to_one() -> None:
    before = grid({"a.jpg": [("cat", [10, 10, 50, 50])] * 1000})
    after = grid({"a.jpg": [("cat", [10.5, 10, 50, 50])] * 1000})

    assert kinds(diff(before, after)) == {"moved": 1000}


# --- settings


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (DiffSettings(iou=0), "an IoU of 0"),
        (DiffSettings(iou=math.nan), "an IoU of nan"),
        (DiffSettings(tolerance=-1), "a tolerance of -1"),
        (DiffSettings(tolerance=math.inf), "a tolerance of inf"),
        (DiffSettings(ignore=("box",)), "there is no column 'box'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(wrong: DiffSettings, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        diff(grid({}), grid({}), wrong)


def test_a_report_may_list_only_the_first_changes() -> None:
    before, after = edited({"a.jpg": [Edit("removed")] * 5})

    report = report_of(compare(before, after), most=2)

    assert len(report.changes) == 2
    assert report.counts.removed == 5
