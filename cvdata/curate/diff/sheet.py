"""The pictures that changed most, with what changed drawn on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...dataset import Dataset
from ...dataset.geometry import box_corners
from ...engine import Engine, Progress, batch_size
from ...errors import CvdataError
from ...reports.canvas import Canvas, fit
from ...reports.sheet import assemble
from .columns import column_names
from .compare import Comparison, Kind

__all__ = ["draw_changes"]

Floats = NDArray[np.float64]

_REMOVED, _ADDED, _MOVED, _RELABELLED, _CHANGED = "#d62839", "#009e73", "#f0a202", "#a64ac9", "#2a78c8"
_LEGEND = (
    ("- removed", _REMOVED),
    ("+ added", _ADDED),
    ("moved", _MOVED),
    ("another class", _RELABELLED),
    ("other difference", _CHANGED),
)


def draw_changes(comparison: Comparison, title: str, engine: Engine, progress: Progress, most: int = 12) -> Image.Image:
    """Draw the pictures that changed most on one sheet: dashed what was, solid what is.

    A picture of which only a part changed is cut to that part. Where no picture is found, the boxes stand on grey.

    Args:
        most: pictures at most.
    """
    weight = _weights(comparison)
    differing = int((weight > 0).sum())
    chosen = np.argsort(-weight, kind="stable")[: min(most, differing)].tolist()
    columns = 2 if len(chosen) in (2, 4) else min(3, max(1, len(chosen)))
    tile = min(960, 1560 // columns)
    tiles = [_tile_of(comparison, pair, tile) for pair in chosen]
    progress.start("drawing changes", len(tiles))
    size = batch_size(len(tiles), engine.workers, 4)
    batches = (tiles[at : at + size] for at in range(0, len(tiles), size))
    drawn = [image for part in engine.map(draw_tiles, batches, lost=_lost, progress=progress) for image in part]
    return assemble(
        [Image.fromarray(image) for image in drawn],
        [(tile.name, tile.caption) for tile in tiles],
        title=title,
        subtitle=_subtitle(len(tiles), differing),
        legend=[entry for entry in _LEGEND if any(mark.colour == entry[1] for tile in tiles for mark in tile.marks)],
        columns=columns,
        tile=tile,
    )


def _subtitle(shown: int, differing: int) -> str:
    if not shown:
        return "no annotation differs in a picture that both have"
    which = f"{shown} of the {differing:,} pictures that differ" if shown < differing else "all that differ"
    return f"{which}, the most changed first; dashed: as it was, solid: as it is"


def _weights(comparison: Comparison) -> Floats:
    """Say how much each pair of pictures changed: a whole object counts 1, a box that moved what it lost of its IoU."""
    rows, kind = comparison.rows, comparison.kind
    each = np.zeros(len(rows))
    each[kind == Kind.CHANGED] = 0.1
    each[kind == Kind.MOVED] = np.maximum(1 - rows.iou[kind == Kind.MOVED], 0.01)
    each[kind == Kind.RELABELLED] = 1.0
    image, other = comparison.before.annotations.image, comparison.after.annotations.image
    place = np.concatenate(
        [
            comparison.picture_of_before[image[rows.before]],
            comparison.picture_of_before[image[comparison.removed]],
            comparison.picture_of_after[other[comparison.added]],
        ]
    )
    value = np.concatenate([each, np.ones(len(comparison.removed) + len(comparison.added))])
    inside = place >= 0
    return np.asarray(np.bincount(place[inside], value[inside], len(comparison.pictures)), np.float64)


# --- what to draw


@dataclass(frozen=True)
class _Mark:
    """One shape: rings of points, shape (n, 2), in pixels; none for a label of the whole picture."""

    rings: tuple[Floats, ...]
    colour: str
    dashed: bool
    name: str


@dataclass(frozen=True)
class _Tile:
    """One picture to draw.

    Attributes:
        path: of its file, None where there is none.
        space: width and height that the marks are in; 0 where unknown.
        within: pixels that the drawing is fitted into.
    """

    name: str
    caption: str
    path: str | None
    space: tuple[int, int]
    marks: tuple[_Mark, ...]
    within: int


def _tile_of(comparison: Comparison, pair: int, within: int) -> _Tile:
    before, after = comparison.before.images, comparison.after.images
    row, other = int(comparison.pictures.before[pair]), int(comparison.pictures.after[pair])
    space = int(after.width[other]), int(after.height[other])
    old_space = int(before.width[row]), int(before.height[row])
    scale = np.array([n / o if n and o else 1.0 for n, o in zip(space, old_space, strict=True)])
    marks = _marks(comparison, row, other, scale)
    return _Tile(
        name=after.names[other],
        caption=_caption(marks),
        path=after.file(other) or before.file(row),
        space=space if min(space) else old_space,
        marks=tuple(marks),
        within=within,
    )


def _marks(comparison: Comparison, row: int, other: int, scale: Floats) -> list[_Mark]:
    """Return the marks of a pair of pictures, old shapes before the new ones of the same object."""
    pairs, removed, added = _of_picture(comparison, row, other)
    names = comparison.classes.names
    marks = []
    for place in removed:
        rings = _rings(comparison.before, place, scale)
        marks.append(_Mark(rings, _REMOVED, True, f"- {names[comparison.old_class[place]]}"))
    for place in pairs:
        marks += _pair_marks(comparison, place, scale)
    for place in added:
        rings = _rings(comparison.after, place, np.ones(2))
        marks.append(_Mark(rings, _ADDED, False, f"+ {names[comparison.new_class[place]]}"))
    return marks


def _of_picture(comparison: Comparison, row: int, other: int) -> tuple[list[int], list[int], list[int]]:
    """Return the pairs of a picture that differ, and the rows that were removed and added."""

    def part(rows: NDArray[np.int64], offsets: NDArray[np.int64], image: int) -> slice:
        return slice(*np.searchsorted(rows, offsets[[image, image + 1]]).tolist())

    offsets, others = comparison.before.offsets, comparison.after.offsets
    pairs = part(comparison.rows.before, offsets, row)
    differing = pairs.start + np.flatnonzero(comparison.kind[pairs] != Kind.EQUAL)
    removed = comparison.removed[part(comparison.removed, offsets, row)]
    added = comparison.added[part(comparison.added, others, other)]
    return differing.tolist(), removed.tolist(), added.tolist()


def _pair_marks(comparison: Comparison, pair: int, scale: Floats) -> list[_Mark]:
    rows, kind = comparison.rows, comparison.kind[pair]
    row, other = int(rows.before[pair]), int(rows.after[pair])
    old, new = _rings(comparison.before, row, scale), _rings(comparison.after, other, np.ones(2))
    before = comparison.classes.names[comparison.old_class[row]]
    after = comparison.classes.names[comparison.new_class[other]]
    if kind == Kind.RELABELLED:
        colour, name = _RELABELLED, f"{before} -> {after}"
    elif kind == Kind.MOVED:
        colour, name = _MOVED, f"{after} {rows.moved[pair]:.3g} px"
    else:
        colour, name = _CHANGED, f"{after}: {', '.join(column_names(int(rows.columns[pair])))}"
    same = len(old) == len(new) and all(np.array_equal(a, b) for a, b in zip(old, new, strict=True))
    return [*([] if same else [_Mark(old, colour, True, "")]), _Mark(new, colour, False, name)]


def _rings(dataset: Dataset, row: int, scale: Floats) -> tuple[Floats, ...]:
    """Return the outline of an annotation, else its rotated box, else its box, as rings of points."""
    table = dataset.annotations
    rings = [] if table.polygons is None else table.polygons[row]
    if not rings and table.rotated is not None and not np.isnan(table.rotated[row]).any():
        rings = [table.rotated[row].reshape(4, 2)]
    if not rings and not np.isnan(table.box[row]).any():
        rings = [box_corners(table.box[row : row + 1]).reshape(4, 2)]
    return tuple(ring * scale for ring in rings)


def _caption(marks: Sequence[_Mark]) -> str:
    words = ("removed", "added", "moved", "of another class", "different otherwise")
    named = [mark.colour for mark in marks if mark.name]
    counts = [(named.count(colour), word) for (_, colour), word in zip(_LEGEND, words, strict=True)]
    return ", ".join(f"{count} {word}" for count, word in counts if count)


# --- drawing, in a worker


def draw_tiles(tiles: list[_Tile]) -> list[NDArray[np.uint8]]:
    """Draw pictures; runs in a worker."""
    return [_draw(tile) for tile in tiles]


def _draw(tile: _Tile) -> NDArray[np.uint8]:
    from ...images.decode import decode

    if tile.path is None:
        return _drawn(tile, None, "no picture found")
    try:
        return _drawn(tile, decode(tile.path), "")
    except CvdataError as error:
        return _drawn(tile, None, error.message)


def _lost(tiles: list[_Tile]) -> list[NDArray[np.uint8]]:
    return [_drawn(tile, None, "the picture stopped the program that read it") for tile in tiles]


_GREY = 0xE3
_MARGIN = 0.4  # of the part that changed, on each side
_SMALLEST = 120  # pixels of the labels that a part shows at least
_WHOLE = 0.5  # a part of this share of the picture or more is not cut out


def _drawn(tile: _Tile, picture: NDArray[np.uint8] | None, note: str) -> NDArray[np.uint8]:
    space = tile.space if min(tile.space) else _extent(tile, picture)
    left, top, right, bottom = _part(tile, space)
    if picture is None:
        shape = Image.new("RGB", fit(right - left, bottom - top, (tile.within, tile.within)), (_GREY,) * 3)
    else:
        across, down = picture.shape[1] / space[0], picture.shape[0] / space[1]
        columns = slice(int(left * across), max(int(right * across), int(left * across) + 1))
        lines = slice(int(top * down), max(int(bottom * down), int(top * down) + 1))
        shape = Image.fromarray(picture[lines, columns])
    size = fit(right - left, bottom - top, (tile.within, tile.within))
    canvas = Canvas(shape, size, (right - left, bottom - top))
    for mark in tile.marks:
        _draw_mark(canvas, mark, np.array([left, top]))
    if note or (right - left, bottom - top) != space:
        canvas.note(note or f"{right - left} x {bottom - top} of {space[0]} x {space[1]} pixels")
    return np.asarray(canvas.finish(), np.uint8)


def _draw_mark(canvas: Canvas, mark: _Mark, origin: Floats | NDArray[Any]) -> None:
    if not mark.rings:
        if mark.name:
            canvas.banner(mark.name, mark.colour)
        return
    rings = [ring - origin for ring in mark.rings]
    if mark.name and any(len(ring) > 4 for ring in rings):  # boxes are seen well enough, outlines are not
        canvas.fill(rings, mark.colour, hatched=mark.dashed)
    for ring in rings:
        canvas.outline(ring, mark.colour, dashed=mark.dashed)
    if mark.name:
        points = np.concatenate(rings)
        low, high = points.min(axis=0), points.max(axis=0)
        canvas.name(mark.name, [*low.tolist(), *(high - low).tolist()], mark.colour)


def _extent(tile: _Tile, picture: NDArray[np.uint8] | None) -> tuple[int, int]:
    """Return a size for marks on a picture of unknown size: its own, or what holds all of them."""
    if picture is not None:
        return picture.shape[1], picture.shape[0]
    points = [ring for mark in tile.marks for ring in mark.rings]
    wide, tall = np.concatenate([*points, np.full((1, 2), 100.0)]).max(axis=0).tolist()
    return int(wide * 1.05) + 1, int(tall * 1.05) + 1


def _part(tile: _Tile, space: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the part of the picture to show, in pixels of the labels: left, top, right, bottom."""
    whole = (0, 0, *space)
    points = [ring for mark in tile.marks for ring in mark.rings]
    if not points or any(not mark.rings for mark in tile.marks):
        return whole
    low, high = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
    side = np.maximum((high - low) * (1 + 2 * _MARGIN), _SMALLEST)
    side = np.minimum(np.maximum(side, side[::-1] * 0.6), space)  # no slivers
    if np.prod(side) >= _WHOLE * space[0] * space[1]:
        return whole
    corner = np.clip((low + high - side) / 2, 0, np.array(space) - side)
    left, top = np.floor(corner).astype(int).tolist()
    right, bottom = np.ceil(corner + side).astype(int).tolist()
    return left, top, min(right, space[0]), min(bottom, space[1])
