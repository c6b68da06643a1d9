"""COCO pictures and classes to columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ..dataset import Categories, Ragged, SourceIds
from ..dataset.concat import concat_ids, ids_of
from ..errors import FormatError, IdentityError, Place, show
from ..files import relative_name
from ._json import LONGEST_INTEGER, BadGuess, JsonFile, Span, decode_array, decode_value

__all__ = ["ImagePiece", "ImageTable", "join_images", "plain_digits", "read_categories", "read_image_piece"]


@dataclass(frozen=True)
class ImagePiece:
    """Spans of the images array to read; a batch for the engine. `shown` is the file's name in messages."""

    file: JsonFile
    spans: tuple[Span, ...]
    shown: str

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, part: slice) -> ImagePiece:
        return ImagePiece(self.file, self.spans[part], self.shown)


@dataclass(kw_only=True)
class ImageTable:
    """Pictures as listed: ids, checked names (empty where there is none), sizes (0 where not said), attributes.

    `labelled` is False where the file says that nobody has labelled the picture; `textual` counts ids given as text.
    """

    ids: SourceIds
    names: list[str]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    labelled: NDArray[np.bool_]
    extra: Ragged | None
    textual: int = 0


class _Picture(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: int
    file_name: str
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET


_PICTURES = msgspec.json.Decoder(list[_Picture])
_KNOWN = frozenset({"id", "file_name", "width", "height", "labelled"})


def read_image_piece(piece: ImagePiece) -> list[ImageTable] | None:
    """Read the spans of a piece; None where a span was cut in the wrong place or is no JSON.

    Raises:
        FormatError: an id or a file name is not one.
        UnsafePathError: a file name leaves the picture folder.
    """
    tables = []
    for span in piece.spans:
        text = piece.file.read(span.start, span.end)
        try:
            tables.append(_read_fast(text, piece.shown) or _read_exact(decode_array(text), piece.shown))
        except BadGuess:
            return None
        except ValueError as error:
            raise FormatError(str(error), at=Place(piece.shown, field="images")) from error
    return tables


def _read_fast(text: bytes, shown: str) -> ImageTable | None:
    try:
        rows = _PICTURES.decode(b"[" + text + b"]")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    widths, heights = [row.width for row in rows], [row.height for row in rows]
    if UNSET in widths or UNSET in heights or b"\\" in text or text.count(b":") != 4 * len(rows):
        return None
    return _table([row.id for row in rows], [row.file_name for row in rows], widths, heights, shown)


def _table(ids: list[Any], names: list[str], widths: list[Any], heights: list[Any], shown: str) -> ImageTable:
    checked = [
        relative_name(name, Place(shown, field=f"image id {i}")) if name else ""
        for i, name in zip(ids, names, strict=True)
    ]
    return ImageTable(
        ids=ids_of(ids),
        names=checked,
        width=np.array([_side(value) for value in widths], np.int32),
        height=np.array([_side(value) for value in heights], np.int32),
        labelled=np.ones(len(ids), np.bool_),
        extra=None,
    )


def _side(value: Any) -> int:
    """Return a side in pixels; 0, that is unknown, for whatever is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31
    return value if good else 0


def _read_exact(items: list[dict[str, Any]], shown: str) -> ImageTable:
    ids, names, textual = [], [], 0
    for item in items:
        identity, was_text = image_id(item.get("id"), shown)
        textual += was_text
        name = item.get("file_name", "")
        if not isinstance(name, str):
            raise FormatError(
                f"file_name is {show(repr(name))}, expected a text",
                at=Place(shown, field=f"image id {identity}"),
                hint="every image needs the file name of its picture",
            )
        ids.append(identity)
        names.append(name)
    table = _table(ids, names, [i.get("width") for i in items], [i.get("height") for i in items], shown)
    rest = [{key: value for key, value in item.items() if key not in _KNOWN} for item in items]
    if any(rest):
        table.extra = Ragged.texts([msgspec.json.encode(row) if row else b"" for row in rest])
    table.labelled = np.array([item.get("labelled") is not False for item in items], np.bool_)
    table.textual = textual
    return table


def image_id(value: Any, shown: str) -> tuple[int | str, bool]:
    """Return an id as it is meant and whether digits were given as text.

    `1.0` is 1 (pandas writes so), and "2299" is 2299, because annotations of one file use both.

    Raises:
        FormatError: it is no id.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value), False
    if isinstance(value, str) and value:
        return (int(value), True) if plain_digits(value) else (value, False)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FormatError(
            f"an image id is {show(repr(value))}, expected an integer",
            at=Place(shown, field="images"),
            hint="give every image an id of its own",
        )
    return value, False


def plain_digits(text: str) -> bool:
    """Tell whether a text is an integer as it would be written in JSON: "7", not "007", and not of 40 digits."""
    return text.isascii() and text.isdecimal() and (text == "0" or text[0] != "0") and len(text) <= LONGEST_INTEGER


def join_images(tables: list[ImageTable], shown: str) -> ImageTable:
    """Join the tables of the pieces.

    Raises:
        IdentityError: two pictures have one id or one file name.
    """
    ids: SourceIds = concat_ids([table.ids for table in tables]) if tables else np.zeros(0, np.int64)
    names = [name for table in tables for name in table.names]
    values = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
    _refuse_twice(values, "image id", shown)
    _refuse_twice([name for name in names if name], "file name", shown)
    extra = None
    if any(table.extra is not None for table in tables):
        extra = Ragged.concat([table.extra or _no_extra(len(table.names)) for table in tables])
    return ImageTable(
        ids=ids,
        names=names,
        width=np.concatenate([t.width for t in tables]) if tables else np.zeros(0, np.int32),
        height=np.concatenate([t.height for t in tables]) if tables else np.zeros(0, np.int32),
        labelled=np.concatenate([t.labelled for t in tables]) if tables else np.zeros(0, np.bool_),
        extra=extra,
        textual=sum(t.textual for t in tables),
    )


def _no_extra(rows: int) -> Ragged:
    return Ragged(np.zeros(0, np.uint8), np.zeros(rows + 1, np.int64))


def _refuse_twice(values: list[Any], what: str, shown: str) -> None:
    if len(set(values)) == len(values):
        return
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise IdentityError(
                f"the {what} '{show(str(value))}' is there twice",
                at=Place(shown, field="images"),
                hint="give every picture one entry with an id of its own",
            )
        seen.add(value)


def read_categories(file: JsonFile, span: Span | None, shown: str) -> Categories:
    """Read the classes, in the order of the file.

    Raises:
        FormatError: it is no list of classes with an id and a name.
        IdentityError: two classes have one id or name.
    """
    place = Place(shown, field="categories")
    try:
        items = decode_value(file.read(span.start, span.end)) if span is not None else []
    except ValueError as error:
        raise FormatError(str(error), at=place) from error
    except BadGuess:
        raise FormatError("is not JSON", at=place, hint="export the file again") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise FormatError("is not a list of classes", at=place, hint="export the file again")
    ids = [_category_id(item.get("id"), place) for item in items]
    names = [_category_name(item.get("name"), place) for item in items]
    for values, what in ((ids, "class id"), (names, "class name")):
        twice = next((v for i, v in enumerate(values) if v in values[:i]), None)
        if twice is not None:
            raise IdentityError(
                f"the {what} '{show(str(twice))}' is there twice",
                at=place,
                hint="give every class one entry with an id and a name of its own",
            )
    return _category_table(items, ids, names)


def _category_id(value: Any, place: Place) -> int | str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise FormatError(f"a class id is {show(repr(value))}, expected an integer", at=place)
    return int(value) if isinstance(value, str) and plain_digits(value) else value


def _category_name(value: Any, place: Place) -> str:
    if not isinstance(value, str) or not value:
        raise FormatError(
            f"a class name is {show(repr(value))}, expected a text", at=place, hint="give every class a name"
        )
    return value


def _category_table(items: list[dict[str, Any]], ids: list[int | str], names: list[str]) -> Categories:
    keypoints = [_texts(item.get("keypoints")) for item in items]
    skeleton = [_pairs(item.get("skeleton"), len(points or ())) for item, points in zip(items, keypoints, strict=True)]
    rest: list[dict[str, Any]] = []
    for item, points, pairs in zip(items, keypoints, skeleton, strict=True):
        known = {"id", "name"} | {"supercategory"} & {k for k, v in item.items() if isinstance(v, str)}
        known |= ({"keypoints"} if points is not None else set()) | ({"skeleton"} if pairs is not None else set())
        rest.append({key: value for key, value in item.items() if key not in known})
    groups = tuple(item.get("supercategory") if isinstance(item.get("supercategory"), str) else None for item in items)
    return Categories(
        names=tuple(names),
        source_id=tuple(ids),
        supercategory=groups if any(group is not None for group in groups) else None,
        keypoints=tuple(points or () for points in keypoints) if any(p is not None for p in keypoints) else None,
        skeleton=tuple(pairs or () for pairs in skeleton) if any(p is not None for p in skeleton) else None,
        extra=tuple(rest) if any(rest) else None,
    )


def _texts(value: Any) -> tuple[str, ...] | None:
    good = isinstance(value, list) and value and all(isinstance(name, str) for name in value)
    return tuple(value) if good else None


def _pairs(value: Any, points: int) -> tuple[tuple[int, int], ...] | None:
    """Return a skeleton as pairs from 0 (COCO counts from 1), or None where it is not one over these keypoints."""
    if not isinstance(value, list) or not value or not all(isinstance(p, list) and len(p) == 2 for p in value):
        return None
    if not all(type(end) is int and 1 <= end <= points for pair in value for end in pair):
        return None
    return tuple((a - 1, b - 1) for a, b in value)
