"""Scores of a classifier as a table: `image,label,score`, or `image` and a column of scores per class.

No format of datasets: it is read as what a model found, without doubt or not at all. Pictures and classes are names,
which the evaluation matches with those of the truth.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Images, State
from ..errors import FormatError, Place, show

__all__ = ["looks_like_scores", "read_scores"]

_PICTURE = ("image", "img", "image_name", "image_path", "image_id", "filename", "file_name", "file", "filepath", "path")
_NAME = ("name", "id")
"""Columns of the picture where there is none of `_PICTURE`."""

_LABEL = ("label", "class", "class_name", "category", "prediction", "predicted", "pred")
_SCORE = ("score", "confidence", "conf", "probability", "prob")
_BOX = {"bbox", "box", "xmin", "x_min", "x1", "left", "x", "xcenter", "x_center"}
"""Columns of tables of boxes, which are something else."""

_SUFFIXES = (".csv", ".tsv")
_HINT = "give a table with the columns image,label,score, or image and one column of scores per class"


def looks_like_scores(path: Path) -> bool:
    """Tell whether a file is a table of scores, by its suffix and its first line; never raises."""
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        with path.open("rb") as file:
            text = _decoded(file.read(1 << 16), path, cut=True)
        header = next(_records(text, path), (0, []))[1]
    except (OSError, FormatError):
        return False
    try:
        return _layout(header, Place(path)) is not None
    except FormatError:  # reading it says what is wrong
        return True


def read_scores(path: Path) -> Dataset:
    """Read a table of scores: every score is a label of its whole picture, with that confidence.

    Raises:
        FormatError: the file is no such table, or a line of it is wrong; the message names the first.
    """
    try:
        text = _decoded(path.read_bytes(), path)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", at=Place(path)) from error
    records = _records(text, path)
    line, header = next(records, (1, []))
    place = Place(path, line=line)
    layout = _layout(header, place)
    if layout is None:
        found = _shown(",".join(header))
        raise FormatError(f"the header is {found}, which is that of no table of scores", at=place, hint=_HINT)
    if layout.classes is None:
        return _read_long(path, records, layout, len(header))
    return _read_plain(text, layout.classes) or _read_wide(path, records, layout.classes)


def _decoded(raw: bytes, path: Path, *, cut: bool = False) -> str:
    """Return the text of a table, in UTF-8, or in UTF-16 with its mark.

    Args:
        cut: these are its first bytes only, and may end inside a letter.
    """
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding, "ignore" if cut else "strict")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FormatError("is not UTF-8 text", at=Place(path, line=line), hint="save the table as UTF-8") from error


def _records(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of each record; empty lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise FormatError(f"is no table: {error}", at=Place(path, line=reader.line_num), hint=_HINT) from error


def _delimiter(text: str) -> str:
    """Return what stands between cells: whichever of the usual signs the first line has most of."""
    return max(",;\t", key=text.lstrip().partition("\n")[0].count)


@dataclass(frozen=True)
class _Layout:
    """Which column holds what; `classes` of one column each, or None where a line has one label and its score."""

    image: int
    label: int = -1
    score: int = -1
    classes: tuple[str, ...] | None = None


def _layout(header: Sequence[str], place: Place) -> _Layout | None:
    """Return what the columns are; None where they are no table of scores.

    Raises:
        FormatError: a column has no name, two have one, or it cannot be told which of two holds the class or score.
    """
    names = [name.strip().casefold() for name in header]
    images, named, labels, scores = (
        [at for at, name in enumerate(names) if name in known] for known in (_PICTURE, _NAME, _LABEL, _SCORE)
    )
    image, label, score = (found[0] if found else -1 for found in (images or named, labels, scores))
    if image < 0:
        return None
    if label >= 0 and score >= 0:
        if _BOX.intersection(names):
            return None
        for columns, what in ((labels, "class"), (scores, "score")):
            if len(columns) > 1:
                shown = " and ".join(f"'{show(header[at])}'" for at in columns[:2])
                hint = f"keep the one with what the model said; {_HINT}"
                raise FormatError(f"the columns {shown} may both be the {what}", at=place, hint=hint)
        return _Layout(image, label, score)
    if image > 0 or label >= 0 or score >= 0 or len(header) < 2:
        return None
    classes, seen = tuple(header[1:]), set[str]()
    for at, name in enumerate(classes):
        if not name:
            raise FormatError(f"column {at + 2} has no name, expected that of a class", at=place, hint=_HINT)
        if name in seen:
            raise FormatError(f"the column '{show(name)}' is there twice", at=place, hint="give every class one column")
        seen.add(name)
    return _Layout(image, classes=classes)


def _read_long(path: Path, records: Iterator[tuple[int, list[str]]], layout: _Layout, width: int) -> Dataset:
    images: dict[str, int] = {}
    classes: dict[str, int] = {}
    lines: dict[tuple[int, int], int] = {}
    scores: list[float] = []
    for line, cells in records:
        _check_width(cells, width, path, line)
        image = images.setdefault(_picture(cells[layout.image], path, line), len(images))
        label = cells[layout.label]
        if not label:
            raise FormatError("the label is empty, expected the name of a class", at=Place(path, line=line), hint=_HINT)
        key = image, classes.setdefault(label, len(classes))
        if lines.setdefault(key, line) != line:
            raise FormatError(
                f"'{show(cells[layout.image])}' has a score for '{show(label)}' already, on line {lines[key]}",
                at=Place(path, line=line),
                hint="give every picture one score per class",
            )
        scores.append(_score(cells[layout.score], path, line, "score"))
    pairs = np.array(list(lines), np.int64).reshape(-1, 2)
    return _dataset(tuple(images), tuple(classes), pairs[:, 0], pairs[:, 1], np.array(scores, np.float64))


def _read_plain(text: str, classes: tuple[str, ...]) -> Dataset | None:
    """Read a table of many classes without quotes and oddities, in a tenth of the time; None where it has any."""
    text = text.lstrip().replace("\r\n", "\n")
    if '"' in text or "\r" in text:
        return None
    delimiter, numbers = _delimiter(text), msgspec.json.Decoder(list[float])
    lines = [line for line in text.split("\n")[1:] if line]
    names, rows = [], []
    for line in lines:
        name, _, rest = line.partition(delimiter)
        try:
            row = numbers.decode(f"[{rest.replace(delimiter, ',')}]")
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None
        if len(row) != len(classes):
            return None
        names.append(name.lstrip(" ").replace("\\", "/"))
        rows.append(np.array(row))
    score = np.concatenate(rows) if rows else np.zeros(0)
    if not all(names) or len(set(names)) < len(names) or not ((score >= 0) & np.isfinite(score)).all():
        return None
    return _of_wide(names, classes, score)


def _read_wide(path: Path, records: Iterator[tuple[int, list[str]]], classes: tuple[str, ...]) -> Dataset:
    lines: dict[str, int] = {}
    rows: list[NDArray[np.float64]] = []
    for line, cells in records:
        _check_width(cells, len(classes) + 1, path, line)
        name = _picture(cells[0], path, line)
        if lines.setdefault(name, line) != line:
            raise FormatError(
                f"'{show(name)}' has scores already, on line {lines[name]}",
                at=Place(path, line=line),
                hint="give every picture one line",
            )
        rows.append(np.array([_score(cell, path, line, c) for cell, c in zip(cells[1:], classes, strict=True)]))
    return _of_wide(list(lines), classes, np.concatenate(rows) if rows else np.zeros(0))


def _of_wide(names: Sequence[str], classes: tuple[str, ...], score: NDArray[np.float64]) -> Dataset:
    image = np.repeat(np.arange(len(names), dtype=np.int32), len(classes))
    category = np.tile(np.arange(len(classes), dtype=np.int32), len(names))
    return _dataset(tuple(names), classes, image, category, score)


def _check_width(cells: Sequence[str], width: int, path: Path, line: int) -> None:
    if len(cells) != width:
        raise FormatError(
            f"has {len(cells)} cells, expected {width} as in the header",
            at=Place(path, line=line),
            hint="put a name with a comma in it into quotes",
        )


def _picture(name: str, path: Path, line: int) -> str:
    if not name:
        raise FormatError("the picture has no name", at=Place(path, line=line), hint=_HINT)
    return name.replace("\\", "/")


def _score(cell: str, path: Path, line: int, column: str) -> float:
    try:
        # Python reads 1_0 and full-width digits, too, and no one means them.
        value = float(cell) if cell.isascii() and "_" not in cell else math.nan
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise FormatError(
            f"is {_shown(cell)}, expected a number from 0 on",
            at=Place(path, line=line, field=column),
            hint="a score is a confidence, such as 0.87",
        )
    return value


def _shown(text: str) -> str:
    return f"'{show(text, 60)}'" if text else "empty"


def _dataset(
    names: tuple[str, ...],
    classes: tuple[str, ...],
    image: NDArray[np.integer[Any]],
    category: NDArray[np.integer[Any]],
    score: NDArray[np.float64],
) -> Dataset:
    if (np.diff(image) < 0).any():
        order = np.argsort(image, kind="stable")
        image, category, score = image[order], category[order], score[order]
    count = len(names)
    return Dataset(
        images=Images(
            names=names,
            width=np.zeros(count, np.int32),
            height=np.zeros(count, np.int32),
            state=np.full(count, State.LABELLED, np.uint8),
            split=np.full(count, -1, np.int32),
            folder=np.full(count, -1, np.int32),
        ),
        annotations=Annotations(
            image=image.astype(np.int32, copy=False),
            category=category.astype(np.int32, copy=False),
            box=np.broadcast_to(np.array(np.nan), (len(score), 4)),  # a million scores need no million boxes
            score=score,
        ),
        categories=Categories(names=classes),
    )
