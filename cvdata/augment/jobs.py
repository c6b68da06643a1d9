"""The work of a run, cut into batches that carry all they need: which pictures, which partners, which seeds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..dataset import Annotations, Dataset
from ..dataset.copies import Copies
from ..dataset.packed import pack
from ..dataset.ragged import ranges, starts
from .entries import MadePicture
from .means import Means
from .mosaic import QUARTERS
from .partners import Draw, Ring

__all__ = ["Batch", "Job", "Picture", "batches_of", "suffix_of"]

_COPIES = 8  # a batch has at most: what a kill loses, and less than a tenth of a second of work


@dataclass(frozen=True)
class Picture:
    """A picture that is read: its file, its name, and width and height that its labels are in (0 where unknown)."""

    path: str | None
    name: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Job:
    """A picture to make; pictures are rows of the batch.

    Attributes:
        key: see `MadePicture.key`; `suffix`: of its file.
        parent: what it is made of.
        seed: of all that is drawn for it.
        mosaic: three others that it is put together with, or none; `mixup`: one that it is blended with, or none.
        pasted: (picture, number of the annotation in it) of each object that is pasted into it.
        others: rows of the dataset of the pictures besides the parent that have a part in it.
        known: the file that an earlier run made of it, if that is still whole: size and SHA-256.
    """

    key: str
    suffix: str
    parent: int
    seed: int
    mosaic: tuple[int, ...] = ()
    mixup: tuple[int, ...] = ()
    pasted: tuple[tuple[int, int], ...] = ()
    others: tuple[int, ...] = ()
    known: tuple[int, str] | None = None

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.key}{self.suffix}"


@dataclass(frozen=True)
class Batch:
    """Pictures to make, and all that is needed for it.

    Attributes:
        table: annotations of the pictures; those of picture i are the rows `offsets[i]:offsets[i + 1]`.
    """

    means: Means
    jobs: tuple[Job, ...]
    pictures: tuple[Picture, ...]
    table: Annotations
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.jobs)

    def __getitem__(self, part: slice) -> Batch:
        return replace(self, jobs=self.jobs[part])


_KEPT = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp")


def suffix_of(name: str) -> str:
    """Return how the file of a copy ends: as its parent's, but for kinds that are seldom written, which become PNG."""
    end = os.path.splitext(name)[1]
    return end if end.lower() in _KEPT else ".png"


def batches_of(
    dataset: Dataset, copies: Copies, means: Means, known: Mapping[str, MadePicture], size: int = _COPIES
) -> Iterator[Batch]:
    """Yield the work in the order of the copies.

    Args:
        known: pictures that an earlier run made, by key.
        size: copies in a batch; keys differ with it.
    """
    plan = _Plan(dataset, copies, means)
    for first in range(0, len(copies), size):
        yield plan.batch(np.arange(first, min(first + size, len(copies))), known)


class _Plan:
    """Everything that a batch is cut out of."""

    def __init__(self, dataset: Dataset, copies: Copies, means: Means) -> None:
        self._dataset, self._copies, self._means = dataset, copies, means
        self._table = replace(dataset.annotations, source_id=None, outlines=None)  # copies have their own, or none
        self._counts = np.diff(dataset.offsets)  # once, not with every batch: a dataset may have a million pictures
        self._digest = _digest_of(means)
        joined = means.mosaic is not None or means.mixup is not None
        self._ring = Ring(dataset) if joined else None

    def batch(self, rows: NDArray[np.int64], known: Mapping[str, MadePicture]) -> Batch:
        """Cut out the given copies."""
        drafts = [self._draft(row) for row in rows.tolist()]
        used: dict[int, int] = {}
        jobs = [_renumbered(draft, used) for draft in drafts]
        images = np.array(list(used), np.int64)
        counts = self._counts[images]
        table = self._table.take(ranges(self._dataset.offsets[:-1][images], counts))
        pictures = tuple(self._picture(row) for row in used)
        batch = Batch(self._means, tuple(jobs), pictures, table, starts(counts))
        digest = self._digest + _digest_of_batch(batch)
        named = (replace(job, key=_key(digest, number)) for number, job in enumerate(jobs))
        return replace(batch, jobs=tuple(_with_known(job, known) for job in named))

    def _picture(self, row: int) -> Picture:
        images = self._dataset.images
        return Picture(images.file(row), images.names[row], (int(images.width[row]), int(images.height[row])))

    def _draft(self, row: int) -> Job:
        """Draw what one copy is made of; pictures are rows of the dataset."""
        parent, number = int(self._copies.parent[row]), int(self._copies.number[row])
        name = self._dataset.images.names[parent]
        draw = Draw(self._means.seed, name, number)
        mosaic: tuple[int, ...] = ()
        mixup: tuple[int, ...] = ()
        if self._ring is not None:
            if self._means.mosaic is not None and draw.share("mosaic") < self._means.mosaic.p:
                mosaic = self._ring.partners(parent, [draw.place(f"mosaic {n}") for n in range(1, QUARTERS)])
            if self._means.mixup is not None and draw.share("mixup") < self._means.mixup.p:
                mixup = self._ring.partners(parent, [draw.place("mixup 1")])
        pasted = self._pasted(row)
        others = tuple(dict.fromkeys([*mosaic, *mixup, *(image for image, _ in pasted)]))
        return Job("", suffix_of(name), parent, draw.seed, mosaic, mixup, pasted, others)

    def _pasted(self, row: int) -> tuple[tuple[int, int], ...]:
        if self._copies.pasted is None:
            return ()
        rows = self._copies.pasted[row]
        images = self._dataset.annotations.image[rows]
        return tuple(zip(images.tolist(), (rows - self._dataset.offsets[images]).tolist(), strict=True))


def _renumbered(job: Job, used: dict[int, int]) -> Job:
    """Return a job whose pictures are rows of its batch; `used` maps rows of the dataset to those."""

    def at(row: int) -> int:
        return used.setdefault(row, len(used))

    return replace(
        job,
        parent=at(job.parent),
        mosaic=tuple(map(at, job.mosaic)),
        mixup=tuple(map(at, job.mixup)),
        pasted=tuple((at(row), number) for row, number in job.pasted),
    )


def _with_known(job: Job, known: Mapping[str, MadePicture]) -> Job:
    made = known.get(job.key)
    return job if made is None else replace(job, known=(made.size, made.sha256))


# --- what a new picture depends on, hashed


_PACKAGES = ("albumentations", "albucore", "numpy", "opencv-python-headless", "opencv-python", "pillow")


def _digest_of(means: Means) -> bytes:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    categories = means.categories
    made_by = [__version__, versions, means.transform, means.remnants, means.mosaic, means.mixup, means.quality]
    said = repr([made_by, categories.names, categories.keypoints, categories.extra])
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).digest()


def _digest_of_batch(batch: Batch) -> bytes:
    digest = hashlib.sha256()
    pictures = [[picture.name, picture.size, *_identity(picture.path)] for picture in batch.pictures]
    jobs = [[job.suffix, job.parent, job.seed, job.mosaic, job.mixup, job.pasted] for job in batch.jobs]
    digest.update(repr([pictures, jobs, batch.offsets.tolist()]).encode("utf-8", "surrogateescape"))
    for name, data in pack(batch.table).items():
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.digest()


def _identity(path: str | None) -> tuple[int, int]:
    """Return size and time of a file, as far as it can be seen."""
    try:
        status = os.stat(path or "")
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _key(digest: bytes, number: int) -> str:
    return hashlib.sha256(digest + number.to_bytes(4, "big")).hexdigest()[:40]
