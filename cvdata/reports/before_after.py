"""Bars of each class before and after a change, one above the other: for a page, as a picture, or as SVG of its own."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw

from .fonts import lettering
from .markup import Markup, tag
from .palette import rgb
from .scales import log_ticks, short, whole_ticks

__all__ = ["BeforeAfter", "Row", "drawn", "png", "svg"]


class Row(NamedTuple):
    """A class: how many before and after, and the most there could be; None where nothing limits it."""

    name: str
    before: int
    after: int
    reachable: int | None = None


@dataclass(frozen=True)
class BeforeAfter:
    """What a plot shows.

    Attributes:
        rows: in the order in which they are drawn.
        noun: what is counted, such as "objects".
        goal: a number that all are to reach, as a line; None for none.
        left_out: classes that are not drawn.
    """

    title: str
    rows: Sequence[Row]
    noun: str = "objects"
    goal: int | None = None
    left_out: int = 0


_WIDTH, _LEFT, _RIGHT = 760.0, 200.0, 160.0
_TOP, _STEP, _BAR = 62.0, 34.0, 11.0
_LOG_FROM = 100  # a class so many times smaller than another would be no bar at all

Role = Literal["before", "after", "head", "strong", "soft", "grid", "goal", "reach"]


class _Shape(NamedTuple):
    kind: Literal["rect", "text", "line"]
    role: Role
    x: float
    y: float
    width: float = 0.0  # of a line: how far it goes to the right, and down
    height: float = 0.0
    text: str = ""
    anchor: Literal["start", "middle", "end"] = "start"


def _height(plot: BeforeAfter) -> float:
    return _TOP + _STEP * len(plot.rows) + (64 if plot.left_out else 44)


def _shapes(plot: BeforeAfter) -> Iterator[_Shape]:
    """Yield what is drawn, from the ground up; y of a text is its base line."""
    across, values = _scale(plot)
    bottom = _TOP + _STEP * len(plot.rows)
    yield _Shape("text", "head", 0, 16, text=plot.title)
    yield from _key(plot, any(_reach(row, across) is not None for row in plot.rows))
    for value in values:
        yield _Shape("line", "grid", across(value), _TOP - 4, 0, bottom - _TOP + 4)
        yield _Shape("text", "soft", across(value), bottom + 16, text=short(value), anchor="middle")
    for number, row in enumerate(plot.rows):
        yield from _row(row, _TOP + number * _STEP, across)
    if plot.goal is not None:
        yield _Shape("line", "goal", across(plot.goal), _TOP - 4, 0, bottom - _TOP + 4)
    logarithmic = ", logarithmic" if _is_log(plot) else ""
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield _Shape("text", "soft", middle, bottom + 34, text=f"{plot.noun}{logarithmic}", anchor="middle")
    if plot.left_out:
        more = f"{plot.left_out:,} classes between the largest and the rarest, or without {plot.noun}, are not drawn"
        yield _Shape("text", "soft", 0, bottom + 54, text=more)


def _is_log(plot: BeforeAfter) -> bool:
    counts = _counts(plot)
    return bool(counts) and max(counts) >= _LOG_FROM * min(counts)


def _counts(plot: BeforeAfter) -> list[int]:
    return [count for row in plot.rows for count in (row.before, row.after) if count]


def _scale(plot: BeforeAfter) -> tuple[Callable[[float], float], list[float]]:
    """Return what turns a count into a place, and the round counts on the axis."""
    most = max([*_counts(plot), plot.goal or 0, 1])
    room = _WIDTH - _LEFT - _RIGHT
    if not _is_log(plot):
        whole = whole_ticks(0, most, 5)
        return (lambda value: _LEFT + room * min(value / most, 1.0)), whole
    least = 10.0 ** math.floor(math.log10(min(_counts(plot))))
    low, high = math.log10(least / 2), math.log10(most)  # half a power of ten is left for the smallest bar
    powers = [value for value in log_ticks(least, most) if math.log10(value) == int(math.log10(value))]
    return (lambda value: _LEFT + room * (math.log10(max(value, least / 2)) - low) / (high - low)), powers


def _key(plot: BeforeAfter, reach: bool) -> Iterator[_Shape]:
    x = 0.0
    items: list[tuple[Role, str]] = [("before", "now"), ("after", "after")]
    if reach:
        items.append(("reach", "reachable"))
    if plot.goal is not None:
        items.append(("goal", f"goal {plot.goal:,}"))
    for role, text in items:
        if role in ("reach", "goal"):
            yield _Shape("line", role, x + 8, 29, 0, 13)
        else:
            yield _Shape("rect", role, x, 30, 11, 11)
        yield _Shape("text", "soft", x + 17, 40, text=text)
        x += 17 + 6.6 * len(text) + 16


def _row(row: Row, y: float, across: Callable[[float], float]) -> Iterator[_Shape]:
    yield _Shape("text", "strong", _LEFT - 10, y + 17, text=row.name, anchor="end")
    roles: list[tuple[Role, int, float]] = [("before", row.before, y + 2), ("after", row.after, y + 2 + _BAR)]
    for role, count, top in roles:
        if count:
            yield _Shape("rect", role, _LEFT, top, max(across(count) - _LEFT, 1.0), _BAR, f"{row.name}, {count:,}")
    if (reach := _reach(row, across)) is not None:
        yield _Shape("line", "reach", reach, y + 1, 0, 2 * _BAR + 2)
    what = f"{row.before:,}" if row.before == row.after else f"{row.before:,} → {row.after:,}"
    yield _Shape("text", "strong", _WIDTH - _RIGHT + 12, y + 17, text=what)


def _reach(row: Row, across: Callable[[float], float]) -> float | None:
    """Return where the mark of what is reachable stands; None where it would be inside the bar or beyond the axis."""
    if row.reachable is None or row.reachable <= row.after:
        return None
    place = across(row.reachable)
    return place if place < _WIDTH - _RIGHT - 1 else None


_COLOURS: dict[Role, str] = {
    "before": "#b4babf",
    "after": "#0067a3",
    "head": "#1c2024",
    "strong": "#1c2024",
    "soft": "#5d6670",
    "grid": "#e3e5e8",
    "goal": "#d55e00",
    "reach": "#009e73",
}
_DASHED = {"goal": 5.0}
_SIZES: dict[Role, float] = {"head": 14}
_SIZE = 12.0
_FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif'
_ON_PAGE: dict[Role, str] = {
    "before": "s6",
    "after": "mark",
    "head": "head",
    "strong": "strong",
    "grid": "grid",
    "goal": "s5",
    "reach": "s2",
}


def drawn(plot: BeforeAfter) -> Markup:
    """Return the plot as SVG that belongs into a `Page`: its style sheet gives the colours, in light and dark."""
    parts = []
    for shape in _shapes(plot):
        kind = _ON_PAGE.get(shape.role)
        if shape.role in ("goal", "reach") and shape.kind == "line":  # the sheet has colours for areas alone
            shape = shape._replace(kind="rect", x=shape.x - 1, width=2)
        parts.append(_element(shape, {"class_": kind} if kind else {}))
    box = f"0 0 {_WIDTH:g} {_height(plot):g}"
    return tag("svg", *parts, viewBox=box, role="img", aria_label=plot.title, class_="wide")


def svg(plot: BeforeAfter) -> bytes:
    """Return the plot as an SVG file, on white."""
    ground = tag("rect", width="100%", height="100%", fill="#ffffff")
    parts = [_element(shape, _own_look(shape)) for shape in _shapes(plot)]
    inner = tag("g", *parts, transform="translate(20 14)")
    wide, tall = _WIDTH + 40, _height(plot) + 28
    whole = tag(
        "svg",
        ground,
        inner,
        xmlns="http://www.w3.org/2000/svg",
        width=wide,
        height=tall,
        viewBox=f"0 0 {wide:g} {tall:g}",
        role="img",
        aria_label=plot.title,
        font_family=_FONT,
    )
    return whole.html.encode() + b"\n"


def _own_look(shape: _Shape) -> dict[str, str]:
    colour = _COLOURS[shape.role]
    if shape.kind == "line":
        return {"stroke": colour, "stroke_width": "1" if shape.role == "grid" else "2", **_dash(shape.role)}
    if shape.kind == "text":
        weight = {"font_weight": "600"} if shape.role == "head" else {}
        return {"fill": colour, "font_size": f"{_SIZES.get(shape.role, _SIZE):g}", **weight}
    return {"fill": colour}


def _dash(role: Role) -> dict[str, str]:
    return {"stroke_dasharray": f"{_DASHED[role]:g}"} if role in _DASHED else {}


def _element(shape: _Shape, look: Mapping[str, str]) -> Markup:
    if shape.kind == "line":
        return tag("path", d=f"M{_f(shape.x)} {_f(shape.y)}v{_f(shape.height)}", fill="none", **look)
    if shape.kind == "text":
        text = _fitted(shape)
        anchor = None if shape.anchor == "start" else shape.anchor
        full = tag("title", shape.text) if text != shape.text else None
        return tag("text", text, full, x=_f(shape.x), y=_f(shape.y), text_anchor=anchor, **look)
    size = {"width": _f(shape.width), "height": _f(shape.height)}
    said = tag("title", shape.text) if shape.text else None
    return tag("rect", said, x=_f(shape.x), y=_f(shape.y), **size, **look)


def _f(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _room(shape: _Shape) -> float:
    return _LEFT - 24 if shape.anchor == "end" else _WIDTH - shape.x


_WIDER = 1.05  # letters where the page is read, compared with those that are measured here


def _fitted(shape: _Shape) -> str:
    return lettering(shape.text, round(_SIZES.get(shape.role, _SIZE))).fitted(int(_room(shape) / _WIDER)).text


_FINE = 2


def png(plot: BeforeAfter) -> bytes:
    """Return the plot as a PNG file, twice as fine as its numbers say, on white."""
    size = (round(_FINE * (_WIDTH + 40)), round(_FINE * (_height(plot) + 28)))
    picture = Image.new("RGB", size, "#ffffff")
    pen = ImageDraw.Draw(picture)
    for shape in _shapes(plot):
        _paint(pen, shape, _FINE * (shape.x + 20), _FINE * (shape.y + 14))
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()


def _paint(pen: ImageDraw.ImageDraw, shape: _Shape, x: float, y: float) -> None:
    colour = rgb(_COLOURS[shape.role])
    if shape.kind == "rect":
        pen.rectangle((x, y, x + _FINE * shape.width - 1, y + _FINE * shape.height - 1), colour)
    elif shape.kind == "line":
        wide = 2 if shape.role == "grid" else 2 * _FINE
        dash = _FINE * _DASHED.get(shape.role, shape.height or 1)
        top, end = y, y + _FINE * shape.height
        while top < end:
            pen.line((x, top, x, min(top + dash, end)), colour, wide)
            top += 2 * dash
    else:
        letters = lettering(shape.text, round(_FINE * _SIZES.get(shape.role, _SIZE)))
        letters = letters.fitted(round(_FINE * _room(shape)))
        anchors = {"start": "ls", "middle": "ms", "end": "rs"}
        pen.text((x, y), letters.text, colour, letters.font, anchors[shape.anchor])
