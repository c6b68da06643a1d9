"""Lines over a common axis, with bands of how sure they are, as SVG that belongs into a `Page`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .markup import Markup, join, tag
from .scales import log_ticks, short, ticks, whole_ticks
from .svg import SERIES, TOP, WIDTH, coordinate, cut, document, rect, rule, width_of, words

__all__ = ["Line", "Mark", "line_plot"]

_LEFT, _RIGHT, _TALL = 50, WIDTH - 10, 270
_STRIPS = 25  # places where a pointer finds numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points.

    Attributes:
        x: ascending, and `y`, of the same length; a point that is not finite is left out.
        low, high: of a band around the line, of the same length; None for none.
        strong: drawn thick and in ink, before all others, such as the mean of the others.
        dots: the points themselves are drawn as well.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    strong: bool = False
    dots: bool = False


class Mark(NamedTuple):
    """A point worth a word, such as the best of a line."""

    x: float
    y: float
    text: str


_Place = Callable[[float, float], tuple[float, float]]


def line_plot(
    lines: Sequence[Line],
    *,
    title: str,
    labels: tuple[str, str],
    across: tuple[float, float] = (0.0, 1.0),
    up: tuple[float, float] = (0.0, 1.0),
    marks: Sequence[Mark] = (),
    diagonal: bool = False,
    log: bool = False,
    steps: bool = False,
) -> Markup:
    """Draw lines, at most seven besides the strong ones, with a key below.

    Args:
        labels: what goes to the right and what goes upward.
        across, up: least and greatest value of the axes.
        diagonal: draw where both are equal.
        log: upward a power of ten is as far as the next; every y, and `up`, is above 0.
        steps: what goes to the right is counted in whole steps.
    """
    bottom = TOP + 22 + _TALL
    scale: Callable[[float], float] = math.log10 if log else float
    low, high = scale(up[0]), scale(up[1])

    def place(x: float, y: float) -> tuple[float, float]:
        right = _LEFT + (x - across[0]) / (across[1] - across[0]) * (_RIGHT - _LEFT)
        return right, bottom - (scale(y) - low) / (high - low) * _TALL

    kinds = _kinds(lines)
    rightward = whole_ticks(*across, 6) if steps else ticks(*across, 6)
    parts = _axes(labels, (across, rightward), (up, log_ticks(*up) if log else ticks(*up, 5)), place)
    if diagonal:
        (x, y), (right, top) = place(*2 * (max(across[0], up[0]),)), place(*2 * (min(across[1], up[1]),))
        d = f"M{coordinate(x)} {coordinate(y)}L{coordinate(right)} {coordinate(top)}"
        parts.append(tag("path", d=d, class_="axis", stroke_dasharray="3 4"))
    parts += [_band(line, kind, place) for line, kind in zip(lines, kinds, strict=True) if line.low and line.high]
    # The strong line comes last, so that none lies on it.
    drawn = sorted(zip(lines, kinds, strict=True), key=lambda item: item[0].strong)
    parts += [_path(line, kind, place) for line, kind in drawn]
    parts += [_marked(mark, place) for mark in marks]
    parts += _strips(lines, labels[0], across, bottom)
    below = bottom + 46
    if len(lines) > 1:
        parts.append(_key(lines, kinds, below))
        below += 20 * len(_key_rows(lines)) + 2
    return document(title, below, parts)


def _kinds(lines: Sequence[Line]) -> list[str]:
    """Return the class of the style sheet that colours each line."""
    kinds, number = [], 0
    for line in lines:
        kinds.append("ink" if line.strong else f"s{min(number, SERIES - 1)}")
        number += not line.strong
    return kinds


_Axis = tuple[tuple[float, float], list[float]]
"""The ends of an axis, and its round values."""


def _axes(labels: tuple[str, str], rightward: _Axis, upward: _Axis, place: _Place) -> list[Markup]:
    (across, marks), (up, values) = rightward, upward
    parts = [words(labels[1], 0, TOP + 8)]
    parts += [rule(_LEFT, place(across[0], value)[1], _RIGHT, short(value)) for value in values]
    x, bottom = place(across[0], up[0])
    parts.append(tag("path", d=f"M{coordinate(x)} {coordinate(bottom)}H{_RIGHT}", class_="axis"))
    for value in marks:
        x = place(value, up[0])[0]
        parts.append(tag("path", d=f"M{coordinate(x)} {coordinate(bottom)}v4", class_="axis"))
        parts.append(words(short(value), x, bottom + 17, anchor="middle"))
    parts.append(words(labels[0], (_LEFT + _RIGHT) / 2, bottom + 34, anchor="middle"))
    return parts


def _points(x: Sequence[float], y: Sequence[float], place: _Place) -> list[str]:
    both = (place(*point) for point in zip(x, y, strict=True) if all(map(math.isfinite, point)))
    return [f"{coordinate(right)} {coordinate(down)}" for right, down in both]


def _path(line: Line, kind: str, place: _Place) -> Markup:
    points = _points(line.x, line.y, place)
    if not points:
        return Markup("")
    path = tag("path", tag("title", line.name), d="M" + "L".join(points), class_=f"line {kind}")
    if not line.dots and len(points) > 1:
        return path
    dots = [tag("circle", cx=p.split()[0], cy=p.split()[1], r="3.5", class_=_fill(kind)) for p in points]
    return join([path, *dots])


def _fill(kind: str) -> str:
    return "strong" if kind == "ink" else kind


def _band(line: Line, kind: str, place: _Place) -> Markup:
    points = [*_points(line.x, line.low or (), place), *reversed(_points(line.x, line.high or (), place))]
    if not points:
        return Markup("")
    return tag("path", d=f"M{'L'.join(points)}z", class_=f"band {_fill(kind)}")


def _marked(mark: Mark, place: _Place) -> Markup:
    x, y = place(mark.x, mark.y)
    left = x > (_LEFT + _RIGHT) / 2
    text = tag(
        "text", mark.text, x=coordinate(x - 9 if left else x + 9), y=coordinate(max(y - 9, TOP + 20)),
        text_anchor="end" if left else None, class_="strong halo",
    )  # fmt: skip
    return join([tag("circle", cx=coordinate(x), cy=coordinate(y), r="4.5", class_="strong point"), text])


def _strips(lines: Sequence[Line], label: str, across: tuple[float, float], bottom: float) -> list[Markup]:
    """Draw strips that nobody sees, each of which says the values of all lines in its middle."""
    wide = (_RIGHT - _LEFT) / _STRIPS
    middles = across[0] + (np.arange(_STRIPS) + 0.5) / _STRIPS * (across[1] - across[0])
    values = [_read_off(line, middles) for line in lines]
    strips = []
    for number, x in enumerate(middles.tolist()):
        told = [
            f"{line.name}: {y[number]:.3f}" for line, y in zip(lines, values, strict=True) if not np.isnan(y[number])
        ]
        if told:
            what = join([f"{label} {x:.2f}", *told], "\n")
            strips.append(rect(_LEFT + number * wide, bottom - _TALL, wide, _TALL, "none", what))
    return strips


def _read_off(line: Line, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of a line, NaN beyond its ends."""
    x, y = np.asarray(line.x, np.float64), np.asarray(line.y, np.float64)
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return np.full(len(at), np.nan)
    return np.interp(at, x[there], y[there], left=np.nan, right=np.nan)


_NAME = 130  # units that a name in the key may take


def _key_rows(lines: Sequence[Line]) -> list[list[tuple[float, int]]]:
    """Break the key into rows of (place, number of the line)."""
    rows: list[list[tuple[float, int]]] = []
    x = float(WIDTH)
    for number, line in enumerate(lines):
        need = 26 + width_of(cut(line.name, _NAME)) + 14
        if x + need > WIDTH:
            rows.append([])
            x = 0.0
        rows[-1].append((x, number))
        x += need
    return rows


def _key(lines: Sequence[Line], kinds: Sequence[str], top: float) -> Markup:
    parts = []
    for row, entries in enumerate(_key_rows(lines)):
        y = top + 20 * row + 10
        for x, number in entries:
            line = lines[number]
            parts.append(tag("path", d=f"M{coordinate(x)} {coordinate(y)}h20", class_=f"line {kinds[number]}"))
            name = cut(line.name, _NAME)
            parts.append(tag("text", name, tag("title", line.name), x=coordinate(x + 26), y=coordinate(y + 4)))
    return join(parts)
