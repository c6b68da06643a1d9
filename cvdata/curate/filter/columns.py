"""The columns that a filter expression may name, and their values for a whole dataset at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import TAKEN_UNKNOWN, Dataset, State
from ...dataset.geometry import polygon_areas
from ...dataset.rle import mask_areas
from ...errors import show
from ...formats._sidecar_outlines import read_outlines
from .attributes import attribute_reader
from .values import About, Flags, Kind, Names, Numbers, Values
from .words import Expression, Word

__all__ = ["COLUMNS", "Column", "find_column"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what its rows are, what its values are, how to make them, and what it means in words."""

    about: About
    kind: Kind
    values: Callable[[Dataset], Values]
    meaning: str


def find_column(expression: Expression, word: Word) -> Column:
    """Return the column that a word names.

    Raises:
        UsageError: there is none of that name.
    """
    name = word.text
    if name in COLUMNS:
        return COLUMNS[name]
    for prefix, about in _FREE.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return Column(about, "free", attribute_reader(expression, word, about), "any other attribute")
    known = [*COLUMNS, *(f"{prefix}KEY" for prefix in _FREE)]
    near = _MEANT.get(name) or tuple(difflib.get_close_matches(name.lower(), known, 1))
    hint = f"did you mean {' or '.join(repr(other) for other in near)}?" if near else f"columns: {', '.join(known)}"
    raise expression.wrong(word, f"there is no column '{show(name)}'", hint)


_FREE: dict[str, About] = {"extra.": "annotations", "image.": "pictures"}
_MEANT = {
    "width": ("box_width", "image_width"),
    "height": ("box_height", "image_height"),
    "w": ("box_width",),
    "h": ("box_height",),
    "category": ("class",),
    "label": ("class",),
    "file": ("name",),
    "filename": ("name",),
    "file_name": ("name",),
    "image": ("name",),
    "confidence": ("score",),
    "extra": ("extra.KEY",),
    "fix": ("image.fix", "extra.fix"),
}
"""Names that people try first, and what they may mean."""


# --- annotations


def _boxes(of: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Callable[[Dataset], Values]:
    return lambda dataset: Numbers(of(dataset.annotations.box.T))


def _aspect(box: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        return np.asarray(box[2] / box[3])


def _share(dataset: Dataset) -> Values:
    images, table = dataset.images, dataset.annotations
    size = images.width.astype(np.float64) * images.height
    size[size <= 0] = np.nan
    return Numbers(table.box[:, 2] * table.box[:, 3] / size[table.image])


def _areas(dataset: Dataset) -> Values:
    """Return the area as the source gives it, else of the mask, else of the outline, else of the box."""
    table = dataset.annotations
    area = np.full(len(table), np.nan) if table.area is None else table.area.copy()
    if table.outlines is not None and np.isnan(area).any():  # hardly ever: who draws outlines gives their areas
        table = read_outlines(table)
    for column, measure in (("masks", mask_areas), ("polygons", polygon_areas)):
        rows = np.flatnonzero(np.isnan(area) & table.has(column))
        if len(rows):
            area[rows] = measure(getattr(table, column).take(rows))
    return Numbers(np.where(np.isnan(area), table.box[:, 2] * table.box[:, 3], area))


def _score(dataset: Dataset) -> Values:
    table = dataset.annotations
    return Numbers(np.full(len(table), np.nan) if table.score is None else table.score)


def _flag(column: str) -> Callable[[Dataset], Values]:
    def values(dataset: Dataset) -> Values:
        table = dataset.annotations
        value = getattr(table, column)
        if value is None:
            return Flags(np.zeros(len(table), np.bool_), np.zeros(len(table), np.bool_))
        given = value >= 0 if value.dtype != np.bool_ else np.ones(len(table), np.bool_)
        return Flags(table.has(column), np.asarray(given))

    return values


def _has(column: str) -> Callable[[Dataset], Values]:
    return lambda dataset: Flags(dataset.annotations.has(column), np.ones(len(dataset.annotations), np.bool_))


def _has_box(dataset: Dataset) -> Values:
    has = ~np.isnan(dataset.annotations.box[:, 0])
    return Flags(has, np.ones(len(has), np.bool_))


def _classes(dataset: Dataset) -> Values:
    return Names(dataset.annotations.category.astype(np.int64), dataset.categories.names)


def _supercategories(dataset: Dataset) -> Values:
    groups = dataset.categories.supercategory or (None,) * len(dataset.categories)
    known = {name: row for row, name in enumerate(dict.fromkeys(name for name in groups if name is not None))}
    codes = np.array([-1 if name is None else known[name] for name in groups], np.int64)
    return Names(codes[dataset.annotations.category], tuple(known))


# --- pictures


def _names(dataset: Dataset) -> Values:
    return Names(np.arange(len(dataset.images)), dataset.images.names)


def _splits(dataset: Dataset) -> Values:
    return Names(dataset.images.split.astype(np.int64), dataset.images.splits)


def _groups(dataset: Dataset) -> Values:
    images = dataset.images
    codes = np.full(len(images), -1) if images.group is None else images.group
    return Names(codes.astype(np.int64), images.groups)


def _states(dataset: Dataset) -> Values:
    return Names(dataset.images.state.astype(np.int64), tuple(state.name.lower() for state in State))


def _size(column: str) -> Callable[[Dataset], Values]:
    def values(dataset: Dataset) -> Values:
        size = getattr(dataset.images, column)
        return Numbers(np.where(size > 0, size, np.nan).astype(np.float64))

    return values


def _objects(dataset: Dataset) -> Values:
    return Numbers(np.diff(dataset.offsets).astype(np.float64))


def _fact(column: str) -> Callable[[Dataset], Values]:
    def values(dataset: Dataset) -> Values:
        facts = dataset.images.facts
        if facts is None:
            return Numbers(np.full(len(dataset.images), np.nan))
        value = getattr(facts, column)
        known = (facts.size >= 0) & (value != TAKEN_UNKNOWN if column == "taken" else True)
        return Numbers(np.where(known, value.astype(np.float64), np.nan))

    return values


COLUMNS: dict[str, Column] = {
    "class": Column("annotations", "name", _classes, "name of its class"),
    "supercategory": Column("annotations", "name", _supercategories, "what its class belongs to"),
    "area": Column("annotations", "number", _areas, "as given, else of mask, outline or box, in pixels"),
    "x": Column("annotations", "number", _boxes(lambda box: box[0]), "left edge of the box, in pixels"),
    "y": Column("annotations", "number", _boxes(lambda box: box[1]), "top edge of the box, in pixels"),
    "box_width": Column("annotations", "number", _boxes(lambda box: box[2]), "width of the box, in pixels"),
    "box_height": Column("annotations", "number", _boxes(lambda box: box[3]), "height of the box, in pixels"),
    "aspect": Column("annotations", "number", _boxes(_aspect), "width / height of the box"),
    "share": Column("annotations", "number", _share, "part of the picture that the box covers, 0 to 1"),
    "score": Column("annotations", "number", _score, "confidence of a prediction"),
    "difficult": Column("annotations", "flag", _flag("difficult"), "marked difficult"),
    "truncated": Column("annotations", "flag", _flag("truncated"), "marked truncated"),
    "occluded": Column("annotations", "flag", _flag("occluded"), "marked occluded"),
    "crowd": Column("annotations", "flag", _flag("crowd"), "one outline around many objects"),
    "iscrowd": Column("annotations", "flag", _flag("crowd"), "the same as crowd"),
    "has_box": Column("annotations", "flag", _has_box, "a box; labels of whole pictures have none"),
    "has_polygon": Column("annotations", "flag", _has("polygons"), "an outline is there"),
    "has_mask": Column("annotations", "flag", _has("masks"), "a run-length mask is there"),
    "has_keypoints": Column("annotations", "flag", _has("keypoints"), "keypoints are there"),
    "has_rotated": Column("annotations", "flag", _has("rotated"), "a rotated box is there"),
    "name": Column("pictures", "name", _names, "path of the picture: folders and file"),
    "split": Column("pictures", "name", _splits, "train, val, ..."),
    "group": Column("pictures", "name", _groups, "name of the group of pictures that no split may part"),
    "state": Column("pictures", "name", _states, "labelled, empty or unlabelled"),
    "image_width": Column("pictures", "number", _size("width"), "width of the picture, in pixels"),
    "image_height": Column("pictures", "number", _size("height"), "height of the picture, in pixels"),
    "objects": Column("pictures", "number", _objects, "number of annotations in the picture"),
    "brightness": Column("pictures", "number", _fact("brightness"), "mean grey value, 0 to 255"),
    "contrast": Column("pictures", "number", _fact("contrast"), "standard deviation of grey values"),
    "sharpness": Column("pictures", "number", _fact("sharpness"), "variance of the Laplacian"),
    "taken": Column("pictures", "time", _fact("taken"), "when, as the camera says: 2024-05-01 or 2024-05-01T18:30"),
}
"""The columns with a name of their own; `extra.KEY` and `image.KEY` are the others."""
