"""Which class was taken for which, as a picture: names, counts and shares where they find room, shades everywhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .fonts import Lettering, lettering
from .palette import rgb
from .scales import plural, short

__all__ = ["draw_heat_map"]

_GROUND, _INK, _FAINT, _EMPTY = "#ffffff", "#1f2328", "#656d76", "#f3f4f6"
_RIGHT, _WRONG = "#0072b2", "#d55e00"  # two colours that all kinds of colour vision tell apart

_MOST_CLASSES = 100
_MARGIN, _GAP = 32, 2
_LEAST_SHADE = 0.1  # what is rare is still seen
_DARK = 0.7  # from here on numbers are white
_TITLE, _NOTE, _LINE = 30, 19, 27
_LONGEST_NAME, _LEAST_WIDTH = 280, 620


@dataclass(frozen=True)
class _Style:
    """How large everything is, in pixels, by the number of rows.

    Attributes:
        cell: side of a field; `font`: height of names; `number`: of numbers in the fields, 0 for none.
        shares: whether a second line holds the share of the row.
    """

    cell: int
    font: int
    number: int
    shares: bool


def _style(rows: int) -> _Style:
    if rows <= 12:
        return _Style(96, 24, 24, shares=True)
    if rows <= 24:
        return _Style(60, 20, 18, shares=False)
    return _Style(30 if rows <= 50 else 20, 19 if rows <= 50 else 15, 0, shares=False)


def draw_heat_map(
    names: Sequence[str], counts: NDArray[np.integer], *, background: bool, unit: str = "object"
) -> bytes:
    """Return a confusion matrix as a PNG file.

    Args:
        names: of the classes.
        counts: shape (n, n), row: class of the truth, column: class found; n is one more than there are names where
            there is a `background`: its column holds what was missed, its row what was found where nothing is.
        unit: what is counted.
    """
    table = np.asarray(counts, np.int64)
    rows = _shown(table, len(names))
    labels = [names[row] for row in rows.tolist()]
    left_out = len(names) - len(rows)
    if background:
        rows, labels = np.append(rows, len(names)), [*labels, "nothing"]
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    if background:  # as a share of its row, the only false alarm would look like the worst there can be
        share[-1] = table[-1] / np.maximum(table.sum(axis=0), 1)
    picked = np.ix_(rows, rows)
    return _drawn(labels, table[picked], share[picked], _note(background, len(names), left_out, unit))


def _shown(table: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return the classes that are drawn: all, or of many those in most mistakes that were labelled or found."""
    if classes <= _MOST_CLASSES:
        return np.arange(classes)
    inner = table[:classes, :classes]
    wrong = inner.sum(axis=0) + inner.sum(axis=1) - 2 * np.diag(inner)
    there = np.flatnonzero(table[:classes].any(axis=1) | table[:, :classes].any(axis=0))
    if not len(there):
        return np.arange(_MOST_CLASSES)
    return np.sort(there[np.argsort(-wrong[there], kind="stable")][:_MOST_CLASSES])


def _note(background: bool, classes: int, left_out: int, unit: str) -> str:
    text = f"Rows: class of the {unit}. Columns: class found. Shades: share of the row."
    if background:
        text += " Last column: missed. Last row: found where nothing is, as a share of all that was found."
    if left_out:
        text += f" The {plural(classes - left_out, 'class')} most confused; {plural(left_out, 'class')} left out."
    return text


def _drawn(labels: Sequence[str], counts: NDArray[np.int64], share: NDArray[np.float64], note: str) -> bytes:
    style = _style(len(labels))
    names = [lettering(label, style.font).fitted(_LONGEST_NAME, middle=True) for label in labels]
    room, side = max(name.width for name in names) + 14, len(labels) * style.cell
    text = _wrapped(note, max(_LEAST_WIDTH, room + side))
    head = _MARGIN + _TITLE + 36 + len(text) * _LINE
    left, top = _MARGIN + room, head + room
    width = max(left + side, _MARGIN + max(line.width for line in text)) + _MARGIN
    picture = Image.new("RGB", (width, top + side + _MARGIN), _GROUND)
    pen = ImageDraw.Draw(picture)
    _headed(pen, text)
    for row, name in enumerate(names):
        middle = row * style.cell + style.cell / 2
        pen.text((left - 12, top + middle), name.text, _INK, name.font, "rm")
        _upright(picture, name, round(left + middle), top - 12)
    for row, column in np.ndindex(counts.shape):
        corner = left + column * style.cell, top + row * style.cell
        _field(pen, corner, int(counts[row, column]), float(share[row, column]), style, right=row == column)
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()


def _headed(pen: ImageDraw.ImageDraw, text: Sequence[Lettering]) -> None:
    title = lettering("Confusion matrix", _TITLE)
    pen.text((_MARGIN, _MARGIN), title.text, _INK, title.font)
    for number, line in enumerate(text):
        pen.text((_MARGIN, _MARGIN + _TITLE + 18 + number * _LINE), line.text, _FAINT, line.font)


def _wrapped(text: str, width: int) -> list[Lettering]:
    """Break a text into lines of so many pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and lettering(longer, _NOTE, 400).width > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [lettering(line, _NOTE, 400) for line in lines]


def _upright(picture: Image.Image, name: Lettering, across: int, bottom: int) -> None:
    """Write a name from the bottom to the top, its end at the bottom."""
    tall = 2 * int(getattr(name.font, "size", 16))
    strip = Image.new("L", (name.width + 4, tall))
    ImageDraw.Draw(strip).text((2, tall / 2), name.text, 255, name.font, "lm")
    turned = strip.rotate(90, expand=True)
    picture.paste(rgb(_INK), (across - tall // 2, bottom - turned.height), turned)


def _field(
    pen: ImageDraw.ImageDraw, corner: tuple[int, int], count: int, share: float, style: _Style, *, right: bool
) -> None:
    x, y = corner
    strength = _LEAST_SHADE + (1 - _LEAST_SHADE) * share
    colour = _blend(_RIGHT if right else _WRONG, strength) if count else _EMPTY
    pen.rectangle((x, y, x + style.cell - 1 - _GAP, y + style.cell - 1 - _GAP), colour)
    if not count or not style.number:
        return
    middle, ink = (x + (style.cell - _GAP) / 2, y + (style.cell - _GAP) / 2), _GROUND if strength > _DARK else _INK
    lift = style.number * 0.55 if style.shares else 0
    text = f"{count:,}" if style.shares and count < 100_000 else short(count)
    number = lettering(text, style.number)
    pen.text((middle[0], middle[1] - lift), number.text, ink, number.font, "mm")
    if style.shares:
        part = lettering(f"{100 * share:.0f} %" if share >= 0.01 else "< 1 %", round(style.number * 0.75))
        pen.text((middle[0], middle[1] + lift), part.text, ink, part.font, "mm")


def _blend(colour: str, strength: float) -> str:
    """Mix a colour with white."""
    return "#" + "".join(f"{round(255 + (channel - 255) * strength):02x}" for channel in rgb(colour))
