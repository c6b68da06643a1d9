"""Copies of pictures: their names, their groups, their ids, and where they come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvdata.dataset import Categories, Dataset, Ragged
from cvdata.dataset.copies import (
    Copies,
    add_copies,
    copied_annotations,
    copied_images,
    copy_names,
    lineage_of,
    lineage_pairs,
)
from tests.tiny import build


@pytest.fixture
def two() -> Dataset:
    rows = [
        {"image": "a/x.jpg", "category": "cat", "box": [1, 1, 4, 4]},
        {"image": "b.png", "category": "cat", "box": [2, 2, 4, 4]},
        {"image": "b.png", "category": "dog", "box": [3, 3, 4, 4]},
    ]
    sizes = {"a/x.jpg": (20, 20), "b.png": (30, 30)}
    return build(sizes, rows, Categories(names=("cat", "dog")), splits={"a/x.jpg": "train", "b.png": "train"})


def doubled(dataset: Dataset, copies: Copies) -> Dataset:
    names = copy_names(dataset.images, copies, "copy")
    made = copied_images(dataset.images, copies, names, [{"made": "copy"}] * len(copies))
    return add_copies(dataset, copies, made, copied_annotations(dataset, copies))


def test_counts_become_copies_numbered_per_parent() -> None:
    copies = Copies.times(np.array([2, 0, 1]))

    assert copies.parent.tolist() == [0, 0, 2]
    assert copies.number.tolist() == [1, 2, 1]


def test_a_copy_is_named_after_its_parent_and_never_like_another_picture(two: Dataset) -> None:
    first = doubled(two, Copies.times(np.array([1, 0])))
    again = doubled(first, Copies.times(np.array([1, 1, 0])))

    assert first.images.names == ("a/x.jpg", "b.png", "a/x.copy1.jpg")
    assert again.images.names[3:] == ("a/x.copy2.jpg", "b.copy1.png")


def test_another_suffix_may_be_given(two: Dataset) -> None:
    assert copy_names(two.images, Copies.times(np.array([1, 1])), "aug", ".png") == ("a/x.aug1.png", "b.aug1.png")


def test_a_copy_has_the_annotations_and_the_split_of_its_parent(two: Dataset) -> None:
    grown = doubled(two, Copies.times(np.array([0, 2])))

    assert np.diff(grown.offsets).tolist() == [1, 2, 2, 2]
    assert grown.annotations.category.tolist() == [0, 0, 1, 0, 1, 0, 1]
    assert grown.images.split.tolist() == [0, 0, 0, 0]


def test_a_copy_and_its_parent_are_one_group_and_others_stay_alone(two: Dataset) -> None:
    grown = doubled(two, Copies.times(np.array([0, 1])))

    assert grown.images.group is not None
    assert grown.images.groups == ("b.png",)
    assert grown.images.group.tolist() == [-1, 0, 0]


def test_ids_go_on_where_the_dataset_has_some(two: Dataset) -> None:
    from dataclasses import replace

    table = replace(two.annotations, source_id=np.array([5, 9, 7]))
    grown = doubled(replace(two, annotations=table), Copies.times(np.array([1, 0])))

    assert grown.annotations.source_id is not None
    assert list(grown.annotations.source_id) == [5, 9, 7, 10]


def test_a_copy_knows_its_parent_and_keeps_what_was_said_of_the_picture(two: Dataset) -> None:
    from dataclasses import replace

    images = replace(two.images, extra=Ragged.texts([b'{"camera":"3"}', b""]))
    grown = doubled(replace(two, images=images), Copies.times(np.array([1, 1])))

    assert lineage_of(grown.images) == {
        2: {"parent": "a/x.jpg", "made": "copy"},
        3: {"parent": "b.png", "made": "copy"},
    }
    assert grown.images.extra is not None
    assert b'"camera": "3"' in grown.images.extra.to_bytes()[2]
    assert lineage_pairs(grown.images).tolist() == [[2, 0], [3, 1]]


def test_copies_of_a_picture_that_is_gone_are_paired_with_each_other(two: Dataset) -> None:
    grown = doubled(two, Copies.times(np.array([2, 0]))).images
    left = grown.take(np.array([1, 2, 3]))

    assert lineage_pairs(left).tolist() == [[2, 1]]


def test_a_parent_whose_name_is_no_utf_8_is_named_with_escapes(two: Dataset) -> None:
    images = replace(two.images, names=("x\udcff.jpg", "b.png"))
    made = copied_images(images, Copies.times(np.array([1, 0])), ["y.jpg"], [{"made": "aug"}])

    assert lineage_of(made) == {0: {"parent": "x\\udcff.jpg", "made": "aug"}}


def test_each_copy_can_have_a_suffix_of_its_own(two: Dataset) -> None:
    assert copy_names(two.images, Copies.times(np.array([1, 1])), "aug", [".jpg", ".png"]) == (
        "a/x.aug1.jpg",
        "b.aug1.png",
    )
