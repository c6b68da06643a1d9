"""From the text of a filter expression to conditions on columns.

either    = both {"or" both}
both      = single {"and" single}
single    = "not" single | "(" either ")" | test
test      = COLUMN [comparison]
comparison = ("==" | "!=" | "<" | "<=" | ">" | ">=") VALUE
           | ["not"] "in" values | (["not"] "like" | "~" | "!~") values | "is" ("given" | "missing")
values    = VALUE | "(" VALUE {"," VALUE} ")"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...errors import Place, UsageError, show
from .words import Expression, Word, words_of

__all__ = ["Comparison", "Condition", "Joined", "Not", "Operator", "comparisons_of", "parse"]

_DEEPEST = 50
_MOST_TESTS = 1000

Operator = Literal["true", "in", "<", "<=", ">", ">=", "like", "given"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column held against values: one of them for an order, any number for `in` and `like`, none for the others."""

    column: Word
    operator: Operator
    values: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions of which all (`and`) or any (`or`) must hold."""

    word: Literal["and", "or"]
    conditions: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Not | Joined


def parse(expression: Expression) -> Condition:
    """Return what an expression says; names of columns and values are not looked at yet.

    Raises:
        UsageError: it is none, too long or too deep; the message shows where.
    """
    words = words_of(expression)
    if len(words) == 1:
        hint = "give a condition, such as 'area > 1024 and class in (cat, dog)'"
        raise UsageError("the expression is empty", at=Place(expression.name), hint=hint)
    parser = _Parser(expression, words)
    condition = parser.either(0)
    parser.end()
    return condition


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """Yield the comparisons of a condition in the order in which they were written."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not):
        yield from comparisons_of(condition.condition)
    else:
        for part in condition.conditions:
            yield from comparisons_of(part)


_CURES = {
    "&": "and",
    "&&": "and",
    "|": "or",
    "||": "or",
    "equals": "==",
    "contains": "like",
    "matches": "like",
    "isin": "in",
    "notin": "not in",
    "<>": "!=",
}
"""What people of other languages write, and the word for it here."""

_OPERATORS: dict[str, Operator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


class _Parser:
    """Reads words from left to right; each method takes those of one rule of the grammar."""

    def __init__(self, expression: Expression, words: list[Word]) -> None:
        self._expression = expression
        self._words = words
        self._at = 0
        self._tests = 0

    def either(self, depth: int) -> Condition:
        return self._joined("or", depth)

    def end(self) -> None:
        """Refuse words behind the last condition."""
        word = self._words[self._at]
        if word.kind != "end":
            hint = "join conditions with 'and' or 'or'; put a name of several words in quotes: 'hard hat'"
            if word.kind == "sign" and word.text == ",":
                hint = "several values go in brackets: in (cat, dog); join conditions with 'and' or 'or'"
            raise self._wrong("'and', 'or' or the end", hint)

    def _joined(self, sign: Literal["and", "or"], depth: int) -> Condition:
        parts = [self._part(sign, depth)]
        while self._took(sign):
            parts.append(self._part(sign, depth))
        return parts[0] if len(parts) == 1 else Joined(sign, tuple(parts))

    def _part(self, sign: Literal["and", "or"], depth: int) -> Condition:
        return self._joined("and", depth) if sign == "or" else self._single(depth)

    def _single(self, depth: int) -> Condition:
        here = self._words[self._at]
        if depth > _DEEPEST:
            raise self._expression.wrong(
                here, f"brackets and 'not' are more than {_DEEPEST} deep", "write fewer of them"
            )
        if self._took("not"):
            return Not(self._single(depth + 1))
        if not self._took("("):
            return self._test()
        inner = self.either(depth + 1)
        if not self._took(")"):
            raise self._wrong("')'", f"close the bracket of character {here.start + 1}, or join with 'and' or 'or'")
        return inner

    def _test(self) -> Condition:
        column = self._words[self._at]
        if column.kind not in ("word", "text"):
            raise self._wrong("a column", "a condition starts with one, such as area > 1024")
        self._at += 1
        self._tests += 1
        if self._tests > _MOST_TESTS:
            hint = "compare a column with many values at once: name in (a, b, c)"
            raise self._expression.wrong(column, f"there are more than {_MOST_TESTS:,} comparisons", hint)
        return self._comparison(column)

    def _comparison(self, column: Word) -> Condition:
        sign = self._words[self._at]
        text = sign.text if sign.kind == "sign" else ""
        if text in ("and", "or", ")") or sign.kind == "end":
            return Comparison(column, "true")
        if text == "not":
            return self._denied(column)
        self._at += 1
        if text in _OPERATORS:
            return Comparison(column, _OPERATORS[text], (self._value(),))
        if text in ("==", "!="):
            test = Comparison(column, "in", (self._value(),))
            return test if text == "==" else Not(test)
        if text == "in":
            return Comparison(column, "in", self._values())
        if text in ("like", "~", "!~"):
            test = Comparison(column, "like", self._values())
            return Not(test) if text == "!~" else test
        if text == "is":
            return self._given(column)
        self._at -= 1
        raise self._wrong("a comparison", "compare with ==, !=, <, <=, >, >=, in (...), like or 'is given'")

    def _denied(self, column: Word) -> Condition:
        """Read `not in` and `not like`."""
        self._at += 1
        if self._took("in"):
            return Not(Comparison(column, "in", self._values()))
        if self._took("like") or self._took("~"):
            return Not(Comparison(column, "like", self._values()))
        raise self._wrong("'in' or 'like' behind 'not'", "write 'not' before the column, or: class not in (cat, dog)")

    def _given(self, column: Word) -> Condition:
        """Read `is given` and `is missing`."""
        word = self._words[self._at]
        if word.kind != "word" or word.text not in ("given", "missing"):
            raise self._wrong("'given' or 'missing'", "write == to compare with a value")
        self._at += 1
        test = Comparison(column, "given")
        return test if word.text == "given" else Not(test)

    def _values(self) -> tuple[Word, ...]:
        if not self._took("("):
            return (self._value(),)
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        if not self._took(")"):
            raise self._wrong("',' or ')'", "part values with commas; put a name of several words in quotes")
        return tuple(values)

    def _value(self) -> Word:
        word = self._words[self._at]
        if word.kind not in ("word", "text"):
            raise self._wrong("a value", "a number, a name, or a text in quotes: 'hard hat'")
        self._at += 1
        return word

    def _took(self, sign: str) -> bool:
        """Go on if the next word is this sign or keyword."""
        word = self._words[self._at]
        if word.kind != "sign" or word.text != sign:
            return False
        self._at += 1
        return True

    def _wrong(self, expected: str, hint: str) -> UsageError:
        word = self._words[self._at]
        found = "the expression ends" if word.kind == "end" else f"'{show(word.text, 40)}' stands here"
        cure = _CURES.get(word.text) if word.kind != "text" else None
        hint = f"did you mean '{cure}'?" if cure else hint
        return self._expression.wrong(word, f"{found}, expected {expected}", hint)
