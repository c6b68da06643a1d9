"""Attributes that have no column of their own: what a source says of annotations and pictures besides, as JSON.

An attribute that no row has is refused, since it is most likely mistyped. Those that cvdata itself writes are not: a
condition about them means the same whether or not anybody has marked or accepted anything yet.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import msgspec

from ...dataset import Dataset, Ragged
from ...errors import UsageError, show
from .values import MISSING, About, Free, Values
from .words import Expression, Word

__all__ = ["WRITTEN", "attribute_reader"]

_MOST_COMPARED = 2000
_MOST_NAMED = 20

WRITTEN: dict[About, dict[str, str]] = {
    "annotations": {
        "fix": "tagged `fix` in `cvdata browse`: to be looked at again",
        "origin": "of what `cvdata accept` took: prediction, model, score, reviewed, ...",
        "outline": "of outlines that `cvdata accept` took: prediction, model, score",
    },
    "pictures": {"fix": "tagged `fix` in `cvdata browse`: to be looked at again"},
}
"""Attributes that cvdata itself writes, and what they mean: they may be named where no row has them."""

_MARKS = {"fix"}
"""Those that are yes or no: where nobody made the mark it is not there, as with `difficult`."""


def attribute_reader(expression: Expression, word: Word, about: About) -> Callable[[Dataset], Values]:
    """Return what reads an attribute out of the JSON objects of the rows."""
    path = word.text.partition(".")[2]
    unset = False if path in _MARKS else MISSING

    def values(dataset: Dataset) -> Values:
        table = dataset.annotations if about == "annotations" else dataset.images
        found, keys = ([MISSING] * len(table), {}) if table.extra is None else _attribute(table.extra, path)
        known = _is_written(path, about, keys) or (table.extra is not None and not len(table))
        if not known and all(value is MISSING for value in found):
            raise _nowhere(expression, word, about, keys)
        return Free(found, unset)

    return values


def _is_written(path: str, about: About, keys: dict[str, None]) -> bool:
    """Tell whether cvdata itself may write an attribute; where its whole is there, a part that is nowhere is none."""
    head = path.partition(".")[0]
    return head in WRITTEN[about] and (head == path or head not in keys)


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
    near = difflib.get_close_matches(key, [*list(keys)[:_MOST_COMPARED], *WRITTEN[about]], 1)
    some = ", ".join(f"{prefix}.{show(name, 40)}" for name in list(keys)[:_MOST_NAMED])
    hint = f"there are: {some}" if some else f"the {about} have no other attributes"
    if near:
        hint = f"did you mean '{prefix}.{show(near[0], 40)}'?"
    return expression.wrong(word, f"no {about[:-1]} has the attribute '{show(key)}'", hint)
