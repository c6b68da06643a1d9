"""Pictures that several datasets have: found by content, renamed, in one split and group."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Facts, State
from cvdata.errors import CvdataError

from ..tiny import build
from .merging import BOX, CAT, boxes, codes, joined, one, pictures, twin_folders


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same picture under two names."""
    return twin_folders(tmp_path)


def test_pictures_of_the_same_content_become_one(twins: tuple[Path, Path]) -> None:
    first = one([BOX], twins[0])
    second = one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",))

    outcome = joined(first, second)

    assert boxes(outcome) == [("1.jpg", "cat", (10, 10, 30, 20))]
    assert (outcome.filtered.images, outcome.filtered.annotations) == (1, 1)
    assert [(s.duplicates, s.dropped) for s in outcome.tally.sources] == [(0, 0), (1, 1)]


def test_duplicates_stay_where_they_are_to_be_kept(twins: tuple[Path, Path]) -> None:
    outcome = joined(
        one([BOX], twins[0]),
        one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",)),
        duplicates="keep",
    )

    assert outcome.dataset.images.names == ("1.jpg", "other.jpg")


def test_hard_links_of_one_file_are_one_picture(tmp_path: Path) -> None:
    first = pictures(tmp_path / "x", {"1.jpg": "same"})
    (tmp_path / "y").mkdir()
    (tmp_path / "y/2.jpg").hardlink_to(first / "1.jpg")

    assert len(joined(one([], first), one([], tmp_path / "y", names=("2.jpg",))).dataset.images) == 1


def test_stored_hashes_are_believed_and_no_file_is_read() -> None:
    facts = replace(Facts.none(1), size=np.array([5], np.int64), sha256=np.full((1, 32), 7, np.uint8))
    first, second = one([BOX], facts=facts), one([{**BOX, "image": "2.jpg"}], names=("2.jpg",), facts=facts)

    outcome = joined(first, second)

    assert outcome.dataset.images.names == ("1.jpg",)
    assert outcome.findings == []


def test_what_one_source_has_twice_stays_twice(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "x", {"1.jpg": "same", "2.jpg": "same"})
    other = pictures(tmp_path / "y", {"3.jpg": "else"})

    outcome = joined(one([], folder, names=("1.jpg", "2.jpg")), one([], other, names=("3.jpg",)))

    assert outcome.dataset.images.names == ("1.jpg", "2.jpg", "3.jpg")


def test_two_pictures_of_one_name_stay_two_and_their_folder_moves(tmp_path: Path) -> None:
    first = pictures(tmp_path / "x", {"f/1.jpg": "one"})
    second = pictures(tmp_path / "y", {"f/1.jpg": "two", "f/2.jpg": "three", "g/1.jpg": "four"})
    names = ("f/1.jpg", "f/2.jpg", "g/1.jpg")

    outcome = joined(one([], first, names=("f/1.jpg",)), one([], second, names=names))

    images = outcome.dataset.images
    assert images.names == ("f/1.jpg", "b/f/1.jpg", "b/f/2.jpg", "g/1.jpg")
    assert images.file(1) == f"{second}/f/1.jpg"
    assert [(r.source, r.before, r.after) for r in outcome.tally.renames] == [
        ("b", "f/1.jpg", "b/f/1.jpg"),
        ("b", "f/2.jpg", "b/f/2.jpg"),
    ]


def test_a_new_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    first = pictures(tmp_path / "x", {"1.jpg": "one", "b/1.jpg": "two"})
    second = pictures(tmp_path / "y", {"1.jpg": "three"})

    outcome = joined(one([], first, names=("1.jpg", "b/1.jpg")), one([], second))

    assert outcome.dataset.images.names == ("1.jpg", "b/1.jpg", "b-2/1.jpg")


def test_pictures_that_are_nowhere_are_compared_by_name_and_size() -> None:
    same = joined(one([BOX]), one([BOX]))
    larger = replace(one([BOX]).images, width=np.array([101], np.int32))
    other = joined(one([BOX]), replace(one([BOX]), images=larger))

    assert same.dataset.images.names == ("1.jpg",)
    assert codes(same)["compared-by-name"] == 2
    assert other.dataset.images.names == ("1.jpg", "b/1.jpg")


def test_a_picture_that_is_there_gives_its_file_to_one_that_is_not(tmp_path: Path) -> None:
    outcome = joined(one([BOX]), one([BOX], pictures(tmp_path, {"1.jpg": "x"})))

    assert outcome.dataset.images.file(0) == f"{tmp_path}/1.jpg"


@pytest.mark.parametrize(
    ("chosen", "split"), [("first", ["train"]), ("last", ["test"]), ("union", ["test"]), ("keep", ["train", "test"])]
)
def test_a_picture_in_two_splits_is_a_leak_and_is_named(
    twins: tuple[Path, Path], chosen: str, split: list[str]
) -> None:
    first = one([BOX], twins[0], splits={"1.jpg": "train"})
    second = one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",), splits={"other.jpg": "test"})

    with pytest.raises(CvdataError, match=r"1\.jpg \(a: in train\) and other\.jpg \(b: in test\)"):
        joined(first, second)
    images = joined(first, second, on_conflict=chosen).dataset.images

    assert [images.splits[row] for row in images.split.tolist()] == split


def test_a_picture_that_stays_apart_keeps_its_labels_to_itself(twins: tuple[Path, Path]) -> None:
    first = one([], twins[0], states={"1.jpg": State.UNLABELLED}, splits={"1.jpg": "train"})
    second = one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",), splits={"other.jpg": "test"})

    outcome = joined(first, second, on_conflict="keep")

    assert [image for image, *_ in boxes(outcome)] == ["other.jpg"]
    assert outcome.dataset.images.state.tolist() == [State.UNLABELLED, State.LABELLED]


def test_a_union_prefers_test_wherever_it_stands(twins: tuple[Path, Path]) -> None:
    first = one([BOX], twins[0], splits={"1.jpg": "val"})
    second = one([{**BOX, "image": "other.jpg"}], twins[1], names=("other.jpg",), splits={"other.jpg": "train"})

    images = joined(first, second, on_conflict="union").dataset.images

    assert [images.splits[row] for row in images.split.tolist()] == ["val"]


def test_a_split_wins_over_none(twins: tuple[Path, Path]) -> None:
    second = one([BOX | {"image": "other.jpg"}], twins[1], names=("other.jpg",), splits={"other.jpg": "test"})

    images = joined(one([BOX], twins[0]), second).dataset.images

    assert [images.splits[row] for row in images.split.tolist()] == ["test"]


def test_two_sizes_of_one_picture_are_named(twins: tuple[Path, Path]) -> None:
    second = build({"other.jpg": (80, 100)}, [BOX | {"image": "other.jpg"}], CAT, folder=twins[1])

    with pytest.raises(CvdataError, match=r"\(a: 100x80\) and other\.jpg \(b: 80x100\)"):
        joined(one([BOX], twins[0]), second)

    assert joined(one([BOX], twins[0]), second, on_conflict="last").dataset.images.width.tolist() == [80]


def test_labels_of_a_picture_of_another_size_are_not_joined(twins: tuple[Path, Path]) -> None:
    second = build(
        {"other.jpg": (80, 100)}, [{**BOX, "image": "other.jpg", "box": [5, 85, 9, 9]}], CAT, folder=twins[1]
    )

    outcome = joined(one([BOX], twins[0]), second, on_conflict="union")

    assert boxes(outcome) == [("1.jpg", "cat", (10, 10, 30, 20))]


def test_groups_of_one_name_in_two_sources_are_two() -> None:
    grouped: dict[str, Any] = {"group": np.array([0], np.int32), "groups": ("walk",)}

    images = joined(one([], **grouped), one([], names=("2.jpg",), **grouped)).dataset.images

    assert images.groups == ("walk", "b/walk")
    assert images.group is not None
    assert images.group.tolist() == [0, 1]


def test_a_picture_in_two_groups_ties_them_together(tmp_path: Path) -> None:
    first = pictures(tmp_path / "x", {"1.jpg": "same", "2.jpg": "two"})
    second = pictures(tmp_path / "y", {"3.jpg": "same", "4.jpg": "four"})
    grouped: dict[str, Any] = {"group": np.array([0, 0], np.int32)}

    images = joined(
        one([], first, names=("1.jpg", "2.jpg"), groups=("x",), **grouped),
        one([], second, names=("3.jpg", "4.jpg"), groups=("y",), **grouped),
    ).dataset.images

    assert images.names == ("1.jpg", "2.jpg", "4.jpg")
    assert images.group is not None
    assert images.group.tolist() == [0, 0, 0]
