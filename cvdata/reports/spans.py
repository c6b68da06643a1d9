"""Figures with their intervals side by side, as SVG that belongs into a `Page`: which differ, and which may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .markup import Markup, join, tag
from .scales import short, ticks
from .svg import TOP, WIDTH, coordinate, cut, document, words

__all__ = ["Span", "gauge", "spans"]

_LEFT, _RIGHT, _STEP = 164, WIDTH - 66, 24


class Span(NamedTuple):
    """A figure and its interval.

    Attributes:
        value: None where it is not defined; `low`, `high`: ends of the interval, None where there is none.
        kind: class of the style sheet that colours it.
        note: more to say where a pointer rests.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "mark"
    note: str = ""


def spans(
    rows: Sequence[Span],
    *,
    title: str,
    label: str = "",
    across: tuple[float, float] | None = None,
    bars: bool = False,
    signed: bool = False,
    limit: int = 30,
) -> Markup:
    """Draw a point with its interval per row, on a common axis.

    Args:
        label: what the axis measures.
        across: ends of the axis; by default what the rows need, zero included.
        bars: draw a bar from zero in place of a point.
        signed: the figures are differences: they are written with their sign.
        limit: rows drawn; a line says how many are not.
    """
    shown = list(rows)[:limit]
    low, high = across or _reach(shown)
    bottom = TOP + _STEP * len(shown) + 2

    def place(value: float) -> float:
        return _LEFT + (min(max(value, low), high) - low) / (high - low) * (_RIGHT - _LEFT)

    parts = []
    for value in ticks(low, high, 5):
        parts.append(tag("path", d=f"M{coordinate(place(value))} {TOP - 4}V{bottom}", class_="grid"))
        parts.append(words(short(value), place(value), bottom + 15, anchor="middle"))
    if low <= 0 <= high:
        parts.append(tag("path", d=f"M{coordinate(place(0))} {TOP - 4}V{bottom}", class_="axis"))
    parts += [_row(row, TOP + _STEP * number, place, bars, signed) for number, row in enumerate(shown)]
    if label:
        parts.append(words(label, (_LEFT + _RIGHT) / 2, bottom + 32, anchor="middle"))
        bottom += 16
    if len(rows) > len(shown):
        parts.append(words(f"and {len(rows) - len(shown):,} more in the table", 0, bottom + 36))
        bottom += 18
    return document(title, bottom + 22, parts)


def _reach(rows: Sequence[Span]) -> tuple[float, float]:
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    if low == high:
        return 0.0, 1.0
    pad = (high - low) * 0.04
    return low - pad if low < 0 else 0.0, high + pad if high > 0 else 0.0


def _row(row: Span, y: float, place: Callable[[float], float], bars: bool, signed: bool) -> Markup:
    middle = y + _STEP / 2
    name = tag(
        "text", cut(row.name, _LEFT - 12), tag("title", row.name), x=_LEFT - 10, y=coordinate(middle + 4),
        text_anchor="end", class_="strong",
    )  # fmt: skip
    if row.value is None:
        return join([name, words("–", WIDTH, middle + 4, anchor="end")])
    text = f"{row.value:+.3f}" if signed else f"{row.value:.3f}"
    parts = [tag("title", _told(row, text))]
    if bars:
        start, end = sorted((place(0), place(row.value)))
        width, top = coordinate(max(end - start, 0.5)), coordinate(y + 4.5)
        parts.append(tag("rect", x=coordinate(start), y=top, width=width, height=_STEP - 9, class_=row.kind))
    if row.low is not None and row.high is not None:
        parts.append(_whisker(place(row.low), place(row.high), middle, "over" if bars else row.kind))
    if not bars:
        circle = tag("circle", cx=coordinate(place(row.value)), cy=coordinate(middle), r="4.5", class_=row.kind)
        parts.append(circle)
    hover = tag("rect", x=0, y=coordinate(y), width=WIDTH, height=_STEP, class_="none")
    number = tag("text", text, x=WIDTH, y=coordinate(middle + 4), text_anchor="end", class_="strong")
    return join([name, number, tag("g", *parts, hover)])


def _told(row: Span, text: str) -> Markup:
    known = row.low is not None and row.high is not None
    interval = f", interval {row.low:.3f} to {row.high:.3f}" if known else ""
    return join([f"{row.name}: {text}{interval}", *([row.note] if row.note else [])], "\n")


def _whisker(low: float, high: float, y: float, kind: str) -> Markup:
    """Draw a line from end to end of an interval, with a stroke across each end."""
    d = f"M{coordinate(low)} {coordinate(y)}H{coordinate(high)}"
    d += "".join(f"M{coordinate(x)} {coordinate(y - 4)}v8" for x in (low, high))
    return tag("path", d=d, class_=f"line {kind}")


def gauge(value: float, low: float | None = None, high: float | None = None) -> Markup:
    """Draw where a share lies between 0 and 1, and its interval; small, for a card."""
    parts = [tag("rect", x=0, y=4, width=200, height=4, rx=2, class_="ground")]
    ends = (value, value if low is None else low, value if high is None else high)
    at = [200 * min(max(end, 0.0), 1.0) for end in ends]
    parts.append(tag("rect", x=0, y=4, width=coordinate(at[0]), height=4, rx=2, class_="mark"))
    if low is not None and high is not None:
        width = max(at[2] - at[1], 1.0)
        parts.append(tag("rect", x=coordinate(at[1]), y=1, width=coordinate(width), height=10, rx=2, class_="span"))
    return tag("svg", *parts, viewBox="0 0 200 12", class_="gauge", aria_hidden="true")
