"""Flags and other attributes that a person changed in FiftyOne: they come back, and nothing else does."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.browse.labels.digests import is_touched
from cvdata.browse.pull import PullCounts, pull
from cvdata.dataset import Categories

from ...compare import identical
from ...tiny import build, tiny
from .attributed import EXTRAS, FIRST, dataset, edited, extra_of, label_of
from .test_columns import documents


@pytest.mark.parametrize(
    ("row", "flag", "value", "column"),
    [
        (0, "difficult", False, [0, 0, -1, -1, -1]),
        (0, "difficult", None, [-1, 0, -1, -1, -1]),
        (2, "difficult", False, [1, 0, 0, -1, -1]),
        (1, "difficult", 1.0, [1, 1, -1, -1, -1]),
        (4, "occluded", True, [-1, -1, -1, -1, 1]),
        (4, "truncated", False, [-1, -1, -1, -1, 0]),
        (3, "crowd", False, [0, 0, 0, 0, 0]),
        (3, "crowd", None, [0, 0, 0, 0, 0]),
        (1, "crowd", True, [0, 1, 0, 1, 0]),
    ],
)
def test_a_flag_comes_back_and_not_said_is_not_no(row: int, flag: str, value: object, column: list[int]) -> None:
    pulled = edited(row, **{flag: value})

    assert pulled.counts == PullCounts(pictures=1, attributes=1)
    assert getattr(pulled.dataset.annotations, flag).tolist() == column
    identical(pulled.dataset.annotations, dataset().annotations, but=frozenset({flag}))


@pytest.mark.parametrize(
    ("row", "said", "written"),
    [
        (0, {"pose": "right"}, FIRST.replace(b"left", b"right")),
        (0, {"colour": "green"}, FIRST.replace(b"red", b"green")),
        (0, {"age": None, "worn": False}, FIRST.replace(b'"age":3,', b"").replace(b"true", b"false")),
        (1, {"a_b": 2, "source_size": "small"}, b'{"attributes":{"colour":"blue"},"a.b":2.0,"size":"small"}'),
        (1, {"colour": ""}, b'{"a.b":0.5,"size":"big"}'),
        (2, {"mix": "2"}, b'{"mix":2,"age":2}'),
        (2, {"mix": "two", "age": 4.0}, b'{"mix":"two","age":4}'),
        (3, {"fix": None}, b'{"mix":"one"}'),
        (4, {"colour": "red", "pose": "up"}, b'{"attributes":{"colour":"red"},"pose":"up"}'),
        (4, {"new": True, "score": 1.5}, b'{"new":true,"attributes":{"score":1.5}}'),
    ],
)  # fmt: skip
def test_an_attribute_goes_back_to_its_key_and_its_place(row: int, said: dict[str, Any], written: bytes) -> None:
    pulled = edited(row, **said)

    assert pulled.counts == PullCounts(pictures=1, attributes=1)
    assert msgspec.json.decode(extra_of(pulled, row)) == msgspec.json.decode(written)
    assert extra_of(pulled, row) == written
    others = np.delete(np.arange(5), row)
    identical(pulled.dataset.annotations.take(others), dataset().annotations.take(others))


def test_the_last_attribute_that_is_cleared_leaves_none() -> None:
    assert extra_of(edited(3, mix=None, fix=None), 3) == b""


@pytest.mark.parametrize(
    ("row", "said", "problem"),
    [
        (0, {"age": "abc"}, "age is 'abc', expected a whole number"),
        (0, {"age": 2.5}, "age is 2.5, expected a whole number"),
        (0, {"worn": "no"}, "worn is 'no', expected yes or no"),
        (1, {"a_b": True}, "a_b is True, expected a number"),
        (0, {"difficult": "very"}, "difficult is 'very', expected yes or no"),
        (0, {"new": [1]}, "new is a list, expected a single value"),
        (1, {"a_b": float("inf")}, "a_b is inf, expected a finite number"),
        (0, {"nested": 1}, "nested is 1, expected another name: the dataset has this one for what is no single value"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_and_the_rest_of_the_label_comes(
    row: int, said: dict[str, Any], problem: str
) -> None:
    pulled = edited(row, **said, label="dog", colour="grey")

    assert pulled.counts == PullCounts(pictures=1, relabelled=1, attributes=1, problems=1)
    assert [(one.code, one.examples) for one in pulled.findings] == [
        ("bad-attributes", [f"{problem}: dog at 1, 2, 3, 4 in a"])
    ]
    assert b'"colour":"grey"' in extra_of(pulled, row)
    assert pulled.dataset.annotations.category[row] == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (0, {"age": 3.0, "worn": 1, "difficult": 1.0}),
        (1, {"difficult": 0, "crowd": 0, "occluded": None}),
        (2, {"difficult": None, "crowd": None, "colour": None, "pose": "", "a_b": float("nan")}),
        (2, {"verdict": "missed", "eval": "fn", "confidence": 0.5, "index": 3, "_cls": "Detection", "size": "large"}),
    ],
)
def test_what_fiftyone_itself_may_make_of_values_is_no_edit(row: int, said: dict[str, Any]) -> None:
    left = documents(dataset())
    label_of(left, row).update(said)

    assert not is_touched(left[0])
    assert pull(dataset(), left).counts == PullCounts()


def test_what_a_run_of_fiftyone_wrote_is_no_persons() -> None:
    left = documents(dataset())
    for row in range(5):
        label_of(left, row).update(mine="tp", mine_id="x", mine_iou=0.5)
    names = frozenset(("mine", "mine_id", "mine_iou"))

    assert pull(dataset(), left, ignored=names).counts == PullCounts()
    assert not is_touched(left[0], names)
    assert is_touched(left[0])


def test_an_attribute_of_the_dataset_that_a_run_of_fiftyone_wrote_over_stays_as_the_dataset_has_it() -> None:
    left = documents(dataset())
    label_of(left, 0).update(age=9, pose="right")

    pulled = pull(dataset(), left, ignored=frozenset({"age"}))

    assert pulled.counts == PullCounts(pictures=1, attributes=1)
    assert extra_of(pulled, 0) == FIRST.replace(b"left", b"right")


def test_a_text_that_was_made_safe_and_a_name_that_was_cut_are_no_edits() -> None:
    rows = [{"image": "a", "category": "cat", "box": [0, 0, 1, 1], "extra": {"x" * 70: "\u2028 \U0001f529", "y": 1}}]
    given = build({"a": (4, 4)}, rows, Categories(names=("cat",)))
    left = documents(given)

    assert pull(given, left).counts == PullCounts()

    left[0]["truth"]["detections"][0]["x" * 60] = "new"
    assert extra_of(pull(given, left), 0) == msgspec.json.encode({"x" * 70: "new", "y": 1})


def test_a_drawn_label_has_the_flags_and_attributes_that_it_was_given() -> None:
    left = documents(dataset())
    drawn = {"label": "dog", "bounding_box": [0, 0, 0.5, 0.5], "tags": ["fix"], "difficult": False, "colour": "red"}
    left[0]["truth"]["detections"].append({**drawn, "age": "old", "verdict": "x"})

    pulled = pull(dataset(), left)
    again = pull(pulled.dataset, left)

    table = pulled.dataset.annotations
    assert pulled.counts == PullCounts(pictures=1, drawn=1, fix_labels=1, problems=1)
    assert extra_of(pulled, 3) == b'{"attributes":{"colour":"red"},"fix":true}'
    assert table.difficult is not None
    assert table.difficult.tolist() == [1, 0, -1, 0, -1, -1]
    assert again.counts == PullCounts(again=1)


def test_of_an_accepted_find_the_flags_are_taken_and_the_models_own_attributes_are_not() -> None:
    left = documents(dataset())
    found = {"label": "dog", "bounding_box": [0.5, 0.5, 0.5, 0.5], "tags": ["accept"], "occluded": True, "pose": "x"}
    left[1]["found"] = {"detections": [found]}

    pulled = pull(dataset(), left, found=[("m", 0.5)])

    table = pulled.dataset.annotations
    assert table.occluded is not None
    assert table.occluded.tolist() == [-1, -1, -1, -1, -1, 1]
    assert extra_of(pulled, 5) == b'{"origin":{"prediction":"m","reviewed":"kept"}}'
    assert pull(pulled.dataset, left, found=[("m", 0.5)]).counts == PullCounts(again=1)


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=5)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "difficult": st.sampled_from((None, True, False)),
    "truncated": st.sampled_from((None, True, False)),
    "crowd": st.booleans(),
    "pose": _TEXTS,
    "age": st.none() | st.integers(-(2**63), 2**63 - 1),
    "a_b": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "worn": st.none() | st.booleans(),
    "colour": st.none() | _TEXTS,
    "added": st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab", max_size=3),
}
_KEYS = {"a_b": "a.b"}
_INNER = {"worn", "colour"}


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(sorted(_VALUES)), st.data()), max_size=6))
def test_any_edits_come_back_exactly_once_and_all_else_is_bit_for_bit_as_it_was(
    todo: list[tuple[int, str, st.DataObject]],
) -> None:
    """What is wanted is worked out on plain rows; the next pull from the same documents must find it there."""
    given_, left = dataset(), documents(dataset())
    extras: list[dict[str, Any]] = [copy.deepcopy(extra) if extra else {} for extra in EXTRAS]
    flags: dict[str, dict[int, Any]] = {name: {} for name in ("difficult", "truncated", "crowd")}
    for row, name, data in todo:
        value = data.draw(_VALUES[name])
        label_of(left, row)[name] = value
        if name in flags:
            flags[name][row] = value
            continue
        own = extras[row]
        held = own.setdefault("attributes", {}) if name in _INNER else own
        held.pop(_KEYS.get(name, name), None) if value in (None, "") else held.update({_KEYS.get(name, name): value})
        if own.get("attributes") == {}:
            del own["attributes"]

    pulled = pull(given_, left)
    table, before = pulled.dataset.annotations, given_.annotations
    again = pull(pulled.dataset, left)

    assert pulled.counts.problems == 0
    assert again.counts.pictures == 0
    assert again.dataset is pulled.dataset
    assert again.conflicts == ()
    assert table.extra is not None
    said = [msgspec.json.decode(text or b"{}") for text in table.extra.to_bytes()]
    assert [list(map(repr, one.items())) for one in map(_sorted, said)] == [
        list(map(repr, one.items())) for one in map(_sorted, extras)
    ]
    for name, asked in flags.items():
        column, old = getattr(table, name), getattr(before, name)
        unset = 0 if name == "crowd" else -1
        values = [unset] * 5 if old is None else old.tolist()
        for row, value in asked.items():
            values[row] = unset if value is None else int(value)
        assert (column is None and old is None and set(values) == {unset}) or column.tolist() == values
    identical(table, before, but=frozenset({"extra", *flags}))
    if not pulled.counts.pictures:
        assert pulled.dataset is given_


def _sorted(extra: dict[str, Any]) -> dict[str, Any]:
    """Return attributes in one order: a key that went and came again lies behind the others."""
    return {key: _sorted(value) if isinstance(value, dict) else value for key, value in sorted(extra.items())}


def test_every_column_of_the_tiny_dataset_stays_when_one_attribute_changes() -> None:
    given_ = tiny()
    left = documents(given_)
    next(one for one in left if one["name"] == "rooms/two words é.png")["truth"]["detections"][0]["age"] = 4

    pulled = pull(given_, left)

    assert pulled.counts == PullCounts(pictures=1, attributes=1)
    assert extra_of(pulled, 5) == b'{"pose":"Left","attributes":{"colour":"red","age":4}}'
    identical(pulled.dataset.annotations, given_.annotations, but=frozenset({"extra"}))
    identical(pulled.dataset.images, given_.images)
