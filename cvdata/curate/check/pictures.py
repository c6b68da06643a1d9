"""What the pictures themselves show: whether they can be read, and whether anything can be seen in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Facts, Images, State
from ...engine import Engine, Progress
from ...errors import show
from ...images.facts import facts_of
from ...images.quality import quality
from .findings import MOST_PLACES, Hit, Spot

__all__ = ["Pictures", "label_state_hits", "picture_hits", "pictures_of"]

T = TypeVar("T")


@dataclass(frozen=True)
class Pictures:
    """What is known of the files of a dataset's pictures, one row each.

    Attributes:
        facts: a row that was never read (`size` -1) where there is no file, or a bad one.
        width, height: int32, after EXIF rotation; as the labels say where there is no good file.
        problems, oddities: as `images.facts` has them, by row; of the files that were opened.
        read: number of files that were opened.
    """

    facts: Facts
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    problems: dict[int, str]
    oddities: dict[int, tuple[str, ...]]
    read: int

    def take(self, rows: NDArray[np.int64]) -> Pictures:
        """Return what is known of the given pictures, in the given order."""
        at = {row: place for place, row in enumerate(rows.tolist())}
        return Pictures(
            self.facts.take(rows),
            self.width[rows],
            self.height[rows],
            {at[row]: problem for row, problem in self.problems.items() if row in at},
            {at[row]: codes for row, codes in self.oddities.items() if row in at},
            self.read,
        )


def pictures_of(images: Images, engine: Engine, progress: Progress) -> Pictures:
    """Read every picture, but those whose facts are known and whose file has not changed since."""
    known = images.facts if images.facts is not None else Facts.none(len(images))
    fresh = _unchanged(images, known)
    rows = np.flatnonzero(~fresh & (images.folder >= 0))
    found = facts_of([images.file(row) or "" for row in rows.tolist()], engine, progress)
    source = np.where(fresh, np.arange(len(images)), len(images) + len(rows))  # the last row: never read
    source[rows] = len(images) + np.arange(len(rows))
    facts = Facts.concat([known, found.facts, Facts.none(1)]).take(source)
    width, height = images.width.copy(), images.height.copy()
    good = found.width > 0
    width[rows[good]], height[rows[good]] = found.width[good], found.height[good]
    return Pictures(facts, width, height, _moved(found.problems, rows), _moved(found.oddities, rows), len(rows))


def _moved(by_row: dict[int, T], rows: NDArray[np.int64]) -> dict[int, T]:
    return {int(rows[row]): value for row, value in by_row.items()}


def _unchanged(images: Images, facts: Facts) -> NDArray[np.bool_]:
    """Tell which pictures have facts that still hold: size and time of their file are what they were."""
    fresh = (facts.size >= 0) & (images.folder >= 0)
    for row in np.flatnonzero(fresh).tolist():
        try:
            status = os.stat(images.file(row) or "")
        except OSError:
            fresh[row] = False
        else:
            fresh[row] = (status.st_size, status.st_mtime_ns) == (facts.size[row], facts.modified[row])
    return np.asarray(fresh)


def picture_hits(images: Images, pictures: Pictures) -> list[Hit]:
    """Say which pictures cannot be read, and which are hardly worth training on."""
    facts = pictures.facts
    found = quality(facts, pictures.width, pictures.height)

    def what(code: str, row: int) -> str:
        if code in ("tiny", "huge"):
            return f"{pictures.width[row]:,} x {pictures.height[row]:,} pixels"
        if code == "blurred":
            return f"sharpness {facts.sharpness[row]:.3g}"
        return f"brightness {facts.brightness[row]:.0f} of 255, contrast {facts.contrast[row]:.1f}"

    hits = [_hit("undecodable-picture", images, pictures.problems.items())]
    for code, which in found.items():
        rows = np.flatnonzero(which).tolist()
        hits.append(_hit(f"{code}-picture", images, ((row, what(code, row)) for row in rows)))
    odd = ((row, ", ".join(_in_words(code) for code in codes)) for row, codes in pictures.oddities.items())
    hits.append(_hit("odd-picture", images, odd))
    return [hit for hit in hits if hit.count]


def _hit(code: str, images: Images, rows: Iterable[tuple[int, str]]) -> Hit:
    hit = Hit(code)
    for row, what in rows:
        hit.add(Spot(what=what, file=images.names[row], image=images.names[row]))
    return hit


_WORDS = {
    "16-bit": "16 bits a value",
    "cmyk": "colours of print (CMYK)",
    "animated": "animated, only the first frame counts",
    "pages": "several pages, only the first counts",
    "transparent": "partly transparent",
    "exif-orientation-invalid": "an EXIF orientation that does not exist",
}


def _in_words(code: str) -> str:
    kind, _, detail = code.partition(":")
    return f"a {show(detail)} by its content" if kind == "suffix" else _WORDS.get(kind, code)


def label_state_hits(dataset: Dataset) -> list[Hit]:
    """Say which pictures nobody has labelled, and which are labelled as empty."""
    images = dataset.images
    state = images.state
    hits = []
    unlabelled, empty = np.flatnonzero(state == State.UNLABELLED), np.flatnonzero(state == State.EMPTY)
    if len(unlabelled):
        nobody = len(unlabelled) == len(images) and not len(dataset.annotations)
        hits.append(
            _listed("no-labels" if nobody else "unlabelled-picture", images, unlabelled, "no labels that can be used")
        )
    if len(empty):
        hits.append(_listed("empty-picture", images, empty, "nothing in it"))
    return hits


def _listed(code: str, images: Images, rows: NDArray[np.int64], what: str) -> Hit:
    names = [images.names[row] for row in rows.tolist()]
    spots = [] if code == "no-labels" else [Spot(what=what, file=name, image=name) for name in names[:MOST_PLACES]]
    return Hit(code, len(rows), spots, names)
