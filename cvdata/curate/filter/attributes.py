"""Attributes that have no column of their own: what a source says of annotations and pictures besides, as JSON."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import msgspec

from ...dataset import Dataset, Ragged
from ...errors import UsageError, show
from .values import MISSING, About, Free, Values
from .words import Expression, Word

__all__ = ["attribute_reader"]

_MOST_COMPARED = 2000
_MOST_NAMED = 20


def attribute_reader(expression: Expression, word: Word, about: About) -> Callable[[Dataset], Values]:
    """Return what reads an attribute out of the JSON objects of the rows."""
    path = word.text.partition(".")[2]

    def values(dataset: Dataset) -> Values:
        table = dataset.annotations if about == "annotations" else dataset.images
        if table.extra is None:
            raise _nowhere(expression, word, about, {})
        found, keys = _attribute(table.extra, path)
        if all(value is MISSING for value in found) and len(found):
            raise _nowhere(expression, word, about, keys)
        return Free(found)

    return values


def _attribute(extra: Ragged, path: str) -> tuple[list[Any], dict[str, None]]:
    """Return the value of an attribute in each row, and the names of all attributes.

    A dot goes into an object: `attributes.colour`. Where a key itself has the dot, that counts.
    """
    memory: dict[bytes, Any] = {b"": MISSING}
    keys: dict[str, None] = {}
    found = []
    for text in extra.to_bytes():
        if text not in memory:
            whole = msgspec.json.decode(text)
            keys.update(dict.fromkeys(_paths(whole)))
            memory[text] = _follow(whole, path)
        found.append(memory[text])
    return found, keys


def _follow(value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        return MISSING
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    return _follow(value[head], rest) if dot and head in value else MISSING


def _paths(whole: Any) -> list[str]:
    if not isinstance(whole, dict):
        return []
    inner = [f"{key}.{name}" for key, value in whole.items() if isinstance(value, dict) for name in value]
    return [*whole, *inner]


def _nowhere(expression: Expression, word: Word, about: About, keys: dict[str, None]) -> UsageError:
    prefix, _, key = word.text.partition(".")
    near = difflib.get_close_matches(key, list(keys)[:_MOST_COMPARED], 1)
    some = ", ".join(f"{prefix}.{show(name, 40)}" for name in list(keys)[:_MOST_NAMED])
    hint = f"there are: {some}" if some else f"the {about} have no other attributes"
    if near:
        hint = f"did you mean '{prefix}.{show(near[0], 40)}'?"
    return expression.wrong(word, f"no {about[:-1]} has the attribute '{show(key)}'", hint)
