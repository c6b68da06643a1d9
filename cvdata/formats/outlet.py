"""What a writer is given: the folder to fill, the workers, and how pictures are put there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..dataset import Images
from ..engine import Engine, InProcess, Progress, Silent, batch_size
from ..engine.core import Sized
from ..files import FileEntry, Staging, place_files

__all__ = ["LabelFiles", "Media", "Origin", "Outlet", "Refusal"]

_MOST_PICTURES = 2000  # pictures a batch to place

Media = Literal["link", "copy", "symlink", "none"]

B = TypeVar("B", bound=Sized)


@dataclass(frozen=True)
class Refusal:
    """Annotations that a format cannot hold at all.

    Attributes:
        rows: bool, shape (annotations,).
        found: what they are, in words; `expected`: what the format needs.
    """

    rows: NDArray[np.bool_]
    found: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a dataset that is written came from, for formats that keep a history.

    Attributes:
        command: what made it, such as `convert`; `settings`: as resolved.
        source: name of what was read; `format`: its format; `sha256`: of its label files, or of the hashes of the
            pictures taken in, None where not known.
        version: version of a cvdata dataset that was read.
    """

    command: str = "save"
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = "memory"
    format: str = "memory"
    sha256: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class LabelFiles:
    """Which file holds the labels of which picture, one entry per picture.

    Attributes:
        names: name of each picture as the format's own reader will give it.
        files: name below the output of the file that holds its labels (several pictures may share one), or None where
            it has none.
        splits: name of each of `Images.splits` as the reader will give it, None where it will give none.
        classes: name of each class as the reader will give it.
        numbered: the files name classes by their numbers in a list that stands elsewhere.
    """

    names: tuple[str, ...]
    files: tuple[str | None, ...]
    splits: tuple[str | None, ...]
    classes: tuple[str, ...]
    numbered: bool = False


@dataclass(kw_only=True)
class Outlet:
    """The desk that every writer works at.

    Attributes:
        staging: the folder to fill; it becomes the output when all is done.
        engine: runs work on batches.
        media: how pictures get into the output.
        renamed: pictures whose name had to change, old to new; writers add to it.
        notes: losses that only the writer can see: what and what became of it, with the number of times.
        origin: where the dataset came from.
        labels: set by a writer whose files hold labels: which file has those of which picture.
        made: folders of pictures that were made for this output alone; they are linked into it whatever `media` says.
    """

    staging: Staging
    engine: Engine = field(default_factory=InProcess)
    progress: Progress = field(default_factory=Silent)
    media: Media = "link"
    renamed: dict[str, str] = field(default_factory=dict)
    notes: dict[tuple[str, str], int] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    labels: LabelFiles | None = None
    made: frozenset[str] = frozenset()

    def lose(self, what: str, outcome: str, count: int) -> None:
        """Count something that could not be written as it was."""
        if count:
            self.notes[what, outcome] = self.notes.get((what, outcome), 0) + count

    def write_batches(self, function: Callable[[B], list[FileEntry]], batches: Iterable[B]) -> None:
        """Run a function of a module that writes files below `staging.path`, and record what it wrote."""
        for entries in self.engine.map(function, batches, progress=self.progress):
            self.staging.record(entries)

    def place_pictures(self, images: Images, targets: Sequence[str]) -> None:
        """Put the pictures that were found at `targets`, names below the output, one per row of `images`.

        A repeated row with another target places the picture again. With `--media none` only those are placed that were
        made for this output.
        """
        is_made = self._made(images)
        for mode, rows in ((self.media, ~is_made), ("link", is_made)):
            chosen = np.flatnonzero(rows & self.places(images)).tolist()
            found = [(targets[row], source) for row in chosen if (source := images.file(row)) is not None]
            self._place(mode, found)

    def places(self, images: Images) -> NDArray[np.bool_]:
        """Tell which pictures get into the output, bool, shape (images,)."""
        found = images.folder >= 0
        return found & self._made(images) if self.media == "none" else found

    def _made(self, images: Images) -> NDArray[np.bool_]:
        return np.isin(images.folder, [row for row, folder in enumerate(images.folders) if folder in self.made])

    def _place(self, mode: str, found: list[tuple[str, str]]) -> None:
        self.staging.make_folders({target.rpartition("/")[0] for target, _ in found})
        step = batch_size(len(found), self.engine.workers, _MOST_PICTURES)
        batches = [PlaceBatch(self.staging.path, mode, found[i : i + step]) for i in range(0, len(found), step)]
        self.write_batches(place_batch, batches)


@dataclass(frozen=True)
class PlaceBatch:
    """Pictures to put in an output: (target below root, source)."""

    root: str
    mode: str
    jobs: list[tuple[str, str]]

    def __len__(self) -> int:
        return len(self.jobs)

    def __getitem__(self, part: slice) -> PlaceBatch:
        return PlaceBatch(self.root, self.mode, self.jobs[part])


def place_batch(batch: PlaceBatch) -> list[FileEntry]:
    """Put a batch of pictures in the output; runs in a worker."""
    targets: list[Any] = [target for target, _ in batch.jobs]
    return place_files(batch.root, targets, [source for _, source in batch.jobs], batch.mode)
