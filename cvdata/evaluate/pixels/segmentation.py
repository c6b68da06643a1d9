"""Semantic segmentation: which class the pixels of each picture have, and which was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from ...engine import Engine, Progress, batch_size
from ...errors import EvaluationError, FormatError, Place
from ...files import Finding
from ...formats.label_maps import LabelMaps, PixelClasses, read_map
from ...reports.scales import plural
from .engine import MOST_VALUES, Meetings, count_files, count_meetings
from .names import match_maps
from .values import Settled, settle

__all__ = ["Segmented", "ValueCounts", "segment"]

_PICTURES = 20  # maps a batch holds at most: some 20 milliseconds each


@dataclass(frozen=True, slots=True, eq=False)
class ValueCounts:
    """How often two values meet in each picture, one row per picture and pair.

    Attributes:
        picture, truth, found, pixels: int64, shape (rows,), by ascending picture.
    """

    picture: NDArray[np.int64]
    truth: NDArray[np.int64]
    found: NDArray[np.int64]
    pixels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """A confusion matrix per picture, as rows: so many pixels of this class are found as that one.

    Attributes:
        pictures: their names.
        classes: names of the classes.
        picture, truth, found: int64, shape (rows,): picture, class of the truth, class found. Pixels that the truth
            leaves void are not there; pixels that FOUND leaves void have the number of classes for their class.
        pixels: int64, shape (rows,).
        findings: what is worth knowing about how the two were brought together.
    """

    pictures: tuple[str, ...]
    classes: tuple[str, ...]
    picture: NDArray[np.int64]
    truth: NDArray[np.int64]
    found: NDArray[np.int64]
    pixels: NDArray[np.int64]
    findings: tuple[Finding, ...] = ()

    def confusion(self, rows: slice = slice(None)) -> NDArray[np.int64]:
        """Return the pixels of each class by class found, int64, shape (classes, classes + 1): the last one is void.

        Args:
            rows: those that count, such as those of one picture; all by default.
        """
        size = len(self.classes) + 1
        code, pixels = self.truth[rows] * size + self.found[rows], self.pixels[rows]
        # Exact: sums of whole numbers below 2**53, which is nine petapixels.
        table = np.bincount(code, weights=pixels, minlength=(size - 1) * size)
        return table.astype(np.int64).reshape(size - 1, size)


def segment(
    truth: LabelMaps, found: LabelMaps, engine: Engine, progress: Progress, *, void: Sequence[int] | None = None
) -> Segmented:
    """Hold label maps against those of the truth: pictures are matched by name, classes by name where both have names.

    Args:
        void: values of both that belong to no class; None for 255, where it is no class's value.

    Raises:
        EvaluationError: a picture of the truth is not in FOUND, two maps of one picture differ in size, or classes
            are found that the truth does not have.
        FormatError: a map cannot be read, or holds a value that no class has.
    """
    rows, findings = match_maps(truth, found)
    counts = _count(truth, found, rows, engine, progress)
    settled = settle(truth, found, rows, counts.picture, counts.truth, counts.found, void)
    return _segmented(truth, counts, settled, [*findings, *settled.findings])


def _segmented(truth: LabelMaps, counts: ValueCounts, settled: Settled, findings: list[Finding]) -> Segmented:
    kept = settled.truth >= 0
    none = len(settled.classes)
    as_found = np.where(settled.found < 0, none, settled.found)
    lost = int(counts.pixels[kept & (as_found == none)].sum())
    if lost:
        what = "is of a class and counts" if lost == 1 else "are of a class and count"
        message = f"FOUND leaves {plural(lost, 'pixel')} void that {what} as missed"
        findings.append(Finding(code="void-found", message=message, count=lost, examples=[]))
    if not kept.any():
        raise EvaluationError("every pixel of the truth is void", hint="name the values that mean void with --void")
    return Segmented(
        truth.names,
        settled.classes,
        counts.picture[kept],
        settled.truth[kept],
        as_found[kept],
        counts.pixels[kept],
        tuple(findings),
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """Maps to hold against each other: path of the truth, path of what was found, for each picture."""

    paths: list[tuple[str, str]]
    classes: tuple[PixelClasses | None, PixelClasses | None]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, part: slice) -> _Job:
        return _Job(self.paths[part], self.classes)


def _count(
    truth: LabelMaps, found: LabelMaps, rows: NDArray[np.int64], engine: Engine, progress: Progress
) -> ValueCounts:
    paths = [(truth.path(row), found.path(other)) for row, other in enumerate(rows.tolist())]
    classes = (truth.classes or found.classes, found.classes or truth.classes)
    step = batch_size(len(paths), engine.workers, _PICTURES)
    jobs = (_Job(paths[i : i + step], classes) for i in range(0, len(paths), step))
    progress.start("comparing label maps", len(paths))
    parts = [part for done in engine.map(_count_job, jobs, progress=progress) for part in done]
    sizes = np.array([len(part.pixels) for part in parts], np.int64)
    return ValueCounts(
        np.repeat(np.arange(len(parts)), sizes),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.found for part in parts]),
        np.concatenate([part.pixels for part in parts]),
    )


def _count_job(job: _Job) -> list[Meetings]:
    """Count the pairs of values of some pictures; runs in a worker."""
    numbered = [classes is None or classes.numbered for classes in job.classes]
    by_colour = [classes is not None and classes.colours is not None for classes in job.classes]

    def one(truth_path: str, found_path: str) -> Meetings:
        quick = count_files(truth_path, found_path) if all(numbered) else None
        if quick is not None:
            return quick
        truth = read_map(truth_path, by_colour=by_colour[0], numbered=numbered[0])
        found = read_map(found_path, by_colour=by_colour[1], numbered=numbered[1])
        if truth.shape != found.shape:
            raise _unequal(truth_path, found_path, truth.shape, found.shape)
        counted = count_meetings(truth, found)
        if isinstance(counted, int):
            path = truth_path if len(np.unique(truth)) > MOST_VALUES else found_path
            raise FormatError(
                f"the label map has {counted:,} different values, more than anyone has classes",
                at=Place(path),
                hint="give the maps of the classes, not pictures, depth maps or maps of objects",
            )
        return counted

    return list(starmap(one, job.paths))


def _unequal(truth: str, found: str, size: tuple[int, ...], other: tuple[int, ...]) -> EvaluationError:
    return EvaluationError(
        f"the label map has {other[1]} x {other[0]} pixels, that of the truth, {Place(truth)}, {size[1]} x {size[0]}",
        at=Place(found),
        hint="bring what was found to the size of the truth, without blending values (nearest neighbour)",
    )
