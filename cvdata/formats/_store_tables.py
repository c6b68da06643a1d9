"""Pictures and annotations as Arrow tables and as Parquet, and back, with nothing lost.

Every tool that reads Parquet reads these: names, classes and splits are text, boxes are four columns, what is unset is
null. Names that no row uses stand in the schema's metadata. A column that nobody set is not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..dataset import FLAGS, Annotations, Categories, Dataset, Images, Polygons, Ragged, State
from ..errors import FormatError, Place
from . import _store_columns as columns
from ._store_facts import decode_facts, encode_facts
from ._store_parquet import count_polygons, from_parquet, to_parquet

__all__ = [
    "count_polygons",
    "decode_annotations",
    "decode_images",
    "encode_annotations",
    "encode_images",
    "from_parquet",
    "to_parquet",
]

T = TypeVar("T")

_KEY = b"cvdata"
_STATES = tuple(state.name.lower() for state in State)

# --- pictures


def encode_images(images: Images) -> Any:
    """Return the pictures as a table: one row each, `image` being the row that annotations name."""
    table = _Table()
    table.add("image", columns.encode_numbers(np.arange(len(images), dtype=np.int32)))
    table.add_texts("name", images.names)
    table.add("width", columns.encode_numbers(images.width, images.width == 0))
    table.add("height", columns.encode_numbers(images.height, images.height == 0))
    table.add("state", columns.encode_named(images.state.astype(np.int32), _STATES))
    table.add("split", columns.encode_named(images.split, images.splits))
    if images.group is not None:
        table.add("group", columns.encode_named(images.group, images.groups))
    table.add("folder", columns.encode_named(images.folder, images.folders))
    if images.files is not None:
        table.add_texts("file", images.files)
    if images.source_id is not None:
        table.add("source_id", columns.encode_ids(images.source_id))
    if images.extra is not None:
        table.add("extra", columns.encode_json(images.extra))
    if images.facts is not None:
        table.columns.update(encode_facts(images.facts))
    return table.made(splits=images.splits, groups=images.groups, folders=images.folders)


def decode_images(table: Any, at: Place | None = None) -> Images:
    """Return the pictures of a table.

    Raises:
        FormatError: it is not such a table.
    """
    source = _Source(table, at)
    names = source.names("splits", "groups", "folders")
    row = source.need("image", lambda column: columns.array_of(column, np.int32))
    if not np.array_equal(row, np.arange(len(row))):
        raise source.wrong("image", "it does not count the rows from 0")
    return Images(
        names=source.need("name", source.texts("name")),
        width=source.need("width", lambda column: _sides(columns.array_of(column, np.int32, 0))),
        height=source.need("height", lambda column: _sides(columns.array_of(column, np.int32, 0))),
        state=source.need("state", _states),
        split=source.need("split", lambda column: columns.named_from(column, names["splits"])),
        splits=names["splits"],
        group=source.get("group", lambda column: columns.named_from(column, names["groups"])),
        groups=names["groups"],
        folder=source.need("folder", lambda column: columns.named_from(column, names["folders"])),
        folders=names["folders"],
        files=source.get("file", source.texts("file")),
        source_id=source.get("source_id", columns.ids_from),
        extra=source.get("extra", columns.json_from),
        facts=source.get("size_bytes", lambda _: decode_facts(table)),
    )


def _states(column: Any) -> Any:
    state = columns.named_from(column, _STATES)
    if (state < 0).any():
        raise ValueError("it has nulls")
    return state.astype(np.uint8)


def _sides(values: Any) -> Any:
    if (values < 0).any():
        raise ValueError("it has negative numbers")
    return values


# --- annotations


def encode_annotations(dataset: Dataset) -> Any:
    """Return the annotations as a table; `image` is the row of the picture."""
    rows = dataset.annotations
    table = _Table()
    table.add("image", columns.encode_numbers(rows.image))
    table.add("category", columns.encode_named(rows.category, dataset.categories.names))
    for name, side in zip(("x", "y", "width", "height"), rows.box.T, strict=True):
        table.add(name, columns.encode_numbers(np.ascontiguousarray(side)))
    _add_shapes(table, rows)
    for name in ("score", "area"):
        if (value := getattr(rows, name)) is not None:
            table.add(name, columns.encode_numbers(value))
    if rows.crowd is not None:
        table.add("crowd", columns.encode_numbers(rows.crowd))
    for name in FLAGS:
        if (value := getattr(rows, name)) is not None:
            table.add(name, columns.encode_flags(value))
    if rows.source_id is not None:
        table.add("source_id", columns.encode_ids(rows.source_id))
    if rows.extra is not None:
        table.add("extra", columns.encode_json(rows.extra))
    return table.made()


def _add_shapes(table: _Table, rows: Annotations) -> None:
    if rows.polygons is not None:
        rings = columns.encode_lists(2 * rows.polygons.rings, rows.polygons.points.ravel())
        without = rows.polygons.ring_counts == 0
        table.add("polygons", columns.encode_lists(rows.polygons.owners, rings, unset=without))
    if rows.masks is not None:
        table.add("mask", columns.encode_lists(rows.masks.offsets, rows.masks.values, unset=rows.masks.lengths == 0))
    if rows.mask_listed is not None:
        table.add("mask_listed", columns.encode_numbers(rows.mask_listed))
    if rows.keypoints is not None:
        points, without = rows.keypoints.values.ravel(), rows.keypoints.lengths == 0
        table.add("keypoints", columns.encode_lists(3 * rows.keypoints.offsets, points, unset=without))
    if rows.rotated is not None:
        unset = np.asarray(np.isnan(rows.rotated).all(axis=1))
        offsets = 8 * np.concatenate([np.zeros(1, np.int64), np.cumsum(~unset)])
        table.add("rotated", columns.encode_lists(offsets, rows.rotated[~unset].ravel(), unset=unset))


def decode_annotations(table: Any, categories: Categories, at: Place | None = None) -> Annotations:
    """Return the annotations of a table; columns that it does not have are not set.

    Raises:
        FormatError: it is not such a table, or it names a class that is not among the categories.
    """
    source = _Source(table, at)
    sides = [
        source.need(name, lambda column: columns.array_of(column, np.float64, np.nan))
        for name in ("x", "y", "width", "height")
    ]
    image = source.need("image", lambda column: columns.array_of(column, np.int32))
    if len(image) and (image[0] < 0 or (np.diff(image) < 0).any()):
        raise source.wrong("image", "its rows are not in ascending order")
    flags = {flag: source.get(flag, _flags) for flag in FLAGS}
    return Annotations(
        image=image,
        category=source.need("category", lambda column: _categories(column, categories)),
        box=np.stack(sides, axis=1),
        polygons=source.get("polygons", _polygons),
        masks=source.get("mask", _masks),
        mask_listed=source.get("mask_listed", lambda column: columns.array_of(column, np.bool_)),
        keypoints=source.get("keypoints", _keypoints),
        rotated=source.get("rotated", _rotated),
        score=source.get("score", lambda column: columns.array_of(column, np.float64, np.nan)),
        crowd=source.get("crowd", lambda column: columns.array_of(column, np.bool_)),
        area=source.get("area", lambda column: columns.array_of(column, np.float64, np.nan)),
        source_id=source.get("source_id", columns.ids_from),
        extra=source.get("extra", columns.json_from),
        **flags,
    )


def _categories(column: Any, categories: Categories) -> Any:
    rows = columns.named_from(column, categories.names)
    if (rows < 0).any():
        raise ValueError("it has nulls")
    return rows


def _flags(column: Any) -> Any:
    return columns.array_of(column.cast("int8"), np.int8, -1)


def _polygons(column: Any) -> Polygons:
    owners, rings = columns.lists_from(column)
    offsets, points = columns.lists_from(rings)
    if (offsets % 2).any():
        raise ValueError("a ring has an x without a y")
    return Polygons(columns.array_of(points, np.float64, np.nan).reshape(-1, 2), offsets // 2, owners)


def _masks(column: Any) -> Ragged:
    offsets, runs = columns.lists_from(column)
    return Ragged(columns.array_of(runs, np.uint32), offsets)


def _keypoints(column: Any) -> Ragged:
    offsets, values = columns.lists_from(column)
    if (offsets % 3).any():
        raise ValueError("a keypoint is not x, y, visibility")
    return Ragged(columns.array_of(values, np.float64, np.nan).reshape(-1, 3), offsets // 3)


def _rotated(column: Any) -> Any:
    offsets, values = columns.lists_from(column)
    lengths = np.diff(offsets)
    if not np.isin(lengths, (0, 8)).all():
        raise ValueError("a rotated box has not four corners")
    corners = np.full((len(lengths), 8), np.nan)
    corners[lengths == 8] = columns.array_of(values, np.float64, np.nan).reshape(-1, 8)
    return corners


# --- tables


class _Table:
    """Columns on their way into a table."""

    def __init__(self) -> None:
        self.columns: dict[str, Any] = {}

    def add(self, name: str, column: Any) -> None:
        self.columns[name] = column

    def add_texts(self, name: str, values: Sequence[str]) -> None:
        text, raw = columns.encode_texts(values)
        self.add(name, text)
        if raw is not None:
            self.add(f"{name}_bytes", raw)

    def made(self, **names: Sequence[str]) -> Any:
        import pyarrow

        # ASCII, because JSON in UTF-8 cannot hold a name of undecodable bytes.
        return pyarrow.table(self.columns, metadata={_KEY: json.dumps({"schema": 1, **names})})


class _Source:
    """A table that a stranger may have written."""

    def __init__(self, table: Any, at: Place | None) -> None:
        self._table = table
        self._at = at
        names = table.column_names
        if len(set(names)) < len(names):
            raise self.wrong(next(name for name in names if names.count(name) > 1), "it is there twice")

    def wrong(self, column: str, found: str) -> FormatError:
        at = None if self._at is None else Place(self._at.file, field=f"column '{column}'")
        where = f"the column '{column}' is wrong: " if at is None else ""
        return FormatError(f"{where}{found}", at=at, hint="restore the file from a copy, or take another version")

    def need(self, name: str, decode: Callable[[Any], T]) -> T:
        if name not in self._table.column_names:
            raise self.wrong(name, "it is missing")
        return self._decoded(name, decode)

    def get(self, name: str, decode: Callable[[Any], T]) -> T | None:
        return self._decoded(name, decode) if name in self._table.column_names else None

    def _decoded(self, name: str, decode: Callable[[Any], T]) -> T:
        import pyarrow

        try:
            return decode(self._table.column(name))
        except (pyarrow.ArrowException, ValueError, RecursionError) as error:
            raise self.wrong(name, str(error).splitlines()[0]) from error

    def texts(self, name: str) -> Callable[[Any], tuple[str, ...]]:
        raw = f"{name}_bytes"
        other = self._table.column(raw) if raw in self._table.column_names else None
        return lambda column: columns.texts_from(column, other)

    def names(self, *lists: str) -> dict[str, tuple[str, ...]]:
        """Return lists of names that the schema holds."""
        metadata = (self._table.schema.metadata or {}).get(_KEY, b"")
        try:
            said = json.loads(metadata)
            found = {name: tuple(said[name]) for name in lists}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise FormatError("cvdata did not write this table", at=self._at) from error
        if not all(type(value) is str for values in found.values() for value in values):
            raise FormatError("the lists of names in its schema hold something else", at=self._at)
        return found
