"""What workers hold of a part: arrays alone, so that none of them copies what all of them share."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...augment.follow import with_flip_pairs
from ...dataset import Annotations, Categories, Ragged
from ...models.spec import ModelSpec
from .painting import painted_classes
from .part import Part

__all__ = ["PartArrays", "arrays_of"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PartArrays:
    """A part as its pictures are read from it, again and again.

    A process that is forked shares the memory of its parent until one of them writes; Python writes into every object
    that it looks at. Names and paths are therefore bytes in one array.

    Attributes:
        paths, names: of the files and the pictures, as bytes.
        width, height: int64, of the pictures; of crops theirs.
        crop: see `Part`.
        table: annotations that are learnt, with the columns that the task needs; `offsets`: those of each picture.
        categories: of the annotations, for keypoints that change places.
        map_paths: of the maps of classes, an empty one where there is none; None where objects are painted.
        map_values: class of each value of a map; `by_colour`, `numbered`: see `PixelMaps`.
        became: int64, class of painted pixels of each class of objects.
    """

    paths: Ragged
    names: Ragged
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    crop: NDArray[np.float64] | None
    table: Annotations
    offsets: NDArray[np.int64]
    categories: Categories
    map_paths: Ragged | None
    map_values: dict[int, int]
    by_colour: bool
    numbered: bool
    became: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.width)

    def path(self, row: int) -> str:
        """Return the path of a picture's file."""
        return os.fsdecode(self.paths[row].tobytes())

    def name(self, row: int) -> str:
        """Return the name of a picture."""
        return os.fsdecode(self.names[row].tobytes())

    def map_path(self, row: int) -> str | None:
        """Return the path of a picture's map of classes, None where it has none."""
        return None if self.map_paths is None else os.fsdecode(self.map_paths[row].tobytes()) or None

    def objects(self, row: int) -> Annotations:
        """Return the annotations of a picture, as if it were the only one."""
        part = self.table.take(np.arange(self.offsets[row], self.offsets[row + 1]))
        return replace(part, image=np.zeros(len(part), np.int32))


def arrays_of(part: Part, spec: ModelSpec) -> PartArrays:
    """Return what workers need of a part to make batches for a network."""
    images, table = part.dataset.images, _learnt(part, spec)
    maps = part.maps
    counts = np.bincount(table.image, minlength=len(images))
    return PartArrays(
        paths=_texts([images.file(row) or "" for row in range(len(images))]),
        names=_texts(list(images.names)),
        width=images.width.astype(np.int64),
        height=images.height.astype(np.int64),
        crop=part.crop,
        table=table,
        offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        categories=with_flip_pairs(part.dataset),
        map_paths=None if maps is None else _texts([path or "" for path in maps.files]),
        map_values={} if maps is None else dict(maps.values),
        by_colour=maps is not None and maps.by_colour,
        numbered=maps is None or maps.numbered,
        became=painted_classes(part.dataset.categories)[1],
    )


def _texts(texts: list[str]) -> Ragged:
    return Ragged.texts([os.fsencode(text) for text in texts])


def _learnt(part: Part, spec: ModelSpec) -> Annotations:
    """Return the annotations that are learnt from, without the columns that nobody needs: crowd regions are none."""
    table = part.dataset.annotations
    if spec.task == "detector" and table.crowd is not None:
        table = table.take(np.flatnonzero(~table.crowd))
    drawn = spec.masks or (spec.task == "segmenter" and part.maps is None)
    return Annotations(
        image=table.image,
        category=table.category,
        box=table.box,
        polygons=table.polygons if drawn else None,
        masks=table.masks if drawn else None,
        rotated=table.rotated if drawn else None,
        keypoints=table.keypoints if spec.keypoints else None,
    )
