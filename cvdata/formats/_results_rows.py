"""The text of COCO results to typed rows, a piece of the file at a time.

The fast way decodes typed objects and takes no look at single values. Whatever does not fit, an unknown key, a NaN, a
score in quotes, sends the piece the exact way, which judges value by value and names the first that is bad.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ..errors import FormatError, Place, show
from ._json import decode_array

__all__ = ["Result", "Rle", "fail", "read_rows"]


class Rle(msgspec.Struct, gc=False):
    """A mask: height and width of its picture, and run lengths as a list or as COCO's code."""

    size: tuple[int, int]
    counts: str | list[int]


class Result(msgspec.Struct, gc=False):
    """One detection as the file has it; the keys below `file_name` are known and say nothing that is needed."""

    image_id: int | str
    category_id: int | str
    score: float
    bbox: tuple[float, float, float, float] | UnsetType | None = UNSET
    segmentation: list[list[float]] | Rle | UnsetType | None = UNSET
    keypoints: list[float] | UnsetType | None = UNSET
    file_name: str | UnsetType | None = UNSET
    id: Raw | UnsetType = UNSET
    area: Raw | UnsetType = UNSET
    iscrowd: Raw | UnsetType = UNSET
    model: Raw | UnsetType = UNSET
    threshold: Raw | UnsetType = UNSET


class _Boxed(msgspec.Struct, gc=False):
    """The same with a box and nothing else, as in most files: fewer columns to look through."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


_RESULTS = msgspec.json.Decoder(list[Result])
_BOXED = msgspec.json.Decoder(list[_Boxed])
_OPTIONAL = ("bbox", "segmentation", "keypoints", "id", "area", "iscrowd", "file_name", "model", "threshold")
_BEFORE_COLON = (b" :", b"\t:", b"\n:", b"\r:")


def read_rows(text: bytes, shown: str, first: int) -> list[Any]:
    """Read the inside of a list of results: all rows have `image_id`, `category_id`, `score` and `bbox`; those that
    are a `Result` may have outlines and keypoints, too.

    Args:
        first: place in the file of the first result, for messages.

    Raises:
        FormatError: a result is not one; the message names it and the key.
        BadGuess: it is not the inside of a list of objects.
    """
    rows = _read_fast(text)
    if rows is not None:
        return rows
    try:
        items = decode_array(text)
    except ValueError as error:  # a key twice, a number without end, too many brackets
        raise FormatError(str(error), at=Place(shown), hint="export the results again") from error
    return [_exact(item, shown, first + row) for row, item in enumerate(items)]


def _read_fast(text: bytes) -> list[Any] | None:
    """Read a piece in which every value has the type that it should have; None where one has not.

    What the types pass over shows in the number of colons: a key that is there twice or is not known has one, too.
    """
    whole = b"[" + text + b"]"
    try:
        boxed = _BOXED.decode(whole)
        if text.count(b":") == 4 * len(boxed):
            return boxed
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    if any(blank in text for blank in _BEFORE_COLON):
        return None
    try:
        results = _RESULTS.decode(whole)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return results if text.count(b'":') == _count_keys(results) else None


def _count_keys(results: list[Result]) -> int:
    """Count the keys of results by the `":` behind each; a text that begins with a colon, as run lengths may, has one.

    Colons alone would not do: they are common inside run lengths.
    """
    keys = 3 * len(results)
    for name in _OPTIONAL:
        column = [getattr(row, name) for row in results]
        keys += len(column) - column.count(UNSET)
    for row in results:
        if type(row.segmentation) is Rle:
            keys += 2 + (type(row.segmentation.counts) is str and row.segmentation.counts[:1] == ":")
    return keys


def _exact(item: dict[str, Any], shown: str, row: int) -> Result:
    """Check one result value by value."""
    judge = _Judge(shown, row)
    return Result(
        image_id=judge.identity(item, "image_id"),
        category_id=judge.identity(item, "category_id"),
        score=judge.score(item),
        bbox=judge.box(item.get("bbox")),
        segmentation=judge.outline(item.get("segmentation")),
        keypoints=judge.keypoints(item.get("keypoints")),
        file_name=name if isinstance(name := item.get("file_name"), str) else UNSET,
    )


class _Judge:
    """Checks of the values of one result; `row` is its place in the file."""

    def __init__(self, shown: str, row: int) -> None:
        self.shown, self.row = shown, row

    def identity(self, item: dict[str, Any], key: str) -> int | str:
        value = item.get(key)
        if isinstance(value, float) and value.is_integer():
            return int(value)  # pandas writes so
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            self.fail(key, _found(item, key), "the id of a picture" if key == "image_id" else "the id of a class")
        return value

    def score(self, item: dict[str, Any]) -> float:
        if item.get("score") is None:
            self.fail("score", _found(item, "score"), "a confidence, such as 0.87")
        return self.number(item["score"], "score")

    def number(self, value: Any, key: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(key, f"is {_shown(value)}", "a number")
        if not math.isfinite(value):
            self.fail(key, f"is {value}", "a finite number")
        return float(value)

    def box(self, value: Any) -> tuple[float, float, float, float] | None:
        if value is None or value == []:
            return None
        if not isinstance(value, list) or len(value) != 4:
            self.fail("bbox", f"is {_shown(value)}", "[x, y, width, height]")
        x, y, width, height = (self.number(side, f"bbox[{at}]") for at, side in enumerate(value))
        return x, y, width, height

    def outline(self, value: Any) -> list[list[float]] | Rle | None:
        if value is None:
            return None
        if isinstance(value, dict):
            return self.mask(value)
        if not isinstance(value, list):
            self.fail("segmentation", f"is {_shown(value)}", "a mask, or a list of polygons")
        rings = []
        for at, ring in enumerate(value):
            if not isinstance(ring, list):
                self.fail(f"segmentation[{at}]", f"is {_shown(ring)}", "a polygon as [x1, y1, x2, y2, ...]")
            rings.append([self.number(number, f"segmentation[{at}]") for number in ring])
        return rings

    def mask(self, value: dict[str, Any]) -> Rle:
        size, counts = value.get("size"), value.get("counts")
        if not isinstance(size, list) or len(size) != 2 or not all(map(_whole, size)):
            self.fail("segmentation/size", f"is {_shown(size)}", "[height, width]")
        if isinstance(counts, list):
            if not all(map(_whole, counts)):
                self.fail("segmentation/counts", "holds what is no whole number", "run lengths")
            counts = [int(run) for run in counts]
        elif not isinstance(counts, str):
            self.fail("segmentation/counts", f"is {_shown(counts)}", "run lengths, as a list or as COCO's code")
        return Rle((int(size[0]), int(size[1])), counts)

    def keypoints(self, value: Any) -> list[float] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            self.fail("keypoints", f"is {_shown(value)}", "x, y, visibility for each")
        return [self.number(number, f"keypoints[{at}]") for at, number in enumerate(value)]

    def fail(self, key: str, found: str, expected: str) -> NoReturn:
        fail(self.shown, self.row, key, found, expected)


def fail(shown: str, row: int, key: str, found: str, expected: str, hint: str | None = None) -> NoReturn:
    """Refuse the file for the value of one key of one result."""
    field = f"[{row}]/{key}" if key else f"[{row}]"
    raise FormatError(
        f"{key} {found}, expected {expected}".lstrip(),
        at=Place(shown, field=field),
        hint=hint or "export the results again, or correct that place",
    )


def _found(item: dict[str, Any], key: str) -> str:
    return f"is {_shown(item[key])}" if key in item else "is missing"


def _shown(value: Any) -> str:
    text = show(repr(value))
    return text if len(text) <= 60 else f"{text[:59]}…"


def _whole(value: Any) -> bool:
    return (isinstance(value, float) and value.is_integer()) or (isinstance(value, int) and not isinstance(value, bool))
