"""HTML and SVG as a type of its own, so that text can never become markup by accident."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import show

__all__ = ["Content", "Markup", "escape", "join", "tag"]

_LONGEST = 20_000  # characters of one piece of text; a page is for reading


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML or SVG that our own code wrote; everything else is text and is escaped."""

    html: str


Content = str | int | float | Markup | None
"""What goes between tags or into an attribute."""


def escape(content: Content) -> str:
    """Return content as HTML: text escaped, control and bidirectional characters made visible, None as nothing."""
    if isinstance(content, Markup):
        return content.html
    if content is None:
        return ""
    if isinstance(content, str):
        return html.escape(show(content, _LONGEST))
    return f"{content:g}" if isinstance(content, float) else str(content)


def join(parts: Iterable[Content], separator: str = "") -> Markup:
    """Put pieces one after another."""
    return Markup(separator.join(map(escape, parts)))


_VOID = {"br", "img", "input", "meta"}


def tag(name: str, *content: Content, **attributes: Content) -> Markup:
    """Return an element; `class_` is the attribute class, `stroke_width` is stroke-width, None leaves one out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{''.join(map(escape, content))}</{name}>")
