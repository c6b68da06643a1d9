"""Labels of one picture in several datasets: whether they agree, and which count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cvdata.curate.merge import MergeOutcome
from cvdata.dataset import Categories, State
from cvdata.errors import CvdataError

from .merging import BOX, boxes, codes, joined, one, pictures, twin_folders


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same picture under two names."""
    return twin_folders(tmp_path)


def test_boxes_within_a_pixel_in_any_order_agree(twins: tuple[Path, Path]) -> None:
    first = [BOX, {**BOX, "box": [50, 50, 10, 10]}]
    second = [{"image": "other.jpg", "category": "cat", "box": b} for b in ([51, 50, 9, 11], [10, 9, 30, 20.5])]

    outcome = joined(one(first, twins[0]), one(second, twins[1], names=("other.jpg",)))

    assert [box for *_, box in boxes(outcome)] == [(10, 10, 30, 20), (50, 50, 10, 10)]
    assert outcome.tally.conflicts.labels == 0


DISPUTED = [
    {"image": "other.jpg", "category": "cat", "box": [11, 10, 30, 20]},  # IoU 0.94 with BOX
    {"image": "other.jpg", "category": "cat", "box": [60, 50, 10, 10]},
]


def _disputed(twins: tuple[Path, Path], **chosen: Any) -> MergeOutcome:
    return joined(one([BOX], twins[0]), one(DISPUTED, twins[1], names=("other.jpg",)), **chosen)


def test_other_labels_of_one_picture_stop_the_merge(twins: tuple[Path, Path]) -> None:
    with pytest.raises(CvdataError) as error:
        _disputed(twins)

    assert error.value.message == (
        "1 picture is in two sources, and these disagree\n  1.jpg (a: 1 annotation) and other.jpg (b: 2 annotations)"
    )
    assert "--on-conflict first" in str(error.value.hint)


@pytest.mark.parametrize(
    ("other", "here", "there"),
    [
        ({"category": "dog", "box": BOX["box"]}, "1 annotation, 1 'cat'", "1 annotation, 1 'dog'"),
        ({"category": "cat", "box": [60, 50, 10, 10]}, "1 annotation", "1 annotation, in other places"),
    ],
)
def test_as_many_labels_that_differ_are_told_apart(
    twins: tuple[Path, Path], other: dict[str, Any], here: str, there: str
) -> None:
    both = Categories(names=("cat", "dog"))

    with pytest.raises(CvdataError) as error:
        joined(
            one([BOX], twins[0], categories=both),
            one([{**other, "image": "other.jpg"}], twins[1], names=("other.jpg",), categories=both),
        )

    assert error.value.message.endswith(f"\n  1.jpg (a: {here}) and other.jpg (b: {there})")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("first", [("1.jpg", 10)]),
        ("last", [("1.jpg", 11), ("1.jpg", 60)]),
        ("union", [("1.jpg", 10), ("1.jpg", 60)]),
        ("keep", [("1.jpg", 10), ("other.jpg", 11), ("other.jpg", 60)]),
    ],
)
def test_it_is_chosen_whose_labels_count(twins: tuple[Path, Path], chosen: str, expected: list[Any]) -> None:
    outcome = _disputed(twins, on_conflict=chosen)

    assert [(image, box[0]) for image, _, box in boxes(outcome)] == expected
    assert outcome.tally.conflicts.labels == 1
    assert codes(outcome)["conflicting-labels"] == 1


def test_two_equal_boxes_of_one_picture_both_stay_in_a_union(twins: tuple[Path, Path]) -> None:
    second = [{**BOX, "image": "other.jpg"}, {**BOX, "image": "other.jpg", "box": [70, 60, 5, 5]}]

    outcome = joined(one([BOX, BOX], twins[0]), one(second, twins[1], names=("other.jpg",)), on_conflict="union")

    assert [box[0] for *_, box in boxes(outcome)] == [10, 10, 70]


def test_a_union_of_three_has_each_object_once(tmp_path: Path) -> None:
    parts = [
        one([{**BOX, "box": [at, 10, 30, 20]} for at in lefts], pictures(tmp_path / name, {"1.jpg": "same"}))
        for name, lefts in (("x", [10]), ("y", [10, 50]), ("z", [50.5, 5]))
    ]

    assert [box[0] for *_, box in boxes(joined(*parts, on_conflict="union"))] == [10, 50, 5]


def test_labels_win_over_none(twins: tuple[Path, Path]) -> None:
    unlabelled = one([], twins[0], states={"1.jpg": State.UNLABELLED})

    outcome = joined(unlabelled, one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",)))

    assert [image for image, *_ in boxes(outcome)] == ["1.jpg"]
    assert outcome.dataset.images.state.tolist() == [State.LABELLED]


def test_a_picture_with_nothing_in_it_disagrees_with_a_labelled_one(twins: tuple[Path, Path]) -> None:
    empty, labelled = one([], twins[0]), one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",))

    with pytest.raises(CvdataError, match=r"1\.jpg \(a: nothing in it\) and other\.jpg \(b: 1 annotation\)"):
        joined(empty, labelled)

    assert joined(empty, labelled, on_conflict="first").dataset.images.state.tolist() == [State.EMPTY]
    assert joined(empty, labelled, on_conflict="union").dataset.images.state.tolist() == [State.LABELLED]


def test_an_annotation_takes_what_it_lacks_from_its_copy(twins: tuple[Path, Path]) -> None:
    ring = [[(10, 10), (40, 10), (40, 30)]]
    second = one(
        [{**BOX, "image": "other.jpg", "rings": ring, "difficult": 1, "crowd": True}], twins[1], names=("other.jpg",)
    )

    outcome = joined(one([{**BOX, "extra": {"pose": "Left"}}], twins[0]), second)

    (row,) = outcome.dataset.rows()
    assert row.columns["polygons"][0].tolist() == [[10, 10], [40, 10], [40, 30]]
    assert (row.columns["difficult"], bool(row.columns["crowd"])) == (1, True)
    assert row.columns["extra"].tobytes() == b'{"pose":"Left"}'
    assert codes(outcome)["completed"] == 3


def test_what_one_copy_knows_reaches_the_first_through_another(tmp_path: Path) -> None:
    ring = [[(12, 10), (42, 10), (42, 30)]]
    more = {**BOX, "box": [70, 60, 5, 5]}
    parts = [
        one(rows, pictures(tmp_path / name, {"1.jpg": "same"}))
        for name, rows in (
            ("w", [BOX]),
            ("x", [more]),
            ("y", [{**BOX, "box": [11, 10, 30, 20]}]),
            ("z", [{**BOX, "box": [12, 10, 30, 20], "rings": ring}, more]),
        )
    ]

    rows = list(joined(*parts, on_conflict="union").dataset.rows())

    assert [row.box[0] for row in rows] == [10, 70]
    assert rows[0].columns["polygons"][0].tolist() == [[12, 10], [42, 10], [42, 30]]


def test_a_hundred_equal_boxes_stay_a_hundred(twins: tuple[Path, Path]) -> None:
    other = {**BOX, "image": "other.jpg"}

    second = one([other] * 100 + [{**other, "box": [70, 60, 5, 5]}], twins[1], names=("other.jpg",))
    outcome = joined(one([BOX] * 100, twins[0]), second, on_conflict="union")

    assert len(outcome.dataset.annotations) == 101
