from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.augment.parents import choose_parents, counted_on
from cvdata.augment.settings import AugmentSettings, Skipped
from cvdata.dataset import Dataset, State
from cvdata.dataset.copies import Copies, add_copies, copied_annotations, copied_images
from cvdata.errors import UsageError
from tests.tiny import tiny


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Return street and empty for training, turned and UPPER for validation, rooms/... and new in no split."""
    return tiny(tmp_path)


def with_copies(dataset: Dataset, counts: list[int]) -> Dataset:
    """Return a dataset with so many augmented copies of each picture."""
    copies = Copies.times(np.array(counts))
    names = [f"{number}.jpg" for number in range(len(copies))]
    images = copied_images(dataset.images, copies, names, [{"made": "aug"}] * len(copies))
    return add_copies(dataset, copies, images, copied_annotations(dataset, copies))


def test_pictures_for_training_are_copied_where_there_are_splits(dataset: Dataset) -> None:
    parents = choose_parents(dataset, AugmentSettings(copies=2))

    assert [dataset.images.names[row] for row in parents.rows] == ["street.jpg", "empty.jpg"]
    assert parents.copies.parent.tolist() == [0, 0, 3, 3]
    assert parents.copies.number.tolist() == [1, 2, 1, 2]
    assert parents.skipped == Skipped(other_splits=4)


def test_all_labelled_pictures_are_copied_where_there_are_no_splits(dataset: Dataset) -> None:
    images = replace(dataset.images, split=np.full(6, -1, np.int32), splits=())
    parents = choose_parents(replace(dataset, images=images), AugmentSettings())

    assert parents.rows.tolist() == [0, 1, 2, 3, 5]
    assert parents.skipped == Skipped(unlabelled=1)


@pytest.mark.parametrize(
    ("splits", "rows"), [(("val",), [2, 5]), (("all",), [0, 1, 2, 3, 5]), (("train", "val"), [0, 2, 3, 5])]
)
def test_splits_can_be_named(dataset: Dataset, splits: tuple[str, ...], rows: list[int]) -> None:
    assert choose_parents(dataset, AugmentSettings(splits=splits)).rows.tolist() == rows


def test_only_pictures_that_show_a_class_are_copied(dataset: Dataset) -> None:
    parents = choose_parents(dataset, AugmentSettings(only_classes=("person", "unused"), splits=("all",)))

    assert parents.rows.tolist() == [1]
    assert parents.skipped == Skipped(unlabelled=1, other_classes=4)


def test_pictures_that_were_not_found_are_left_alone(dataset: Dataset) -> None:
    missing = replace(dataset.images, folder=np.array([-1, 0, 0, 0, 0, 0], np.int32))

    assert choose_parents(replace(dataset, images=missing), AugmentSettings()).skipped == Skipped(
        other_splits=4, missing=1
    )


def test_copies_are_not_copied_again(dataset: Dataset) -> None:
    parents = choose_parents(with_copies(dataset, [2, 0, 0, 1, 0, 0]), AugmentSettings())

    assert parents.rows.tolist() == [0, 3]
    assert parents.skipped == Skipped(other_splits=4, augmented=3)


def test_a_second_run_counts_on(dataset: Dataset) -> None:
    more = with_copies(dataset, [2, 0, 0, 1, 0, 0])
    copies = Copies.times(np.array([2, 1, 0, 1, 0, 0, 0, 0, 0]))

    assert counted_on(more.images, copies, "aug").number.tolist() == [3, 4, 1, 2]
    assert counted_on(more.images, copies, "paste").number.tolist() == [1, 2, 1, 1]
    assert counted_on(dataset.images, Copies.times(np.array([1, 1, 0, 0, 0, 0])), "aug").number.tolist() == [1, 1]


def test_splits_of_which_none_is_for_training_are_refused(dataset: Dataset) -> None:
    images = replace(dataset.images, splits=("dev", "val"))

    with pytest.raises(UsageError) as error:
        choose_parents(replace(dataset, images=images), AugmentSettings())
    assert str(error.value) == (
        "the dataset has the splits dev, val, and none of them is for training\n"
        "  hint: name those whose pictures are copied, such as --splits dev; or --splits all"
    )


def test_a_split_called_training_is_for_training(dataset: Dataset) -> None:
    images = replace(dataset.images, splits=("Training", "val"))

    assert choose_parents(replace(dataset, images=images), AugmentSettings()).rows.tolist() == [0, 3]


def test_no_picture_to_copy_is_refused_with_the_reasons(dataset: Dataset) -> None:
    images = replace(dataset.images, state=np.full(6, State.UNLABELLED, np.uint8))

    with pytest.raises(UsageError, match="no picture to make copies of: 4 are not for training, 2 are not labelled"):
        choose_parents(replace(dataset, images=images), AugmentSettings())


def test_a_class_of_a_near_spelling_is_suggested(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="did you mean 'person'"):
        choose_parents(dataset, AugmentSettings(only_classes=("persn",)))
