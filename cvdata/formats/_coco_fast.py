"""The fast way to read COCO annotations: typed objects, and no look at single values."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ..dataset import Texts
from ..dataset.concat import ids_of
from ._coco_part import Outlines, Part, make_part, polygons_of

__all__ = ["read_fast"]


class _Rle(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    size: tuple[int, int]
    counts: str | list[int]


class _Outlined(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The keys that nearly all annotations have, with outlines decoded."""

    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int | UnsetType = UNSET
    area: float | UnsetType = UNSET
    segmentation: list[list[float]] | _Rle | UnsetType | None = UNSET
    score: float | UnsetType = UNSET


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The same with outlines as they stand in the text."""

    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int | UnsetType = UNSET
    area: float | UnsetType = UNSET
    segmentation: msgspec.Raw | UnsetType = UNSET
    score: float | UnsetType = UNSET


_OUTLINED = msgspec.json.Decoder(list[_Outlined])
_PLAIN = msgspec.json.Decoder(list[_Plain])
_NUMBERS = b"0123456789.,-[] \t\r\n"  # no exponent: 1e999 is a number to JSON and not to anyone else


def read_fast(text: bytes, wanted: Outlines) -> Part | None:
    """Read a piece whose annotations are all of the common kind; None where one is not."""
    if b"\\" in text:
        return None
    try:
        rows: Any = (_OUTLINED if wanted == "decode" else _PLAIN).decode(b"[" + text + b"]")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    outlines = [row.segmentation for row in rows]
    areas = [row.area for row in rows]
    scores = [row.score for row in rows]
    crowds = [row.iscrowd for row in rows]
    keys = 8 * len(rows) - sum(column.count(UNSET) for column in (outlines, areas, scores, crowds))
    table: dict[str, Any] = {}
    unread: dict[str, int] = {}
    if wanted == "decode":
        rles = [outline for outline in outlines if type(outline) is _Rle]
        if rles or any(len(ring) % 2 or len(ring) < 6 for outline in outlines if outline for ring in outline):
            return None
        table["polygons"] = polygons_of(outlines)
    else:
        checked = _count_outlines(outlines)
        if checked is None:
            return None
        unread = checked
        if wanted == "text":
            table["outlines"] = Texts.of([b"" if outline is UNSET else outline for outline in outlines])
    if text.count(b":") != keys or crowds.count(0) + crowds.count(UNSET) != len(crowds):
        return None  # a key twice, or a value that needs a word with the user
    count = len(rows)
    boxes = np.fromiter(chain.from_iterable([row.bbox for row in rows]), np.float64, 4 * count).reshape(-1, 4)
    table["area"] = _optional(areas)
    table["score"] = _optional(scores)
    part = make_part(count, table | {"box": boxes})
    part.ids = ids_of([row.id for row in rows])
    part.images = ids_of([row.image_id for row in rows])
    part.categories = ids_of([row.category_id for row in rows])
    part.unread = unread
    return part if _areas_given(part) else None


def _areas_given(part: Part) -> bool:
    area = part.table.area
    return area is not None and bool((area >= 0).all())


def _optional(values: list[Any]) -> NDArray[np.float64] | None:
    """Make a column of numbers where some may be unset."""
    missing = values.count(UNSET)
    if missing == len(values):
        return None
    if missing:
        values = [math.nan if value is UNSET else value for value in values]
    return np.array(values, np.float64)


def _count_outlines(outlines: list[Any]) -> dict[str, int] | None:
    """Count outlines, and those of several rings, by their text; None where one needs the exact way.

    That is one with anything but numbers in pairs, or with fewer than three points.
    """
    texts = [text for text in outlines if text is not UNSET]
    whole = b";;".join([b"", *texts, b""])
    if whole.translate(None, _NUMBERS + b";"):
        return None
    # All texts at once: one of a single ring is `[[...]]` without further brackets, and has a comma less than numbers.
    byte = np.frombuffer(whole, np.uint8)
    ends = np.flatnonzero(byte == ord(";")).reshape(-1, 2)
    first, last = ends[:-1, 1] + 1, ends[1:, 0] - 1
    commas, brackets = (np.searchsorted(np.flatnonzero(byte == ord(sign)), ends[:, 0]) for sign in ",[")
    commas, brackets = np.diff(commas), np.diff(brackets)
    plain = (brackets == 2) & (byte[first + 1] == ord("[")) & (byte[last - 1] == ord("]"))
    empty = several = 0
    for row in np.flatnonzero(~plain | (commas % 2 == 0) | (commas < 5)).tolist():
        try:
            rings = msgspec.json.decode(texts[row], type=list[list[float]])
        except msgspec.DecodeError:
            return None
        if any(len(ring) % 2 or len(ring) < 6 for ring in rings):
            return None
        empty += not rings
        several += len(rings) > 1
    return {"polygons": len(texts) - empty, "rings": several}
