"""The fast way to read a VOC file: regular expressions learned from the files themselves.

Files of one dataset have the same tags in the same order. The first of its kind is taken apart into tags, and from
these a pattern is made that a whole head or a whole object must match from end to end: every tag in its place, blanks
between tags, and plain text inside leaves. What does not match, or holds anything beyond plain text (an entity, a
comment, an XML attribute, an unusual number), is left to the exact way. So nothing here decides that a file is bad.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, cast

from ._voc_page import NUMBER, Facts, Kind, kind_extra, picture_facts

__all__ = ["FastReader", "Quick"]

Quick: TypeAlias = "tuple[str, int, int, Facts, list[int], list[float]]"
"""File name, width, height, facts of the picture; per object a row of `FastReader.kinds`, and four corners."""

_Rows: TypeAlias = "tuple[list[tuple[bytes, ...]], list[bytes]]"
"""Of objects, the texts of `_PLAIN` of each, and the texts of `_BOX` of all in a row."""

_BLANK = rb"[ \t\r\n]*"
_PROLOG = re.compile(
    rb"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?(?: standalone=[\"']yes[\"'])? ?\?>"
)
_TAG = re.compile(rb"<(/?)([A-Za-z_][A-Za-z0-9_.-]{0,60})(/?)>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, 2.2; surrogates fail to decode
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MOST_TAGS = 200  # in one head or object; more is not worth a pattern
_MOST_LAYOUTS = 16  # kinds of heads or objects in one batch; more means that nothing repeats

_BOX = ("bndbox/xmin", "bndbox/ymin", "bndbox/xmax", "bndbox/ymax")
_PLAIN = ("name", "pose", "difficult", "truncated", "occluded")
_FLAG = {b"": -1, b"0": 0, b"1": 1}
_NOT_SIMPLE = ("filename/", "path/", "attributes", "object", "size/width/", "size/height/")


class _Head(NamedTuple):
    """A pattern for all before the first object, and the groups in which it holds what is wanted."""

    match: Callable[[bytes], re.Match[bytes] | None]
    first: tuple[int, ...]
    second: tuple[int, ...]
    paths: tuple[str, ...]


class _Object(NamedTuple):
    """A pattern for objects one after another; what does not match is all in the last column of the last row."""

    every: Callable[[bytes], list[tuple[bytes, ...]]]
    box: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
    plain: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]


class FastReader:
    """Reads files of one batch; `kinds` lists what their objects share, in the order of first appearance."""

    def __init__(self) -> None:
        self.kinds: dict[Kind, int] = {}
        self._kind_of: dict[tuple[bytes, ...], int | None] = {}
        self._facts_of: dict[tuple[bytes, ...], Facts | None] = {}
        self._heads: list[_Head] = []
        self._objects: list[_Object] = []

    def read(self, data: bytes) -> Quick | None:
        """Read a file, or return None where the exact way has to."""
        start = data.find(b"<object>")
        end = data.rfind(b"</annotation>")
        if end < 0 or data[end + len(b"</annotation>") :].strip(b" \t\r\n"):
            return None
        head = data[: end if start < 0 else start]
        if head.startswith(b"<?"):
            prolog = _PROLOG.match(head)
            if prolog is None:
                return None
            head = head[prolog.end() :]
        about = self._read_head(head)
        objects: tuple[list[int], list[float]] | None = ([], [])
        if about is not None and start >= 0:
            objects = self._read_objects(data[start:end])
        return None if about is None or objects is None else (*about, *objects)

    def _read_objects(self, data: bytes) -> tuple[list[int], list[float]] | None:
        """Return kinds and corners of the objects, given from the first `<object>` to the end of the last."""
        found = _rows(self._objects, data)
        if found is None:
            found = self._read_each(data)
            if found is None:
                return None
        keys, texts = found
        if b" ".join(texts).translate(None, NUMBER):
            return None
        try:
            corners = list(map(float, texts))
        except ValueError:
            return None
        kinds = list(map(self._kind_of.get, keys))
        if None in kinds:
            kinds = [self._kind(key) for key in keys]
        return None if None in kinds else (cast("list[int]", kinds), corners)

    def _read_each(self, data: bytes) -> _Rows | None:
        """Return what objects hold that are not all alike."""
        keys, texts = [], []
        for piece in data.split(b"<object>")[1:]:
            found = _rows(self._objects, b"<object>" + piece, learn=True)
            if found is None:
                return None
            keys += found[0]
            texts += found[1]
        return keys, texts

    def _kind(self, texts: tuple[bytes, ...]) -> int | None:
        if texts not in self._kind_of:
            kind = _kind(texts)
            self._kind_of[texts] = None if kind is None else self.kinds.setdefault(kind, len(self.kinds))
        return self._kind_of[texts]

    def _read_head(self, head: bytes) -> tuple[str, int, int, Facts] | None:
        found = _matching(self._heads, head)
        if found is None:
            return None
        layout, match = found
        name, width, height = match.group(*layout.first)
        sides = _sides(width, height)
        filename = _text(name)
        if filename is None or sides is None or not _is_legal(head):
            return None
        texts = match.group(0, 0, *layout.second)[2:]  # with a single number `group` would not make a tuple
        facts = self._facts_of.get(texts)
        if facts is None:
            facts = _facts(layout.paths, texts)
            if facts is None:
                return None
            self._facts_of[texts] = facts
        return filename, *sides, facts


def _kind(texts: tuple[bytes, ...]) -> Kind | None:
    name, pose = _text(texts[0]), _text(texts[1])
    flags = [_FLAG[text] for text in texts[2:] if text in _FLAG]
    if not name or pose is None or len(flags) < 3:
        return None
    return name, flags[0], flags[1], flags[2], kind_extra(pose)


def _text(raw: bytes) -> str | None:
    """Return the text of a leaf without blanks around it; None where it is not plain."""
    raw = raw.strip(b" \t\r\n")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    # Expat turns CR LF into LF; a CR inside a text is too rare to do the same here.
    return None if _ILLEGAL.search(text) or "&" in text or "\r" in text or "]]>" in text else text


def _is_legal(head: bytes) -> bool:
    """Tell whether what lies in leaves that nobody reads, as `<path>`, is well-formed too."""
    if b"&" in head or b"]]>" in head:
        return False
    if head.isascii():
        return _CONTROL.search(head) is None
    try:
        return _ILLEGAL.search(head.decode()) is None
    except UnicodeDecodeError:
        return False


def _sides(width: bytes, height: bytes) -> tuple[int, int] | None:
    if (width == b"" or (width.isdigit() and len(width) < 10)) and (
        height == b"" or (height.isdigit() and len(height) < 10)
    ):
        return int(width or 0), int(height or 0)
    return None


def _facts(paths: tuple[str, ...], texts: tuple[bytes, ...]) -> Facts | None:
    rest: dict[str, Any] = {}
    for path, raw in zip(paths, texts, strict=True):
        text = _text(raw)
        if text is None:
            return None
        target = rest
        *groups, leaf = path.split("/")
        for group in groups:
            target = target.setdefault(group, {})
        target[leaf] = text
    return picture_facts(rest)


def _matching(layouts: list[_Head], head: bytes) -> tuple[_Head, re.Match[bytes]] | None:
    """Find or learn the layout of a head, and keep the layouts in the order of their last use."""
    for at, layout in enumerate(layouts):
        match = layout.match(head)
        if match is not None:
            layouts.insert(0, layouts.pop(at))
            return layout, match
    new = _learn_head(head) if len(layouts) < _MOST_LAYOUTS else None
    match = None if new is None else new.match(head)
    if new is None or match is None:
        return None
    layouts.insert(0, new)
    return new, match


def _rows(layouts: list[_Object], data: bytes, *, learn: bool = False) -> _Rows | None:
    """Return what objects hold that all have one layout; else None."""
    for at, layout in enumerate(layouts):
        rows = layout.every(data)
        if not rows[-1][-1]:
            layouts.insert(0, layouts.pop(at))
            return list(map(layout.plain, rows)), list(chain.from_iterable(map(layout.box, rows)))
    new = _learn_object(data[len(b"<object>") :]) if learn and len(layouts) < _MOST_LAYOUTS else None
    if new is None or new.every(data)[-1][-1]:
        return None
    layouts.insert(0, new)
    return _rows(layouts, data)


def _learn_object(piece: bytes) -> _Object | None:
    """Make the layout of one object, from after `<object>` to after `</object>`."""
    learned = _learn(piece, "object", closed=True)
    if learned is None:
        return None
    pattern, groups = learned
    if not groups.keys() <= {*_BOX, *_PLAIN} or not groups.keys() >= {*_BOX, "name"}:
        return None
    nothing = len(groups)  # the group that `_learn` puts last; columns of `findall` count from 0
    box = itemgetter(*(groups[path] - 1 for path in _BOX))
    plain = itemgetter(*(groups[path] - 1 if path in groups else nothing for path in _PLAIN))
    every = re.compile(b"<object>" + pattern + rb"|([\s\S]+)")
    return _Object(every.findall, box, plain)


def _learn_head(piece: bytes) -> _Head | None:
    """Make the layout of what comes before the first object, `<annotation>` included."""
    start = re.compile(_BLANK + b"<annotation>").match(piece)
    if start is None:
        return None
    learned = _learn(piece[start.end() :], "annotation", closed=False)
    if learned is None or any(path.startswith(_NOT_SIMPLE) for path in learned[1]):
        return None
    pattern, groups = learned
    nothing = len(groups) + 1
    wanted = ("filename", "size/width", "size/height")
    rest = {path: group for path, group in groups.items() if path not in (*wanted, "path")}
    first = tuple(groups.get(path, nothing) for path in wanted)
    whole = re.compile(_BLANK + b"<annotation>" + pattern)
    return _Head(whole.fullmatch, first, tuple(rest.values()), tuple(rest))


def _learn(piece: bytes, inside: str, *, closed: bool) -> tuple[bytes, dict[str, int]] | None:
    """Turn the tags of a piece into a pattern; return it with the group of each leaf by its path."""
    tags = _TAG.findall(piece)
    if len(tags) > _MOST_TAGS:
        return None
    pattern, stack = [_BLANK], [inside]
    groups: dict[str, int] = {}
    folders: set[str] = set()
    at = 0
    while at < len(tags):
        end, name, empty = tags[at]
        at += 1
        if end:
            if empty or not stack or stack.pop() != name.decode():
                return None
            pattern.append(b"</%b>" % re.escape(name) + _BLANK)
            continue
        path = "/".join([*stack[1:], name.decode()])
        if not stack or path in groups or path in folders:
            return None  # a tag that comes twice: the exact way knows what to do
        if empty:
            groups[path] = len(groups) + 1
            pattern.append(b"<%b/>()" % re.escape(name) + _BLANK)
        elif at < len(tags) and tags[at] == (b"/", name, b""):
            groups[path] = len(groups) + 1
            pattern.append(b"<%b>([^<]*)</%b>" % (re.escape(name), re.escape(name)) + _BLANK)
            at += 1
        else:
            folders.add(path)
            stack.append(name.decode())
            pattern.append(b"<%b>" % re.escape(name) + _BLANK)
    if stack != ([] if closed else [inside]):
        return None
    return b"".join(pattern) + b"()", groups
