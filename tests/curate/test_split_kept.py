"""`cvdata.curate.split`: splits that stay as they are."""

from __future__ import annotations

import pytest

from cvdata.curate.split import SplitSettings, split
from cvdata.errors import UsageError
from tests.curate.divided import dataset_of_names, splits_of

LABELS_ONLY = SplitSettings(labels_only=True)


def test_a_kept_split_with_a_share_is_filled_up() -> None:
    names = [f"{n:03}x" for n in range(100)]
    dataset = dataset_of_names(names, [[1, 0, 0]] * 100, splits={"003x": "test", "050x": "valid", "051x": "valid"})

    outcome = split(dataset, SplitSettings(keep=("test", "valid"), labels_only=True))

    found = splits_of(outcome.dataset)
    assert (found["003x"], found["050x"], found["051x"]) == ("test", "val", "val")
    assert [part.images for part in outcome.certificate.splits] == [80, 10, 10]


def test_a_kept_split_without_a_share_stays_as_it_is() -> None:
    names = [f"{n:03}x" for n in range(110)]
    test = dict.fromkeys(names[:10], "test")
    settings = SplitSettings(train=0.9, val=0.1, test=0, keep=("test",), labels_only=True)

    outcome = split(dataset_of_names(names, [[1, 0, 0]] * 110, splits=test), settings)

    assert [(part.name, part.wished, part.images) for part in outcome.certificate.splits] == [
        ("train", 0.9, 90),
        ("val", 0.1, 10),
        ("test", None, 10),
    ]
    assert [name for name, part in splits_of(outcome.dataset).items() if part == "test"] == names[:10]


def test_what_belongs_to_a_kept_picture_goes_where_it_is() -> None:
    names = ["f_frame_1.jpg", "f_frame_2.jpg", *(f"{n}x" for n in range(20))]
    settings = SplitSettings(train=0.5, val=0.5, test=0, keep=("test",), labels_only=True)

    outcome = split(dataset_of_names(names, [[1, 0, 0]] * 22, splits={"f_frame_2.jpg": "test"}), settings)

    assert splits_of(outcome.dataset)["f_frame_1.jpg"] == "test"
    assert [warning.code for warning in outcome.certificate.warnings] == ["joined-kept"]


def test_where_kept_splits_spoil_the_shares_no_group_is_blamed_and_nothing_is_called_the_best() -> None:
    names = ["f_frame_1.jpg", "f_frame_2.jpg", *(f"{n:02}x" for n in range(18))]
    objects = [[1, 1, 0] if 2 <= n < 11 else [1, 0, 0] for n in range(20)]
    kept = dict.fromkeys(names[2:11], "test")
    settings = SplitSettings(keep=("test",), labels_only=True)

    outcome = split(dataset_of_names(names, objects, splits=kept), settings)

    assert [(warning.message, warning.examples[-1]) for warning in outcome.certificate.warnings] == [
        (
            "splits are off by up to 35.0 points; --keep holds 9 of 20 pictures",
            "test has 45.0 % of the pictures",
        ),
        (
            "1 class does not reach every split: in too few groups, or --keep holds their pictures",
            "b lives in 9 groups, none in train, val",
        ),
        (
            "1 class is more than 2 points off the wish: too few pictures or groups hold them, "
            "or --keep holds their pictures",
            "a: off by 35.0 points (20 pictures in 19 groups)",
        ),
    ]


def test_a_leak_between_kept_splits_is_counted_and_named() -> None:
    names = ["f_frame_1.jpg", "f_frame_2.jpg", *(f"{n}x" for n in range(20))]
    splits = {"f_frame_1.jpg": "val", "f_frame_2.jpg": "test"}

    outcome = split(
        dataset_of_names(names, [[1, 0, 0]] * 22, splits=splits), SplitSettings(keep=("val", "test"), labels_only=True)
    )

    assert (outcome.certificate.leaks, outcome.certificate.whole_groups) == (1, 0)
    assert outcome.certificate.warnings[0].examples == ["f_frame_1.jpg and 1 more: val, test"]


def test_a_kept_test_stays_beside_every_fold() -> None:
    names = [f"{n:03}x" for n in range(40)]
    dataset = dataset_of_names(names, [[1, 0, 0]] * 40, splits=dict.fromkeys(names[:10], "testing"))

    outcome = split(dataset, SplitSettings(folds=3, fold=2, keep=("testing",), labels_only=True))

    assert [(part.name, part.images) for part in outcome.certificate.splits] == [
        ("train", 20),
        ("val", 10),
        ("test", 10),
    ]
    assert {name for name, part in splits_of(outcome.dataset).items() if part == "test"} == set(names[:10])


def test_a_fold_cannot_replace_a_split_that_is_to_stay() -> None:
    dataset = dataset_of_names(["a", "b", "c"], [[1, 0, 0]] * 3, splits={"a": "val"})

    with pytest.raises(UsageError, match="--fold makes a new val, so val cannot stay"):
        split(dataset, SplitSettings(folds=2, fold=1, keep=("val",)))
