"""A table of annotations as bytes, for journals; in memory alone, since nothing in it is checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ragged import Ragged
from .tables import FLAGS, Annotations, Polygons

__all__ = ["pack", "unpack"]

# Type, and shape of a row, of each column that is one array.
_PLAIN: dict[str, tuple[Any, tuple[int, ...]]] = {
    "image": (np.int32, ()),
    "category": (np.int32, ()),
    "box": (np.float64, (4,)),
    "mask_listed": (np.bool_, ()),
    "rotated": (np.float64, (8,)),
    "score": (np.float64, ()),
    "crowd": (np.bool_, ()),
    **dict.fromkeys(FLAGS, (np.int8, ())),
    "area": (np.float64, ()),
}
_RAGGED: dict[str, tuple[Any, tuple[int, ...]]] = {
    "masks": (np.uint32, ()),
    "keypoints": (np.float64, (3,)),
    "extra": (np.uint8, ()),
}
_POLYGONS = {"points": (np.float64, (2,)), "rings": (np.int64, ()), "owners": (np.int64, ())}


def pack(table: Annotations) -> dict[str, bytes]:
    """Return the columns of a table as bytes, by their names; ids of the source are left out."""
    columns = {}
    for name, (dtype, _) in _PLAIN.items():
        if getattr(table, name) is not None:
            columns[name] = _bytes(getattr(table, name), dtype)
    for name, (dtype, _) in _RAGGED.items():
        ragged = getattr(table, name)
        if ragged is not None:
            columns[f"{name}.values"] = _bytes(ragged.values, dtype)
            columns[f"{name}.offsets"] = _bytes(ragged.offsets, np.int64)
    if table.polygons is not None:
        for name, (dtype, _) in _POLYGONS.items():
            columns[f"polygons.{name}"] = _bytes(getattr(table.polygons, name), dtype)
    return columns


def _bytes(values: NDArray[Any], dtype: Any) -> bytes:
    return values.astype(dtype, copy=False).tobytes()


def unpack(columns: dict[str, bytes]) -> Annotations:
    """Return the table of what `pack` gave."""
    table: dict[str, Any] = {name: _array(columns[name], *kind) for name, kind in _PLAIN.items() if name in columns}
    for name, kind in _RAGGED.items():
        if f"{name}.values" in columns:
            offsets = _array(columns[f"{name}.offsets"], np.int64, ())
            table[name] = Ragged(_array(columns[f"{name}.values"], *kind), offsets)
    if "polygons.points" in columns:
        table["polygons"] = Polygons(*(_array(columns[f"polygons.{name}"], *kind) for name, kind in _POLYGONS.items()))
    return Annotations(**table)


def _array(data: bytes, dtype: Any, row: tuple[int, ...]) -> NDArray[Any]:
    return np.frombuffer(data, dtype).reshape(-1, *row)
