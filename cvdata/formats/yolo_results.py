"""YOLO predictions: a text file per picture, rows `class x y width height confidence`, as fractions of the picture.

That is what Ultralytics writes with `save_txt=True save_conf=True`; for outlines the row is `class x1 y1 ... xn yn
confidence`. Such a folder names neither classes nor sizes, so it is read onto those of a truth, without doubt or not at
all. A picture in which nothing was found has no file there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Polygons
from ..dataset.geometry import bounds
from ..dataset.ragged import ranges, starts
from ..errors import FormatError, Place, show
from ._results_names import Names
from ._yolo_pixels import boxes_in_pixels
from ._yolo_rows import Table, load_rows, table_of

__all__ = ["looks_like_yolo_results", "read_yolo_results"]

_LABELS, _CLASSES, _SUFFIX = "labels", "classes.txt", ".txt"
_LOOKED_AT = 50
_BOX, _LEAST_OUTLINE = 6, 8
"""Numbers of a row with a box, and the fewest of one with an outline: class, three points, confidence."""

_EXPECTED = "a class, a box (4 numbers) or an outline (an even number, from 6 on), and a confidence"


def looks_like_yolo_results(path: Path) -> bool:
    """Tell whether a folder holds YOLO predictions: text files whose rows end in a confidence; never raises."""
    try:
        if not path.is_dir() or any(name.endswith((".yaml", ".data")) for name in os.listdir(path)):
            return False
        folder, names = _files(path)
        for name in names[:_LOOKED_AT]:
            text = load_rows(f"{folder}/{name}")
            if isinstance(text, str):
                return False
            table, bad = table_of([text])
            if bad or not _has_confidences(table):
                return False
            if len(table.line):
                return True
    except OSError:
        return False
    return False


def read_yolo_results(path: Path, truth: Dataset) -> Dataset:
    """Read YOLO predictions onto the pictures and classes of a truth; classes are numbered from 0 as there.

    Raises:
        FormatError: a file belongs to no picture of the truth, a row is none of a class, place and confidence, or the
            size of a picture is not known.
    """
    if not path.is_dir():
        hint = "give the folder with a text file for each picture"
        raise FormatError("is no folder of YOLO predictions", at=Place(path), hint=hint)
    folder, files = _files(path)
    texts = []
    for name in files:
        text = load_rows(f"{folder}/{name}")
        if isinstance(text, str):
            raise FormatError(f"is {text}", at=Place(f"{folder}/{name}"), hint="write the predictions again")
        texts.append(text)
    table, bad = table_of(texts)
    if bad:
        at = Place(f"{folder}/{files[bad[0].file]}", line=bad[0].line)
        raise FormatError(f"{bad[0].found}; expected {_EXPECTED}", at=at, hint="write the predictions again")
    image = _pictures(folder, files, truth)[table.file]
    size = np.stack([truth.images.width[image], truth.images.height[image]], axis=1).astype(np.float64)
    rows = _Rows(folder, files, table)
    rows.check(len(truth.categories), size)
    order = np.argsort(image, kind="stable")
    found = _annotations(rows, image, size).take(order)
    return Dataset(images=truth.images, annotations=found, categories=truth.categories)


def _files(path: Path) -> tuple[str, list[str]]:
    """Return the folder with the files, which may be `labels` in the one that was given, and their names, sorted."""
    folder = os.fspath(path)
    if os.path.isdir(f"{folder}/{_LABELS}"):
        folder = f"{folder}/{_LABELS}"
    names = [name for name in os.listdir(folder) if name.endswith(_SUFFIX) and name != _CLASSES]
    return folder, sorted(names)


def _pictures(folder: str, files: list[str], truth: Dataset) -> NDArray[np.int64]:
    """Return the row of the picture of each file, int64, shape (files,)."""
    rows = Names(truth).pictures([name.removesuffix(_SUFFIX) for name in files])
    lost = np.flatnonzero(rows < 0)
    if len(lost):
        raise FormatError(
            f"belongs to no picture of the truth, or to several: none alone is called "
            f"'{show(files[lost[0]].removesuffix(_SUFFIX))}'",
            at=Place(f"{folder}/{files[lost[0]]}"),
            hint="hold the predictions against the truth of the same pictures",
        )
    return rows


def _has_confidences(table: Table) -> bool:
    """Tell whether every row may end in a confidence."""
    last = table.numbers[np.cumsum(table.widths) - 1]
    return bool((_wide(table) & (last >= 0) & (last <= 1)).all())


def _wide(table: Table) -> NDArray[np.bool_]:
    """Tell which rows have as many numbers as a box or an outline with a confidence, bool, shape (rows,)."""
    return np.asarray((table.widths == _BOX) | ((table.widths >= _LEAST_OUTLINE) & (table.widths % 2 == 0)))


@dataclass(frozen=True)
class _Rows:
    """The rows of all files, and where each stands for messages."""

    folder: str
    files: list[str]
    table: Table

    @property
    def first(self) -> NDArray[np.int64]:
        """Where the numbers of each row begin, int64, shape (rows,)."""
        return starts(self.table.widths)[:-1]

    def check(self, classes: int, size: NDArray[np.float64]) -> None:
        """Refuse rows that are none of a class, a place and a confidence, or whose picture has no size."""
        table = self.table
        for row in np.flatnonzero(~_wide(table))[:1].tolist():
            five = " (without a confidence: predict with save_conf=True)" if table.widths[row] == _BOX - 1 else ""
            self._fail(row, f"a row of {table.widths[row]} numbers{five}; expected {_EXPECTED}", "predict them again")
        last = table.numbers[self.first + table.widths - 1]
        for row in np.flatnonzero((last < 0) | (last > 1))[:1].tolist():
            self._fail(row, f"the confidence {last[row]:g}; expected 0 to 1", "predict them again")
        category = table.numbers[self.first]
        for row in np.flatnonzero((category != np.floor(category)) | (category < 0) | (category >= classes))[
            :1
        ].tolist():
            names = "hold the predictions against the truth of the same classes, in the same order"
            self._fail(row, f"the class {category[row]:g}; expected 0 to {classes - 1}, as the truth has them", names)
        boxes = np.flatnonzero(table.widths == _BOX)
        sides = table.numbers[self.first[boxes, None] + np.array([3, 4])]
        for at in np.flatnonzero((sides < 0).any(axis=1))[:1].tolist():
            self._fail(int(boxes[at]), "a negative width or height", "predict them again")
        for row in np.flatnonzero((size <= 0).any(axis=1))[:1].tolist():
            self._fail(row, "a picture whose size the truth does not know", "give --images with the pictures")

    def _fail(self, row: int, found: str, hint: str) -> NoReturn:
        file = f"{self.folder}/{self.files[self.table.file[row]]}"
        raise FormatError(found, at=Place(file, line=int(self.table.line[row])), hint=hint)


def _annotations(rows: _Rows, image: NDArray[np.int64], size: NDArray[np.float64]) -> Annotations:
    table, first = rows.table, rows.first
    box = np.zeros((len(image), 4))
    boxes = np.flatnonzero(table.widths == _BOX)
    box[boxes] = boxes_in_pixels(table.numbers[first[boxes, None] + np.arange(1, 5)], size[boxes])
    columns: dict[str, Any] = {}
    outlined = table.widths > _BOX
    if outlined.any():
        chosen = np.flatnonzero(outlined)
        widths = table.widths[chosen] - 2
        points = table.numbers[ranges(first[chosen] + 1, widths)].reshape(-1, 2)
        points = points * np.repeat(size[chosen], widths // 2, axis=0)
        polygons = Polygons(points, starts(widths // 2), starts(outlined * 1))
        box[outlined] = bounds(polygons)[outlined]
        columns["polygons"] = polygons
    return Annotations(
        image=image.astype(np.int32),
        category=table.numbers[first].astype(np.int32),
        box=box,
        score=table.numbers[first + table.widths - 1],
        **columns,
    )
