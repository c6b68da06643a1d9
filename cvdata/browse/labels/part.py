"""Some pictures of a subject as a subject of their own, so that work on them does not grow with the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Images
from ...dataset.ragged import ranges, starts

if TYPE_CHECKING:
    from ..subject import Found, Judged, Subject, Suspects

__all__ = ["part_of", "pictures_of"]


def part_of(subject: Subject, pictures: NDArray[np.int64]) -> Subject:
    """Return a subject of these pictures alone, in this order; ids of the source and embeddings are left out.

    Args:
        pictures: rows of `Images`, none twice.
    """
    dataset = pictures_of(subject.dataset, pictures)
    rows = pictures.tolist()
    return replace(
        subject,
        dataset=dataset,
        found=tuple(_found(found, subject.dataset, dataset, pictures) for found in subject.found),
        suspects=None if subject.suspects is None else _suspects(subject, subject.suspects, pictures),
        tags=tuple(subject.tags[row] for row in rows) if subject.tags else (),
        leak=None if subject.leak is None else subject.leak[pictures],
        worth=None if subject.worth is None else subject.worth[pictures],
        vectors=None,
        heat={at: subject.heat[row] for at, row in enumerate(rows) if row in subject.heat} if subject.heat else {},
    )


def pictures_of(dataset: Dataset, pictures: NDArray[np.int64], images: Images | None = None) -> Dataset:
    """Return some pictures with their annotations, in the given order; `images` in place of theirs where given."""
    counts = np.diff(dataset.offsets)[pictures]
    if images is None:
        images = replace(dataset.images, source_id=None, facts=None, group=None, groups=()).take(pictures)
    table = replace(dataset.annotations, source_id=None).take(ranges(dataset.offsets[pictures], counts))
    image = np.repeat(np.arange(len(pictures), dtype=np.int32), counts)
    return Dataset(images=images, annotations=replace(table, image=image), categories=dataset.categories)


def _found(found: Found, truth: Dataset, part: Dataset, pictures: NDArray[np.int64]) -> Found:
    dataset = pictures_of(found.dataset, pictures, part.images)
    judged = None if found.judged is None else _judged(found.judged, truth, found.dataset, pictures)
    return replace(found, dataset=dataset, judged=judged)


def _judged(judged: Judged, truth: Dataset, found: Dataset, pictures: NDArray[np.int64]) -> Judged:
    """Return the verdicts on some pictures; a label and the one that it met lie in the same picture."""
    columns: dict[str, Any] = {}
    for side, own, other in (("truth", truth, found), ("found", found, truth)):
        counts = np.diff(own.offsets)[pictures]
        rows = ranges(own.offsets[pictures], counts)
        columns[side] = getattr(judged, side)[rows]
        columns[f"{side}_overlap"] = getattr(judged, f"{side}_overlap")[rows]
        met = getattr(judged, f"{side}_other")[rows]
        columns[f"{side}_other"] = np.where(met >= 0, met - np.repeat(_shift(other, pictures), counts), -1)
    return replace(judged, **columns)


def _shift(dataset: Dataset, pictures: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return by how much the rows of the annotations of each picture go down."""
    return np.asarray(dataset.offsets[pictures] - starts(np.diff(dataset.offsets)[pictures])[:-1])


def _suspects(subject: Subject, suspects: Suspects, pictures: NDArray[np.int64]) -> Suspects:
    order = np.argsort(pictures)
    rows, there = np.zeros(len(suspects.row), np.int64), np.zeros(len(suspects.row), np.bool_)
    for side in ("truth", "found"):
        dataset = subject.dataset if side == "truth" or not subject.found else subject.found[0].dataset
        own = np.flatnonzero([one == side for one in suspects.side])
        image = dataset.annotations.image[suspects.row[own]]
        at = order[np.minimum(np.searchsorted(pictures, image, sorter=order), len(pictures) - 1)]
        there[own] = pictures[at] == image
        rows[own] = suspects.row[own] - _shift(dataset, pictures)[at]
    chosen = np.flatnonzero(there)
    return replace(
        suspects,
        side=tuple(suspects.side[row] for row in chosen.tolist()),
        row=rows[chosen],
        kind=tuple(suspects.kind[row] for row in chosen.tolist()),
        surety=suspects.surety[chosen],
    )
