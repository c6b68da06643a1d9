"""The fast way to read a VOC file: regular expressions learned from the files themselves.

Files of one dataset have the same tags in the same order. The first of its kind is taken apart into tags, and from
these a pattern is made that a whole head or a whole object must match from end to end: every tag in its place, blanks
between tags, and plain text inside leaves. What does not match, or holds anything beyond plain text (an entity, a
comment, an XML attribute, an unusual number), is left to the exact way. So nothing here decides that a file is bad.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from ._voc_page import NUMBER, Facts, Kind, kind_extra, picture_facts

__all__ = ["FastReader", "Quick"]

Quick: TypeAlias = "tuple[str, int, int, Facts, list[int], list[float]]"
"""File name, width, height, facts of the picture; per object a row of `FastReader.kinds`, and four corners."""

_BLANK = rb"[ \t\r\n]*"
_PROLOG = re.compile(
    rb"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?(?: standalone=[\"']yes[\"'])? ?\?>"
)
_TAG = re.compile(rb"<(/?)([A-Za-z_][A-Za-z0-9_.-]{0,60})(/?)>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, 2.2; surrogates fail to decode
_MOST_TAGS = 200  # in one head or object; more is not worth a pattern
_MOST_LAYOUTS = 16  # kinds of heads or objects in one batch; more means that nothing repeats

_BOX = ("bndbox/xmin", "bndbox/ymin", "bndbox/xmax", "bndbox/ymax")
_PLAIN = ("name", "pose", "difficult", "truncated", "occluded")
_FLAG = {b"": -1, b"0": 0, b"1": 1}
_NOT_SIMPLE = ("filename/", "path/", "attributes", "object", "size/width/", "size/height/")


class _Layout(NamedTuple):
    """A pattern, and the groups in which it holds what is wanted."""

    match: Callable[[bytes], re.Match[bytes] | None]
    first: tuple[int, ...]
    second: tuple[int, ...]
    paths: tuple[str, ...]


class FastReader:
    """Reads files of one batch; `kinds` lists what their objects share, in the order of first appearance."""

    def __init__(self) -> None:
        self.kinds: dict[Kind, int] = {}
        self._kind_of: dict[tuple[bytes, ...], int | None] = {}
        self._facts_of: dict[tuple[bytes, ...], Facts | None] = {}
        self._heads: list[_Layout] = []
        self._objects: list[_Layout] = []

    def read(self, data: bytes) -> Quick | None:
        """Read a file, or return None where the exact way has to."""
        head, *objects = data.split(b"<object>")
        if head.startswith(b"<?"):
            prolog = _PROLOG.match(head)
            if prolog is None:
                return None
            head = head[prolog.end() :]
        last = (objects.pop() if objects else head).rstrip(b" \t\r\n")
        if not last.endswith(b"</annotation>"):
            return None
        last = last[: -len(b"</annotation>")]
        if b"<object>" in data:
            return self._read(head, [*objects, last])
        return self._read(last, [])

    def _read(self, head: bytes, objects: list[bytes]) -> Quick | None:
        about = self._read_head(head)
        if about is None:
            return None
        kinds: list[int] = []
        texts: list[bytes] = []
        for piece in objects:
            found = _matching(self._objects, piece, _learn_object)
            if found is None:
                return None
            layout, match = found
            kind = self._kind(match.group(*layout.second))
            if kind is None:
                return None
            kinds.append(kind)
            texts += match.group(*layout.first)
        if b" ".join(texts).translate(None, NUMBER):
            return None
        try:
            corners = list(map(float, texts))
        except ValueError:
            return None
        return *about, kinds, corners

    def _kind(self, texts: tuple[bytes, ...]) -> int | None:
        try:
            return self._kind_of[texts]
        except KeyError:
            kind = _kind(texts)
            row = None if kind is None else self.kinds.setdefault(kind, len(self.kinds))
            self._kind_of[texts] = row
            return row

    def _read_head(self, head: bytes) -> tuple[str, int, int, Facts] | None:
        found = _matching(self._heads, head, _learn_head)
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


def _matching(
    layouts: list[_Layout], piece: bytes, learn: Callable[[bytes], _Layout | None]
) -> tuple[_Layout, re.Match[bytes]] | None:
    """Find or learn the layout of a piece, and keep the layouts in the order of their last use."""
    for at, layout in enumerate(layouts):
        match = layout.match(piece)
        if match is not None:
            if at:
                layouts.insert(0, layouts.pop(at))
            return layout, match
    new = learn(piece) if len(layouts) < _MOST_LAYOUTS else None
    match = None if new is None else new.match(piece)
    if new is None or match is None:
        return None
    layouts.insert(0, new)
    return new, match


def _learn_object(piece: bytes) -> _Layout | None:
    """Make the layout of one object, from after `<object>` to after `</object>`."""
    learned = _learn(piece, "object", closed=True)
    if learned is None:
        return None
    pattern, groups = learned
    if not groups.keys() <= {*_BOX, *_PLAIN} or not groups.keys() >= {*_BOX, "name"}:
        return None
    nothing = len(groups) + 1
    box = tuple(groups[path] for path in _BOX)
    plain = tuple(groups.get(path, nothing) for path in _PLAIN)
    return _Layout(re.compile(pattern).fullmatch, box, plain, ())


def _learn_head(piece: bytes) -> _Layout | None:
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
    return _Layout(whole.fullmatch, first, tuple(rest.values()), tuple(rest))


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
