"""Join tables that were read in parts; a column that only some parts have is filled with its default in the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .facts import Facts
from .ragged import Ragged
from .tables import FLAGS, Annotations, Categories, Images, Polygons, SourceIds
from .texts import Texts

__all__ = ["concat_annotations", "concat_categories", "concat_ids", "concat_images", "fill_ids", "ids_of"]


def concat_annotations(parts: Sequence[Annotations]) -> Annotations:
    """Join the rows of several tables; the caller sees to the order of images."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ("image", "category", "box")
    }
    for name, default in _DEFAULTS.items():
        if any(getattr(part, name) is not None for part in parts):
            columns[name] = _concat([_filled(part, name, default) for part in parts])
    if all(part.source_id is not None for part in parts):
        columns["source_id"] = concat_ids([part.source_id for part in parts if part.source_id is not None])
    return Annotations(**columns)


def concat_images(parts: Sequence[Images]) -> Images:
    """Join the pictures of several tables, whose names must differ; splits, groups and folders of one name are one."""
    parts = [part for part in parts if len(part)] or list(parts[:1])
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ("width", "height", "state")
    }
    for name in ("split", "folder", "group"):
        columns[name], columns[f"{name}s"] = _concat_named(parts, name)
    if any(part.files is not None for part in parts):
        columns["files"] = tuple(file for part in parts for file in (part.files or part.names))
    if any(part.extra is not None for part in parts):
        columns["extra"] = Ragged.concat([part.extra or _empty_rows(np.uint8)(len(part)) for part in parts])
    if any(part.facts is not None for part in parts):
        columns["facts"] = Facts.concat([part.facts or Facts.none(len(part)) for part in parts])
    if any(part.source_id is not None for part in parts):
        given = [[None] * len(part) if part.source_id is None else list(part.source_id) for part in parts]
        columns["source_id"] = fill_ids([value for ids in given for value in ids])
    return Images(names=tuple(name for part in parts for name in part.names), **columns)


def _concat_named(parts: Sequence[Images], name: str) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Join a column of rows in a list of names (`split` in `splits`), and the lists."""
    known: dict[str, int] = {}
    columns = []
    for part in parts:
        rows = [known.setdefault(text, len(known)) for text in getattr(part, f"{name}s")]
        column = getattr(part, name)
        # The last entry is for -1, a row in none.
        columns.append(np.full(len(part), -1) if column is None else np.array([*rows, -1])[column])
    if all(getattr(part, name) is None for part in parts):
        return None, ()
    return np.concatenate(columns).astype(np.int32), tuple(known)


def fill_ids(values: Sequence[int | str | None]) -> SourceIds:
    """Make a column of ids where some rows have none: those are counted on from the largest number."""
    following = max((value for value in values if isinstance(value, (int, np.integer))), default=0) + 1
    filled: list[int | str] = []
    for value in values:
        if value is None:
            value, following = following, following + 1
        filled.append(value if isinstance(value, str) else int(value))
    return ids_of(filled)


def concat_categories(parts: Sequence[Categories]) -> tuple[Categories, list[NDArray[np.int32]]]:
    """Join the classes of several datasets: those of one name are one, as the first describes it.

    Returns:
        The classes, and for each part the row of each of its classes among them.
    """
    first: dict[str, tuple[int, int]] = {}
    for number, part in enumerate(parts):
        for row, name in enumerate(part.names):
            first.setdefault(name, (number, row))
    at = {name: row for row, name in enumerate(first)}
    rows = [np.array([at[name] for name in part.names], np.int32) for part in parts]
    columns: dict[str, Any] = {}
    for column, default in (("supercategory", None), ("keypoints", ()), ("skeleton", ()), ("extra", {})):
        if any(getattr(part, column) is not None for part in parts):
            columns[column] = tuple(_of(parts[number], column, row, default) for number, row in first.values())
    ids = [_of(parts[number], "source_id", row, None) for number, row in first.values()]
    if any(value is not None for value in ids) and len({value for value in ids if value is not None}) == len(ids):
        columns["source_id"] = tuple(ids)
    return Categories(names=tuple(first), **columns), rows


def _of(part: Categories, column: str, row: int, default: Any) -> Any:
    values = getattr(part, column)
    return default if values is None else values[row]


def concat_ids(parts: Sequence[SourceIds]) -> SourceIds:
    """Join columns of ids; an array as long as all fit in one."""
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) == len(parts):
        return np.concatenate([np.zeros(0, np.int64), *arrays])
    return tuple(value for part in parts for value in (part.tolist() if isinstance(part, np.ndarray) else part))


def ids_of(values: Sequence[int | str]) -> SourceIds:
    """Make a column of ids: an array where all fit in 64 bits, else the exact values."""
    if set(map(type, values)) <= {int}:
        try:
            return np.array(values, np.int64)
        except OverflowError:
            pass
    return tuple(values)


def _filled(part: Annotations, name: str, default: Callable[[int], Any]) -> Any:
    value = getattr(part, name)
    return default(len(part)) if value is None else value


def _concat(values: list[Any]) -> Any:
    if isinstance(values[0], Polygons):
        return Polygons.concat(values)
    if isinstance(values[0], Ragged):
        return Ragged.concat(values)
    if isinstance(values[0], Texts):
        return Texts.concat(values)
    return np.concatenate(values)


def _empty_rows(dtype: Any, *shape: int) -> Callable[[int], Ragged]:
    return lambda rows: Ragged(np.empty((0, *shape), dtype), np.zeros(rows + 1, np.int64))


def _unset(rows: int) -> NDArray[np.float64]:
    return np.full(rows, np.nan)


_DEFAULTS: dict[str, Callable[[int], Any]] = {
    "polygons": Polygons.none,
    "masks": _empty_rows(np.uint32),
    "mask_listed": lambda rows: np.zeros(rows, np.bool_),
    "keypoints": _empty_rows(np.float64, 3),
    "rotated": lambda rows: np.full((rows, 8), np.nan),
    "score": _unset,
    "crowd": lambda rows: np.zeros(rows, np.bool_),
    **dict.fromkeys(FLAGS, lambda rows: np.full(rows, -1, np.int8)),
    "area": _unset,
    "extra": _empty_rows(np.uint8),
    "outlines": Texts.none,
}
