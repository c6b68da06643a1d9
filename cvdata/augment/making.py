"""One new picture of old ones: read, put together, transformed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import CvdataError, FormatError, show
from ..images.decode import decode
from .follow import follow
from .jobs import Batch, Job
from .means import pipeline_of
from .mixed import Mixed
from .mixup import mixup
from .mosaic import mosaic
from .paste import PasteSettings, paste
from .sample import Sample

__all__ = ["Outcome", "Reader", "make_sample"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A new picture.

    Attributes:
        lineage: what was drawn, as JSON values.
        dropped: objects of which too little was left; `pasted`, `unplaced`: objects pasted in, or without a place.
    """

    sample: Sample
    lineage: dict[str, Any]
    dropped: int = 0
    pasted: int = 0
    unplaced: int = 0


class Reader:
    """Reads pictures of a batch with their annotations; the last parent is kept, for its next copy."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._parent: tuple[int, Sample] | None = None

    def parent(self, row: int) -> Sample:
        """Return the picture that a copy is made of.

        Raises:
            FormatError: it cannot be read, or is not the one that its labels were drawn on.
        """
        if self._parent is None or self._parent[0] != row:
            self._parent = None  # frees the memory before it is needed
            self._parent = row, self._read(row)
        return self._parent[1]

    def other(self, row: int) -> Sample:
        """Return another picture, which a copy is put together with.

        Raises:
            FormatError: as `parent`; it names the picture.
        """
        try:
            return self._read(row)
        except CvdataError as error:
            raise FormatError(f"'{show(self._batch.pictures[row].name)}': {error.message}") from error

    def _read(self, row: int) -> Sample:
        picture, offsets = self._batch.pictures[row], self._batch.offsets
        if picture.path is None:
            raise FormatError("the picture was not found")
        image = decode(picture.path)
        size = image.shape[1], image.shape[0]
        if min(picture.size) > 0 and size != picture.size:
            (wide, tall), (width, height) = size, picture.size
            raise FormatError(f"the picture is {wide}x{tall}, and its labels are of one of {width}x{height}")
        table = self._batch.table.take(np.arange(offsets[row], offsets[row + 1]))
        return Sample(image, replace(table, image=np.zeros(len(table), np.int32)))


def make_sample(batch: Batch, job: Job, reader: Reader) -> Outcome:
    """Make one picture: put together of several, objects pasted in, and then transformed.

    Raises:
        CvdataError: a picture cannot be read, or a transform cannot take it.
    """
    means = batch.means
    made = Outcome(reader.parent(job.parent), {})
    if job.mosaic or job.mixup or job.pasted:
        made = _put_together(made, batch, job, reader)
    if means.transform is None:
        return made
    followed = follow(made.sample, means.categories, pipeline_of(means.transform), job.seed, means.remnants)
    return replace(
        made,
        sample=followed.sample,
        lineage={**made.lineage, "transforms": followed.transforms},
        dropped=made.dropped + followed.dropped,
    )


def _put_together(made: Outcome, batch: Batch, job: Job, reader: Reader) -> Outcome:
    """Bring the other pictures in: first four in one, then two over each other, and on top what is pasted."""
    rng = np.random.Generator(np.random.PCG64(job.seed))
    means = batch.means
    if job.mosaic:
        samples = [made.sample, *map(reader.other, job.mosaic)]
        size = made.sample.width, made.sample.height
        made = _with(made, "mosaic", mosaic(samples, size, rng, means.remnants))
    if job.mixup and means.mixup is not None:
        other = reader.other(job.mixup[0])
        made = _with(made, "mixup", mixup(made.sample, other, rng, means.remnants, means.mixup.alpha))
    if job.pasted:
        sources = {row: reader.other(row) for row in dict.fromkeys(row for row, _ in job.pasted)}
        objects = [(sources[row], number) for row, number in job.pasted]
        mixed = paste(made.sample, objects, rng, PasteSettings(), means.remnants)
        made = replace(_with(made, "paste", mixed), pasted=len(objects) - mixed.left_out, unplaced=mixed.left_out)
    return made


def _with(made: Outcome, what: str, mixed: Mixed) -> Outcome:
    return replace(
        made,
        sample=mixed.sample,
        lineage={**made.lineage, what: dict(mixed.parameters)},
        dropped=made.dropped + mixed.dropped,
    )
