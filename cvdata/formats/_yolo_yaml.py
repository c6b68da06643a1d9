"""Reading `data.yaml` without running or believing it: its events become plain text, lists and mappings.

PyYAML's own constructors would turn the class names `yes`, `012` and `1e3` into a truth value and two numbers, keep the
last of two equal keys, and expand aliases. None of that happens here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from ..errors import FormatError, Place, show

__all__ = ["Lines", "Path", "Plain", "load_yaml", "parse_yaml", "typed"]

_LARGEST = 1 << 20
_DEEPEST = 32


class Plain(str):
    """A scalar written without quotes: the only kind that can stand for a number, a truth value or nothing."""

    __slots__ = ()


Path = tuple[str | int, ...]
Lines = dict[Path, int]
"""Where things stand: the line (from 1) of each key and item, by the keys and numbers that lead to it."""


def load_yaml(
    path: str, name: str, *, what: str = "a short description of a dataset", lines: Lines | None = None
) -> Any:
    """Read a file of one YAML document.

    Args:
        name: the file in messages.
        what: what it should be, in messages.
        lines: filled with where everything stands.

    Returns:
        Lists, dicts with text keys, and text: `Plain` where it was not quoted.

    Raises:
        FormatError: it cannot be read, is not UTF-8, too large or too deep, or uses tags, anchors, duplicate keys or a
            second document.
    """
    try:
        with open(path, "rb") as handle:
            data = handle.read(_LARGEST + 1)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", at=Place(name), hint="check the path") from error
    if len(data) > _LARGEST:
        raise FormatError(f"is larger than 1 MiB, expected {what}", at=Place(name))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError("is not UTF-8", at=Place(name, line), hint="save it as UTF-8") from error
    return parse_yaml(text, name, lines)


def parse_yaml(text: str, name: str, lines: Lines | None = None) -> Any:
    """Turn the text of one YAML document into lists, dicts and text; see `load_yaml`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(yaml.parse(text, Loader=loader), name, {} if lines is None else lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = Place(name, None if mark is None else mark.line + 1)
        raise FormatError("is not valid YAML", at=at, hint="check indentation, quotes and colons there") from error


class _Open:
    """A list or a mapping whose end has not come yet; `path` leads to it."""

    def __init__(self, value: Any, path: Path) -> None:
        self.value = value
        self.path = path
        self.key: str | None = None

    def add(self, node: Any, at: Place) -> Path:
        """Put a node where it belongs: an item, a key, or the value of the key before; return its path."""
        if isinstance(self.value, list):
            self.value.append(node)
            return (*self.path, len(self.value) - 1)
        if self.key is not None:
            key, self.key = self.key, None
            self.value[key] = node
            return (*self.path, key)
        if not isinstance(node, str):
            raise FormatError("a list or mapping stands as a key, expected text", at=at)
        if node in self.value:
            raise FormatError(f"the key '{show(node)}' stands here twice", at=at, hint="keep one of the two")
        self.key = node
        return (*self.path, node)


def _build(events: Iterable[Any], name: str, lines: Lines) -> Any:
    stack = [_Open([], ())]  # the outermost list takes the document's root
    documents = 0
    for event in events:
        line = event.start_mark.line + 1
        at = Place(name, line)
        _refuse(event, at)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise FormatError("holds a second document, expected one", at=at)
        elif isinstance(event, yaml.ScalarEvent):
            path = stack[-1].add(event.value if event.style else Plain(event.value), at)
            lines.setdefault(path[1:], line)  # a value stands where its key does
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(stack) > _DEEPEST:
                raise FormatError(f"is nested deeper than {_DEEPEST} levels", at=at)
            node: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            path = stack[-1].add(node, at)
            lines.setdefault(path[1:], line)
            stack.append(_Open(node, path))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
    return stack[0].value[0] if stack[0].value else None


def _refuse(event: Any, at: Place) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise FormatError("uses an anchor or an alias, expected plain values", at=at, hint="write the value out")
    if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
        raise FormatError("uses a tag, expected plain values", at=at, hint="remove what begins with '!'")


_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MEANT = {"null": None, "true": True, "false": False}
_WORDS = {"": None, "~": None} | {
    spelt: value for word, value in _MEANT.items() for spelt in (word, word.capitalize(), word.upper())
}


def typed(node: Any) -> Any:
    """Turn unquoted scalars into the numbers, truth values and nothings that they stand for, as YAML 1.2 has them."""
    if isinstance(node, dict):
        return {str(key): typed(value) for key, value in node.items()}
    if isinstance(node, list):
        return [typed(value) for value in node]
    if not isinstance(node, Plain):
        return node
    if node in _WORDS:
        return _WORDS[node]
    if _WHOLE.fullmatch(node):
        return int(node)
    return float(node) if _NUMBER.fullmatch(node) and len(node) < 40 else str(node)
