"""How much there is of each class, in each picture and in all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...engine import Engine, Progress, batch_size
from .part import Part, Shown
from .reading import read_pixels

__all__ = ["count_pixels", "objects_by_class", "only_void", "shown_on"]

_PICTURES = 50  # a batch holds at most


def objects_by_class(part: Part, classes: int) -> NDArray[np.int64]:
    """Return how many objects, labels or pixels of each class there are, int64, shape (classes,)."""
    shown = shown_on(part, classes)
    # A float64 holds whole numbers exactly up to 2**53, which no dataset reaches.
    return np.bincount(shown.category, weights=shown.count, minlength=classes).astype(np.int64)


def shown_on(part: Part, classes: int) -> Shown:
    """Return how many objects, labels or pixels of each class are on each picture; crowd regions do not count."""
    if part.shown is not None:
        return part.shown
    table = part.dataset.annotations
    single = slice(None) if table.crowd is None else ~table.crowd
    keys = table.image[single].astype(np.int64) * classes + table.category[single]
    pairs, count = np.unique(keys, return_counts=True)
    image, category = np.divmod(pairs, classes)
    return Shown(image, category, count.astype(np.int64))


def only_void(part: Part) -> NDArray[np.int64]:
    """Return the rows of pictures without a pixel of any class."""
    there = np.zeros(0, np.int64) if part.shown is None else part.shown.image
    return np.setdiff1d(np.arange(len(part)), there)


@dataclass(frozen=True, slots=True)
class _Job:
    """Pictures whose pixels are to be counted, the first of which has this row."""

    part: Part
    classes: int
    first: int = 0

    def __len__(self) -> int:
        return len(self.part)

    def __getitem__(self, rows: slice) -> _Job:
        chosen = np.arange(len(self.part))[rows]
        return _Job(self.part.take(chosen), self.classes, self.first + int(chosen[0]))


def count_pixels(part: Part, classes: int, engine: Engine, progress: Progress) -> Part:
    """Return the part with the pixels of each class on each picture; every map is read, every object painted.

    Raises:
        TrainingError: a map cannot be read, or has another size than its picture.
    """
    progress.start("reading maps of classes", len(part))
    step = batch_size(len(part), engine.workers, _PICTURES)
    whole = _Job(part, classes)
    jobs = (whole[first : first + step] for first in range(0, len(part), step))
    parts = list(engine.map(_count, jobs, progress=progress))
    columns = [np.concatenate([getattr(p, name) for p in parts]) for name in ("image", "category", "count")]
    return replace(part, shown=Shown(*columns))


def _count(job: _Job) -> Shown:
    """Count the pixels of each class; runs in a worker."""
    counts = np.zeros((len(job), job.classes), np.int64)
    for row in range(len(job)):
        pixels = read_pixels(job.part, row)
        if pixels is not None:
            counts[row] = np.bincount(pixels.ravel(), minlength=256)[: job.classes]
    image, category = np.nonzero(counts)
    return Shown(image + job.first, category, counts[image, category])
