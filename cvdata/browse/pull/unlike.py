"""The labels of a picture that differ from those that were put: most do not, and then there is nothing to work out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..names import KEYPOINTS, NUMBER, OUTLINES, TRUTH, VISIBILITY, WHOLE, list_of

__all__ = ["are_alike", "without_the_same"]

Document = Mapping[str, Any]

_OBJECTS = [list_of(TRUTH + end).split(".") for end in ("", WHOLE)]
_BESIDE = [list_of(TRUTH + end).split(".") for end in (OUTLINES, KEYPOINTS)]

_WRITTEN = ("label", "bounding_box", "mask")
_WRITTEN_BESIDE = ("label", "points", VISIBILITY)
"""Keys of a label, and of what is drawn beside it, that make class and shape."""


def without_the_same(
    document: Document, put: Document, says_the_same: Callable[[Document, Document], bool]
) -> tuple[Document, Document]:
    """Return two documents of one picture without the objects that are written alike in both and have no tag.

    Args:
        says_the_same: tells whether the attributes of two labels are the same.
    """
    one, other = _by_number(document, _OBJECTS), _by_number(put, _OBJECTS)
    beside, put_beside = _by_number(document, _BESIDE), _by_number(put, _BESIDE)
    same = {
        number
        for number, labels in one.items()
        if len(labels) == 1
        and len(was := other.get(number, [])) == 1
        and not labels[0].get("tags")
        and not any(label.get("tags") for label in beside.get(number, []))
        and are_alike(labels[0], was[0], beside.get(number, []), put_beside.get(number, []))
        and says_the_same(labels[0], was[0])
    }
    return _without(document, same), _without(put, same)


def are_alike(one: Document, other: Document, beside: Sequence[Document], other_beside: Sequence[Document]) -> bool:
    """Tell whether class and shape of two objects are written alike; unlike ones may look the same nevertheless."""
    if any(one.get(key) != other.get(key) for key in _WRITTEN) or len(beside) != len(other_beside):
        return False
    return all(a.get(key) == b.get(key) for a, b in zip(beside, other_beside, strict=True) for key in _WRITTEN_BESIDE)


def _by_number(document: Document, fields: list[list[str]]) -> dict[int, list[Document]]:
    numbered: dict[int, list[Document]] = {}
    for label in _labels(document, fields):
        number = label.get(NUMBER)
        if number.__class__ is int:
            numbered.setdefault(number, []).append(label)
    return numbered


def _labels(document: Document, fields: list[list[str]]) -> Iterator[Document]:
    for field, name in fields:
        yield from (document.get(field) or {}).get(name) or ()


def _without(document: Document, numbers: set[int]) -> Document:
    left = dict(document)
    for field, name in (*_OBJECTS, *_BESIDE):
        group = document.get(field)
        if group and group.get(name):
            left[field] = {**group, name: [label for label in group[name] if label.get(NUMBER) not in numbers]}
    return left
