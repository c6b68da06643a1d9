"""All label files of a YOLO dataset: their good rows in columns, their bad ones in quarantine, their oddities noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import State
from ..engine import batch_size
from ..errors import Place, UnsafePathError, show
from ..files import Counts
from ._yolo_finder import label_of
from ._yolo_layout import Layout
from ._yolo_rows import LabelBatch, LabelRows, count_rows, parse_labels
from ._yolo_source import Source
from ._yolo_unlabelled import UNLABELLED, unlabelled_files
from .intake import Intake
from .settle import Places

__all__ = ["Labels", "read_labels"]

_MOST_FILES = 2000


@dataclass(frozen=True)
class Labels:
    """The good rows of all label files, sorted by picture.

    Attributes:
        kept: rows of the layout whose label file can be read; pictures are numbered along it.
        state: uint8, a `State` for each of them.
        image, line, category, values, widths: the rows; see `LabelRows`.
    """

    kept: list[int]
    state: NDArray[np.uint8]
    image: NDArray[np.int32]
    line: NDArray[np.int32]
    category: NDArray[np.int32]
    values: NDArray[np.float64]
    widths: NDArray[np.int64]

    def places(self, layout: Layout, names: list[str]) -> Places:
        """Say where pictures and rows came from."""
        return Places(
            lambda row: Place(names[row]),
            lambda row: Place(layout.label_files[self.kept[self.image[row]]], int(self.line[row])),
        )


def read_labels(source: Source, layout: Layout, intake: Intake) -> Labels:
    """Read the label files that are there, put what is bad in quarantine, and note what is odd."""
    labelled = [row for row, file in enumerate(layout.label_files) if file in layout.labels]
    files = [layout.label_files[row] for row in labelled]
    _refuse_links(layout)
    rows = _joined(list(_parse_all(files, source, layout, intake)))
    _note_shared(files, intake)
    _note_rows(rows, files, source, intake)
    for bad in rows.bad:
        name = layout.names[labelled[bad.file]]
        intake.bad_annotation(Place(files[bad.file], bad.line), bad.found, bad.expected, name)
    for file, found in rows.unreadable.items():
        intake.bad_label_file(Place(files[file]), found, "rows of numbers", layout.names[labelled[file]])
    orphans = _quarantine_orphans(files, layout, intake)
    intake.read += Counts(len(layout.names), int(rows.counts.sum()) + orphans)
    kept = np.ones(len(layout.names), np.bool_)
    kept[[labelled[file] for file in rows.unreadable]] = False
    number = np.cumsum(kept) - 1
    image = number[np.array(labelled, np.int64)[rows.file]].astype(np.int32)
    state = np.full(len(layout.names), State.UNLABELLED, np.uint8)
    listed = unlabelled_files(source.root)
    looked_at = np.fromiter((file not in listed for file in files), np.bool_, len(files))
    state[labelled] = np.where((rows.counts == 0) & looked_at, State.EMPTY, State.UNLABELLED)
    state = state[kept]
    state[image] = State.LABELLED
    return Labels(np.flatnonzero(kept).tolist(), state, image, rows.line, rows.category, rows.values, rows.widths)


def _parse_all(files: list[str], source: Source, layout: Layout, intake: Intake) -> Iterator[LabelRows]:
    intake.progress.start("reading labels", len(files))
    step = batch_size(len(files), intake.engine.workers, _MOST_FILES, 100)
    batches = (
        LabelBatch(layout.labels.root, files[first : first + step], len(source.names), source.keypoints)
        for first in range(0, len(files), step)
    )
    return intake.engine.map(parse_labels, batches, progress=intake.progress)


def _joined(parts: list[LabelRows]) -> LabelRows:
    """Join batches; files and rows are numbered through."""
    if len(parts) == 1:
        return parts[0]
    files = accumulate((len(part.counts) for part in parts), initial=0)
    rows = accumulate((len(part.file) for part in parts), initial=0)
    moved = [part.moved(file, row) for part, file, row in zip(parts, files, rows, strict=False)]
    return LabelRows(
        counts=_stacked(np.int64, [part.counts for part in moved]),
        unreadable={file: why for part in moved for file, why in part.unreadable.items()},
        file=_stacked(np.int32, [part.file for part in moved]),
        line=_stacked(np.int32, [part.line for part in moved]),
        category=_stacked(np.int32, [part.category for part in moved]),
        values=_stacked(np.float64, [part.values for part in moved]),
        widths=_stacked(np.int64, [part.widths for part in moved]),
        repeats=_stacked(np.int64, [part.repeats for part in moved]),
        bad=[bad for part in moved for bad in part.bad],
    )


def _stacked(kind: type[Any], parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts).astype(kind, copy=False) if parts else np.zeros(0, kind)


def _note_shared(files: list[str], intake: Intake) -> None:
    shared = sorted(file for file, times in Counter(files).items() if times > 1)
    if shared:
        message = "{n} label files belong to more than one picture, and each got their labels"
        intake.note("shared-label-file", message, len(shared), [show(file) for file in shared])


def _note_rows(rows: LabelRows, files: list[str], source: Source, intake: Intake) -> None:
    if len(rows.repeats):
        examples = [str(Place(files[rows.file[row]], int(rows.line[row]))) for row in rows.repeats[:5].tolist()]
        intake.note("duplicate-rows", "{n} duplicate rows were kept", len(rows.repeats), examples)
    if source.keypoints is None:
        boxes = np.bincount(rows.file[rows.widths == 4], minlength=len(files)) > 0
        outlines = np.bincount(rows.file[rows.widths > 4], minlength=len(files)) > 0
        mixed = np.flatnonzero(boxes & outlines).tolist()
        if mixed:
            message = "{n} label files mix boxes and polygons; all were kept, but trainers drop one kind"
            intake.note("mixed-rows", message, len(mixed), [show(files[file]) for file in mixed[:5]])


def _refuse_links(layout: Layout) -> None:
    for name, reason in layout.labels.refused.items():
        if any(file == name or file.startswith(f"{name}/") for file in layout.label_files):
            raise UnsafePathError(f"holds labels, but {reason}", at=Place(name), hint="put the files themselves there")


def _quarantine_orphans(files: list[str], layout: Layout, intake: Intake) -> int:
    """Put label files without a picture in quarantine; return how many rows they have.

    Only folders that hold labels of this dataset and nothing else count: beside pictures any text file may lie.
    """
    apart = layout.pictures.root != layout.labels.root
    folders = {file.rpartition("/")[0] for file in layout.label_files}
    folders -= {""} if apart else {"", *_with_parents({name.rpartition("/")[0] for name in layout.pictures.names})}
    known = set(files) if apart else set(files).union(map(label_of, layout.pictures.names))
    total = 0
    for name in layout.labels.names:
        if (
            name in known
            or name.endswith("classes.txt")
            or name == UNLABELLED
            or folders.isdisjoint(_with_parents([name]))
        ):
            continue
        rows = count_rows(f"{layout.labels.root}/{name}")
        found, expected = "labels without a picture", "a picture of the same name"
        intake.bad_label_file(Place(name), found, expected, None, images=0, annotations=rows)
        total += rows
    return total


def _with_parents(paths: Iterable[str]) -> set[str]:
    """Return paths and all folders above them."""
    found: set[str] = set()
    for path in paths:
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return found
