"""Many pictures with their labels on one sheet: a contact sheet."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..dataset import Dataset, State
from ..dataset.select import keep_images
from ..engine import Engine, InProcess, Progress, batch_size
from ..errors import CvdataError, UsageError
from .canvas import fit
from .draw import draw_labels
from .fonts import Lettering, lettering
from .palette import class_colour, rgb
from .scales import plural

__all__ = ["Legend", "assemble", "contact_sheet", "encode"]

_MOST_PIXELS = 1_000_000_000  # of square tiles; three bytes each, and as much again while the sheet is put together

Legend = Sequence[tuple[str, str]]
"""Names, each with its colour such as `#0072b2`."""


def contact_sheet(
    dataset: Dataset,
    rows: NDArray[np.int64],
    *,
    title: str,
    subtitle: str = "",
    columns: int | None = None,
    tile: int | None = None,
    classes: Collection[int] | None = None,
    names: bool = True,
    captions: Sequence[str] | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Image.Image:
    """Draw pictures with their labels, under a title and a legend of the classes that are on it.

    A picture that is missing or cannot be read is a grey tile that says so. The same at any number of workers.

    Args:
        rows: rows of the pictures, each once, in the order of the sheet.
        columns: tiles side by side; tile: their width in pixels; by default what suits their number.
        classes: rows of the classes to draw; None for all.
        names: write names at the objects, if there is more than one class; the legend has them all the same.
        captions: second line below each picture, in the order of `rows`; by default its split and number of labels.

    Raises:
        UsageError: so many pictures of that width would not fit into memory.
    """
    columns, tile = _layout(len(rows), columns, tile)
    if len(rows) * tile * tile > _MOST_PIXELS:
        raise UsageError(
            f"{plural(len(rows), 'picture')} of {tile:,} pixels are too much for one sheet",
            hint="ask for fewer pictures or smaller ones",
        )
    shown = _part(dataset, np.sort(rows))
    legend = _legend(shown, classes)
    # Where there is one class the legend has said it all, and names would only hide the objects.
    names = names and (len(legend) > 1 or dataset.annotations.score is not None)
    batches = _Tiles(shown, tile, None if classes is None else tuple(sorted(classes)), names)
    if progress is not None:
        progress.start("drawing", len(rows))
    drawn = _draw_all(batches, engine or InProcess(), progress)
    place = np.searchsorted(np.sort(rows), rows)
    captions = captions or [_caption(dataset, row, classes) for row in rows.tolist()]
    return assemble(
        [Image.fromarray(drawn[i]) for i in place.tolist()],
        list(zip((dataset.images.names[row] for row in rows.tolist()), captions, strict=True)),
        title=title,
        subtitle=subtitle,
        legend=legend,
        columns=columns,
        tile=tile,
    )


def encode(picture: Image.Image, kind: Literal["png", "jpeg"] = "png") -> bytes:
    """Return a picture as the bytes of a file."""
    out = io.BytesIO()
    if kind == "png":
        picture.save(out, "PNG", compress_level=6)
    else:
        picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _layout(tiles: int, columns: int | None, tile: int | None) -> tuple[int, int]:
    """Choose how many tiles stand side by side and how wide they are: about 1,500 pixels in all, more for many."""
    columns = columns or min(20, max(1, round((1.2 * tiles) ** 0.5)))
    return columns, tile or min(960, max(260 if columns <= 8 else 180, 1500 // columns))


def _part(dataset: Dataset, rows: NDArray[np.int64]) -> Dataset:
    """Return what drawing needs of the given pictures, ascending: it travels to the workers."""
    part = keep_images(dataset, rows)
    return replace(part, images=replace(part.images, facts=None, extra=None), meta={})


@dataclass(frozen=True)
class _Tiles:
    """Pictures to draw, a row of the dataset each."""

    dataset: Dataset
    tile: int
    classes: tuple[int, ...] | None
    names: bool

    def __len__(self) -> int:
        return len(self.dataset.images)

    def __getitem__(self, part: slice) -> _Tiles:
        return replace(self, dataset=keep_images(self.dataset, np.arange(len(self))[part]))


_MOST_IN_A_BATCH = 8


def _draw_all(tiles: _Tiles, engine: Engine, progress: Progress | None) -> list[NDArray[np.uint8]]:
    size = batch_size(len(tiles), engine.workers, _MOST_IN_A_BATCH)
    batches: Iterator[_Tiles] = (tiles[at : at + size] for at in range(0, len(tiles), size))
    return [tile for part in engine.map(_draw_tiles, batches, lost=_lost_tile, progress=progress) for tile in part]


def _draw_tiles(tiles: _Tiles) -> list[NDArray[np.uint8]]:
    return [_draw_tile(tiles, row) for row in range(len(tiles))]


def _draw_tile(tiles: _Tiles, row: int) -> NDArray[np.uint8]:
    from ..images.decode import decode

    path = tiles.dataset.images.file(row)
    if path is None:
        return _grey(tiles, row, "no picture found")
    try:
        picture = decode(path)
    except CvdataError as error:
        return _grey(tiles, row, error.message)
    within = (tiles.tile, round(tiles.tile * _TALLEST))
    drawn = draw_labels(picture, tiles.dataset, row, within=within, classes=tiles.classes, names=tiles.names)
    return np.asarray(drawn, np.uint8)


def _lost_tile(tiles: _Tiles) -> list[NDArray[np.uint8]]:
    return [_grey(tiles, 0, "the picture stopped the program that read it")]


def _grey(tiles: _Tiles, row: int, text: str) -> NDArray[np.uint8]:
    """Draw what stands for a picture that is not to be had: grey, in its shape where that is known, with its labels."""
    images = tiles.dataset.images
    known = min(images.width[row], images.height[row]) > 0
    wide, tall = (int(images.width[row]), int(images.height[row])) if known else (4, 3)
    within = (tiles.tile, round(tiles.tile * _TALLEST))
    size = fit(wide * 1000, tall * 1000, within)
    ground = np.full((size[1], size[0], 3), rgb(_MISSING), np.uint8)
    drawn = draw_labels(ground, tiles.dataset, row, within=size, classes=tiles.classes, names=tiles.names)
    tile = drawn if known else Image.fromarray(ground)
    pen = ImageDraw.Draw(tile)
    for number, line in enumerate(_wrapped(text, _CAPTION + 1, size[0] - 24)):
        middle = (size[0] / 2, size[1] / 2 + number * 18)
        pen.text(middle, line.text, rgb(_INK), line.font, "mm", stroke_width=2, stroke_fill=rgb(_MISSING))
    return np.asarray(tile, np.uint8)


def _wrapped(text: str, size: int, width: int) -> list[Lettering]:
    """Break a text into at most three lines."""
    lines: list[str] = []
    for word in text.split():
        if lines and lettering(f"{lines[-1]} {word}", size).width <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [lettering(line, size).fitted(width) for line in lines[:3]]


def _caption(dataset: Dataset, row: int, classes: Collection[int] | None) -> str:
    """Say of a picture: its split, and how many labels are drawn on it."""
    images = dataset.images
    found = dataset.annotations.category[dataset.offsets[row] : dataset.offsets[row + 1]]
    count = len(found) if classes is None else int(np.isin(found, np.array(sorted(classes))).sum())
    what = "not labelled" if images.state[row] == State.UNLABELLED else plural(count, "label")
    return what if images.split[row] < 0 else f"{images.splits[images.split[row]]} · {what}"


def _legend(shown: Dataset, classes: Collection[int] | None) -> Legend:
    present = np.unique(shown.annotations.category).tolist()
    return [(shown.categories.names[c], class_colour(c)) for c in present if classes is None or c in classes]


_PAPER, _INK, _SOFT, _MISSING = "#ffffff", "#1c2024", "#5d6670", "#e3e5e8"
_EDGE, _GAP = 24, 16
_TITLE, _CAPTION = 26, 13
_TALLEST = 1.3  # height of a tile, of its width
_LEGEND_ROWS = 6


def assemble(
    tiles: Sequence[Image.Image],
    captions: Sequence[tuple[str, str]],
    *,
    title: str,
    subtitle: str = "",
    legend: Legend = (),
    columns: int,
    tile: int,
) -> Image.Image:
    """Put pictures on a sheet.

    Args:
        tiles: none wider than `tile` pixels.
        captions: two lines below each, such as a file name and what is in it.
    """
    width = max(2 * _EDGE + columns * tile + (columns - 1) * _GAP, 2 * _EDGE + 480)
    header = _header(width - 2 * _EDGE, title, subtitle, legend)
    shelves = [range(first, min(first + columns, len(tiles))) for first in range(0, len(tiles), columns)]
    heights = [max(tiles[i].height for i in shelf) for shelf in shelves]
    below = 3 * _CAPTION + _GAP
    tall = 2 * _EDGE + header.height + sum(heights) + len(shelves) * below
    sheet = Image.new("RGB", (width, tall), rgb(_PAPER))
    if header.height:
        sheet.paste(header, (_EDGE, _EDGE))
    top = _EDGE + header.height
    pen = ImageDraw.Draw(sheet)
    for shelf, height in zip(shelves, heights, strict=True):
        for column, i in enumerate(shelf):
            left = _EDGE + column * (tile + _GAP)
            sheet.paste(tiles[i], (left + (tile - tiles[i].width) // 2, top + height - tiles[i].height))
            _write_caption(pen, captions[i], left, top + height + 4, tile)
        top += height + below
    return sheet


def _write_caption(pen: ImageDraw.ImageDraw, caption: tuple[str, str], left: int, top: int, width: int) -> None:
    for line, (text, colour) in enumerate(zip(caption, (_INK, _SOFT), strict=True)):
        letters = lettering(text, _CAPTION)
        if line == 0 and letters.width > width:  # of a long name its own part says more than its folder
            letters = lettering(text.rpartition("/")[2], _CAPTION)
        letters = letters.fitted(width, middle=line == 0)
        middle = top + line * round(_CAPTION * 1.35) + _CAPTION * 0.7
        pen.text((left + width / 2, middle), letters.text, rgb(colour), letters.font, "mm")


def _header(width: int, title: str, subtitle: str, legend: Legend) -> Image.Image:
    """Draw the title, a line below it, and the legend in as many rows as it takes."""
    rows = _legend_rows(width, legend)
    below = _TITLE + 12 if title else 0
    legend_top = below + (_CAPTION + 14 if subtitle else 0)
    tall = legend_top + len(rows) * 24
    header = Image.new("RGB", (width, tall + _GAP if tall else 0), rgb(_PAPER))
    pen = ImageDraw.Draw(header)
    large = lettering(title, _TITLE).fitted(width)
    pen.text((0, _TITLE / 2 + 2), large.text, rgb(_INK), large.font, "lm")
    if subtitle:
        small = lettering(subtitle, _CAPTION + 1).fitted(width)
        pen.text((0, below + _CAPTION / 2), small.text, rgb(_SOFT), small.font, "lm")
    for number, row in enumerate(rows):
        middle = legend_top + number * 24 + 10
        for left, text, colour in row:
            if colour:
                pen.rounded_rectangle((left, middle - 7, left + 13, middle + 6), 3, rgb(colour))
            ink, indent = (_INK, 20) if colour else (_SOFT, 0)
            pen.text((left + indent, middle), text.text, rgb(ink), text.font, "lm")
    return header


def _legend_rows(width: int, legend: Legend) -> list[list[tuple[int, Lettering, str]]]:
    """Break the legend into rows of (left edge, name, colour); what does not fit is counted at the end."""
    rows: list[list[tuple[int, Lettering, str]]] = []
    left = width
    for number, (name, colour) in enumerate(legend):
        text = lettering(name, _CAPTION, 60)
        need = 20 + text.width + 18
        room = width - (110 if len(rows) == _LEGEND_ROWS else 0)
        if left + need > room:
            if len(rows) == _LEGEND_ROWS:
                rows[-1].append((left, lettering(f"and {len(legend) - number:,} more", _CAPTION), ""))
                break
            rows.append([])
            left = 0
        rows[-1].append((left, text, colour))
        left += need
    return rows
