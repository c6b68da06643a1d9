"""What a worker says of the pictures that it made: a line of the journal, and all that the run needs to go on."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..dataset import FLAGS, Annotations, Polygons, Ragged

__all__ = ["AugmentEntry", "MadePicture", "columns_of", "decode_entry", "encode_entry", "table_of"]


class MadePicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A new picture, or why there is none.

    Attributes:
        key: SHA-256 of everything that it is made of and by, in hexadecimal, the first 40 digits.
        file: its name beside the output; `size`, `sha256`: of the file.
        width, height: in pixels; 0 where there is no picture.
        columns: of its annotations, as bytes.
        lineage: what was drawn: the parameters of the transforms that acted, other parents.
        dropped: objects of which too little was left; `pasted`, `unplaced`: objects pasted in, or without a place.
        problem: in a few words why it could not be made.
    """

    key: str
    file: str = ""
    size: int = 0
    sha256: str = ""
    width: int = 0
    height: int = 0
    columns: dict[str, bytes] = {}
    lineage: dict[str, Any] = {}
    dropped: int = 0
    pasted: int = 0
    unplaced: int = 0
    problem: str | None = None


class AugmentEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of `.NAME.cvdata-journal` behind its checksum: pictures that were made.

    Attributes:
        cvdata: version that made them; another one makes them again.
    """

    schema: Literal["cvdata/augment-journal/1"] = "cvdata/augment-journal/1"
    cvdata: str
    made: list[MadePicture]


def encode_entry(made: list[MadePicture]) -> bytes:
    """Return pictures as a line of the journal."""
    return msgspec.json.encode(AugmentEntry(cvdata=__version__, made=made))


def decode_entry(line: bytes) -> list[MadePicture]:
    """Return the pictures of a line; none where another command or another version wrote it."""
    try:
        entry = msgspec.json.decode(line, type=AugmentEntry)
    except msgspec.MsgspecError:
        return []
    return entry.made if entry.cvdata == __version__ else []


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


def columns_of(table: Annotations) -> dict[str, bytes]:
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


def table_of(columns: dict[str, bytes]) -> Annotations:
    """Return the table of what `columns_of` gave."""
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
