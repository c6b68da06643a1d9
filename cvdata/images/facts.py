"""What pictures say of themselves, read by all workers: hashes, light, sharpness, capture time, oddities.

One read of a file serves everything, the verdict of `images.decode` included, and only grey values are looked at:
see `decode.load` for what that saves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..dataset import Facts
from ..engine import Engine, Progress, batch_size
from .light import Meter
from .measure import PathBatch
from .phash import phashes

if TYPE_CHECKING:
    from .look import Look

__all__ = ["PicturesRead", "facts_of", "read_facts"]

_PICTURES = 50  # a batch holds at most: half a second of work for one process


@dataclass(frozen=True)
class PicturesRead:
    """What the files of pictures say, one row each.

    Attributes:
        facts: hashes and measures; a row that was never read (`size` -1) where the picture is bad.
        width, height: int32, after EXIF rotation; 0 where the picture is bad.
        problems: what is wrong with a picture, by its row, in the words of `images.decode`.
        oddities: what is worth a note and stops nothing, by row; the codes are those of `images.look`.
    """

    facts: Facts
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    problems: dict[int, str]
    oddities: dict[int, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.width)

    @staticmethod
    def concat(parts: Sequence[PicturesRead]) -> PicturesRead:
        """Join the rows of several results."""
        none = np.zeros(0, np.int32)
        problems: dict[int, str] = {}
        oddities: dict[int, tuple[str, ...]] = {}
        first = 0
        for part in parts:
            problems.update((first + row, problem) for row, problem in part.problems.items())
            oddities.update((first + row, codes) for row, codes in part.oddities.items())
            first += len(part)
        return PicturesRead(
            Facts.concat([part.facts for part in parts]),
            np.concatenate([none, *(part.width for part in parts)]),
            np.concatenate([none, *(part.height for part in parts)]),
            problems,
            oddities,
        )


def facts_of(paths: Sequence[str], engine: Engine, progress: Progress) -> PicturesRead:
    """Read every picture, by the one decode rule, and say what is in it; rows come in the order of the paths.

    Raises:
        Nothing: a file that cannot be read is a problem of its row.
    """
    return PicturesRead.concat([part for _, part in read_facts(paths, engine, progress)])


def read_facts(paths: Sequence[str], engine: Engine, progress: Progress) -> Iterator[tuple[int, PicturesRead]]:
    """Do what `facts_of` does batch by batch, so that a caller can keep each as soon as it is there.

    Yields:
        The first row of a batch and what was read, in order.
    """
    progress.start("reading pictures", len(paths))
    step = batch_size(len(paths), engine.workers, _PICTURES)
    batches = (PathBatch(list(paths[i : i + step]), decode=True) for i in range(0, len(paths), step))
    first = 0
    for part in engine.map(read_batch, batches, lost=_lost, progress=progress):
        yield first, part
        first += len(part)


def _lost(batch: PathBatch) -> PicturesRead:
    """Return the result for a picture that killed its worker twice."""
    none = np.zeros(len(batch), np.int32)
    problems = dict.fromkeys(range(len(batch)), "ends the process that reads it")
    return PicturesRead(Facts.none(len(batch)), none, none, problems, {})


def read_batch(batch: PathBatch) -> PicturesRead:
    """Read a batch of pictures; runs in a worker."""
    from .look import look_at  # with all of Pillow

    meter = Meter()
    looks = [look_at(path, meter) for path in batch.paths]
    problems = {row: look for row, look in enumerate(looks) if isinstance(look, str)}
    seen = [look for look in looks if not isinstance(look, str)]
    # Rows of bad pictures are taken from an empty one behind the good ones.
    rows = np.full(len(looks), len(seen), np.int64)
    rows[[row for row in range(len(looks)) if row not in problems]] = np.arange(len(seen))
    width, height = (np.array([*(look.size[side] for look in seen), 0], np.int32)[rows] for side in (0, 1))
    oddities = {row: look.oddities for row, look in enumerate(looks) if not isinstance(look, str) and look.oddities}
    return PicturesRead(Facts.concat([_table(seen), Facts.none(1)]).take(rows), width, height, problems, oddities)


def _table(seen: Sequence[Look]) -> Facts:
    return Facts(
        size=np.array([look.file_size for look in seen], np.int64),
        modified=np.array([look.modified for look in seen], np.int64),
        sha256=np.frombuffer(b"".join(look.sha256 for look in seen), np.uint8).reshape(-1, 32),
        phash=phashes(np.array([look.measures.waves for look in seen], np.float64).reshape(-1, 8, 8)),
        taken=np.array([look.taken for look in seen], np.int64),
        brightness=np.array([look.measures.brightness for look in seen], np.float32),
        contrast=np.array([look.measures.contrast for look in seen], np.float32),
        sharpness=np.array([look.measures.sharpness for look in seen], np.float32),
    )
