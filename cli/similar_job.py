"""The working half of `cvdata similar`: read, describe, search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Place, UsageError, show
from .choices import Verify
from .source import read_source, refuse_outputs

if TYPE_CHECKING:
    from ..convert import Reading
    from ..dataset import Images
    from ..engine import Progress
    from ..prelabel.embeddings.embedder import Embedder
    from ..prelabel.embeddings.making import Embedded
    from ..prelabel.embeddings.similar import SimilarOutcome, SimilarReport, SimilarSettings

__all__ = ["Done", "Job", "check_store"]

_NO_STORE = "none"
_NONE_READ = "no picture could be read"
_CHECK = "cvdata check SRC names what is wrong with each"


def check_store(store: str | None, source: Path, images: Path | None) -> None:
    """Refuse a place for embeddings before any work is done for it.

    Raises:
        UsageError: it lies inside the input, is a folder, or its folder is missing; or its name does not end so.
    """
    if store is None or store == _NO_STORE:
        return
    if not store.lower().endswith(".parquet"):
        raise UsageError(
            f"--store keeps a Parquet file, and '{show(store)}' does not end so", hint="end its name with .parquet"
        )
    refuse_outputs([Path(store)], source, images, overwrite=True)


@dataclass(frozen=True)
class Done:
    """What was found, and in which pictures."""

    report: SimilarReport
    outcome: SimilarOutcome
    images: Images


@dataclass(frozen=True)
class Job:
    """What was asked for, checked."""

    source: Path
    from_format: str | None
    images: Path | None
    store: str | None
    settings: SimilarSettings
    embedder: Embedder
    workers: int | None
    progress: Progress

    def run(self) -> Done:
        """Read the pictures, let the embedder look at those that it does not know yet, and search."""
        from ..prelabel.embeddings.similar import (
            SimilarReport,
            asked_for,
            check_labelled,
            find_like,
            find_unlike,
            part_of,
        )

        reading = self._read(self.source, self.from_format, self.images)
        images, number = reading.dataset.images, self.settings.number
        asked = asked_for(images, self.settings.like)
        if self.settings.unlike and self.settings.seen is None:
            check_labelled(images)
        store = self._store(self.source, reading, self.store)
        embedded = self._embed(images, store)
        self._note_bad(reading, embedded)
        if self.settings.unlike:
            outcome = find_unlike(images, embedded, number, self._seen())
        else:
            outcome = find_like(images, embedded, self.embedder, asked, number)
        report = SimilarReport(
            source=show(self.source),
            source_format=reading.format,
            model=part_of(self.embedder, embedded, store),
            searched=outcome.searched,
            compared=outcome.compared,
            found=outcome.found,
            quarantine=reading.intake.quarantine,
            settings=self.settings,
        )
        return Done(report, outcome, images)

    @staticmethod
    def _note_bad(reading: Reading, embedded: Embedded) -> None:
        """Put pictures aside that could not be read."""
        names, counts = reading.dataset.images.names, np.diff(reading.dataset.offsets)
        for row, problem in sorted(embedded.bad.items()):
            expected = "a picture that can be read"
            reading.intake.bad_image(Place(names[row]), problem, expected, names[row], int(counts[row]))

    def _seen(self) -> tuple[Images, Embedded] | None:
        """Return the pictures of the dataset that was seen, where one was named."""
        if self.settings.seen is None:
            return None
        path = Path(self.settings.seen)
        reading = self._read(path, None, None)
        images = reading.dataset.images
        return images, self._embed(images, self._store(path, reading, _NO_STORE if self.store == _NO_STORE else None))

    def _read(self, source: Path, from_format: str | None, images: Path | None) -> Reading:
        reading = read_source(
            source, from_format, images, Verify.sizes, self.workers, self.progress, wanted=frozenset()
        )
        if not (reading.dataset.images.folder >= 0).any():
            if reading.intake.quarantined.images:
                raise UsageError(_NONE_READ, hint=_CHECK)
            message = f"the pictures of '{show(source)}' are nowhere to be found"
            raise UsageError(message, hint="say with --images where they lie")
        return reading

    def _store(self, source: Path, reading: Reading, wanted: str | None) -> Path | None:
        """Return the file that keeps what the embedder says of the pictures of a dataset."""
        from ..formats.store import split_version
        from ..prelabel.embeddings.making import store_in

        if wanted is not None:
            return None if wanted == _NO_STORE else Path(wanted)
        return store_in(split_version(source)[0], self.embedder) if reading.format == "cvdata" else None

    def _embed(self, images: Images, store: Path | None) -> Embedded:
        from ..prelabel.embeddings.making import embeddings_of

        embedded = embeddings_of(images, self.embedder, store=store, workers=self.workers, progress=self.progress)
        if not len(embedded.rows):
            raise UsageError(_NONE_READ, hint=_CHECK)
        return embedded
