"""What labels in FiftyOne say besides class and shape: flags and attributes, and whether a person changed any of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from ...dataset import FLAGS
from ..names import PUT, TRUTH, WHOLE, list_of
from .attributes import RESERVED, ExtraField

__all__ = ["FLAG_NAMES", "SAID", "are_same_fields", "is_persons", "is_said_anew", "plain", "said_mark", "said_of"]

FLAG_NAMES = ("crowd", *FLAGS)
"""Attributes of FiftyOne's labels that are columns of their own in the dataset."""

SAID = "said"
"""Key in what was put under which a document keeps its `said_mark`; who put it before there was one has none."""

_NOT_SAID = RESERVED - frozenset(FLAG_NAMES)
"""Names of attributes that are cvdata's own or FiftyOne's: whatever they hold, no person says it of an object."""

_OBJECTS = [list_of(TRUTH + end).split(".") for end in ("", WHOLE)]
_BYTES = 12
_encoded = msgspec.msgpack.Encoder().encode


def is_persons(name: str) -> bool:
    """Tell whether an attribute of this name is what a person, or the dataset, says of an object."""
    return name not in _NOT_SAID and not name.startswith("_")


def said_of(label: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the flags and attributes of a label by name, each as `plain` has it; nothing where nothing is said.

    Args:
        ignored: further names that are no person's, such as those of an evaluation in FiftyOne.
    """
    said = {}
    for name, value in label.items():
        if value is None or name in _NOT_SAID or name in ignored or name.startswith("_"):
            continue
        value = plain(value)
        if value is not None and (value or name != "crowd"):  # a column that cannot be unset
            said[name] = value
    return said


def plain(value: Any) -> Any:
    """Return a value such that two which mean the same are equal: what FiftyOne may make of one is no change of it.

    An empty text and NaN say nothing, as None; 1, 1.0 and True are the same number, since the App knows one kind of
    numbers and a field of FiftyOne decides which it keeps. What is no single value is told apart by how it is written.
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value if value is None or isinstance(value, int) else [type(value).__name__, str(value)]


def said_mark(document: Mapping[str, Any], fields: Iterable[ExtraField]) -> str:
    """Return what tells whether the attributes of a document were changed: digests of those, and of what they are."""
    named = {one.name: one for one in fields}
    there = {name for label in _objects(document) for name in label}
    known = sorted((one.name, one.key, one.kind) for name in there if (one := named.get(name)))
    return f"{_digest(known)}-{_values(document, frozenset())}"


def is_said_anew(document: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> bool:
    """Tell whether a person changed a flag or an attribute of the truth; not, where nobody noted what was put."""
    _, put, values = str((document.get(PUT) or {}).get(SAID) or "").rpartition("-")
    return bool(put) and values != _values(document, ignored)


def are_same_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two documents were put with the same attributes and types, so that what is missing was cleared."""
    return _fields(one) == _fields(other)


def _fields(document: Mapping[str, Any]) -> str:
    return str((document.get(PUT) or {}).get(SAID) or "").rpartition("-")[0]


def _values(document: Mapping[str, Any], ignored: frozenset[str]) -> str:
    return _digest([sorted(said_of(label, ignored).items()) for label in _objects(document)])


def _objects(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for field, name in _OBJECTS:
        yield from (document.get(field) or {}).get(name) or ()


def _digest(value: Any) -> str:
    return blake2b(_encoded(value), digest_size=_BYTES).hexdigest()
