"""Join tables that were read in parts; a column that only some parts have is filled with its default in the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ragged import Ragged
from .tables import FLAGS, Annotations, Polygons, SourceIds

__all__ = ["concat_annotations", "concat_ids", "ids_of"]


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
}
