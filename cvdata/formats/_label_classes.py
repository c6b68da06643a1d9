"""Which class a value or colour of a label map stands for, as files beside the maps say it."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, Place, show
from ._json import BadGuess, JsonFile, decode_value

__all__ = [
    "COLOUR",
    "PixelClasses",
    "cityscapes_classes",
    "find_classes",
    "named_classes",
    "read_classes",
    "voc_classes",
]

COLOUR = 1 << 24
"""Added to a colour, red * 65536 + green * 256 + blue, to tell it from a value."""

_LARGEST = 1 << 20  # bytes of a list of classes
_LARGEST_VALUE = (1 << 16) - 1  # of a pixel
_VOID_NAMES = frozenset({"void", "ignore", "ignored"})


@dataclass(frozen=True, slots=True, eq=False)
class PixelClasses:
    """Classes of a label map and the values that stand for them.

    Attributes:
        names: of the classes, in order.
        values: value of each class, int64, shape (classes,).
        colours: colour of each class as `COLOUR` + red * 65536 + green * 256 + blue, int64, shape (classes,); None
            where maps hold values alone.
        void: values and colours that belong to no class and are left out, int64.
        origin: file or convention that says so.
        numbered: whether the places in a palette are the values, whatever the colours; else its colours count.
    """

    names: tuple[str, ...]
    values: NDArray[np.int64]
    colours: NDArray[np.int64] | None
    void: NDArray[np.int64]
    origin: str
    numbered: bool = True


_Row = tuple[int, str, int | None]  # value, name, colour


def find_classes(root: str, folders: Iterable[str]) -> PixelClasses | None:
    """Read the list of classes that lies nearest to label maps: beside them, or above, up to two folders above a root.

    Args:
        folders: those with maps, relative to the root; `""` for the root itself.

    Raises:
        FormatError: there is one, and it cannot be read, or two say different things.
    """
    lists = dict.fromkeys(_nearest(root, folder) for folder in folders)
    found = [read_classes(path) for path in lists if path is not None]
    for other in found[1:]:
        if (other.names, other.values.tolist()) != (found[0].names, found[0].values.tolist()):
            raise FormatError(
                "gives other classes than the list of another folder",
                at=Place(other.origin),
                hint=f"give one folder at a time, or one list with --classes; the other is {Place(found[0].origin)}",
            )
    return found[0] if found else None


def _nearest(root: str, folder: str) -> str | None:
    levels = 3 + (folder.count("/") + 1 if folder else 0)
    path = os.path.join(root, folder) if folder else root
    for _ in range(levels):
        for name in _READERS:
            if os.path.isfile(os.path.join(path, name)):
                return os.path.join(path, name)
        path = os.path.dirname(path)
    return None


def read_classes(path: str | os.PathLike[str]) -> PixelClasses:
    """Read a list of classes: `_classes.csv`, `labelmap.txt`, `label_colors.txt`, `dataset_meta.json`, or plain names.

    Raises:
        FormatError: it is no such list, or says two things of one value, name or colour.
    """
    whole = os.fspath(path)
    base = os.path.basename(whole)
    read = _READERS.get(base) or (_csv if base.endswith(".csv") else _json if base.endswith(".json") else _guessed)
    return _table(list(read(whole)), whole)


def named_classes(names: Sequence[str], origin: str = "the list of classes") -> PixelClasses:
    """Return classes whose values are their places: 0, 1, 2, ..."""
    return _table([(row, name, None) for row, name in enumerate(names)], origin)


def _table(rows: list[_Row], origin: str) -> PixelClasses:
    for what, items in (
        ("value", [row[0] for row in rows]),
        ("name", [row[1] for row in rows]),
        ("colour", [row[2] for row in rows if row[2] is not None]),
    ):
        if len(set(items)) < len(items):
            twice = next(item for item, count in Counter(items).items() if count > 1)
            shown = _hex(twice) if what == "colour" and isinstance(twice, int) else show(str(twice))
            raise _wrong(origin, None, f"gives the {what} '{shown}' to two classes")
    kept = [row for row in rows if row[1].lower() not in _VOID_NAMES]
    if not kept:
        raise _wrong(origin, None, "names no class")
    out = [row for row in rows if row[1].lower() in _VOID_NAMES]
    void = [part for row in out for part in (row[0], row[2]) if part is not None]
    coloured = bool(rows) and rows[0][2] is not None
    return PixelClasses(
        names=tuple(row[1] for row in kept),
        values=np.array([row[0] for row in kept], np.int64),
        colours=np.array([row[2] for row in kept], np.int64) if coloured else None,
        void=np.array(void, np.int64),
        origin=origin,
        numbered=not coloured,
    )


def _hex(colour: int) -> str:
    return f"#{colour & 0xFFFFFF:06x}"


def _wrong(path: str, line: int | None, found: str) -> FormatError:
    hint = "give a line per class: its name; `value,name`; or `red green blue name`"
    return FormatError(found, at=Place(path, line=line), hint=hint)


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a list that say something, by number."""
    try:
        if os.path.getsize(path) > _LARGEST:
            raise _wrong(path, None, f"has more than {_LARGEST >> 20} MiB, too much for a list of classes")
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _wrong(path, None, f"cannot be read: {reason}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _csv(path: str) -> Iterator[_Row]:
    """Read Roboflow's `_classes.csv`: a heading `Pixel Value, Class`, then `0, background`."""
    for number, line in _lines(path):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
        except csv.Error as error:
            raise _wrong(path, number, f"is no table: {error}") from error
        if len(cells) == 2 and cells[0].isdecimal() and cells[1]:
            yield _value(path, number, cells[0]), cells[1], None
        elif number > 1:
            raise _wrong(path, number, f"'{show(line, 40)}' is not `value, name`")


def _labelmap(path: str) -> Iterator[_Row]:
    """Read CVAT's `labelmap.txt`: `name:red,green,blue:parts:actions`; its masks number the classes by line."""
    for row, (number, line) in enumerate(_lines(path)):
        parts = line.split(":")
        if len(parts) < 2:
            raise _wrong(path, number, f"'{show(line, 40)}' is not `name:red,green,blue::`")
        yield row, parts[0].strip(), _colour(path, number, parts[1].split(","))


def _value(path: str, line: int | None, digits: str) -> int:
    # The length first: Python refuses to read thousands of digits.
    if len(digits) > 9 or int(digits) > _LARGEST_VALUE:
        raise _wrong(path, line, f"has the value {show(digits, 40)}, and pixels hold 0 to {_LARGEST_VALUE:,}")
    return int(digits)


_COLOUR_LINE = re.compile(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(.+)")


def _label_colors(path: str) -> Iterator[_Row]:
    """Read CamVid's `label_colors.txt`: `red green blue name`."""
    for row, (number, line) in enumerate(_lines(path)):
        match = _COLOUR_LINE.fullmatch(line)
        if match is None:
            raise _wrong(path, number, f"'{show(line, 40)}' is not `red green blue name`")
        yield row, match[4].strip(), _colour(path, number, match.groups()[:3])


def _colour(path: str, line: int, parts: Sequence[Any]) -> int:
    texts = [str(part).strip() for part in parts]
    if len(texts) != 3 or not all(text.isdecimal() and len(text) < 4 and int(text) < 256 for text in texts):
        raise _wrong(path, line, f"'{show(','.join(texts), 40)}' is no colour of three values from 0 to 255")
    red, green, blue = (int(text) for text in texts)
    return COLOUR + (red << 16) + (green << 8) + blue


def _names(path: str) -> Iterator[_Row]:
    for row, (_, line) in enumerate(_lines(path)):
        yield row, line, None


def _guessed(path: str) -> Iterator[_Row]:
    """Read a list by another name: as its first line looks."""
    first = next(_lines(path), (1, ""))[1]
    if _COLOUR_LINE.fullmatch(first):
        return _label_colors(path)
    if re.fullmatch(r"[^:]+:\d+,\d+,\d+:.*", first):
        return _labelmap(path)
    return _csv(path) if re.fullmatch(r"\d+\s*,.+", first) else _names(path)


def _json(path: str) -> Iterator[_Row]:
    """Read Datumaro's `dataset_meta.json`: names by value in `label_map`, `segmentation_colors` in their order."""
    file = JsonFile(path)
    if file.size > _LARGEST:
        raise _wrong(path, None, f"has more than {_LARGEST >> 20} MiB, too much for a list of classes")
    try:
        whole = decode_value(file.read(file.start, file.size))
    except (BadGuess, ValueError) as error:
        raise _wrong(path, None, "is not JSON") from error
    labels = whole.get("label_map") if isinstance(whole, dict) else None
    if not isinstance(labels, dict) or not all(k.isdecimal() and isinstance(v, str) for k, v in labels.items()):
        raise _wrong(path, None, "has no `label_map` of names by value")
    colours = whole.get("segmentation_colors") or []
    if not isinstance(colours, list) or len(colours) not in (0, len(labels)):
        raise _wrong(path, None, f"has {len(labels)} classes and another number of colours")
    for row, (value, name) in enumerate(labels.items()):
        colour = colours[row] if colours else None
        if colour is not None and not isinstance(colour, list):
            raise _wrong(path, None, "has a colour that is no list of three values")
        yield _value(path, None, value), name, None if colour is None else _colour(path, row + 1, colour)


_READERS = {
    "_classes.csv": _csv,
    "labelmap.txt": _labelmap,
    "label_colors.txt": _label_colors,
    "dataset_meta.json": _json,
    "classes.txt": _guessed,
}
"""Names of lists of classes, in the order they are looked for, and how each is read."""

_VOC = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


def voc_classes() -> PixelClasses:
    """Return the 21 classes of Pascal VOC's `SegmentationClass`, in which 255 is the border."""
    rows: list[_Row] = [(row, name, _voc_colour(row)) for row, name in enumerate(_VOC)]
    return replace(_table([*rows, (255, "void", _voc_colour(255))], "Pascal VOC"), numbered=True)


def _voc_colour(index: int) -> int:
    """Spread the bits of an index over red, green and blue from bit 7 down (VOC devkit, `VOClabelcolormap`)."""
    channels = [0, 0, 0]
    for bit in range(8):
        channels[bit % 3] |= (index >> bit & 1) << (7 - bit // 3)
    return COLOUR + (channels[0] << 16) + (channels[1] << 8) + channels[2]


_CITYSCAPES = {
    7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole", 19: "traffic light",
    20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car", 27: "truck",
    28: "bus", 31: "train", 32: "motorcycle", 33: "bicycle",
}  # fmt: skip


def cityscapes_classes(*, train_ids: bool) -> PixelClasses:
    """Return the 19 classes that Cityscapes evaluates (cityscapesScripts, `labels.py`: those not `ignoreInEval`).

    Args:
        train_ids: maps hold 0 to 18 (`labelTrainIds`), not the 34 ids of `labelIds`.
    """
    names = tuple(_CITYSCAPES.values())
    ids = list(range(19)) if train_ids else list(_CITYSCAPES)
    void = [19, 255] if train_ids else [value for value in range(256) if value not in _CITYSCAPES]
    return PixelClasses(names, np.array(ids, np.int64), None, np.array(void, np.int64), "Cityscapes")
