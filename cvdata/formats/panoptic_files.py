"""COCO panoptic files: a JSON document of segments, and PNG files in which each pixel has the id of its segment."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import DetectionError, EvaluationError, FormatError, IdentityError, Place, show
from ..files import safe_join
from ..images import stem_of
from ._json import BadGuess, JsonFile, decode_value

__all__ = [
    "VOID",
    "PanopticClasses",
    "PanopticMaps",
    "Segments",
    "find_panoptic",
    "looks_panoptic",
    "open_panoptic",
    "read_ids",
]

VOID = 0
"""Id of pixels of no segment."""

_LARGEST_ID = (1 << 24) - 1


@dataclass(frozen=True, slots=True)
class PanopticClasses:
    """Classes of a panoptic document: names, ids, and whether each is of things; `things` is None where not said."""

    names: tuple[str, ...]
    ids: tuple[int, ...]
    things: tuple[bool, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The segments of one picture, in the order of the document.

    Attributes:
        ids: int64, shape (segments,).
        classes: int64, row of each segment's class.
        areas: int64, pixels as the document says; 1 in results, whose areas nobody looks at.
        crowd: bool, regions of a class whose objects are not told apart.
    """

    ids: NDArray[np.int64]
    classes: NDArray[np.int64]
    areas: NDArray[np.int64]
    crowd: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PanopticMaps:
    """A panoptic document and its PNG files.

    Attributes:
        path: of the document; `folder`: of the PNG files.
        names: of the pictures, without suffix; `ids`: as the document has them, numbers as text.
        files: names of the PNG files, relative to the folder.
        segments: of each picture.
        classes: of the document, else those it was read with.
        named: whether the names are those of pictures, not of PNG files.
    """

    path: str
    folder: str
    names: tuple[str, ...]
    ids: tuple[str, ...]
    files: tuple[str, ...]
    segments: tuple[Segments, ...]
    classes: PanopticClasses
    named: bool


def looks_panoptic(path: Path | str) -> bool:
    """Tell whether a path is a panoptic document, its folder of PNG files, or a folder with such documents alone.

    Looks for segments only where a folder called as the document, or its name, speaks for it; never raises.
    """
    try:
        return bool(_documents(os.fspath(path)))
    except OSError:
        return False


def find_panoptic(path: Path | str) -> str:
    """Return the panoptic document that a path means.

    Raises:
        DetectionError: there is none, or more than one.
    """
    try:
        found = _documents(os.fspath(path), sure=True)
    except OSError as error:
        raise DetectionError(f"'{show(path)}' cannot be read: {error.strerror}", hint="check the path") from error
    if len(found) == 1:
        return found[0]
    if not found:
        hint = "give the JSON file whose annotations have `segments_info`"
        raise DetectionError(f"'{show(path)}' holds no COCO panoptic document", hint=hint)
    shown = ", ".join(show(os.path.basename(name)) for name in found[:5])
    raise DetectionError(f"'{show(path)}' holds {len(found)} panoptic documents: {shown}", hint="give one of them")


def _documents(path: str, *, sure: bool = False) -> list[str]:
    """Return the panoptic documents that a path means; of a folder none if others lie among them."""
    if os.path.isfile(path):
        if not path.lower().endswith(".json"):
            return []
        return [path] if (sure or _hinted(path)) and _has_segments(path) else []
    beside = os.path.abspath(path) + ".json"
    if os.path.isfile(beside) and _has_segments(beside):
        return [beside]
    for folder in (path, os.path.join(path, "annotations")):
        if os.path.isdir(folder):
            found = sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.lower().endswith(".json"))
            if found:
                panoptic = [name for name in found if (sure or _hinted(name)) and _has_segments(name)]
                return panoptic if sure or len(panoptic) == len(found) else []
    return []


def _hinted(path: str) -> bool:
    """Tell whether it is worth looking for segments in a document, which may be long."""
    return "panoptic" in os.path.basename(path).lower() or os.path.isdir(stem_of(path))


def _has_segments(path: str) -> bool:
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return text.find(b'"segments_info"') >= 0


def open_panoptic(path: Path | str, classes: PanopticClasses | None = None) -> PanopticMaps:
    """Read a panoptic document and find its PNG files; opens none.

    Args:
        classes: of the truth, for results, which may come without any. Where a document has classes of its own, they
            are matched to these by name.

    Raises:
        FormatError: the document is broken, or says something impossible.
        IdentityError: a picture, a segment of it or a class is there twice.
        EvaluationError: a segment is of a class that is not among those given.
        UnsafePathError: the name of a PNG file leaves its folder.
    """
    reader = _Reader(os.path.abspath(find_panoptic(path)), results=classes is not None)
    own = reader.classes()
    if own is None and classes is None:
        reader.fail("categories", "is missing", "add the list of classes with id, name and isthing")
    meant = classes or own or PanopticClasses((), (), None)
    rows = _class_rows(own or meant, meant)
    pictures = reader.pictures()
    items = [reader.annotation(number, item, rows) for number, item in enumerate(reader.objects("annotations"))]
    ids, files, segments = zip(*items, strict=True) if items else ((), (), ())
    reader.once("annotations", "image_id", ids)
    reader.once("annotations", "file_name", files)
    folder = _folder(reader.path, files)
    for number, file in enumerate(files):
        safe_join(folder, file, Place(reader.path, field=f"annotations[{number}]/file_name"))
    named = bool(ids) and all(key in pictures for key in ids)
    names = tuple(stem_of(pictures[key] if named else file) for key, file in zip(ids, files, strict=True))
    reader.once("images" if named else "annotations", "file_name", names)
    return PanopticMaps(reader.path, folder, names, ids, files, segments, meant, named)


def _class_rows(own: PanopticClasses, meant: PanopticClasses) -> dict[int, int | str]:
    """Return the row of the class that each id means, or the name of one that is not among those meant."""
    where = {name: row for row, name in enumerate(meant.names)}
    return {key: where.get(name, name) for key, name in zip(own.ids, own.names, strict=True)}


def _folder(document: str, files: Sequence[str]) -> str:
    """Return the folder of the PNG files: called as the document, else that of the document itself."""
    folder = stem_of(document)
    beside = os.path.dirname(document)
    if not os.path.isdir(folder) or (files and not os.path.exists(os.path.join(folder, files[0]))):
        if files and os.path.exists(os.path.join(beside, files[0])):
            return beside
        if not os.path.isdir(folder):
            hint = f"put the PNG files into a folder '{show(os.path.basename(folder))}' beside the document"
            raise FormatError("has no folder of PNG files", at=Place(document), hint=hint)
    return folder


class _Reader:
    """Takes a document apart and says where something is wrong."""

    def __init__(self, path: str, *, results: bool) -> None:
        self.path, self.results = path, results
        file = JsonFile(path)
        try:
            document = decode_value(file.read(file.start, file.size))
        except (BadGuess, ValueError) as error:
            why = str(error) or "is not JSON, or is cut off"
            raise FormatError(why, at=Place(path), hint="export the file again") from error
        if not isinstance(document, dict):
            raise FormatError("is not a JSON object", at=Place(path), hint="export the file again")
        self.document: dict[str, Any] = document

    def fail(self, field: str, found: str, hint: str = "export the file again, or correct that place") -> NoReturn:
        """Raise a `FormatError` about a place in the document."""
        raise FormatError(found, at=Place(self.path, field=field), hint=hint)

    def objects(self, key: str) -> list[Mapping[str, Any]]:
        """Return a list of objects of the document."""
        items = self.document.get(key)
        if not isinstance(items, list):
            self.fail(key, "is missing" if items is None else "is not a list")
        for number, item in enumerate(items):
            if not isinstance(item, dict):
                self.fail(f"{key}[{number}]", "is not an object")
        return items

    def once(self, key: str, field: str, values: Sequence[object]) -> None:
        """Refuse what is there twice."""
        first: dict[object, int] = {}
        for number, value in enumerate(values):
            if value in first:
                raise IdentityError(
                    f"{field} '{show(str(value))}' is that of {key}[{first[value]}], too",
                    at=Place(self.path, field=f"{key}[{number}]/{field}"),
                    hint="keep one of them",
                )
            first[value] = number

    def classes(self) -> PanopticClasses | None:
        """Return the classes of the document, None where it has none, as results may."""
        if "categories" not in self.document:
            return None
        items = self.objects("categories")
        ids = [self._whole(item, "id", f"categories[{number}]", 0) for number, item in enumerate(items)]
        names = [self._text(item, "name", f"categories[{number}]") for number, item in enumerate(items)]
        self.once("categories", "id", ids)
        self.once("categories", "name", names)
        things = [item.get("isthing") for item in items]
        for number, thing in enumerate(things):
            if thing not in (None, 0, 1):
                self.fail(f"categories[{number}]/isthing", "is neither 0 nor 1")
        told = bool(things) and None not in things
        return PanopticClasses(tuple(names), tuple(ids), tuple(bool(thing) for thing in things) if told else None)

    def pictures(self) -> dict[str, str]:
        """Return the file names of the document's pictures by their ids."""
        if "images" not in self.document:
            return {}
        items = self.objects("images")
        ids = [self._id(item, "id", f"images[{number}]") for number, item in enumerate(items)]
        self.once("images", "id", ids)
        names = (self._text(item, "file_name", f"images[{number}]") for number, item in enumerate(items))
        return dict(zip(ids, names, strict=True))

    def annotation(
        self, number: int, item: Mapping[str, Any], rows: Mapping[int, int | str]
    ) -> tuple[str, str, Segments]:
        """Return the picture's id, the name of the PNG file, and the segments of one annotation."""
        place = f"annotations[{number}]"
        segments = item.get("segments_info")
        if not isinstance(segments, list) or not all(isinstance(segment, dict) for segment in segments):
            self.fail(f"{place}/segments_info", "is no list of segments")
        image, file = self._id(item, "image_id", place), self._text(item, "file_name", place)
        table = [self._segment(segment, f"{place}/segments_info[{row}]", rows) for row, segment in enumerate(segments)]
        ids = [row[0] for row in table]
        self.once(f"{place}/segments_info", "id", ids)
        columns = np.array(table, np.int64).reshape(-1, 4)
        return image, file, Segments(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3].astype(np.bool_))

    def _segment(
        self, segment: Mapping[str, Any], place: str, rows: Mapping[int, int | str]
    ) -> tuple[int, int, int, int]:
        key = self._whole(segment, "id", place, 1)
        if key > _LARGEST_ID:
            self.fail(f"{place}/id", f"is {key}, which no pixel of three bytes can hold")
        row = rows.get(self._whole(segment, "category_id", place, 0))
        if row is None:
            self.fail(f"{place}/category_id", f"is {segment['category_id']}, which no class has")
        if isinstance(row, str):
            raise EvaluationError(
                f"the segment is of class '{show(row)}', which the truth does not have",
                at=Place(self.path, field=place),
                hint="give the truth this class, or leave its segments out",
            )
        area = 1 if self.results else self._whole(segment, "area", place, 1)
        crowd = segment.get("iscrowd", 0)
        if crowd not in (0, 1):
            self.fail(f"{place}/iscrowd", "is neither 0 nor 1")
        return key, row, area, int(crowd)

    def _whole(self, item: Mapping[str, Any], key: str, place: str, least: int) -> int:
        value = item.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 53:
            self.fail(f"{place}/{key}", "is missing" if value is None else f"is no whole number from {least} on")
        return value

    def _id(self, item: Mapping[str, Any], key: str, place: str) -> str:
        """Return an id of a picture as text, so that "17" and 17 are one."""
        value = item.get(key)
        return value if isinstance(value, str) and value else str(self._whole(item, key, place, 0))

    def _text(self, item: Mapping[str, Any], key: str, place: str) -> str:
        value = item.get(key)
        if not isinstance(value, str) or not value:
            self.fail(f"{place}/{key}", "is missing" if value is None else "is no text")
        return value


def read_ids(path: str) -> NDArray[np.uint32]:
    """Return the id of the segment of each pixel, red + 256 * green + 65536 * blue, shape (height, width).

    Raises:
        FormatError: the file is not there, or is not a whole PNG file of 8-bit colours.
    """
    from ..images.decode import load
    from ..images.headers import read_file

    found = read_file(path)
    image = found if isinstance(found, str) else load(found.data)
    if not isinstance(image, str) and (image.format != "PNG" or image.mode not in ("RGB", "RGBA")):
        image = f"is a {image.format} file of mode {image.mode}, and ids are kept in the colours of an RGB PNG file"
    if isinstance(image, str):
        raise FormatError(f"the map of segments {image}", at=Place(path), hint="export it again")
    wide: NDArray[np.uint32] = np.asarray(image, np.uint32)
    ids: NDArray[np.uint32] = wide[..., 0] | (wide[..., 1] << np.uint32(8)) | (wide[..., 2] << np.uint32(16))
    return ids
