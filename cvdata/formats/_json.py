"""Large JSON documents in pieces: where the sections lie, where their arrays may be cut, and exact decoding.

A file of COCO's size is never in memory as a whole. The cuts are guessed from the text and proved by decoding: a piece
that starts between two elements and decodes as a whole array ends between two elements, so the next one starts right.
A wrong guess cannot pass; it is found, and the exact and slower walk takes over.
"""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
import numpy as np

from ..errors import FormatError, Place, show

__all__ = [
    "LONGEST_INTEGER",
    "BadGuess",
    "JsonFile",
    "Span",
    "decode_array",
    "decode_value",
    "elements",
    "sections",
    "split_array",
]

DEEPEST = 64
LONGEST_INTEGER = 39
_WINDOW = 1 << 20
_SPACE = b" \t\r\n"
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|"', re.DOTALL)
_ARRAY_END = re.compile(rb"\}[ \t\r\n]*\]")
_BETWEEN = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")


class BadGuess(Exception):  # noqa: N818 - not an error: the exact walk follows
    """A piece did not decode: it was cut in the wrong place, or the document is broken."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `end` of a document."""

    start: int
    end: int


class JsonFile:
    """Random access to the UTF-8 bytes of a JSON file; BOMs are passed over, UTF-16 and UTF-32 are decoded.

    Picklable: a worker opens the file again.

    Raises:
        FormatError: the file cannot be read, or is not text in one of these encodings.
    """

    def __init__(self, path: str | os.PathLike[str], shown: str | None = None) -> None:
        self.path = os.fspath(path)
        self.shown = shown or self.path
        self._text: bytes | None = None
        try:
            self.size = os.stat(self.path).st_size
            head = self.read(0, 4)
        except OSError as error:
            raise FormatError(f"cannot be read: {error.strerror}", at=Place(self.shown)) from error
        self.start = 3 if head.startswith(codecs.BOM_UTF8) else 0
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head:
            self._transcode()

    def _transcode(self) -> None:
        raw = self.read(0, self.size)
        encoding = json.detect_encoding(raw)
        try:
            self._text = raw.decode(encoding).encode()
        except UnicodeDecodeError as error:
            raise FormatError(f"is not {encoding} text", at=Place(self.shown), hint="save it as UTF-8") from error
        self.start, self.size = 0, len(self._text)

    def __reduce__(self) -> tuple[type[JsonFile], tuple[str, str]]:
        return JsonFile, (self.path, self.shown)

    def read(self, start: int, end: int) -> bytes:
        """Return bytes `start` to `end`."""
        if self._text is not None:
            return self._text[start:end]
        with open(self.path, "rb", buffering=0) as file:
            file.seek(start)
            text = file.read(max(0, end - start))
            while len(text) < end - start and (more := file.read(end - start - len(text))):
                text += more
        return text

    def fail(self, found: str, at: int | None = None) -> NoReturn:
        """Raise a `FormatError` about a place in the file."""
        line = None
        if at is not None:
            line = 1 + sum(self.read(a, min(a + _WINDOW, at)).count(b"\n") for a in range(0, at, _WINDOW))
        raise FormatError(found, at=Place(self.shown, line=line), hint="export the file again, or correct that place")


def sections(file: JsonFile, arrays: frozenset[str], *, exact: bool = False) -> dict[str, Span]:
    """Return where the value of each top-level key lies.

    Args:
        arrays: keys whose value is a large array of objects; its end is guessed unless `exact`.

    Raises:
        FormatError: the document is not one object, is cut off, or has a key twice.
        BadGuess: a guess proved wrong; call again with `exact`.
    """
    try:
        return _sections(file, arrays, exact)
    except FormatError:
        if exact:
            raise
        raise BadGuess from None  # after a wrong cut, sound text may look broken in any way


def _sections(file: JsonFile, arrays: frozenset[str], exact: bool) -> dict[str, Span]:
    at = _skip(file, file.start)
    if file.read(at, at + 1) != b"{":
        file.fail("is not a JSON object")
    found: dict[str, Span] = {}
    at = _skip(file, at + 1)
    while file.read(at, at + 1) != b"}":
        if found:
            if file.read(at, at + 1) != b",":
                _broken(file, at, exact)
            at = _skip(file, at + 1)
        key, at = _key(file, at, exact)
        if key in found:
            file.fail(f"the key '{show(key)}' is there twice", at)
        end = _guessed_end(file, at, last=bool(arrays & found.keys())) if key in arrays and not exact else None
        end = _value_end(file, at) if end is None else end
        found[key] = Span(at, end)
        at = _skip(file, end)
    if _skip(file, at + 1) < file.size:
        _broken(file, at + 1, exact)
    return found


def _broken(file: JsonFile, at: int, exact: bool) -> NoReturn:
    if not exact:
        raise BadGuess
    if _skip(file, at) >= file.size:
        file.fail("ends in the middle", at)
    file.fail("is not JSON from here on", at)


def _skip(file: JsonFile, at: int) -> int:
    """Return the place of the next character that is not white space."""
    while at < file.size:
        window = file.read(at, at + 256)
        rest = window.lstrip(_SPACE)
        at += len(window) - len(rest)
        if rest:
            return at
    return file.size


def _key(file: JsonFile, at: int, exact: bool) -> tuple[str, int]:
    match = _TOKEN.match(file.read(at, at + 4096))
    if match is None or len(match[0]) < 2:
        _broken(file, at, exact)
    try:
        key = msgspec.json.decode(match[0], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        _broken(file, at, exact)
    after = _skip(file, at + match.end())
    if file.read(after, after + 1) != b":":
        _broken(file, after, exact)
    return key, _skip(file, after + 1)


def _guessed_end(file: JsonFile, at: int, *, last: bool) -> int | None:
    """Return where an array of objects probably ends: after its first `}]`.

    Args:
        last: other large arrays came before, so this one probably reaches into the end of the file: looked for there
            first, which saves a look at all of it.
    """
    if file.read(at, at + 1) != b"[" or file.read(_skip(file, at + 1), _skip(file, at + 1) + 1) != b"{":
        return None
    if last and file.size - at > 2 * _WINDOW:
        tail = file.size - _WINDOW
        match = _ARRAY_END.search(file.read(tail, file.size))
        if match is not None:
            return tail + match.end()
    while at < file.size:
        window = file.read(at, at + _WINDOW)
        match = _ARRAY_END.search(window)
        if match is not None:
            return at + match.end()
        # The end may lie across the edge of the window.
        at += max(len(window) - 256, 1) if at + len(window) < file.size else len(window)
    return None


def _walk(file: JsonFile, at: int) -> Iterator[tuple[int, int]]:
    """Yield (place after it, depth) for each bracket from `at` on; strings are passed over."""
    depth = 0
    while at < file.size:
        window = file.read(at, at + _WINDOW)
        last = len(window)
        for token in _TOKEN.finditer(window):
            text = token[0]
            if text == b'"':  # a string that goes on behind the window
                last = token.start()
                break
            if text[0] == 34:
                continue
            depth += 1 if text in b"[{" else -1
            if depth > DEEPEST:
                file.fail(f"is nested more than {DEEPEST} deep", at + token.start())
            yield at + token.end(), depth
        if last == 0:
            longer = file.read(at, at + 64 * _WINDOW)
            whole = _TOKEN.match(longer)
            if whole is None or len(whole[0]) < 2:
                file.fail("ends in the middle of a text", at)
            last = whole.end()
        at += last
    file.fail("ends in the middle", file.size)


def _value_end(file: JsonFile, at: int) -> int:
    """Return where the value that starts at `at` ends, by walking over it."""
    first = file.read(at, at + 1)
    if first in (b"[", b"{"):
        for end, depth in _walk(file, at):
            if depth == 0:
                return end
    window = file.read(at, at + 64 * _WINDOW) if first == b'"' else file.read(at, at + 4096)
    match = _TOKEN.match(window) if first == b'"' else re.match(rb"[^\s,\]}]+", window)
    if match is None or match[0] == b'"':
        file.fail("ends in the middle", at)
    return at + match.end()


def elements(file: JsonFile, array: Span) -> list[Span]:
    """Return the spans of the objects in an array of objects, by walking over it.

    Raises:
        FormatError: something else than objects is in it.
    """
    found = []
    start = _skip(file, array.start + 1)
    for end, depth in _walk(file, array.start):
        if depth == 1 and end > start and file.read(start, start + 1) == b"{":
            found.append(Span(start, end))
            start = _skip(file, end)
            if file.read(start, start + 1) == b",":
                start = _skip(file, start + 1)
        if depth == 0:
            if start < end - 1:
                file.fail("an object was expected here", start)
            break
    return found


def split_array(file: JsonFile, array: Span, size: int, *, exact: bool = False) -> list[Span]:
    """Cut an array of objects into spans of about `size` bytes, each of whole elements with commas between them."""
    inner = Span(array.start + 1, array.end - 1)
    if _skip(file, inner.start) >= inner.end:
        return []
    if exact:
        return _group(elements(file, array), size)
    spans, start = [], inner.start
    while inner.end - start > size * 3 // 2:
        at = start + size
        window = file.read(at, min(at + _WINDOW, inner.end))
        match = _BETWEEN.search(window)
        if match is None:
            break
        comma = at + match.start() + match[0].index(b",")
        spans.append(Span(start, comma))
        start = comma + 1
    return [*spans, Span(start, inner.end)]


def _group(parts: list[Span], size: int) -> list[Span]:
    spans, start = [], 0
    for i, part in enumerate(parts):
        if part.end - parts[start].start >= size or i == len(parts) - 1:
            spans.append(Span(parts[start].start, part.end))
            start = i + 1
    return spans


def decode_array(text: bytes) -> list[dict[str, Any]]:
    """Decode the inside of an array of objects exactly.

    NaN and Infinity are let through (Python's json writes them) so that the item they stand in can be named.

    Raises:
        BadGuess: it is not the inside of an array of objects.
        ValueError: a key is there twice, an integer is too long, or it is nested too deep.
    """
    values = decode_value(b"[" + text + b"]")
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise BadGuess
    return values


def decode_value(text: bytes) -> Any:
    """Decode one JSON value exactly; see `decode_array`."""
    if _depth(text) >= DEEPEST:
        raise ValueError(f"is nested more than {DEEPEST} deep")
    try:
        value = msgspec.json.decode(text)
        if b"\\" not in text and text.count(b'":') == _keys(value) and not _ODD.search(text):
            return value
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:
        return json.loads(text.decode(), object_pairs_hook=_unique, parse_int=_integer)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadGuess from error


_ODD = re.compile(rb'[0-9]{40}|"[ \t\r\n]+:')  # an integer that may be too long, a key that the count passes over

_NO_BRACKETS = bytes(char for char in range(256) if char not in b'"[]{}')


def _depth(text: bytes) -> int:
    """Return how many brackets are open at once, strings passed over."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    chars = np.frombuffer(text.translate(None, _NO_BRACKETS), np.uint8)
    step = ((chars == 91) | (chars == 123)).view(np.int8) - ((chars == 93) | (chars == 125)).view(np.int8)
    step[np.logical_xor.accumulate(chars == 34)] = 0
    return int(np.cumsum(step, dtype=np.int32).max(initial=0))


def _keys(value: Any) -> int:
    """Count the keys in a value; a count of `":` in its text that is higher means that one was there twice."""
    if isinstance(value, dict):
        return len(value) + sum(_keys(v) for v in value.values() if type(v) in (dict, list))
    if type(value) is list and value and type(value[0]) in (dict, list):
        return sum(map(_keys, value))
    return 0


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{show(twice)}' is there twice in one object")
    return whole


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError(f"an integer of {len(digits)} digits")
    return int(digits)
