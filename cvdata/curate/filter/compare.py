"""Columns held against values: each row says yes, no, or nothing."""

from __future__ import annotations

import difflib
import fnmatch
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from .parse import Comparison
from .values import MISSING, Flags, Free, Kind, Names, Numbers, Values
from .words import Expression, Word

__all__ = ["ORDERS", "READERS", "Truth", "compare"]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Where a condition holds and where it does not, bool; unknown in rows of neither."""

    yes: NDArray[np.bool_]
    no: NDArray[np.bool_]

    def take(self, rows: NDArray[np.integer[Any]]) -> Truth:
        """Return the given rows."""
        return Truth(self.yes[rows], self.no[rows])


ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LONGEST = 4096  # characters of a name or a pattern; no file system has longer paths
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _number(expression: Expression, word: Word) -> float:
    value = float(word.text) if len(word.text) < 100 and _NUMBER.fullmatch(word.text) else math.nan
    if not math.isfinite(value):
        hint = "write it as 1024, 0.5 or 1e6; a column cannot be compared with another column"
        raise expression.wrong(word, f"'{show(word.text, 40)}' is no number", hint)
    return value


def _time(expression: Expression, word: Word) -> float:
    """Return milliseconds since 1970, as `Facts.taken` has them."""
    try:
        # The same on every Python: later ones read weeks, zones and more.
        moment = datetime.fromisoformat(word.text if _DATE.fullmatch(word.text) else "")
    except ValueError as error:
        hint = "write it as 2024-05-01 or 2024-05-01T18:30:00"
        raise expression.wrong(word, f"'{show(word.text, 40)}' is no date", hint) from error
    return moment.replace(tzinfo=timezone.utc).timestamp() * 1000


def _yes_or_no(expression: Expression, word: Word) -> bool:
    if word.text.lower() not in _FLAGS:
        raise expression.wrong(word, f"'{show(word.text, 40)}' is no yes or no", "write yes or no, or the column alone")
    return _FLAGS[word.text.lower()]


def _text(expression: Expression, word: Word) -> str:
    if len(word.text) > _LONGEST:
        hint = f"write a name of at most {_LONGEST:,}"
        raise expression.wrong(word, f"a text of {len(word.text):,} characters", hint)
    return word.text


READERS: Mapping[Kind, Callable[[Expression, Word], Any]] = {
    "number": _number,
    "time": _time,
    "flag": _yes_or_no,
    "name": _text,
    "free": _text,
}
"""What a value means to each kind of column."""


def compare(expression: Expression, test: Comparison, values: Values, kind: Kind) -> Truth:
    """Return where a comparison holds.

    Raises:
        UsageError: it names a class, split, group or picture that is not there; the message shows where.
    """
    if isinstance(values, Numbers):
        return _of_numbers(test, values.values, [READERS[kind](expression, word) for word in test.values])
    if isinstance(values, Flags):
        return _of_flags(test, values, [_yes_or_no(expression, word) for word in test.values])
    if isinstance(values, Names):
        return _of_names(expression, test, values)
    return _of_free(test, values)


def _of_numbers(test: Comparison, values: NDArray[np.float64], wanted: Sequence[float]) -> Truth:
    known = ~np.isnan(values)
    if test.operator == "given":
        return Truth(known, ~known)
    order = ORDERS.get(test.operator)
    fits = np.isin(values, wanted) if order is None else np.asarray(order(values, wanted[0]))
    return Truth(fits & known, ~fits & known)


def _of_flags(test: Comparison, values: Flags, wanted: Sequence[bool]) -> Truth:
    if test.operator == "given":
        return Truth(values.given, ~values.given)
    fits = np.isin(values.values, wanted) if test.operator == "in" else values.values
    return Truth(fits, ~fits)


def _of_names(expression: Expression, test: Comparison, values: Names) -> Truth:
    """Decide for each name once; rows without a name fit none."""
    if test.operator == "given":
        fits = np.ones(len(values.names), np.bool_)
    elif test.operator == "like":
        fits = np.fromiter(map(_fitting(test.values), values.names), np.bool_, len(values.names))
    else:
        fits = np.zeros(len(values.names), np.bool_)
        fits[_known(expression, test, values.names)] = True
    of_rows = np.append(fits, False)[values.codes]
    return Truth(of_rows, ~of_rows)


def _known(expression: Expression, test: Comparison, names: Sequence[str]) -> list[int]:
    """Return the rows of names.

    Raises:
        UsageError: there is none of that name.
    """
    row_of = {name: row for row, name in enumerate(names)}
    for word in test.values:
        if word.text not in row_of:
            what = {"name": "picture"}.get(test.column.text, test.column.text)
            message = f"there is no {what} '{show(word.text, 80)}'"
            raise expression.wrong(word, message, _nearest(word.text, names, what))
    return [row_of[word.text] for word in test.values]


_MOST_COMPARED = 2000
_MOST_NAMED = 20


def _nearest(name: str, names: Sequence[str], what: str) -> str:
    inside = [known for known in names if name.casefold() in known.casefold()] if name else []
    near = [known for known in inside if known.casefold() == name.casefold()]
    near = near or difflib.get_close_matches(name, names[:_MOST_COMPARED], 1) or inside
    if near:
        return f"did you mean {_quoted(near[0])}?"
    some = ", ".join(_quoted(known) for known in names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
    return f"there are: {some}" if some else f"the dataset has no {what} at all"


def _quoted(name: str) -> str:
    return f"'{show(name, 80)}'"


def _of_free(test: Comparison, values: Free) -> Truth:
    """Decide for each value once; lists, objects, null and what counts as missing can only be given or not."""
    given = np.fromiter((value is not MISSING for value in values.values), np.bool_, len(values.values))
    if test.operator == "given":
        return Truth(given, ~given)
    decide = _decision(test)
    memory: dict[tuple[type, Any], bool | None] = {}
    yes, no = np.zeros((2, len(given)), np.bool_)
    for row in range(len(given)) if values.unset is not MISSING else np.flatnonzero(given).tolist():
        value = values.values[row] if given[row] else values.unset
        if isinstance(value, (str, int, float)):
            key = (type(value), value)  # 1 and True are one key of a dict, and two values here
            if key not in memory:
                memory[key] = decide(value)
            yes[row], no[row] = memory[key] is True, memory[key] is False
    return Truth(yes, no)


def _fitting(patterns: Iterable[Word]) -> Callable[[str], bool]:
    """Return what tells whether a text fits one of the patterns, in which `*` stands for any letters, `?` for one."""
    # fnmatch makes patterns that cannot take forever; it gives brackets a meaning, which they do not have here.
    known = [re.compile(fnmatch.translate(word.text.replace("[", "[[]"))) for word in patterns]
    return lambda text: any(pattern.match(text) for pattern in known)


def _decision(test: Comparison) -> Callable[[Any], bool | None]:
    """Return what decides a comparison for one JSON value: True, False, or None for unknown."""
    words, order = test.values, ORDERS.get(test.operator)
    if test.operator == "true":
        return lambda value: bool(value) if value in (0, 1) else None
    if test.operator == "like":
        fits = _fitting(words)
        return lambda value: fits(value) if isinstance(value, str) else None
    if order is None:
        return lambda value: any(_equal(value, word.text) for word in words)
    limit = float(words[0].text)
    return lambda value: bool(order(value, limit)) if _is_number(value) else None


def _equal(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    if isinstance(value, bool):
        return _FLAGS.get(text.lower()) is value
    return _is_number(value) and _NUMBER.fullmatch(text) is not None and value == float(text)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
