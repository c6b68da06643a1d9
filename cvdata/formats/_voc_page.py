"""What the elements of a VOC file mean: a page of typed values per file, whichever way it was parsed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from ..errors import show
from ._voc_xml import BadFile, Element, parse

__all__ = [
    "DATABASE",
    "FOLDER",
    "NUMBER",
    "Corners",
    "Facts",
    "Kind",
    "Mark",
    "ObjectRow",
    "Page",
    "kind_extra",
    "picture_facts",
    "read_page",
]

FOLDER = "JPEGImages"
"""What we write in `<folder>`; it says nothing, so it is not kept on reading. `DATABASE` likewise."""
DATABASE = "cvdata"

Corners: TypeAlias = "tuple[float, float, float, float]"
"""xmin, ymin, xmax, ymax as the file has them."""

Kind: TypeAlias = "tuple[str, int, int, int, bytes]"
"""What many objects share: class name, difficult, truncated, occluded (see `FLAGS`), and `extra` as JSON."""

Facts: TypeAlias = "tuple[bytes, str, int]"
"""Of a picture: `extra` as JSON, its folder, and a `Mark`."""

NUMBER = b"0123456789.+-eE \t\r\n"
"""Bytes of a number. Python's float() also takes `1_0`, `nan` and full-width digits, XML schema's decimal does not."""

_SINGLE = ("name", "pose", "truncated", "difficult", "occluded", "bndbox")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_POINT = re.compile(r"([xy])([1-9][0-9]{0,6})")
_WHOLE = re.compile(r"[0-9]{1,9}")


class Mark:
    """What a file says of the origin of its coordinates."""

    NONE = 0
    UNKNOWN_DATABASE = 1  # labelImg, CVAT and Datumaro write this, and coordinates from 0
    FROM_ZERO = 2  # our own <source><origin>0</origin>


@dataclass(slots=True)
class ObjectRow:
    """One good object: its number in the file from 1, and what it holds; parts and rings as the file has them."""

    number: int
    kind: Kind
    corners: Corners
    parts: list[tuple[str, Corners]]
    ring: list[float] | None


@dataclass(slots=True)
class Page:
    """One file: `bad` objects as (field, found, expected), `notes` as (code, field)."""

    filename: str
    width: int
    height: int
    facts: Facts
    count: int = 0
    rows: list[ObjectRow] = field(default_factory=list)
    bad: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


class _Bad(Exception):  # noqa: N818 - a verdict on one object
    """A bad object: field, found, expected."""


def read_page(data: bytes) -> Page:
    """Read one file exactly.

    Raises:
        BadFile: it is no VOC file.
    """
    root = parse(data)
    if root.tag != "annotation":
        raise BadFile(f"the root element is <{show(root.tag, 40)}>", "<annotation>")
    objects = [child for child in root.children if child.tag == "object"]
    if any(_is_labelme(element) for element in objects):
        raise BadFile("an MIT LabelMe file (objects are polygons of <pt>)", "a VOC file with a <bndbox> per object")
    page = _read_head(root)
    page.count = len(objects)
    for number, element in enumerate(objects, 1):
        try:
            page.rows.append(_read_object(element, number, page))
        except _Bad as bad:
            where, found, expected = bad.args
            page.bad.append((f"object[{number}]/{where}", found, expected))
    return page


def _is_labelme(element: Element) -> bool:
    polygon = element.child("polygon")
    return polygon is not None and polygon.child("pt") is not None and element.child("bndbox") is None


def _read_head(root: Element) -> Page:
    notes: list[tuple[str, str]] = []
    rest: dict[str, Any] = {}
    for child in root.children:
        if child.tag not in ("object", "filename", "path", "attributes"):
            _gather(rest, child, notes)
    size = rest.get("size")
    width = height = 0
    if isinstance(size, dict):
        width, height = (_side(size.pop(side, ""), side, notes) for side in ("width", "height"))
        if not size:
            del rest["size"]
    found = root.child("filename")
    extra, folder, mark = picture_facts(rest)
    # labelImg writes verified="yes" when a person has ticked the picture off; "no" is its default.
    more = {key: value for key, value in root.attributes.items() if (key, value) == ("verified", "yes")}
    notes.extend(("voc-attribute", key) for key in root.attributes if key != "verified" and not _is_dull(key))
    own: dict[str, Any] = {}
    for child in (child for child in root.children if child.tag == "attributes"):
        _read_attributes(child, own, notes)
    if more or own:
        whole = {**(msgspec.json.decode(extra) if extra else {}), **more, **own}
        extra = msgspec.json.encode(whole)
    return Page("" if found is None else found.value, width, height, (extra, folder, mark), notes=notes)


def _side(text: Any, side: str, notes: list[tuple[str, str]]) -> int:
    """Return a side of the picture, 0 where the file does not say."""
    if isinstance(text, str):
        number = _number(text)
        if text == "" or (number is not None and 0 <= number < 2**31 and number == int(number)):
            return int(number or 0)
    notes.append(("voc-size", f"size/{side}"))
    return 0


def picture_facts(rest: dict[str, Any]) -> Facts:
    """Return what a file says of its picture besides name and size; consumes `rest`, nested texts by tag."""
    extra: dict[str, Any] = {}
    segmented = rest.pop("segmented", "")
    if segmented not in ("", "0"):
        extra["segmented"] = 1 if segmented == "1" else segmented
    size = rest.pop("size", None)
    if isinstance(size, dict):
        depth = size.get("depth", "")
        if isinstance(depth, str) and (depth == "" or _WHOLE.fullmatch(depth)):
            size.pop("depth", None)
            if depth and int(depth) not in (0, 3):
                extra["depth"] = int(depth)
        if size:
            rest["size"] = size
    folder = rest.pop("folder", "")
    if folder not in ("", FOLDER):
        extra["folder"] = folder
    mark = _read_source(rest, extra)
    owner = rest.pop("owner", "")
    if owner != "":
        extra["owner"] = owner
    if rest:
        extra["voc"] = rest
    shown = folder if isinstance(folder, str) else ""
    return msgspec.json.encode(extra) if extra else b"", shown, mark


def _read_source(rest: dict[str, Any], extra: dict[str, Any]) -> int:
    """Keep what `<source>` says, except that it does not know, and our own mark."""
    source = rest.pop("source", "")
    if not isinstance(source, dict):
        if source != "":
            extra["source"] = source
        return Mark.NONE
    mark = Mark.UNKNOWN_DATABASE if source.get("database") == "Unknown" else Mark.NONE
    if source.get("origin") == "0":
        mark = Mark.FROM_ZERO
        del source["origin"]
    said = {tag: text for tag, text in source.items() if text not in ("", "Unknown")}
    if said.get("database") == DATABASE:
        del said["database"]
    if said:
        extra["source"] = said
    return mark


def _read_object(element: Element, number: int, page: Page) -> ObjectRow:
    single: dict[str, Element] = {}
    for child in element.children:
        if child.tag in _SINGLE and single.setdefault(child.tag, child) is not child:
            raise _Bad(child.tag, f"two <{child.tag}> in one object", "one")
        _note_attributes(child, page.notes)
    name = _class_name(single.get("name"))
    corners = _read_box(single.get("bndbox"), "bndbox")
    flags = [_flag(single.get(flag), flag, number, page) for flag in ("difficult", "truncated", "occluded")]
    pose = single["pose"].value if "pose" in single else ""
    extra: dict[str, Any] = {} if pose in ("", "Unspecified") else {"pose": pose}
    parts: list[tuple[str, Corners]] = []
    ring = _read_rest(element, number, page, extra, parts)
    encoded = msgspec.json.encode(extra) if extra else b""
    return ObjectRow(number, (name, flags[0], flags[1], flags[2], encoded), corners, parts, ring)


def kind_extra(pose: str) -> bytes:
    """Return `extra` of an object that has nothing in it but perhaps a pose."""
    return b"" if pose in ("", "Unspecified") else msgspec.json.encode({"pose": pose})


def _class_name(element: Element | None) -> str:
    if element is None:
        raise _Bad("name", "there is no name", "a class name")
    if element.children:
        raise _Bad("name", "the name holds other elements", "a class name")
    if not element.value:
        raise _Bad("name", "the name is empty", "a class name")
    return element.value


def _read_box(element: Element | None, where: str) -> Corners:
    if element is None:
        raise _Bad(where, "there is no bndbox", "a bndbox with xmin, ymin, xmax, ymax")
    values = []
    for tag in _CORNERS:
        found = [child for child in element.children if child.tag == tag]
        if len(found) != 1:
            raise _Bad(f"{where}/{tag}", f"{'two' if found else 'no'} <{tag}>", "one number")
        text = found[0].value
        number = None if found[0].children else _number(text)
        if number is None:
            raise _Bad(f"{where}/{tag}", f"{tag} is '{show(text, 40)}'" if text else f"{tag} is empty", "a number")
        values.append(number)
    return values[0], values[1], values[2], values[3]


def _number(text: str) -> float | None:
    try:
        raw = text.encode("ascii")
        return None if raw.translate(None, NUMBER) else float(raw)
    except ValueError:
        return None


def _flag(element: Element | None, tag: str, number: int, page: Page) -> int:
    text = "" if element is None else element.value
    if text in ("0", "1"):
        return int(text)
    if text:
        page.notes.append(("voc-flag", f"object[{number}]/{tag}"))
    return -1


def _read_rest(
    element: Element, number: int, page: Page, extra: dict[str, Any], parts: list[tuple[str, Corners]]
) -> list[float] | None:
    """Read what an object holds besides its box and flags; return the ring of its polygon, if it has one."""
    ring: list[float] | None = None
    rest: dict[str, Any] = {}
    top: dict[str, Any] = {}
    for child in element.children:
        if child.tag == "part":
            _read_part(child, number, page, parts)
        elif child.tag == "actions" and child.children and "actions" not in extra:
            extra["actions"] = {
                tag: int(text) if text in ("0", "1") else text for tag, text in _tree(child, page.notes).items()
            }
        elif child.tag == "attributes":
            _read_attributes(child, top, page.notes)
        elif child.tag == "polygon" and ring is None and (points := _read_ring(child)) is not None:
            ring = points
        elif child.tag == "bndbox":
            more = [leaf for leaf in child.children if leaf.tag not in _CORNERS]
            for leaf in more:
                _gather(rest.setdefault("bndbox", {}), leaf, page.notes)
        elif child.tag not in _SINGLE:
            _gather(rest, child, page.notes)
    if rest:
        extra["voc"] = rest
    extra.update(top)
    return ring


def _read_part(element: Element, number: int, page: Page, parts: list[tuple[str, Corners]]) -> None:
    try:
        corners = _read_box(element.child("bndbox"), "part/bndbox")
        if not all(map(math.isfinite, corners)):
            raise _Bad("part/bndbox", "a box that is not finite", "finite numbers")
        parts.append((_class_name(element.child("name")), corners))
    except _Bad as bad:
        page.notes.append(("voc-part", f"object[{number}]/{bad.args[0]}"))


def _read_attributes(element: Element, top: dict[str, Any], notes: list[tuple[str, str]]) -> None:
    """Read CVAT's `<attributes>`; our own marks tell what was no attribute there (kind) and no text (type)."""
    for child in element.children:
        name, value = child.child("name"), child.child("value")
        if child.tag != "attribute" or name is None or not name.value:
            notes.append(("voc-attributes", "attributes"))
            continue
        content: Any = "" if value is None else value.value
        if value is not None and value.attributes.get("type") == "json":
            try:
                content = msgspec.json.decode(content)
            except msgspec.DecodeError:
                notes.append(("voc-attributes", "attributes"))
        target = top if child.attributes.get("kind") == "extra" else top.setdefault("attributes", {})
        if target.setdefault(name.value, content) is not content:
            notes.append(("voc-attributes", "attributes"))


def _read_ring(element: Element) -> list[float] | None:
    """Return Roboflow's x1, y1, x2, y2, ... in their order, or None where it is not that."""
    points: dict[tuple[int, str], float] = {}
    for child in element.children:
        match = _POINT.fullmatch(child.tag)
        number = _number(child.value)
        if match is None or number is None or child.children:
            return None
        points[int(match[2]), match[1]] = number
    count = len(points) // 2
    wanted = [(point, axis) for point in range(1, count + 1) for axis in "xy"]
    if not count or len(element.children) != 2 * count or any(key not in points for key in wanted):
        return None
    return [points[key] for key in wanted]


def _gather(target: dict[str, Any], element: Element, notes: list[tuple[str, str]]) -> None:
    """Add an element's text, or its children's, to a dictionary; a list where a tag comes again."""
    _note_attributes(element, notes)
    value = _tree(element, notes) if element.children else element.value
    if element.tag not in target:
        target[element.tag] = value
    elif isinstance(target[element.tag], list):
        target[element.tag].append(value)
    else:
        target[element.tag] = [target[element.tag], value]


def _tree(element: Element, notes: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element.children:
        _gather(found, child, notes)
    return found


def _note_attributes(element: Element, notes: list[tuple[str, str]]) -> None:
    notes.extend(("voc-attribute", f"{element.tag}/@{key}") for key in element.attributes if not _is_dull(key))


def _is_dull(key: str) -> bool:
    """Tell whether an XML attribute says nothing of the picture."""
    return key.startswith(("xml:", "xmlns", "xsi:"))
