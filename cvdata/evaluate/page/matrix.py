"""Which class was taken for which, as a field of shades and as the pairs that are confused most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...reports.markup import Markup, tag
from ...reports.page import Cell, Page, percent
from ...reports.scales import plural, short
from ...reports.svg import TOP, WIDTH, centred, coordinate, cut, document, rect, width_of, words
from ..report import Confusion, EvalReport
from ..words import likeness, name_of

__all__ = ["confusion_section"]

_MOST_CLASSES = 20
_MOST_NUMBERS = 12  # classes up to which the numbers find room in the fields
_MOST_PAIRS = 15
_MANY = 10_000  # from so many on, as of pixels, fields hold shares in percent in place of numbers
_RARE = 0.005  # a smaller share would be written as 0
_BACKGROUND = "background"


def confusion_section(page: Page, report: EvalReport) -> None:
    """Add the matrix and the most frequent confusions."""
    held = report.confusion
    if held is None or not held.names:
        return
    table = np.array(held.counts, np.int64)
    if not table.any():
        return
    page.section("Confusions", likeness(_intro(held), report))
    chosen = _chosen(held, table)
    names = [*map(name_of, held.names), *([_BACKGROUND] if held.background else [])]
    with page.columns():
        drawing = _matrix([names[row] for row in chosen], table, chosen, held.background)
        page.figure(drawing, _caption(table, len(chosen), len(names) - len(chosen)))
        pairs = _pairs(names, table, held.background)
        if pairs:
            times = "pixels" if report.kind == "pixels" else "times"
            page.table(["truth", "taken for", times, "share of the truth"], pairs, align="llrr")


def _intro(held: Confusion) -> str:
    text = "Each row is a class of the truth, each column what it was taken for; on the diagonal both agree."
    if held.background:
        text += " The last column holds what was missed, the last row what was found where nothing is."
    if held.score is not None:
        text += f" Detections of confidence {held.score:.2f} or more count"
        text += f", from an overlap of {held.iou:g} on." if held.iou is not None else "."
    return text


def _caption(table: NDArray[np.int64], drawn: int, left_out: int) -> str:
    percent_of = int(table.max()) >= _MANY and drawn <= _MOST_NUMBERS
    what = "Numbers are percent of a row, shades likewise" if percent_of else "Shades are shares of a row"
    more = f" Drawn are the classes that are confused most; {plural(left_out, 'class')} not." if left_out else ""
    return f"{what}; rest the pointer on a field for its count.{more}"


def _chosen(held: Confusion, table: NDArray[np.int64]) -> list[int]:
    """Choose the classes to draw: all where there are few, else those with most confusions; and the background."""
    classes = len(held.names)
    rows = np.arange(classes)
    if classes > _MOST_CLASSES:
        inner = table[:classes, :classes]
        wrong = inner.sum(axis=0) + inner.sum(axis=1) - 2 * np.diag(inner)
        all_of = table.sum(axis=1)[:classes]
        rows = np.sort(np.lexsort((rows, -all_of, -wrong))[:_MOST_CLASSES])
    return [*rows.tolist(), *([classes] if held.background else [])]


def _matrix(labels: Sequence[str], table: NDArray[np.int64], chosen: list[int], background: bool) -> Markup:
    """Draw some rows and columns of a table; the last is the background, of which nothing is taken for nothing."""
    left, top = 120.0, TOP + 22 + 0.77 * max(min(width_of(name), 105) for name in labels)
    cell = min(48.0, (WIDTH - left - 40) / len(labels))
    part = table[np.ix_(chosen, chosen)]
    share = part / np.maximum(table.sum(axis=1)[chosen], 1)[:, None]
    in_percent, numbers = int(table.max()) >= _MANY, len(labels) <= _MOST_NUMBERS
    parts = [words("truth ↓   found →", 0, top - 8), *_axes(labels, left, top, cell)]
    for row, column in np.ndindex(part.shape):
        count, of_row = int(part[row, column]), float(share[row, column])
        place = (left + column * cell, top + row * cell)
        what = f"{labels[row]} taken for {labels[column]}: {count:,} ({100 * of_row:.1f} %)"
        nothing = background and row == column == len(labels) - 1
        seen = count > 0 and not (in_percent and of_row < _RARE)
        kind = ("mark" if row == column else "s5") if seen else "ground"
        # What is rare is still seen.
        strength = 0.12 + 0.88 * of_row if seen else None
        parts.append(rect(*place, cell - 1, cell - 1, kind, "" if nothing else what, strength))
        if seen and numbers:
            text = f"{100 * of_row:.0f}" if in_percent else short(count)
            number = tag("text", text, class_="on" if of_row > 0.5 else "strong")
            parts.append(centred(number, place[0] + (cell - 1) / 2, place[1] + cell / 2 + 4))
    return document("Confusion matrix", top + len(labels) * cell + 8, parts)


def _axes(labels: Sequence[str], left: float, top: float, cell: float) -> list[Markup]:
    """Write the names beside the rows and, turned, above the columns."""
    parts = []
    for number, name in enumerate(labels):
        full, middle = tag("title", name), (number + 0.5) * cell + 4
        below, across = coordinate(top + middle), coordinate(left + middle)
        parts.append(tag("text", cut(name, 112), full, x=left - 6, y=below, text_anchor="end", class_="strong"))
        turned = f"translate({across} {coordinate(top - 6)}) rotate(-50)"
        parts.append(tag("text", cut(name, 105), full, transform=turned, class_="strong"))
    return parts


def _pairs(names: Sequence[str], table: NDArray[np.int64], background: bool) -> list[list[Cell]]:
    """Return the pairs of two classes that are confused most."""
    classes = len(names) - background
    inner = table[:classes, :classes] * (1 - np.eye(classes, dtype=np.int64))
    order = np.argsort(-inner, axis=None, kind="stable")[:_MOST_PAIRS]
    totals = table.sum(axis=1)
    return [
        [names[row], names[column], int(inner[row, column]), percent(float(inner[row, column] / totals[row]))]
        for row, column in zip(*(part.tolist() for part in np.unravel_index(order, inner.shape)), strict=True)
        if inner[row, column]
    ]
