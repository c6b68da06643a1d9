"""Other attributes of annotations under names and with types that FiftyOne takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cvdata.browse.labels.attributes import RESERVED, shown_of, values_of
from cvdata.browse.labels.schema import schema_of
from cvdata.browse.subject import Subject
from cvdata.dataset import Dataset, Ragged

from .subjects import TRUTH_ROWS, dataset_of


def with_extra(*extras: dict[str, Any]) -> Dataset:
    return dataset_of([{"image": "a.png", "category": "bolt", "box": [1, 1, 2, 2], "extra": one} for one in extras])


def shown(*extras: dict[str, Any]) -> tuple[dict[str, str], list[dict[str, Any]] | None]:
    """Return the kinds of the attributes by their name, and the values of each annotation."""
    dataset = with_extra(*extras)
    fields = shown_of(dataset).extras
    return {one.name: one.kind for one in fields}, values_of(dataset, fields)


def test_each_attribute_has_the_kind_that_holds_all_of_its_values() -> None:
    kinds, values = shown(
        {"b": True, "i": 1, "f": 0.5, "s": "x", "number_mix": 1, "mix": 1, "huge": 2**64, "list": [1], "none": None},
        {"b": False, "i": -(2**63), "f": 2.0, "s": "", "number_mix": 0.5, "mix": "one"},
    )

    assert kinds == {
        "b": "BooleanField",
        "i": "IntField",
        "f": "FloatField",
        "s": "StringField",
        "number_mix": "FloatField",
        "mix": "StringField",
        "huge": "StringField",
    }
    assert values == [
        {"b": True, "i": 1, "f": 0.5, "s": "x", "number_mix": 1.0, "mix": "1", "huge": "18446744073709551616"},
        {"b": False, "i": -(2**63), "f": 2.0, "s": "", "number_mix": 0.5, "mix": "one"},
    ]


def test_names_are_letters_digits_and_underscores_and_each_is_there_once() -> None:
    kinds, _ = shown({"a.b": 1, "a$b": 2, "a_b": 3, "_id": 4, "id": 5, "": 6, "3d": 7, "Größe": 8, "\U0001f529": 9})

    assert list(kinds) == [
        "a_b",
        "a_b_2",
        "a_b_3",
        "source_id",
        "source_id_2",
        "source",
        "source_3d",
        "Größe",
        "source_2",
    ]


@pytest.mark.parametrize("key", ["label", "tags", "mask", "eval", "verdict", "number", "crowd", "copy", "confidence"])
def test_no_name_is_one_of_fiftyones_or_ours(key: str) -> None:
    kinds, _ = shown({key: 1})

    assert list(kinds) == [f"source_{key}"]
    assert not RESERVED & set(kinds)


def test_a_long_name_is_cut_and_of_many_the_most_frequent_are_shown() -> None:
    rare = {f"rare{row}": row for row in range(80)}

    kinds, values = shown({"x" * 500: 1, "often": 1} | rare, {"x" * 500: 2, "often": 2})

    assert len(kinds) == 50
    assert list(kinds)[:3] == ["x" * 60, "often", "rare0"]
    assert values is not None
    assert values[1] == {"x" * 60: 2, "often": 2}


def test_attributes_in_a_table_of_that_name_are_attributes() -> None:
    kinds, values = shown({"attributes": {"colour": "red", "pose": {"deep": 1}}, "age": 3})

    assert kinds == {"colour": "StringField", "age": "IntField"}
    assert values == [{"colour": "red", "age": 3}]


def test_what_is_no_json_object_says_nothing() -> None:
    dataset = with_extra({"a": 1}, {}, {})
    texts = [b'{"a": 1}', b"[1]", b"\xff{"]
    odd = replace(dataset, annotations=replace(dataset.annotations, extra=Ragged.texts(texts)))

    fields = shown_of(odd).extras

    assert values_of(odd, fields) == [{"a": 1}, {}, {}]


def test_the_schema_names_only_what_the_dataset_has() -> None:
    plain = schema_of(Subject(dataset=dataset_of([{"image": "a.png", "category": "bolt", "box": [1, 1, 2, 2]}])))
    full = [spec.path for spec in schema_of(Subject(dataset=dataset_of(TRUTH_ROWS)))]

    assert [spec.path for spec in plain] == [
        "name",
        "state",
        "cvdata_put",
        "truth",
        "truth.detections.number",
        "truth.detections.size",
    ]
    assert {"truth.detections.crowd", "truth.detections.difficult", "truth.detections.occluded"} <= set(full)
    assert "truth.detections.truncated" not in full
    assert full.index("truth_keypoints") < full.index("truth_keypoints.keypoints.visibility")
