"""The words of a filter expression, and how a message shows where in it something is wrong."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from ...errors import Place, UsageError, show

__all__ = ["Expression", "Word", "words_of"]

_LONGEST = 100_000  # characters: ten thousand names in brackets are fine, a file given by mistake is not
_SHOWN = 50  # characters before and after the place that a message is about

_KEYWORDS = frozenset({"and", "or", "not", "in", "like", "is"})


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of an expression: `expression[start:stop]`.

    Attributes:
        kind: a keyword or sign that means something, a bare word, a quoted text, or the end.
        text: what it says: quotes are gone, keywords are in lower case.
    """

    kind: Literal["sign", "word", "text", "end"]
    text: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as somebody typed it; `name` is what messages call it."""

    text: str
    name: str

    def wrong(self, word: Word, message: str, hint: str) -> UsageError:
        """Return the error about one word, with a mark under it."""
        before = self.text[max(0, word.start - _SHOWN) : word.start]
        after = self.text[word.stop : word.stop + _SHOWN]
        start = ("…" if word.start > _SHOWN else "") + show(before, 9 * _SHOWN)
        itself = show(self.text[word.start : word.stop], 2 * _SHOWN)
        end = show(after, 9 * _SHOWN) + ("…" if word.stop + _SHOWN < len(self.text) else "")
        mark = " " * _columns(start) + "^" * max(1, _columns(itself))
        place = Place(self.name, field=f"character {word.start + 1}")
        return UsageError(f"{message}\n    {start}{itself}{end}\n    {mark}", at=place, hint=hint)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


_WORD = re.compile(
    r"""(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")"""
    r"|(?P<sign><>|==|!=|<=|>=|!~|[<>~(),])"
    r"""|(?P<word>[^\s'"()<>=!~,]+)"""
)
_CLOSE = ("a quote that nothing closes", "close it; a quote inside quotes is written twice")
_STRAY = {
    "=": ("'=' compares nothing", "write == to compare"),
    "!": ("'!' negates nothing", "write 'not' before a condition, != or 'not in' to compare"),
    "'": _CLOSE,
    '"': _CLOSE,
}
"""The characters that stand in no word, and what to write instead."""


def words_of(expression: Expression) -> list[Word]:
    """Cut an expression into words, the last of them its end.

    Raises:
        UsageError: it is too long, or a character means nothing.
    """
    text = expression.text
    if len(text) > _LONGEST:
        place = Place(expression.name)
        raise UsageError(f"the expression has {len(text):,} characters, expected at most {_LONGEST:,}", at=place)
    words: list[Word] = []
    at = 0
    while True:
        while text[at : at + 1].isspace():
            at += 1
        if at == len(text):
            return [*words, Word("end", "", at, at)]
        found = _WORD.match(text, at)
        if found is None:
            what, cure = _STRAY[text[at]]
            raise expression.wrong(Word("word", text[at], at, at + 1), what, cure)
        words.append(_word(found))
        at = found.end()


def _word(found: re.Match[str]) -> Word:
    text, start, stop = found.group(), found.start(), found.end()
    if found.lastgroup == "text":
        return Word("text", text[1:-1].replace(text[0] * 2, text[0]), start, stop)
    if found.lastgroup == "sign":
        return Word("sign", text, start, stop)
    keyword = text.lower() in _KEYWORDS and (text.islower() or text.isupper())
    return Word("sign", text.lower(), start, stop) if keyword else Word("word", text, start, stop)
