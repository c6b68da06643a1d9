"""The exact way to read one VOC file: expat, without document types, entities, or anything from outside the file."""

from __future__ import annotations

import re
from pyexpat import ErrorString, ExpatError, ParserCreate
from typing import Any

__all__ = ["LARGEST", "BadFile", "Element", "parse"]

LARGEST = 16 << 20
"""Bytes that a file may have."""

_DEEPEST = 32  # a VOC file has five levels
_MOST_ELEMENTS = 500_000  # 38,000 objects in one picture; what a bomb within `LARGEST` can cost is bounded by it

_XINCLUDE = "http://www.w3.org/2001/XInclude"
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


class BadFile(Exception):  # noqa: N818 - a verdict on one file; the reader turns it into a quarantine item
    """A file that cannot be used: what was found, what was expected, and the line."""

    def __init__(self, found: str, expected: str, line: int | None = None) -> None:
        super().__init__(found, expected, line)
        self.found, self.expected, self.line = found, expected, line


class Element:
    """An element with its own text joined, and its children in order."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""
        self.children: list[Element] = []

    def child(self, tag: str) -> Element | None:
        """Return the first child of that tag."""
        return next((child for child in self.children if child.tag == tag), None)

    @property
    def value(self) -> str:
        """The text without XML's blanks around it, unless `xml:space` says that they count."""
        return self.text if self.attributes.get("xml:space") == "preserve" else self.text.strip(" \t\r\n")


def parse(data: bytes) -> Element:
    """Return the root element of a file.

    Raises:
        BadFile: not well-formed, a document type, an inclusion, too deep or too large.
    """
    if len(data) > LARGEST:
        raise BadFile(f"the file is larger than {LARGEST >> 20} MiB", "one picture's labels")
    tree = _Tree()
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.characters
    # Called before anything inside the document type is read, so no entity is ever declared.
    parser.StartDoctypeDeclHandler = tree.document_type
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        reason = ErrorString(error.code) or "unknown error"
        raise BadFile(f"not well-formed XML: {reason}", "a complete XML file", error.lineno) from None
    except (ValueError, LookupError):  # a declared encoding that Python does not know or that is multi-byte
        declared = _DECLARED.search(data)
        name = declared[1].decode() if declared else "unknown"
        raise BadFile(f"the encoding {name} cannot be read", "UTF-8 or UTF-16", 1) from None
    if tree.root is None:
        raise BadFile("no element", "an <annotation> element")
    return tree.root


class _Tree:
    """Builds elements from what expat reports."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.endswith(":include") or _XINCLUDE in attributes.values():
            raise BadFile("an XInclude element", "a file that holds its labels itself")
        element = Element(tag, attributes)
        self.count += 1
        if len(self.open) >= _DEEPEST:
            raise BadFile(f"elements nested deeper than {_DEEPEST}", "the five levels of a VOC file")
        if self.count > _MOST_ELEMENTS:
            raise BadFile(f"more than {_MOST_ELEMENTS:,} elements", "one picture's labels")
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _tag: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        self.open[-1].text += text

    def document_type(self, *_about: Any) -> None:
        raise BadFile("a DOCTYPE", "XML without a document type")
