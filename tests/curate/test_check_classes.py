"""Classes that are suspicious: named alike, unused, rare, or missing from a split."""

from __future__ import annotations

from typing import Any

import pytest

from cvdata.curate.check import check
from cvdata.curate.check.classes import similar_names
from cvdata.curate.check.findings import CheckSettings
from tests.curate.checked import codes, dataset_of, found

LABELS = CheckSettings(labels_only=True)


@pytest.mark.parametrize(
    "pair",
    [
        ("Car", "car"),
        ("traffic light", "traffic_light"),
        ("t-shirt", "tshirt"),
        ("person", "persons"),
        ("banana", "banan"),
        ("helmet", "hemlet"),
        ("motorbike", "motorbyke"),
        (" cat", "cat"),
    ],
)
def test_names_that_probably_mean_one_class_are_found(pair: tuple[str, str]) -> None:
    assert similar_names(["other", *pair]) == [pair]


@pytest.mark.parametrize(
    "names",
    [
        ["cat", "car"],
        ["shirt", "skirt", "t-shirt", "shorts", "shoes"],
        ["mouse", "house"],
        ["class 1", "class 2", "class 10"],
        ["type a", "type b"],
        ["glass", "glas"[:3]],
        ["left_hand", "right_hand"],
        ["bus", "bu"],
    ],
)
def test_names_that_are_words_of_their_own_are_not(names: list[str]) -> None:
    assert similar_names(names) == []


def test_many_thousand_names_are_compared_quickly() -> None:
    names = [f"{chr(97 + i % 26)}{i * 7919:x}xyzzy{chr(97 + i // 26 % 26)}word" for i in range(20_000)]

    assert len(similar_names([*names, "banana", "bananna"])) >= 1


def test_unused_single_and_few_are_told_apart() -> None:
    rows: list[dict[str, Any]] = [{"box": [i, i, 10, 10]} for i in range(12)]
    rows += [{"box": [1, 1, 9, 9], "category": "dog"}, {"box": [1, 1, 9, 9], "category": "cow", "image": "b.jpg"}]
    rows += [{"box": [3, 3, 9, 9], "category": "cow", "image": "b.jpg"}]
    dataset = dataset_of(rows, ("cat", "dog", "cow", "ghost"))

    report = check(dataset, settings=LABELS)

    assert [spot.what for spot in found(report, "unused-class").places] == ["ghost: 0"]
    assert [spot.what for spot in found(report, "single-sample-class").places] == ["dog: 1"]
    assert [spot.what for spot in found(report, "few-objects-class").places] == ["cow: 2", "cat: 12"]
    assert found(report, "single-sample-class").images == ["a.jpg"]
    imbalance = found(report, "class-imbalance")
    assert imbalance.title == "1 class is rare beside 'cat', which has 80% of all annotations"
    assert [spot.what for spot in imbalance.places] == ["dog: 1"]


def test_classes_that_a_split_lacks_are_found() -> None:
    rows = [{"box": [1, 1, 9, 9]}, {"box": [1, 1, 9, 9], "category": "dog", "image": "b.jpg"}]
    dataset = dataset_of(rows, splits={"a.jpg": "train", "b.jpg": "val"})

    report = check(dataset, settings=LABELS)

    assert [s.what for s in found(report, "class-not-in-train").places] == ["dog: none of 1 is in train"]
    assert [s.what for s in found(report, "class-not-in-split").places] == ["cat: none of 1 is in val"]


def test_a_dataset_without_labels_is_not_blamed_for_its_classes() -> None:
    report = check(dataset_of([]), settings=LABELS)

    assert codes(report) == {"empty-picture": 2}


def test_names_from_files_are_shown_harmless() -> None:
    dataset = dataset_of([{"box": [1, 1, 9, 9], "category": "\x1b[31mred"}], ("cat", "\x1b[31mred"))

    report = check(dataset, settings=LABELS)

    assert found(report, "single-sample-class").places[0].what == "\\x1b[31mred: 1"
