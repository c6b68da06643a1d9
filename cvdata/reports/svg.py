"""Pieces that plots are made of: a frame with a title, boxes with a tooltip, and names that fit their room."""

from __future__ import annotations

from collections.abc import Sequence

from .markup import Content, Markup, join, tag

__all__ = ["SERIES", "TOP", "WIDTH", "centred", "coordinate", "cut", "document", "rect", "rule", "width_of", "words"]

WIDTH = 520
"""Units; a column of a page is about as many pixels wide."""

TOP = 30
"""Room for the title."""

SERIES = 7
"""Colours of the style sheet."""


def document(
    title: str,
    height: float,
    parts: Sequence[Markup],
    *,
    width: int = WIDTH,
    longest: float = WIDTH,
    small: bool = False,
) -> Markup:
    """Return a whole plot: its title, which a screen reader says too, and its parts."""
    head = tag("text", cut(title, longest), tag("title", title), x=0, y=14, class_="head")
    box = f"0 0 {width} {coordinate(height)}"
    kind = "small" if small else None
    return tag("svg", head, *parts, viewBox=box, role="img", aria_label=title, class_=kind)


def rect(
    x: float, y: float, width: float, height: float, kind: str, what: Content, opacity: float | None = None
) -> Markup:
    """Draw a box of a class of the style sheet, which says `what` it is where a pointer rests."""
    return tag(
        "rect",
        tag("title", what),
        x=coordinate(x),
        y=coordinate(y),
        width=coordinate(width),
        height=coordinate(height),
        class_=kind,
        opacity=None if opacity is None else f"{opacity:.2f}",
    )


def rule(left: float, y: float, right: float, text: str) -> Markup:
    """Draw a line of the grid with its number on the left."""
    line = tag("path", d=f"M{left} {coordinate(y)}H{right}", class_="grid")
    return join([line, words(text, left - 6, y + 4, anchor="end")])


def words(text: str, x: float, y: float, *, anchor: str | None = None) -> Markup:
    """Write a text; y is its base line."""
    return tag("text", text, x=coordinate(x), y=coordinate(y), text_anchor=anchor)


def centred(text: Markup, x: float, y: float) -> Markup:
    """Put a text into the middle of a field, where it is in no pointer's way."""
    place = f"translate({coordinate(x)} {coordinate(y)})"
    return tag("g", text, transform=place, text_anchor="middle", pointer_events="none")


def coordinate(value: float) -> str:
    """Write a place with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


_NARROW, _BROAD = frozenset("fijlrtI1.,:;'|!()[] "), frozenset("mwMW@%")


def width_of(text: str) -> float:
    """Guess how wide a text is; the font is the reader's own, so rather too wide than too narrow."""
    return sum(
        13.0 if char >= "\u1100" else 4.8 if char in _NARROW else 11.0 if char in _BROAD else 7.5 for char in text
    )


def cut(name: str, room: float) -> str:
    """Cut a name so that it takes about so many units at most."""
    if width_of(name) <= room:
        return name
    kept = name
    while kept and width_of(kept) > room - 10:
        kept = kept[:-1]
    return kept.rstrip() + "…"
