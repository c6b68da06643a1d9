"""Lines over a common axis as a picture, each with its name and last value at its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw

from .fonts import lettering
from .lines import Mark
from .palette import rgb
from .scales import log_ticks, short, ticks, whole_ticks

__all__ = ["COLOURS", "Chart", "Series", "draw_charts"]

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8f94")
"""Okabe and Ito's colours, those of the series of a page."""

_PAPER, _INK, _SOFT, _GRID = "#ffffff", "#1c2024", "#5d6670", "#e3e5e8"
_FINE = 2  # lines are drawn at twice the size and reduced, which smooths their edges
_EDGE, _GAP = 32, 36
_TITLE, _HEAD, _TEXT = 26, 18, 14
_NUMBERS = 58  # room for the numbers of the axis
_LONGEST_LABEL = 230
_FEW = 40  # points are drawn themselves where there are no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line.

    Attributes:
        x: ascending, and `y`, of the same length; the line is broken where y is not finite.
        colour: such as `#0072b2`; `thin`: one of those that stand behind the others.
        last: what is written behind the name at its end.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    thin: bool = False
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines that share their axes.

    Attributes:
        up: least and greatest value; `log`: a power of ten is as far as the next, and both are above 0.
        marks: points worth a word; `rule`: a place on the common axis to draw a dashed line at; None for none.
        tall: pixels of the field of lines; `empty`: what to say where there is no line.
    """

    title: str
    series: Sequence[Series]
    up: tuple[float, float]
    log: bool = False
    marks: Sequence[Mark] = ()
    rule: float | None = None
    tall: int = 320
    empty: str = "nothing yet"


class _Field(NamedTuple):
    """Where a chart lies, in pixels, and what turns values into places there."""

    left: float
    top: float
    right: float
    bottom: float
    place: Callable[[float, float], tuple[float, float]]


def draw_charts(
    rows: Sequence[Sequence[Chart]],
    *,
    title: str,
    subtitle: str = "",
    across: tuple[float, float],
    label: str,
    width: int = 1400,
) -> Image.Image:
    """Draw charts in rows, those of a row side by side.

    Args:
        across: least and greatest value of the axis that all have in common; `label`: what it counts, in whole steps.
    """
    top = _EDGE + _TITLE + 14 + (_TEXT + 12 if subtitle else 0)
    heights = [max(chart.tall for chart in row) + _HEAD + 52 for row in rows]
    sheet = _Sheet(width, top + sum(heights) + _EDGE - 12)
    sheet.write(title, _EDGE, _EDGE + _TITLE / 2, _TITLE, _INK, room=width - 2 * _EDGE)
    sheet.write(subtitle, _EDGE, _EDGE + _TITLE + 12 + _TEXT / 2, _TEXT + 1, _SOFT, room=width - 2 * _EDGE)
    for row, height in zip(rows, heights, strict=True):
        wide = (width - 2 * _EDGE - _GAP * (len(row) - 1)) / len(row)
        for number, chart in enumerate(row):
            _draw_chart(sheet, chart, _EDGE + number * (wide + _GAP), top, wide, across, label)
        top += height
    return sheet.finish()


class _Sheet:
    """Lines, smoothed, with texts on them."""

    def __init__(self, width: int, height: int) -> None:
        self._fine = Image.new("RGB", (width * _FINE, height * _FINE), rgb(_PAPER))
        self._pen = ImageDraw.Draw(self._fine)
        self._texts: list[tuple[str, float, float, int, str, str, float]] = []

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float) -> None:
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._pen.line(fine, rgb(colour), round(width * _FINE), "curve")

    def dashes(self, x: float, top: float, bottom: float, colour: str) -> None:
        while top < bottom:
            self.line([(x, top), (x, min(top + 5, bottom))], colour, 1.5)
            top += 10

    def dot(self, x: float, y: float, radius: float, colour: str, *, ring: bool = False) -> None:
        edge = 2 if ring else 0
        for size, fill in ((radius + edge, _PAPER), (radius, colour)):
            box = ((x - size) * _FINE, (y - size) * _FINE, (x + size) * _FINE, (y + size) * _FINE)
            self._pen.ellipse(box, rgb(fill))

    def write(
        self, text: str, x: float, y: float, size: int, colour: str, anchor: str = "lm", room: float = 400
    ) -> None:
        """Write a text when all is drawn; y is its middle."""
        if text:
            self._texts.append((text, x, y, size, colour, anchor, room))

    def finish(self) -> Image.Image:
        picture = self._fine.reduce(_FINE)
        pen = ImageDraw.Draw(picture)
        for text, x, y, size, colour, anchor, room in self._texts:
            letters = lettering(text, size).fitted(round(room))
            pen.text((x, y), letters.text, rgb(colour), letters.font, anchor, stroke_width=2, stroke_fill=rgb(_PAPER))
        return picture


def _draw_chart(
    sheet: _Sheet, chart: Chart, left: float, top: float, wide: float, across: tuple[float, float], label: str
) -> None:
    sheet.write(chart.title, left, top + _HEAD / 2, _HEAD, _INK, room=wide)
    said = [_label(line) for line in chart.series]
    labels = max((min(lettering(text, _TEXT).width, _LONGEST_LABEL) for text in said), default=0)
    field = _field(chart, left + _NUMBERS, top + _HEAD + 14, left + wide - labels - 34, across)
    _axes(sheet, chart, field, across, label)
    if chart.rule is not None:
        sheet.dashes(field.place(chart.rule, chart.up[0])[0], field.top, field.bottom, _SOFT)
    for line in sorted(chart.series, key=lambda line: not line.thin):
        _draw_line(sheet, line, field)
    for mark in chart.marks:
        _draw_mark(sheet, mark, field)
    _labels(sheet, chart, field)
    if not any(math.isfinite(y) for line in chart.series for y in line.y):
        sheet.write(
            chart.empty, (field.left + field.right) / 2, (field.top + field.bottom) / 2, _TEXT, _SOFT, "mm", wide
        )


def _field(chart: Chart, left: float, top: float, right: float, across: tuple[float, float]) -> _Field:
    bottom = top + chart.tall
    scale: Callable[[float], float] = math.log10 if chart.log else float
    low, high = scale(chart.up[0]), scale(chart.up[1])

    def place(x: float, y: float) -> tuple[float, float]:
        share = (scale(min(max(y, chart.up[0]), chart.up[1])) - low) / (high - low)
        return left + (x - across[0]) / (across[1] - across[0]) * (right - left), bottom - share * chart.tall

    return _Field(left, top, right, bottom, place)


def _axes(sheet: _Sheet, chart: Chart, field: _Field, across: tuple[float, float], label: str) -> None:
    for value in log_ticks(*chart.up) if chart.log else ticks(*chart.up, max(2, chart.tall // 60)):
        y = field.place(across[0], value)[1]
        sheet.line([(field.left, y), (field.right, y)], _GRID, 1)
        sheet.write(short(value), field.left - 8, y, _TEXT, _SOFT, "rm")
    sheet.line([(field.left, field.bottom), (field.right, field.bottom)], _SOFT, 1)
    for value in whole_ticks(*across, 8):
        x = field.place(value, chart.up[0])[0]
        sheet.line([(x, field.bottom), (x, field.bottom + 5)], _SOFT, 1)
        sheet.write(short(value), x, field.bottom + 15, _TEXT, _SOFT, "mm")
    sheet.write(label, field.right + 24, field.bottom + 15, _TEXT, _SOFT, "lm", 80)


def _draw_line(sheet: _Sheet, line: Series, field: _Field) -> None:
    width, parts = 1.5 if line.thin else 2.5, _unbroken(line)
    few = sum(map(len, parts)) <= _FEW
    for part in parts:
        points = [field.place(x, y) for x, y in part]
        if len(points) > 1:
            sheet.line(points, line.colour, width)
        for x, y in points if few or len(points) == 1 else []:
            sheet.dot(x, y, width + 0.8, line.colour)


def _unbroken(line: Series) -> list[list[tuple[float, float]]]:
    """Return the parts of a line between the places where it is not defined."""
    parts: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(line.x, line.y, strict=True):
        if math.isfinite(y):
            parts[-1].append((x, y))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _draw_mark(sheet: _Sheet, mark: Mark, field: _Field) -> None:
    """Draw a point, and its words at the foot of the chart, where they hide no line that rises."""
    x, y = field.place(mark.x, mark.y)
    sheet.dot(x, y, 5, _INK, ring=True)
    left = x > (field.left + field.right) / 2
    sheet.write(mark.text, x + (-10 if left else 10), field.bottom - 14, _TEXT, _INK, "rm" if left else "lm")


def _label(line: Series) -> str:
    return f"{line.name} {line.last}".rstrip()


def _labels(sheet: _Sheet, chart: Chart, field: _Field) -> None:
    """Write the name of each line beside its end; names that would lie on each other move apart."""
    ends = []
    for line in chart.series:
        parts = _unbroken(line)
        if parts:
            ends.append((field.place(*parts[-1][-1])[1], line))
    ends.sort(key=lambda end: end[0])
    for y, (_, line) in zip(_apart([end for end, _ in ends], field.top, field.bottom), ends, strict=True):
        sheet.line([(field.right + 8, y), (field.right + 22, y)], line.colour, 2 if line.thin else 3.5)
        sheet.write(_label(line), field.right + 28, y, _TEXT, _SOFT if line.thin else _INK, "lm", _LONGEST_LABEL)


_STEP = _TEXT + 6


def _apart(places: Sequence[float], top: float, bottom: float) -> list[float]:
    """Move ascending places so far apart that a line of text fits between them, and into the field while they fit."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + _STEP if moved else top))
    limit = bottom
    for at in reversed(range(len(moved))):
        moved[at] = min(moved[at], limit)
        limit = moved[at] - _STEP
    return moved
