"""The one reader of the YOLO family: rows of every kind, line by line, as they stand there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Images, Polygons, Ragged, State
from ..dataset.geometry import bounds
from ..dataset.ragged import ranges, starts
from ..errors import FormatError, Place, UnsafePathError, show
from ..files import Counts
from ..images import Sizes, measure
from ._yolo_layout import Layout, label_of, lay_out
from ._yolo_rows import LabelBatch, LabelRows, count_rows, parse_labels
from ._yolo_source import Source, read_source
from .intake import Intake
from .settle import Places, settle

__all__ = ["read_yolo"]

_MOST_FILES = 2000


def read_yolo(path: Path, intake: Intake, *, corners: bool = False) -> Dataset:
    """Read a YOLO dataset.

    Args:
        corners: rows of 9 columns are the corners of a rotated box, not a polygon of 4 points.

    Raises:
        FormatError: the description, a list or a folder cannot be used, or no picture is there.
        IdentityError: two classes have one name.
        UnsafePathError: something points outside the dataset.
    """
    source = read_source(path)
    layout = lay_out(source, intake)
    labels = _read_labels(source, layout, intake)
    kept = labels.kept
    files = [layout.files[row] for row in kept]
    sizes = _measure(layout, files, source, intake)
    names = [layout.names[row] for row in kept]
    images = _images(layout, labels, names, sizes)
    annotations = _annotations(labels, sizes, source, corners)
    meta = {key: value for key, value in source.meta.items() if key not in layout.keys}
    dataset = Dataset(
        images=images,
        annotations=annotations,
        categories=Categories(names=source.names),
        meta={"yolo": meta} if meta else {},
    )
    return settle(dataset, intake, labels.places(layout, names), layout.pictures, files, sizes)


@dataclass(frozen=True)
class _Labels:
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


def _read_labels(source: Source, layout: Layout, intake: Intake) -> _Labels:
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
    state[labelled] = np.where(rows.counts == 0, State.EMPTY, State.UNLABELLED)
    state = state[kept]
    state[image] = State.LABELLED
    return _Labels(np.flatnonzero(kept).tolist(), state, image, rows.line, rows.category, rows.values, rows.widths)


def _parse_all(files: list[str], source: Source, layout: Layout, intake: Intake) -> Iterator[LabelRows]:
    intake.progress.start("reading labels", len(files))
    step = max(100, min(_MOST_FILES, len(files) // (intake.engine.workers * 4) + 1))
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
        if name in known or name.endswith("classes.txt") or folders.isdisjoint(_with_parents([name])):
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


def _measure(layout: Layout, files: list[str | None], source: Source, intake: Intake) -> Sizes:
    """Read the sizes of the pictures: rows are fractions of them."""
    root = layout.pictures.root
    there = [row for row, file in enumerate(files) if file is not None]
    if not there and len(files) + len(layout.labels.names):
        raise FormatError(
            f"no picture of the dataset is in '{show(root)}', and YOLO rows are fractions of their sizes",
            at=source.place(),
            hint="name the folder of the pictures with --images",
        )
    paths = [f"{root}/{files[row]}" for row in there]
    sizes = measure(paths, intake.engine, decode=intake.verify == "decode", progress=intake.progress)
    if len(there) == len(files):
        return sizes
    width, height = np.zeros((2, len(files)), np.int32)
    turned = np.zeros(len(files), np.bool_)
    width[there], height[there], turned[there] = sizes.width, sizes.height, sizes.turned
    return Sizes(width, height, turned, {there[row]: problem for row, problem in sizes.problems.items()})


def _images(layout: Layout, labels: _Labels, names: list[str], sizes: Sizes) -> Images:
    found = [layout.split[row] for row in labels.kept]
    splits = tuple(split for split in dict.fromkeys(found) if split is not None)
    number = {split: row for row, split in enumerate(splits)}
    return Images(
        names=tuple(names),
        width=sizes.width,
        height=sizes.height,
        state=labels.state,
        split=np.array([-1 if split is None else number[split] for split in found], np.int32),
        splits=splits,
        folder=np.full(len(names), -1, np.int32),
    )


def _annotations(labels: _Labels, sizes: Sizes, source: Source, corners: bool) -> Annotations:
    """Turn fractions into pixels, each kind of row into its columns."""
    size = np.stack([sizes.width, sizes.height], axis=1).astype(np.float64)[labels.image]
    heads = np.cumsum(labels.widths) - labels.widths
    box = np.full((len(labels.image), 4), np.nan)
    posed = labels.widths > 4 if source.keypoints is not None else np.zeros(len(heads), np.bool_)
    turned = labels.widths == 8 if corners and source.keypoints is None else np.zeros(len(heads), np.bool_)
    outlined = (labels.widths > 4) & ~posed & ~turned
    rows = np.flatnonzero(~outlined & ~turned)
    box[rows] = _boxes(labels.values[heads[rows, None] + np.arange(4)], size[rows])
    columns: dict[str, Any] = {}
    if posed.any() and source.keypoints is not None:
        columns["keypoints"] = _keypoints(labels, np.flatnonzero(posed), heads, size, source.keypoints)
    if turned.any():
        rows = np.flatnonzero(turned)
        rotated = np.full((len(heads), 8), np.nan)
        rotated[rows] = labels.values[heads[rows, None] + np.arange(8)] * np.tile(size[rows], 4)
        low, high = rotated[rows].reshape(-1, 4, 2).min(axis=1), rotated[rows].reshape(-1, 4, 2).max(axis=1)
        box[rows] = np.concatenate([low, high - low], axis=1)
        columns["rotated"] = rotated
    if outlined.any():
        polygons = _polygons(labels, outlined, heads, size)
        box[outlined] = bounds(polygons)[outlined]
        columns["polygons"] = polygons
    return Annotations(image=labels.image, category=labels.category, box=box, **columns)


def _boxes(rows: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn centre and size, shape (n, 4), into x, y, width, height in pixels."""
    centre, extent = rows[:, :2], rows[:, 2:]
    return np.concatenate([(centre - extent / 2) * size, extent * size], axis=1)


def _polygons(
    labels: _Labels, outlined: NDArray[np.bool_], heads: NDArray[np.int64], size: NDArray[np.float64]
) -> Polygons:
    rows = np.flatnonzero(outlined)
    widths = labels.widths[rows]
    values = labels.values[ranges(heads[rows], widths)].reshape(-1, 2)
    return Polygons(values * np.repeat(size[rows], widths // 2, axis=0), starts(widths // 2), starts(outlined * 1))


def _keypoints(
    labels: _Labels,
    rows: NDArray[np.int64],
    heads: NDArray[np.int64],
    size: NDArray[np.float64],
    shape: tuple[int, int],
) -> Ragged:
    count, each = shape
    found = labels.values[heads[rows, None] + 4 + np.arange(count * each)].reshape(len(rows), count, each)
    points = np.zeros((len(rows), count, 3))
    # With two values a point, a negative one is how Ultralytics says that the point is not there.
    points[..., 2] = found[..., 2] if each == 3 else np.where((found >= 0).all(axis=2), 2, 0)
    there = np.ones(points.shape[:2], np.bool_) if each == 3 else points[..., 2] > 0
    points[..., :2] = np.where(there[..., None], found[..., :2] * size[rows, None], 0)
    lengths = np.zeros(len(labels.image), np.int64)
    lengths[rows] = count
    return Ragged(points.reshape(-1, 3), starts(lengths))
