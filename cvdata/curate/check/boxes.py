"""Boxes that are there twice, too small, too long, or as large as their picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset, Polygons, Ragged
from ...errors import Place, show
from .findings import MOST_PLACES, CheckSettings, Hit, Spot

__all__ = ["Rows", "box_hits", "near_repeats", "repeats"]


@dataclass(frozen=True)
class Rows:
    """Says where annotations stand: `where` is that of the intake that read them, or None."""

    dataset: Dataset
    where: Callable[[int], Place] | None

    def hit(self, code: str, rows: NDArray[np.int64], what: Callable[[int], str], **words: object) -> list[Hit]:
        """Return the finding for rows of annotations; none where there are no rows."""
        if not len(rows):
            return []
        first = rows[:MOST_PLACES].tolist()
        pictures = np.unique(self.dataset.annotations.image[rows]).tolist()
        names = self.dataset.images.names
        return [Hit(code, len(rows), [self.spot(row, what(row)) for row in first], [names[p] for p in pictures], words)]

    def spot(self, row: int, what: str) -> Spot:
        """Return the place of one annotation."""
        name = self.dataset.images.names[self.dataset.annotations.image[row]]
        if self.where is None:
            number = row - int(self.dataset.offsets[self.dataset.annotations.image[row]]) + 1
            return Spot(what=what, file=name, field=f"annotation {number}", image=name, row=row)
        place = self.where(row)
        return Spot(what=what, file=str(place.file), line=place.line, field=place.field, image=name, row=row)


def box_hits(dataset: Dataset, rows: Rows, settings: CheckSettings) -> list[Hit]:
    """Look at every box."""
    table = dataset.annotations
    names = dataset.categories.names
    width, height = table.box[:, 2], table.box[:, 3]

    def said(row: int) -> str:
        w, h = width[row], height[row]
        return f"{show(names[table.category[row]], 40)}, {w:.4g} x {h:.4g} pixels"

    again, first = repeats(table)
    near, other, overlap = near_repeats(table, settings.same_box, without=again)
    twins = dict(zip(again.tolist(), first.tolist(), strict=True))
    close = dict(zip(near.tolist(), zip(other.tolist(), overlap.tolist(), strict=True), strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        short, long = np.minimum(width, height), np.maximum(width, height)
        tiny = short < settings.tiny_box
        wild = (long > settings.wild_aspect * short) & ~tiny & ~_crowd(table)
    return [
        *rows.hit("duplicate-box", again, lambda row: f"{said(row)}: as {rows.spot(twins[row], '').at}"),
        *rows.hit("near-duplicate-box", near, lambda row: _overlap(said(row), rows, *close[row])),
        *rows.hit("tiny-box", np.flatnonzero(tiny), said, limit=settings.tiny_box),
        *rows.hit("wild-aspect-box", np.flatnonzero(wild), said, limit=settings.wild_aspect),
        *rows.hit("whole-picture-box", np.flatnonzero(_covers(dataset)), said),
    ]


def _overlap(said: str, rows: Rows, other: int, overlap: float) -> str:
    return f"{said}: {overlap:.0%} the same as {rows.spot(other, '').at}"


def _crowd(table: Annotations) -> NDArray[np.bool_]:
    return np.zeros(len(table), np.bool_) if table.crowd is None else np.asarray(table.crowd)


_WHOLE = 0.999
"""Share of its picture that a box which covers it has at least; rows of YOLO are rounded."""


def _covers(dataset: Dataset) -> NDArray[np.bool_]:
    table, images = dataset.annotations, dataset.images
    area = (images.width.astype(np.float64) * images.height)[table.image]
    with np.errstate(invalid="ignore"):
        return np.asarray((area > 0) & (table.box[:, 2] * table.box[:, 3] >= _WHOLE * area))


def repeats(table: Annotations) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find annotations that say what an earlier one of their picture says: class, box and geometry.

    Returns:
        The later rows, ascending, and the first row of each, int64.
    """
    key = _mixed(table.image.astype(np.uint64) << np.uint64(32) | table.category.astype(np.uint64))
    for numbers in np.ascontiguousarray(table.box + 0.0).view(np.uint64).T:  # + 0.0: minus zero is zero
        key = _mixed(key + numbers)
    later, first = _equal(key)
    if not len(later):
        return later, first
    # Outlines are many numbers, so only those of equal boxes are compared.
    rows = np.union1d(later, first)
    chosen, key = table.take(rows), key[rows]
    for words in _geometry(chosen):
        key = _mixed(key + words)
    later, first = _equal(key)
    return rows[later], rows[first]


def _equal(key: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows whose key an earlier row has, ascending, and the first row with it."""
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], key[order][1:] != key[order][:-1]])[: len(order)])
    first = np.repeat(order[starts], np.diff(np.append(starts, len(order))))
    again = order != first
    rows, firsts = order[again], first[again]
    ascending = np.argsort(rows)
    return rows[ascending], firsts[ascending]


def _geometry(table: Annotations) -> list[NDArray[np.uint64]]:
    """Return a hash per row of every column that tells two objects of one box apart."""
    columns = []
    if table.polygons is not None:
        columns.append(_points_hash(table.polygons))
    columns += [_ragged_hash(ragged) for ragged in (table.masks, table.keypoints) if ragged is not None]
    if table.rotated is not None:
        numbers = np.where(np.isnan(table.rotated), 0, table.rotated) + 0.0
        columns.append(_summed(np.ascontiguousarray(numbers).view(np.uint64).reshape(-1), _even(len(table), 8)))
    if table.crowd is not None:
        columns.append(table.crowd.astype(np.uint64))
    return columns


def _even(rows: int, each: int) -> NDArray[np.int64]:
    return np.arange(rows + 1, dtype=np.int64) * each


def _points_hash(polygons: Polygons) -> NDArray[np.uint64]:
    points = np.ascontiguousarray(polygons.points + 0.0).view(np.uint64).reshape(-1)
    return _summed(points, 2 * polygons.rings[polygons.owners])


def _ragged_hash(column: Ragged) -> NDArray[np.uint64]:
    each = int(np.prod(column.values.shape[1:]))
    numbers = np.ascontiguousarray(column.values.astype(np.float64) + 0.0).reshape(-1)
    return _summed(numbers.view(np.uint64), column.offsets * each)


def _summed(words: NDArray[np.uint64], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a hash of the words of each row: their sum, each mixed with its place."""
    lengths = np.diff(offsets)
    place = np.arange(len(words)) - np.repeat(offsets[:-1], lengths)
    mixed = _mixed(words + _mixed(place.astype(np.uint64)))
    total = np.zeros(len(lengths), np.uint64)
    full = np.flatnonzero(lengths)
    if len(full):
        total[full] = np.add.reduceat(mixed, offsets[full])
    return total


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 64 bits over 64 bits: the last steps of SplitMix64 (Steele et al., OOPSLA 2014)."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(value ^ (value >> np.uint64(31)))


_NEIGHBOURS = 200
"""Boxes of one class that begin at nearly the same column of a picture: each is compared with so many of the next."""


def near_repeats(
    table: Annotations, same: float, *, without: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Find boxes that overlap an earlier box of the same picture and class by more than `same`.

    Two boxes that share so much begin within (1 - same) / same widths of each other, so boxes are sorted by where they
    begin, and each is compared with the next ones up to that.

    Args:
        without: rows that are known to repeat another.

    Returns:
        The later rows, ascending; for each the earlier row, and the intersection over union.
    """
    usable = np.isfinite(table.box).all(axis=1) & ~_crowd(table)
    usable[without] = False
    rows = np.flatnonzero(usable)
    box = table.box[rows]
    order = np.lexsort((box[:, 0], table.category[rows], table.image[rows]))
    rows, box = rows[order], box[order]
    image, category = table.image[rows], table.category[rows]
    reach = box[:, 0] + box[:, 2] * ((1 - same) / same)
    found, partner, overlap = [], [], []
    at = np.arange(len(rows))
    for step in range(1, _NEIGHBOURS + 1):
        at = at[at < len(rows) - step]
        there = at + step
        near = (image[at] == image[there]) & (category[at] == category[there]) & (box[there, 0] <= reach[at])
        at = at[near]
        if not len(at):
            break
        shared = _iou(box[at], box[at + step])
        hit = shared > same
        found.append(np.maximum(rows[at[hit]], rows[at[hit] + step]))
        partner.append(np.minimum(rows[at[hit]], rows[at[hit] + step]))
        overlap.append(shared[hit])
    none = np.zeros(0, np.int64)
    later, earlier = np.concatenate([none, *found]), np.concatenate([none, *partner])
    shared = np.concatenate([np.zeros(0), *overlap])
    order = np.lexsort((earlier, later))
    once = order[np.concatenate([[True], np.diff(later[order]) > 0])[: len(order)]]
    return later[once], earlier[once], shared[once]


def _iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of boxes, row by row."""
    low = np.maximum(a[:, :2], b[:, :2])
    high = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    whole = a[:, 2:].prod(axis=1) + b[:, 2:].prod(axis=1) - shared
    return np.asarray(shared / whole)
