"""Which class of the dataset each class of a model is."""

from __future__ import annotations

import re

import pytest

from cvdata.errors import UsageError
from cvdata.prelabel.naming import Naming, name_classes


def rows(naming: Naming) -> list[list[int]]:
    return [own.tolist() for own in naming.rows]


def test_a_class_is_the_one_of_its_name() -> None:
    naming = name_classes([("dog", "cat")], ("cat", "cow", "dog"))

    assert naming.names == ("cat", "cow", "dog")
    assert rows(naming) == [[2, 0]]
    assert naming.findings == ()


def test_a_name_that_is_written_differently_is_found_and_said() -> None:
    naming = name_classes([("Hard_Hat", "vest")], ("hard hat", "vest"))

    assert rows(naming) == [[0, 1]]
    assert [(f.code, f.examples) for f in naming.findings] == [("class-alike", ["Hard_Hat is hard hat"])]


def test_where_two_classes_are_alike_none_is_guessed() -> None:
    naming = name_classes([("HARDHAT", "vest")], ("hard hat", "hard-hat", "vest"))

    assert rows(naming) == [[-1, 2]]


def test_what_the_dataset_does_not_have_is_left_out_and_said() -> None:
    naming = name_classes([("cat", "tv", "car")], ("cat",))

    assert naming.names == ("cat",)
    assert rows(naming) == [[0, -1, -1]]
    assert [(f.code, f.count, f.examples) for f in naming.findings] == [("class-left-out", 2, ["tv", "car"])]


def test_new_classes_come_behind_those_of_the_dataset() -> None:
    naming = name_classes([("tv", "cat"), ("car", "tv")], ("cat",), new_classes=True)

    assert naming.names == ("cat", "tv", "car")
    assert rows(naming) == [[1, 0], [2, 1]]


def test_a_dataset_without_classes_gets_those_of_the_model() -> None:
    assert name_classes([("a", "b")], ()).names == ("a", "b")


def test_the_map_counts_more_than_names() -> None:
    naming = name_classes([("cat", "dog", "tiger")], ("dog", "cat"), {"cat": "dog", "tiger": "cat", "dog": None})

    assert rows(naming) == [[0, -1, 1]]
    assert naming.findings == ()


def test_a_map_may_name_a_new_class_where_new_ones_are_wanted() -> None:
    naming = name_classes([("cat",)], ("dog",), {"cat": "kitten"}, new_classes=True)

    assert (naming.names, rows(naming)) == (("dog", "kitten"), [[1]])


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"cta": "cat"}, "no model has a class 'cta'\n  hint: did you mean 'cat'?"),
        ({"cat": "dgo"}, "the dataset has no class 'dgo'\n  hint: did you mean 'dog'?; --new-classes adds it"),
    ],
)
def test_a_map_that_names_what_is_not_there_is_refused(mapping: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        name_classes([("cat",)], ("dog",), mapping)


def test_a_model_none_of_whose_classes_the_dataset_has_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        name_classes([("cat", "tv")], ("screw", "bolt"))

    assert str(refused.value) == (
        "the dataset has none of the 2 classes of a model: cat, tv\n"
        "  hint: --new-classes adds them, and --map cat=NAME says which is which; the dataset has: screw, bolt"
    )
