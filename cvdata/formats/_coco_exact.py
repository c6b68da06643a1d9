"""The exact way to read COCO annotations: value by value, and what is bad is named."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ..dataset import FLAGS, Ragged, Texts
from ..dataset.concat import ids_of
from ..dataset.geometry import bounds
from ..dataset.rle import decompress
from ._coco_images import plain_digits
from ._coco_part import BadRow, Outlines, Part, make_part, polygons_of

__all__ = ["read_exact", "set_outlines_aside"]


class _Bad(Exception):  # noqa: N818 - caught in this file: what is wrong with one annotation
    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(found)
        self.where, self.found, self.expected = where, found, expected


_KNOWN = frozenset(
    {"id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation", "score", "keypoints", "num_keypoints"}
)


def read_exact(items: list[dict[str, Any]]) -> Part:
    """Read annotations value by value."""
    good: list[dict[str, Any]] = []
    rows: list[int] = []
    bad: list[BadRow] = []
    notes: dict[str, list[Any]] = {}
    for row, item in enumerate(items):
        try:
            good.append(_exact_row(item, notes))
            rows.append(row)
        except _Bad as why:
            bad.append(BadRow(row, item.get("id", ""), why.where, why.found, why.expected, item.get("image_id")))
    columns, sizes, masks_bad = _columns(good)
    keep = [i for i in range(len(good)) if i not in masks_bad]
    part = make_part(len(items), columns, np.array(rows, np.int64))
    part.ids = ids_of([row["id"] for row in good])
    part.images = ids_of([row["image"] for row in good])
    part.categories = ids_of([row["category"] for row in good])
    part.mask_size, part.bad, part.notes = sizes, bad, notes
    if masks_bad:
        part = _without(part, good, keep, masks_bad)
    return part


def _without(part: Part, good: list[dict[str, Any]], keep: list[int], bad: list[int]) -> Part:
    chosen = np.array(keep, np.int64)
    for i in bad:
        found = "run lengths that are not COCO's code"
        row, image = int(part.rows[i]), good[i]["image"]
        part.bad.append(BadRow(row, good[i]["id"], "segmentation", found, "a compressed mask", image))
    part.table, part.rows = part.table.take(chosen), part.rows[chosen]
    part.ids, part.images, part.categories = (
        ids_of([good[i][key] for i in keep]) for key in ("id", "image", "category")
    )
    if part.mask_size is not None:
        part.mask_size = part.mask_size[chosen]
    return part


def _exact_row(item: dict[str, Any], notes: dict[str, list[Any]]) -> dict[str, Any]:
    identity = item.get("id")
    row: dict[str, Any] = {
        "id": _id(item, "id") if identity is not None else 0,
        "image": _id(item, "image_id"),
        "category": _id(item, "category_id"),
        "crowd": _choice(item, "iscrowd", (0, 1), 0),
    }
    row["rings"], row["rle"] = _outline(item.get("segmentation"))
    row["box"] = _box(item, row, notes)
    row["area"] = _area(item, notes)
    row["score"] = _number(item["score"], "score") if item.get("score") is not None else math.nan
    row["keypoints"] = _keypoints(item.get("keypoints"))
    if row["crowd"] and row["rings"]:
        notes.setdefault("crowd-polygon", []).append(identity)
    row["flags"], row["extra"] = _extra(item)
    return row


def _id(item: dict[str, Any], key: str) -> int | str:
    value = item.get(key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _Bad(key, f"{key} is {_shown(value)}", "an integer")
    return int(value) if isinstance(value, str) and plain_digits(value) else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _choice(item: dict[str, Any], key: str, allowed: tuple[int, ...], default: int) -> int:
    value = item.get(key, default)
    value = default if value is None else value
    if value not in allowed or isinstance(value, str):
        raise _Bad(key, f"{key} is {_shown(value)}", " or ".join(map(str, allowed)))
    return int(value)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Bad(where, f"{where} holds {_shown(value)}", "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Bad(where, f"{where} holds {number}", "a finite number")
    return number


def _box(item: dict[str, Any], row: dict[str, Any], notes: dict[str, list[Any]]) -> list[float]:
    box = item.get("bbox")
    if box is None:
        if row["rings"] or row["rle"]:
            notes.setdefault("box-from-outline", []).append(item.get("id"))
            return [math.inf] * 4  # filled in from the outline once there is a column of them
        if "bbox" in item or "segmentation" in item:
            raise _Bad("bbox", "neither a box nor an outline", "bbox as [x, y, width, height]")
        return [math.nan] * 4  # a label of the whole picture
    if not isinstance(box, list) or len(box) != 4:
        raise _Bad("bbox", f"bbox is {_shown(box)}", "[x, y, width, height]")
    return [_number(value, "bbox") for value in box]


def _area(item: dict[str, Any], notes: dict[str, list[Any]]) -> float:
    value = item.get("area")
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf
    if not good:
        notes.setdefault("area-recomputed", []).append(item.get("id"))
    return float(value) if good and value is not None else math.nan


def _outline(value: Any) -> tuple[list[list[float]], dict[str, Any] | None]:
    if value is None or value == []:
        return [], None
    if isinstance(value, dict):
        return [], _rle(value)
    if not isinstance(value, list):
        raise _Bad("segmentation", f"segmentation is {_shown(value)}", "a list of polygons, or a mask")
    rings = []
    for ring in value:
        if not isinstance(ring, list):
            raise _Bad("segmentation", "a polygon that is not a list of numbers in a list", "[[x1, y1, x2, y2, ...]]")
        if len(ring) % 2 or len(ring) < 6:
            raise _Bad("segmentation", f"a polygon of {len(ring)} numbers", "an even count, at least 6")
        rings.append([_number(number, "segmentation") for number in ring])
    return rings, None


def _rle(value: dict[str, Any]) -> dict[str, Any]:
    size, counts = value.get("size"), value.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(_whole(side) and side > 0 for side in size):
        raise _Bad("segmentation/size", f"size is {_shown(size)}", "[height, width]")
    if isinstance(counts, list):
        if not all(_whole(run) and 0 <= run < 2**32 for run in counts):
            raise _Bad("segmentation/counts", "run lengths that are not whole and positive", "a list of run lengths")
    elif not isinstance(counts, str) or not counts.isascii() or not counts:
        raise _Bad("segmentation/counts", "run lengths that are neither a list nor COCO's code", "a compressed mask")
    return {"size": [int(side) for side in size], "counts": counts}


def _whole(value: Any) -> bool:
    return (isinstance(value, float) and value.is_integer()) or (isinstance(value, int) and not isinstance(value, bool))


def _keypoints(value: Any) -> list[float]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) % 3:
        count = len(value) if isinstance(value, list) else "no"
        raise _Bad("keypoints", f"{count} numbers for keypoints", "x, y, visibility for each")
    numbers = [_number(number, "keypoints") for number in value]
    if not {0.0, 1.0, 2.0}.issuperset(numbers[2::3]):
        wrong = next(v for v in numbers[2::3] if v not in (0, 1, 2))
        raise _Bad("keypoints", f"visibility {wrong:g}", "0, 1 or 2")
    return numbers


def _extra(item: dict[str, Any]) -> tuple[dict[str, int], bytes]:
    """Split what is left into flags and the rest, as one JSON object (nothing where there is no rest)."""
    rest = {key: value for key, value in item.items() if key not in _KNOWN}
    flags: dict[str, int] = {}
    attributes = rest.get("attributes")
    if isinstance(attributes, dict):
        flags = {
            f: int(attributes[f]) for f in FLAGS if attributes.get(f) in (0, 1) and not isinstance(attributes[f], str)
        }
        rest["attributes"] = {key: value for key, value in attributes.items() if key not in flags}
        if not rest["attributes"] and attributes:
            del rest["attributes"]
    return flags, msgspec.json.encode(rest) if rest else b""


def _columns(good: list[dict[str, Any]]) -> tuple[dict[str, Any], NDArray[np.int64] | None, list[int]]:
    """Make columns of rows; also the declared mask sizes and the rows whose masks are not even code."""
    count = len(good)
    columns: dict[str, Any] = {"box": np.array([row["box"] for row in good], np.float64).reshape(-1, 4)}
    columns["polygons"] = polygons_of([row["rings"] for row in good])
    columns["area"] = np.array([row["area"] for row in good], np.float64)
    if any(row["crowd"] for row in good):
        columns["crowd"] = np.array([row["crowd"] for row in good], np.bool_)
    if any(not math.isnan(row["score"]) for row in good):
        columns["score"] = np.array([row["score"] for row in good])
    if any(row["keypoints"] for row in good):
        flat = Ragged.of([row["keypoints"] for row in good], np.float64)
        columns["keypoints"] = Ragged(flat.values.reshape(-1, 3), flat.offsets // 3)
    for flag in FLAGS:
        if any(flag in row["flags"] for row in good):
            columns[flag] = np.array([row["flags"].get(flag, -1) for row in good], np.int8)
    if any(row["extra"] for row in good):
        columns["extra"] = Ragged.texts([row["extra"] for row in good])
    sizes: NDArray[np.int64] | None = None
    bad: list[int] = []
    if any(row["rle"] for row in good):
        columns["masks"], columns["mask_listed"], bad = _masks([row["rle"] for row in good])
        sizes = np.array([row["rle"]["size"] if row["rle"] else (0, 0) for row in good], np.int64).reshape(count, 2)
    _fill_boxes(columns)
    return columns, sizes, bad


def _masks(rles: Iterable[dict[str, Any] | None]) -> tuple[Ragged, NDArray[np.bool_], list[int]]:
    counts = [rle["counts"] if rle else [] for rle in rles]
    listed = np.array([isinstance(runs, list) and bool(runs) for runs in counts], np.bool_)
    coded = [row for row, runs in enumerate(counts) if isinstance(runs, str)]
    runs, good = decompress([counts[row].encode() for row in coded])
    # Runs that are negative or over 32 bits cannot be stored; the sum of the others would not tell.
    fits = (runs.values >= 0) & (runs.values < 2**32)
    good &= np.bincount(runs.owner[~fits], minlength=len(runs)) == 0
    for at, row in enumerate(coded):
        counts[row] = runs[at].tolist() if good[at] else []
    bad = [row for at, row in enumerate(coded) if not good[at]]
    return Ragged.of(counts, np.uint32), listed, bad


def _fill_boxes(columns: dict[str, Any]) -> None:
    """Take the box of a polygon without one from its points; that of a mask waits until its size is checked."""
    box, polygons = columns["box"], columns["polygons"]
    wanted = np.isinf(box[:, 0])
    if polygons is not None and wanted.any():
        of_polygon = wanted & (polygons.ring_counts > 0)
        box[of_polygon] = bounds(polygons)[of_polygon]


class _Segmented(msgspec.Struct, gc=False):
    """An annotation of which only the text of the outline matters."""

    segmentation: msgspec.Raw | UnsetType = UNSET


_SEGMENTED = msgspec.json.Decoder(list[_Segmented])


def set_outlines_aside(part: Part, text: bytes, wanted: Outlines) -> None:
    """Count the outlines of a part and, where wanted, keep the text that they were read from instead.

    So it makes no difference to what is kept whether a piece was read the exact way.
    """
    polygons = part.table.polygons
    rings = np.zeros(len(part.rows), np.int64) if polygons is None else polygons.ring_counts
    part.unread = {"polygons": int((rings > 0).sum()), "rings": int((rings > 1).sum())}
    part.table = dataclasses.replace(part.table, polygons=None)
    if wanted == "text":
        try:
            items = _SEGMENTED.decode(b"[" + text + b"]")
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):  # a NaN somewhere, which is no JSON
            part.textless = True
            return
        chosen = zip(part.rows.tolist(), (rings > 0).tolist(), strict=True)
        texts: list[Any] = [items[row].segmentation if has else b"" for row, has in chosen]
        part.table = dataclasses.replace(part.table, outlines=Texts.of(texts))
