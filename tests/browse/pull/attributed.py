"""A small dataset whose annotations say this and that, as a person finds and leaves it in FiftyOne."""

from __future__ import annotations

from typing import Any

from cvdata.browse.pull import Pulled, pull
from cvdata.dataset import Categories, Dataset

from ...tiny import build
from .test_columns import documents

__all__ = ["EXTRAS", "FIRST", "Document", "dataset", "edited", "extra_of", "label_of"]

Document = dict[str, Any]

EXTRAS: list[dict[str, Any] | None] = [
    {"pose": "left", "nested": {"a": [1, 2]}, "age": 3, "attributes": {"colour": "red", "worn": True}, "last": None},
    {"attributes": {"colour": "blue"}, "a.b": 0.5, "size": "big"},
    {"mix": 1, "age": 2},
    {"mix": "one", "fix": True},
    None,
]

FIRST = b'{"pose":"left","nested":{"a":[1,2]},"age":3,"attributes":{"colour":"red","worn":true},"last":null}'


def dataset() -> Dataset:
    """Return two pictures with five annotations that say this and that."""
    rows: list[dict[str, Any]] = [
        {"image": name, "category": "cat", "box": [1, 2, 3, 4], **({"extra": extra} if extra else {})}
        for name, extra in zip("aaabb", EXTRAS, strict=True)
    ]
    rows[0]["difficult"], rows[1]["difficult"], rows[3]["crowd"] = 1, 0, True
    return build({"a": (20, 10), "b": (20, 10)}, rows, Categories(names=("cat", "dog")))


def label_of(left: list[Document], row: int) -> Document:
    """Return the label of an annotation in documents, to be changed."""
    label: Document = left[0 if row < 3 else 1]["truth"]["detections"][row if row < 3 else row - 3]
    return label


def edited(row: int, **said: Any) -> Pulled:
    """Pull what a person wrote into the label of one annotation."""
    left = documents(dataset())
    label_of(left, row).update(said)
    return pull(dataset(), left)


def extra_of(pulled: Pulled, row: int) -> bytes:
    extra = pulled.dataset.annotations.extra
    assert extra is not None
    return extra[row].tobytes()
