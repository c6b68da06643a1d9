"""Classes of several datasets as one list."""

from __future__ import annotations

from typing import Any

import pytest

from cvdata.dataset import Categories, Dataset
from cvdata.errors import CvdataError

from .merging import BOX, boxes, codes, joined, one


def test_classes_of_the_first_come_first_with_their_ids_and_one_name_is_one_class() -> None:
    first = one([], categories=Categories(names=("dog", "cat"), source_id=(7, 3)))
    second = one([], names=("2.jpg",), categories=Categories(names=("cat", "bird", "cow"), source_id=(1, 7, 9)))

    outcome = joined(first, second)

    assert outcome.dataset.categories.names == ("dog", "cat", "bird", "cow")
    assert outcome.dataset.categories.source_id == (7, 3, 10, 9)
    assert [source.new_classes for source in outcome.tally.sources] == [2, 2]
    assert codes(outcome)["class-ids"] == 2


def test_annotations_keep_their_class_by_name() -> None:
    first = one([BOX])
    second = one(
        [{"image": "2.jpg", "category": "dog", "box": [1, 1, 5, 5]}, {**BOX, "image": "2.jpg"}],
        names=("2.jpg",),
        categories=Categories(names=("dog", "cat")),
    )

    assert [(image, category) for image, category, _ in boxes(joined(first, second))] == [
        ("1.jpg", "cat"),
        ("2.jpg", "dog"),
        ("2.jpg", "cat"),
    ]


@pytest.mark.parametrize("other", ["Cat", "cats", " cat", "CAT"])
def test_names_that_are_probably_one_class_stay_two_and_are_named_with_the_cure(other: str) -> None:
    outcome = joined(one([]), one([], names=("2.jpg",), categories=Categories(names=(other,))))

    assert outcome.dataset.categories.names == ("cat", other)
    finding = next(f for f in outcome.findings if f.code == "similar-class-names")
    assert "cvdata remap DST OUT --map" in finding.examples[0]
    assert f"{other}=cat" in finding.examples[0]


def test_names_that_one_source_has_side_by_side_are_not_named() -> None:
    both = one([], categories=Categories(names=("cat", "cats")))

    assert "similar-class-names" not in codes(joined(both, one([], names=("2.jpg",))))


POSE = Categories(names=("cat",), keypoints=(("nose", "tail"),), skeleton=(((0, 1),),), supercategory=("animal",))
OTHER_POSE = Categories(names=("cat",), keypoints=(("tail", "ear", "nose"),), supercategory=("animal",))


def _posed(categories: Categories, name: str, points: list[list[float]]) -> Dataset:
    return one([{**BOX, "image": name, "keypoints": points}], names=(name,), categories=categories)


def test_another_description_of_a_class_stops_the_merge_and_is_named() -> None:
    with pytest.raises(CvdataError) as error:
        joined(_posed(POSE, "1.jpg", []), _posed(OTHER_POSE, "2.jpg", []))

    assert "'cat': keypoints nose, tail (a) and tail, ear, nose (b)" in str(error.value)
    assert "--on-conflict first" in str(error.value)


@pytest.mark.parametrize(
    ("chosen", "names", "points"),
    [
        ("first", ("nose", "tail"), [[5, 6, 2], [1, 2, 2]]),
        ("last", ("tail", "ear", "nose"), [[1, 2, 2], [3, 4, 2], [5, 6, 2]]),
        ("union", ("nose", "tail", "ear"), [[5, 6, 2], [1, 2, 2], [3, 4, 2]]),
    ],
)
def test_keypoints_follow_the_names_that_are_chosen(chosen: str, names: tuple[str, ...], points: list[Any]) -> None:
    first = _posed(POSE, "1.jpg", [[7, 8, 2], [9, 9, 1]])
    second = _posed(OTHER_POSE, "2.jpg", [[1, 2, 2], [3, 4, 2], [5, 6, 2]])

    outcome = joined(first, second, on_conflict=chosen)

    keypoints = outcome.dataset.annotations.keypoints
    assert outcome.dataset.categories.keypoints == (names,)
    assert keypoints is not None
    assert keypoints[1].tolist() == points
    assert dict(zip(names, keypoints[0].tolist(), strict=False))["nose"] == [7, 8, 2]
    assert codes(outcome).get("lost-keypoints") == (1 if chosen == "first" else None)
    skeleton = outcome.dataset.categories.skeleton
    assert skeleton is not None
    assert {names[end] for end in skeleton[0][0]} == {"nose", "tail"}


def test_a_supercategory_of_none_says_nothing() -> None:
    first = one([], categories=Categories(names=("cat",), supercategory=("none",)))
    second = one([], names=("2.jpg",), categories=Categories(names=("cat",), supercategory=("animal",)))

    assert joined(first, second).dataset.categories.supercategory == ("animal",)


def test_other_attributes_of_a_class_are_counted() -> None:
    red, blue = ({"color": colour, "isthing": 1} for colour in ("red", "blue"))

    outcome = joined(
        one([], categories=Categories(names=("cat",), extra=(red,))),
        one([], names=("2.jpg",), categories=Categories(names=("cat",), extra=({**blue, "code": 5},))),
    )

    assert outcome.dataset.categories.extra == ({"color": "red", "isthing": 1, "code": 5},)
    assert [f.examples for f in outcome.findings if f.code == "class-attributes"] == [["color of cat"]]
