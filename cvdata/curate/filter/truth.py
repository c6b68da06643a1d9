"""Whether a filter's condition holds, for all rows of a dataset at once: yes, no, or unknown.

The rules are those of SQL: a comparison with what nobody measured is unknown; `not` leaves unknown what is unknown;
`and` is no where either side is, `or` is yes where either side is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...dataset import Dataset
from ...errors import show
from .columns import Column, find_column
from .compare import ORDERS, READERS, Truth, compare
from .parse import Comparison, Condition, Joined, Not, comparisons_of, parse
from .values import MISSING, Flags, Free, Kind, Numbers, Values
from .words import Expression

__all__ = ["Checked", "Rows", "check_expression", "of_pictures"]


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression that makes sense, whatever dataset it is for.

    Attributes:
        columns: those that it names, in their order; `of_annotations`: whether one of them is about annotations.
    """

    expression: Expression
    condition: Condition
    columns: dict[str, Column]
    of_annotations: bool

    @property
    def of_outlines(self) -> bool:
        """Whether outlines must be known to say what fits; areas nearly always are, beside them."""
        return "has_polygon" in self.columns


def check_expression(expression: Expression) -> Checked:
    """Read an expression, and refuse what makes no sense in any dataset.

    Raises:
        UsageError: it cannot be read, or a column is not known or cannot be compared so; the message shows where.
    """
    condition = parse(expression)
    columns = {}
    for test in comparisons_of(condition):
        column = columns[test.column.text] = find_column(expression, test.column)
        _check_operator(expression, test, column.kind)
        for word in test.values:
            reader = "number" if column.kind == "free" and test.operator in ORDERS else column.kind
            READERS[reader](expression, word)
    return Checked(expression, condition, columns, any(c.about == "annotations" for c in columns.values()))


def _check_operator(expression: Expression, test: Comparison, kind: Kind) -> None:
    name = show(test.column.text, 40)
    if test.operator == "true" and kind not in ("flag", "free"):
        hint = f"compare it, such as {name} {_EXAMPLES[kind]}"
        raise expression.wrong(test.column, f"'{name}' is no yes or no", hint)
    if test.operator == "like" and kind not in ("name", "free"):
        raise expression.wrong(test.column, f"'{name}' is no text", f"compare it, such as {name} {_EXAMPLES[kind]}")
    if test.operator in ORDERS and kind in ("name", "flag"):
        raise expression.wrong(test.column, f"'{name}' has no order", f"compare it, such as {name} {_EXAMPLES[kind]}")


def of_pictures(checked: Checked) -> Checked | None:
    """Return what must hold of a picture whatever is in it: of all that `and` joins, what is about pictures alone."""
    parts = tuple(part for part in _joined(checked.condition) if not _of_annotations(checked, part))
    return replace(checked, condition=Joined("and", parts), of_annotations=False) if parts else None


def _joined(condition: Condition) -> Iterator[Condition]:
    """Yield what must all hold for a condition to hold."""
    if isinstance(condition, Joined) and condition.word == "and":
        for part in condition.conditions:
            yield from _joined(part)
    else:
        yield condition


def _of_annotations(checked: Checked, condition: Condition) -> bool:
    return any(checked.columns[test.column.text].about == "annotations" for test in comparisons_of(condition))


_EXAMPLES = {"number": "> 100", "time": ">= 2024-05-01", "flag": "== yes", "name": "in (a, b)", "free": "== 3"}


class Rows:
    """The annotations or the pictures of a dataset, asked whether they fit an expression.

    Args:
        by_annotation: ask each annotation; else each picture as if nothing were in it, so that what is said of
            annotations is unknown, except that nothing is marked.
    """

    def __init__(self, checked: Checked, dataset: Dataset, *, by_annotation: bool) -> None:
        self._checked = checked
        self._dataset = dataset
        self._by_annotation = by_annotation
        self._values: dict[str, Values] = {}

    def truth(self) -> Truth:
        """Return which rows fit.

        Raises:
            UsageError: the dataset has no such class, split or attribute; the message shows where.
        """
        return self._truth(self._checked.condition)

    @property
    def silent(self) -> list[str]:
        """Names of the columns that say nothing about any row, once `truth` has looked."""
        return [name for name, values in self._values.items() if _is_silent(values)]

    def _truth(self, condition: Condition) -> Truth:
        if isinstance(condition, Comparison):
            return self._compared(condition)
        if isinstance(condition, Not):
            inner = self._truth(condition.condition)
            return Truth(inner.no, inner.yes)
        whole = self._truth(condition.conditions[0])
        for part in condition.conditions[1:]:
            other = self._truth(part)
            if condition.word == "and":
                whole = Truth(whole.yes & other.yes, whole.no | other.no)
            else:
                whole = Truth(whole.yes | other.yes, whole.no & other.no)
        return whole

    def _compared(self, test: Comparison) -> Truth:
        column = self._checked.columns[test.column.text]
        if test.column.text not in self._values:
            self._values[test.column.text] = column.values(self._dataset)
        values = self._values[test.column.text]
        if not self._by_annotation and column.about == "annotations":
            return self._of_nothing(test, values, column.kind)
        truth = compare(self._checked.expression, test, values, column.kind)
        if self._by_annotation and column.about == "pictures":
            return truth.take(self._dataset.annotations.image)
        return truth

    def _of_nothing(self, test: Comparison, values: Values, kind: Kind) -> Truth:
        """Say of pictures in which there is nothing what holds of annotations: of marks that they are not there."""
        count = len(self._dataset.images)
        if not isinstance(values, Free) or values.unset is MISSING:
            return Truth(*np.zeros((2, count), np.bool_))
        truth = compare(self._checked.expression, test, Free([MISSING], values.unset), kind)
        return Truth(np.repeat(truth.yes, count), np.repeat(truth.no, count))


def _is_silent(values: Values) -> bool:
    if isinstance(values, Numbers):
        return len(values.values) > 0 and bool(np.isnan(values.values).all())
    if isinstance(values, Flags):
        return len(values.given) > 0 and not values.given.any()
    if isinstance(values, Free):
        return len(values.values) > 0 and all(value is MISSING for value in values.values)
    return len(values.codes) > 0 and bool((values.codes < 0).all())
