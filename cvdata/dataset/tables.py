"""The data model: three tables of columns that no one can change.

One row per picture, per annotation, per category. An operation returns a new `Dataset`; arrays are read-only.
Boxes are float64 x, y, width, height in pixels, 0-based, as COCO has them: the first pixel is (0, 0, 1, 1).
A column that nobody set is `None`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .facts import Facts
from .ragged import Ragged, locked, ranges, starts
from .texts import Texts

__all__ = [
    "COLUMNS",
    "FLAGS",
    "Annotations",
    "Categories",
    "Dataset",
    "Images",
    "Polygons",
    "Row",
    "SourceIds",
    "State",
]

SourceIds: TypeAlias = "NDArray[np.int64] | tuple[int | str, ...]"
"""Ids as the source gave them: an array where all fit in 64 bits, else exact Python values."""


class State(IntEnum):
    """What is known of a picture's labels."""

    UNLABELLED = 0  # nobody has looked
    EMPTY = 1  # looked at, nothing in it: a background picture
    LABELLED = 2  # has annotations


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Images:
    """One row per picture.

    Attributes:
        names: path relative to the dataset's root, `/`-separated, unique.
        width, height: int32, after EXIF rotation; 0 where unknown.
        state: uint8, a `State` each.
        splits: names of the splits in use; `split`: int32 row in it, -1 where the picture is in none.
        folders: absolute folders that hold pictures; `folder`: int32 row in it, -1 where no picture was found.
        files: path of each picture below its folder, or None where that is its name.
        source_id: ids of the source.
        extra: other attributes of the picture as one JSON object per row (empty where there is none).
        groups: names of groups of pictures that belong together (a sequence, near-duplicates) and that no split may
            divide; `group`: int32 row in it, -1 where the picture stands alone; None where nobody grouped them.
        facts: what reading the files told, or None where nobody read them.
    """

    names: tuple[str, ...]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    state: NDArray[np.uint8]
    split: NDArray[np.int32]
    splits: tuple[str, ...] = ()
    folder: NDArray[np.int32]
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None
    source_id: SourceIds | None = None
    extra: Ragged | None = None
    group: NDArray[np.int32] | None = None
    groups: tuple[str, ...] = ()
    facts: Facts | None = None

    def __post_init__(self) -> None:
        _lock(self)

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: NDArray[np.int64]) -> Images:
        """Return the given rows in the given order."""
        return replace(self, **_taken(self, rows))

    def file(self, row: int) -> str | None:
        """Return the absolute path of a picture, or None where none was found."""
        if self.folder[row] < 0:
            return None
        name = self.names[row] if self.files is None else self.files[row]
        return f"{self.folders[self.folder[row]]}/{name}"


@dataclass(frozen=True, slots=True, eq=False)
class Polygons:
    """Outlines of objects; an object may have several rings, whose union it is (COCO's rule).

    Attributes:
        points: float64, shape (points, 2), x and y in pixels.
        rings: int64, shape (rings + 1,): ring r is `points[rings[r]:rings[r + 1]]`.
        owners: int64, shape (annotations + 1,): annotation i has the rings `owners[i]:owners[i + 1]`, maybe none.
    """

    points: NDArray[np.float64]
    rings: NDArray[np.int64]
    owners: NDArray[np.int64]

    def __post_init__(self) -> None:
        _lock(self)

    def __len__(self) -> int:
        return len(self.owners) - 1

    @property
    def ring_counts(self) -> NDArray[np.int64]:
        """Number of rings per annotation, int64, shape (annotations,)."""
        return np.diff(self.owners)

    def __getitem__(self, row: int) -> list[NDArray[np.float64]]:
        first, last = self.owners[row], self.owners[row + 1]
        return [self.points[self.rings[r] : self.rings[r + 1]] for r in range(first, last)]

    def take(self, rows: NDArray[np.int64]) -> Polygons:
        """Return the given annotations' rings in the given order."""
        counts = self.ring_counts[rows]
        chosen = ranges(self.owners[rows], counts)
        lengths = np.diff(self.rings)[chosen]
        return Polygons(self.points[ranges(self.rings[chosen], lengths)], starts(lengths), starts(counts))

    @staticmethod
    def concat(parts: list[Polygons]) -> Polygons:
        """Join several tables."""
        lengths = np.concatenate([np.diff(part.rings) for part in parts])
        counts = np.concatenate([part.ring_counts for part in parts])
        return Polygons(np.concatenate([part.points for part in parts]), starts(lengths), starts(counts))

    @staticmethod
    def none(rows: int) -> Polygons:
        """Return a table whose annotations have no ring."""
        return Polygons(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(rows + 1, np.int64))

    @staticmethod
    def of(rings: list[list[Any]]) -> Polygons:
        """Build from a list of rings, each a sequence of (x, y), per annotation."""
        flat = [np.asarray(ring, np.float64).reshape(-1, 2) for row in rings for ring in row]
        lengths = np.fromiter(map(len, flat), np.int64, len(flat))
        counts = np.fromiter(map(len, rings), np.int64, len(rings))
        points = np.concatenate(flat) if flat else np.empty((0, 2))
        return Polygons(points, starts(lengths), starts(counts))


FLAGS = ("difficult", "truncated", "occluded")
"""Columns of int8: 1 yes, 0 no, -1 where the source does not say."""

COLUMNS = ("polygons", "masks", "keypoints", "rotated", "score", "crowd", *FLAGS, "area", "extra")
"""The optional columns of `Annotations` that a format may be unable to hold."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Annotations:
    """One row per annotation, sorted by image; within an image in the order of the source.

    Attributes:
        image: int32 row in `Images`, ascending.
        category: int32 row in `Categories`.
        box: float64, shape (n, 4): x, y, width, height in pixels, 0-based. A row of NaN labels the whole picture.
        polygons: rings in pixels; a row without rings has no polygon.
        masks: run lengths (COCO's RLE, uncompressed: column-major, zeros first), uint32 per row, over the whole
            picture; an empty row has no mask.
        mask_listed: bool, where the source wrote the run lengths as a plain list instead of a compressed string.
        keypoints: float64 rows of shape (points, 3): x, y, visibility (0 not labelled, 1 hidden, 2 visible).
        rotated: float64, shape (n, 8): x and y of four corners in pixels, in the source's order; NaN for none.
        score: float64, confidence of a prediction.
        crowd: bool, COCO's iscrowd.
        difficult, truncated, occluded: int8, see `FLAGS`.
        area: float64 as the source gave it, NaN where it did not.
        source_id: ids of the source.
        extra: every other attribute as one JSON object per row (empty where there is none).
        outlines: rings as the JSON text of the source, in place of `polygons`, where nobody would look at them: a
            reader makes this only when asked to, for what is kept beside label files, and no format writes it.
    """

    image: NDArray[np.int32]
    category: NDArray[np.int32]
    box: NDArray[np.float64]
    polygons: Polygons | None = None
    masks: Ragged | None = None
    mask_listed: NDArray[np.bool_] | None = None
    keypoints: Ragged | None = None
    rotated: NDArray[np.float64] | None = None
    score: NDArray[np.float64] | None = None
    crowd: NDArray[np.bool_] | None = None
    difficult: NDArray[np.int8] | None = None
    truncated: NDArray[np.int8] | None = None
    occluded: NDArray[np.int8] | None = None
    area: NDArray[np.float64] | None = None
    source_id: SourceIds | None = None
    extra: Ragged | None = None
    outlines: Texts | None = None

    def __post_init__(self) -> None:
        _lock(self)

    def __len__(self) -> int:
        return len(self.image)

    def take(self, rows: NDArray[np.int64]) -> Annotations:
        """Return the given rows in the given order; the caller keeps them sorted by image."""
        return replace(self, **_taken(self, rows))

    def without(self, columns: frozenset[str]) -> Annotations:
        """Return the table with the named optional columns unset."""
        unset: dict[str, Any] = dict.fromkeys(columns)
        return replace(self, **unset)

    def has(self, column: str) -> NDArray[np.bool_]:
        """Tell per row whether the column says anything beyond its default, bool, shape (n,)."""
        value = getattr(self, column)
        if value is None:
            return np.zeros(len(self), np.bool_)
        if isinstance(value, Polygons):
            return np.asarray(value.ring_counts > 0)
        if isinstance(value, Ragged):
            return np.asarray(value.lengths > 0)
        if column in FLAGS:
            return np.asarray(value == 1)
        if column == "rotated":
            return np.asarray(~np.isnan(value[:, 0]))
        if column in ("score", "area"):
            return np.asarray(~np.isnan(value))
        return np.asarray(value, np.bool_)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Categories:
    """One row per class, in the order of the source; unused ones stay.

    Attributes:
        names: unique, not empty.
        source_id: ids of the source.
        supercategory: name of the group each belongs to, or None.
        keypoints: names of the keypoints of each class; `skeleton`: pairs of keypoints, from 0.
        extra: other attributes of each class.
    """

    names: tuple[str, ...]
    source_id: tuple[int | str, ...] | None = None
    supercategory: tuple[str | None, ...] | None = None
    keypoints: tuple[tuple[str, ...], ...] | None = None
    skeleton: tuple[tuple[tuple[int, int], ...], ...] | None = None
    extra: tuple[Mapping[str, Any], ...] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: list[int]) -> Categories:
        """Return the given rows in the given order."""
        columns: dict[str, Any] = {}
        for f in fields(self):
            column = getattr(self, f.name)
            columns[f.name] = column if column is None else tuple(column[row] for row in rows)
        return Categories(**columns)


@dataclass(frozen=True, slots=True)
class Row:
    """One annotation as people read it; for messages, examples and tests."""

    image: str
    category: str
    box: tuple[float, float, float, float]
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dataset:
    """Pictures, their annotations and their classes.

    Attributes:
        offsets: int64, shape (images + 1,): image i has the annotations `offsets[i]:offsets[i + 1]`.
        meta: what the source says of the whole dataset and no column holds (COCO's info and licences, ...).
    """

    images: Images
    annotations: Annotations
    categories: Categories
    meta: Mapping[str, Any] = field(default_factory=dict)
    offsets: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        counts = np.bincount(self.annotations.image, minlength=len(self.images))
        object.__setattr__(self, "offsets", locked(starts(counts)))

    def rows(self) -> Iterator[Row]:
        """Yield the annotations as small objects; for people and tests, not for work."""
        table = self.annotations
        for i in range(len(table)):
            columns = {c: getattr(table, c)[i] for c in COLUMNS if table.has(c)[i]}
            yield Row(
                self.images.names[table.image[i]],
                self.categories.names[table.category[i]],
                tuple(table.box[i].tolist()),
                columns,
            )


def _lock(table: Any) -> None:
    for f in fields(table):
        value = getattr(table, f.name)
        if isinstance(value, np.ndarray):
            object.__setattr__(table, f.name, locked(value))


def _taken(table: Any, rows: NDArray[np.int64]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for f in fields(table):
        value = getattr(table, f.name)
        if f.name in ("splits", "folders", "groups") or value is None:
            continue
        if isinstance(value, np.ndarray):
            # A column that holds one value over and over takes no memory, and stays so.
            shared = len(value) > 1 and value.strides[0] == 0
            chosen[f.name] = np.broadcast_to(value[0], (len(rows), *value.shape[1:])) if shared else value[rows]
        elif isinstance(value, tuple):
            chosen[f.name] = tuple(value[r] for r in rows.tolist())
        else:
            chosen[f.name] = value.take(rows)
    return chosen
