"""Attributes as elements of a VOC file, so that reading gives back what was written.

What VOC or CVAT have an element for is written as that element. The rest becomes CVAT's `<attributes>`, with two marks
of ours that other readers pass over: `type="json"` on a value that is no plain text, `kind="extra"` on an entry that
was not among `attributes` but beside them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from ._voc_page import DATABASE, FOLDER

__all__ = ["escape", "is_legal", "leaf", "object_elements", "picture_elements", "unwritable_keys"]

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}")
_BLANKS = " \t\r\n"

_PICTURE_TAGS = {"object", "filename", "path", "attributes", "segmented", "folder", "source", "owner", "size"}
_OBJECT_TAGS = {
    "name",
    "pose",
    "truncated",
    "difficult",
    "occluded",
    "bndbox",
    "part",
    "actions",
    "attributes",
    "polygon",
}

BoxText = Callable[[list[float]], tuple[bytes, bytes, bytes, bytes]]
"""Turns x, y, width, height into the texts of xmin, ymin, xmax, ymax."""


def is_legal(text: str) -> bool:
    """Tell whether XML 1.0 can hold every character of a text."""
    return _ILLEGAL.search(text) is None


def escape(text: str) -> bytes:
    """Return a text for inside an element; a character that XML cannot hold becomes U+FFFD."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return _ILLEGAL.sub("\ufffd", text).encode()


def leaf(tag: str, text: str, indent: bytes, mark: bytes = b"") -> bytes:
    """Return a line with one element; blanks around its text are marked as meant."""
    space = b' xml:space="preserve"' if text != text.strip(_BLANKS) else b""
    name = tag.encode()
    return b"%b<%b%b%b>%b</%b>\n" % (indent, name, space, mark, escape(text), name)


def picture_elements(extra: dict[str, Any]) -> dict[str, bytes]:
    """Return the parts of a file that `extra` of a picture changes: verified, folder, source, depth, segmented, end."""
    rest = dict(extra)
    parts = {"source": b"\t\t<database>%b</database>\n" % DATABASE.encode()}
    if rest.get("verified") == "yes":
        parts["verified"] = b' verified="yes"'
        del rest["verified"]
    folder = rest.get("folder")
    if isinstance(folder, str) and folder not in ("", FOLDER) and is_legal(folder):
        parts["folder"] = leaf("folder", rest.pop("folder"), b"\t")
    if _is_source(rest.get("source")):
        source = rest.pop("source")
        known = b"" if "database" in source else parts["source"]
        parts["source"] = known + _tree(source, b"\t\t")
    depth = rest.get("depth")
    if type(depth) is int and 0 < depth < 10**9 and depth != 3:
        parts["depth"] = b"%d" % rest.pop("depth")
    segmented = rest.get("segmented")
    if (type(segmented) is int and segmented == 1) or _is_text(segmented, ("", "0", "1")):
        parts["segmented"] = leaf("segmented", str(rest.pop("segmented")), b"\t")
    end = b""
    owner = rest.get("owner")
    if _is_tree(owner) or _is_text(owner, ("",)):
        end += _tree({"owner": rest.pop("owner")}, b"\t")
    if _is_tree(rest.get("voc")) and not rest["voc"].keys() & _PICTURE_TAGS:
        end += _tree(rest.pop("voc"), b"\t")
    parts["end"] = end + _attributes(rest, b"\t")
    return parts


def object_elements(extra: dict[str, Any], box_text: BoxText) -> tuple[str, bytes]:
    """Return the pose of an object, and its elements after the box."""
    rest = dict(extra)
    pose, text = "Unspecified", b""
    if _is_text(rest.get("pose"), ("", "Unspecified")):
        pose = rest.pop("pose")
    if _are_parts(rest.get("parts")):
        text += b"".join(_part(part, box_text) for part in rest.pop("parts"))
    actions = rest.get("actions")
    if _is_actions(actions):
        actions = {tag: str(value) if type(value) is int else value for tag, value in rest.pop("actions").items()}
        text += _tree({"actions": actions}, b"\t\t")
    if _is_tree(rest.get("voc")) and not rest["voc"].keys() & _OBJECT_TAGS:
        text += _tree(rest.pop("voc"), b"\t\t")
    return pose, text + _attributes(rest, b"\t\t")


def unwritable_keys(extra: dict[str, Any]) -> int:
    """Count the attributes whose name no element can hold."""
    return sum(not _is_text(key, ("",)) for key in extra)


def _is_text(value: Any, reserved: tuple[str, ...] = ()) -> bool:
    return isinstance(value, str) and value not in reserved and is_legal(value)


def _is_tree(value: Any) -> bool:
    """Tell whether a value is nested texts by tag, as reading unknown elements gives."""
    return isinstance(value, dict) and bool(value) and all(_is_branch(tag, inner) for tag, inner in value.items())


def _is_branch(tag: str, value: Any) -> bool:
    if not _TAG.fullmatch(tag):
        return False
    if isinstance(value, list):
        return len(value) > 1 and all(_is_text(one) or _is_tree(one) for one in value)
    return _is_text(value) or _is_tree(value)


def _is_source(value: Any) -> bool:
    """Tell whether reading `<source>` would give this back: it drops what says nothing, and our own marks."""
    if not _is_tree(value) or "origin" in value or value.get("database") == DATABASE:
        return False
    return not any(text in ("", "Unknown") for text in value.values())


def _is_actions(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    texts = {}
    for tag, flag in value.items():
        if flag in ("0", "1") or (type(flag) is int and flag not in (0, 1)):
            return False
        texts[tag] = str(flag) if type(flag) is int else flag
    return _is_tree(texts)


def _are_parts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_part, value))


def _is_part(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"name", "box"}:
        return False
    box = value["box"]
    if not isinstance(box, list) or len(box) != 4 or not all(type(side) in (int, float) for side in box):
        return False
    return _is_text(value["name"], ("",)) and all(map(math.isfinite, box)) and min(box[2:]) > 0


def _part(part: dict[str, Any], box_text: BoxText) -> bytes:
    corners = zip((b"xmin", b"ymin", b"xmax", b"ymax"), box_text(part["box"]), strict=True)
    lines = b"".join(b"\t\t\t\t<%b>%b</%b>\n" % (tag, text, tag) for tag, text in corners)
    box = b"\t\t\t<bndbox>\n%b\t\t\t</bndbox>\n" % lines
    return b"\t\t<part>\n%b%b\t\t</part>\n" % (leaf("name", part["name"], b"\t\t\t"), box)


def _tree(value: dict[str, Any], indent: bytes) -> bytes:
    lines = []
    for tag, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, str):
                lines.append(leaf(tag, one, indent))
            else:
                name = tag.encode()
                lines.append(b"%b<%b>\n%b%b</%b>\n" % (indent, name, _tree(one, indent + b"\t"), indent, name))
    return b"".join(lines)


def _attributes(rest: dict[str, Any], indent: bytes) -> bytes:
    """Return the attributes, and whatever has no element of its own."""
    rest = {key: value for key, value in rest.items() if _is_text(key, ("",))}
    own = rest.get("attributes")
    lines = []
    if isinstance(own, dict) and own and all(_is_text(name, ("",)) for name in own):
        del rest["attributes"]
        lines = [_attribute(name, value, indent + b"\t", b"") for name, value in own.items()]
    lines += [_attribute(name, value, indent + b"\t", b' kind="extra"') for name, value in rest.items()]
    return b"%b<attributes>\n%b%b</attributes>\n" % (indent, b"".join(lines), indent) if lines else b""


def _attribute(name: str, value: Any, indent: bytes, kind: bytes) -> bytes:
    inner = indent + b"\t"
    if _is_text(value):
        content = leaf("value", value, inner)
    else:
        content = leaf("value", json.dumps(value, ensure_ascii=True), inner, b' type="json"')
    return b"%b<attribute%b>\n%b%b%b</attribute>\n" % (indent, kind, leaf("name", name, inner), content, indent)
