"""Plots as SVG that belongs into a `Page`: its style sheet gives the colours, in light and dark.

Each has a title, which also says to a screen reader what it is, and says the exact number where a pointer rests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .markup import Markup, join, tag
from .scales import log_ticks, plural, short, ticks, whole_ticks
from .svg import SERIES, TOP, WIDTH, centred, coordinate, cut, document, rect, rule, width_of, words

__all__ = ["bars", "density", "heat_map", "histogram", "matrix"]


def bars(
    labels: Sequence[str],
    values: NDArray[Any],
    *,
    title: str,
    series: Sequence[str] = (),
    limit: int = 30,
) -> Markup:
    """Draw a horizontal bar per label, of stacked parts where there are several series.

    Args:
        values: shape (labels,) or (labels, series), not negative.
        limit: bars drawn; the rest are one bar named "others".
    """
    table = np.asarray(values, np.float64).reshape(len(labels), -1)
    names = list(labels)
    folded = len(names) > limit
    if folded:
        rest = table[limit - 1 :].sum(axis=0, keepdims=True)
        table = np.concatenate([table[: limit - 1], rest])
        names = [*names[: limit - 1], f"{len(names) - limit + 1:,} others"]
    left, step = 160, 22
    top = TOP + (22 if len(series) > 1 else 0)
    most = max(float(table.sum(axis=1).max(initial=0)), 1.0)
    scale = (WIDTH - left - 60) / most
    parts = [_key(series)] if len(series) > 1 else []
    for row, (name, numbers) in enumerate(zip(names, table, strict=True)):
        alone = "s6" if folded and row == len(names) - 1 else "mark"
        parts.append(_bar_row(name, numbers, series, alone, top + row * step, left, scale))
    return document(title, top + len(names) * step + 4, parts)


def _bar_row(
    name: str, numbers: NDArray[np.float64], series: Sequence[str], alone: str, y: float, left: float, scale: float
) -> Markup:
    total = float(numbers.sum())
    text = tag("text", cut(name, 150), tag("title", name), x=left - 8, y=y + 14, text_anchor="end", class_="strong")
    pieces, at = [], float(left)
    for number, value in enumerate(numbers.tolist()):
        width = value * scale
        if width:
            what = f"{name}, {series[number]}" if len(series) > 1 else name
            kind = f"s{min(number, SERIES - 1)}" if len(series) > 1 else alone
            pieces.append(rect(at, y + 3, max(width, 0.5), 15, kind, f"{what}: {value:,.0f}"))
        at += width
    return join([text, *pieces, words(f"{total:,.0f}", at + 6, y + 14)])


def _key(series: Sequence[str]) -> Markup:
    """Draw what the colours of the series mean, in one line."""
    parts, x = [], 0.0
    for number, name in enumerate(series):
        text = cut(name, 110)
        parts.append(rect(x, TOP, 11, 11, f"s{min(number, SERIES - 1)}", name))
        parts.append(words(text, x + 16, TOP + 10))
        x += 16 + width_of(text) + 16
    return join(parts)


def histogram(
    edges: NDArray[np.float64], counts: NDArray[np.int64], *, title: str, label: str, log: bool = False
) -> Markup:
    """Draw how often values fall between edges.

    Args:
        edges: ascending, shape (bins + 1,); with `log` all above 0, and the axis is logarithmic.
        label: what the values are, with their unit.
    """
    height, left = 240, 46
    right, bottom = WIDTH - 8, height - 40
    across = _axis(edges, left, right, log)
    most = max(int(counts.max(initial=0)), 1)
    tall = (bottom - TOP) / most
    whole = whole_ticks(0, most, 4)
    parts = [rule(left, bottom - value * tall, right, short(value)) for value in whole]
    places = across(edges)
    for number, count in enumerate(counts.tolist()):
        if count:
            x, width = places[number], places[number + 1] - places[number]
            what = f"{_span(edges[number], edges[number + 1])}: {count:,}"
            high = max(count * tall, 1.0)
            parts.append(rect(x, bottom - high, max(width - 1, 0.8), high, "mark", what))
    parts += _foot(edges, across, bottom, left, right, label, log)
    return document(title, height, parts)


def density(
    grid: NDArray[np.int64], edges: NDArray[np.float64], *, title: str, labels: tuple[str, str], log: bool = True
) -> Markup:
    """Draw how many things have a pair of measures, stronger where there are more.

    Args:
        grid: shape (bins, bins): first axis upward, second to the right.
        edges: shape (bins + 1,), the same for both.
        labels: what goes to the right and what goes upward.
    """
    grid, edges = _filled(grid, edges)
    side, left = 360, 60
    right, bottom = left + side, TOP + side
    across, up = _axis(edges, left, right, log), _axis(edges, bottom, TOP, log)
    parts = [tag("rect", x=left, y=TOP, width=side, height=side, class_="ground")]
    parts.append(_cells(grid[::-1], left, TOP, side / grid.shape[1], side / grid.shape[0]))
    for value in _ticks(edges, log):
        place = float(up(np.array([value]))[0])
        parts.append(words(short(value), left - 6, place + 4, anchor="end"))
    parts += _foot(edges, across, bottom, left, right, labels[0], log)
    middle = TOP + side / 2
    parts.append(tag("text", labels[1], transform=f"translate(14 {middle:g}) rotate(-90)", text_anchor="middle"))
    parts.append(tag("path", d=f"M{left} {bottom}L{right} {TOP}", class_="axis", stroke_dasharray="2 4"))
    return document(title, bottom + 40, parts)


def _filled(grid: NDArray[np.int64], edges: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cut a square grid to where there is something, the same range on both axes, a bin more at either end."""
    used = np.flatnonzero(grid.any(axis=0) | grid.any(axis=1))
    if not len(used):
        return grid, edges
    first, last = max(0, int(used[0]) - 1), min(len(grid), int(used[-1]) + 2)
    return grid[first:last, first:last], edges[first : last + 1]


def heat_map(grid: NDArray[np.int64], *, title: str, note: str = "") -> Markup:
    """Draw where things lie in a picture, stronger where there are more; small, for several side by side.

    Each is spread over its surroundings, or few of them would look like noise.
    """
    side = 150
    parts = [
        tag("rect", x=0, y=22, width=side, height=side, class_="ground"),
        _cells(_blurred(grid), 0, 22, side / grid.shape[1], side / grid.shape[0]),
        words(note, 0, side + 36) if note else Markup(""),
    ]
    return document(title, side + 40, parts, width=side, longest=side * 0.92, small=True)


_MOST_NUMBERS = 10  # labels up to which the numbers find room in the fields


def matrix(labels: Sequence[str], values: NDArray[np.int64], *, title: str, noun: str) -> Markup:
    """Draw how often two labels come together, stronger where more often, by the logarithm.

    Args:
        values: symmetric, shape (labels, labels).
        noun: what is counted, such as "picture".
    """
    left, top = 120, TOP + 92
    cell = min(48.0, (WIDTH - left - 30) / max(len(labels), 1))
    parts = []
    most = np.log1p(max(int(values.max(initial=0)), 1))
    for row, name in enumerate(labels):
        y = top + row * cell
        full = tag("title", name)
        parts.append(tag("text", cut(name, 112), full, x=left - 6, y=coordinate(y + cell / 2 + 4), text_anchor="end"))
        x = left + row * cell + cell / 2 + 4
        turned = f"translate({coordinate(x)} {top - 6}) rotate(-50)"
        parts.append(tag("text", cut(name, 105), full, transform=turned))
        for column in range(len(labels)):
            count = int(values[row, column])
            pair = name if row == column else f"{name} and {labels[column]}"
            what = f"{pair}: {plural(count, noun)}"
            strength = np.log1p(count) / most
            place = (left + column * cell, y)
            parts.append(rect(*place, cell - 1, cell - 1, "mark" if count else "ground", what, strength or None))
            if count and len(labels) <= _MOST_NUMBERS:
                number = tag("text", short(count), class_="on" if strength > 0.5 else "strong")
                parts.append(centred(number, place[0] + (cell - 1) / 2, y + cell / 2 + 4))
    return document(title, top + len(labels) * cell + 8, parts)


def _blurred(grid: NDArray[np.int64], times: int = 3) -> NDArray[np.float64]:
    """Average each cell with its neighbours, 1 to 2 to 1, so many times; nothing gets lost at the edges."""
    blurred = grid.astype(np.float64)
    for _ in range(times):
        for axis in (0, 1):
            padded = np.pad(blurred, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            low, middle, high = (np.take(padded, np.arange(grid.shape[axis]) + at, axis) for at in (0, 1, 2))
            blurred = (low + 2 * middle + high) / 4
    return blurred


_LEVELS = 12


def _cells(grid: NDArray[Any], left: float, top: float, width: float, height: float) -> Markup:
    """Draw a grid of counts in ten steps of darkness, one path for each: cells one by one would be a heavy page."""
    most = float(grid.max(initial=0))
    if most == 0:
        return Markup("")
    # By the square root, so that what is rare is still seen.
    level = np.ceil(np.sqrt(grid / most) * _LEVELS).astype(np.int64)
    paths = []
    for step in range(1, _LEVELS + 1):
        runs = _runs(level == step)
        if runs:
            drawn = "".join(f"M{first} {row}h{last - first}v1h{first - last}z" for row, first, last in runs)
            paths.append(tag("path", d=drawn, class_="mark", opacity=f"{step / _LEVELS:g}"))
    place = f"translate({coordinate(left)} {coordinate(top)}) scale({width:.5g} {height:.5g})"
    return tag("g", *paths, transform=place, shape_rendering="crispEdges")


def _runs(chosen: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return runs of cells in a row: (row, first, behind the last)."""
    change = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1]
    return list(zip(row.tolist(), first.tolist(), last.tolist(), strict=True))


Axis = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _axis(edges: NDArray[np.float64], start: float, end: float, log: bool) -> Axis:
    """Return what turns values into places between start and end."""
    low, high = float(edges[0]), float(edges[-1])
    if log:
        low, high = np.log10(low), np.log10(high)
    span = (high - low) or 1.0
    return lambda values: start + ((np.log10(values) if log else values) - low) / span * (end - start)


def _ticks(edges: NDArray[np.float64], log: bool) -> list[float]:
    low, high = float(edges[0]), float(edges[-1])
    return log_ticks(low, high) if log and high > 10 * low else ticks(low, high, 6)


def _foot(
    edges: NDArray[np.float64], across: Axis, bottom: float, left: float, right: float, label: str, log: bool
) -> list[Markup]:
    """Draw the axis below a plot."""
    parts = [tag("path", d=f"M{left} {bottom}H{right}", class_="axis")]
    values = _ticks(edges, log)
    for value, x in zip(values, across(np.array(values)).tolist(), strict=True):
        parts.append(tag("path", d=f"M{coordinate(x)} {bottom}v4", class_="axis"))
        parts.append(words(short(value), x, bottom + 17, anchor="middle"))
    parts.append(words(label, (left + right) / 2, bottom + 34, anchor="middle"))
    return parts


def _span(low: float, high: float) -> str:
    """Write the range of a bin; a bin of one whole number is that number."""
    if high - low == 1 and low == round(low - 0.5) + 0.5:
        return f"{low + 0.5:g}"
    return f"{low:.4g} to {high:.4g}"
