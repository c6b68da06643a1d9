"""Sizes of many pictures, read by all workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Progress, batch_size
from .headers import Header, read_header

__all__ = ["Sizes", "measure"]

_HEADERS = 1000  # pictures a batch holds at most; a header takes 15 microseconds
_PICTURES = 50  # the same where every pixel is read, 10 milliseconds each
_FEWEST = 200  # headers that are worth sending to another process


@dataclass(frozen=True)
class Sizes:
    """Sizes of pictures as they are shown.

    Attributes:
        width, height: int32, after EXIF rotation; 0 where the picture is bad.
        turned: bool, whether EXIF swaps width and height.
        problems: what is wrong with a picture, by its row.
    """

    width: NDArray[np.int32]
    height: NDArray[np.int32]
    turned: NDArray[np.bool_]
    problems: dict[int, str]


def measure(paths: Sequence[str], engine: Engine, *, decode: bool, progress: Progress) -> Sizes:
    """Read the size of every picture; with `decode`, read every pixel too, by the one decode rule.

    Args:
        paths: paths of files; problems and sizes come in their order.

    Raises:
        Nothing: a file that cannot be read is a problem of its row.
    """
    progress.start("reading pictures" if decode else "reading picture sizes", len(paths))
    most, least = (_PICTURES, 1) if decode else (_HEADERS, _FEWEST)
    step = batch_size(len(paths), engine.workers, most, least)
    batches = (PathBatch(list(paths[i : i + step]), decode) for i in range(0, len(paths), step))
    parts = list(engine.map(measure_batch, batches, lost=_lost, progress=progress))
    problems: dict[int, str] = {}
    first = 0
    for part in parts:
        problems.update((first + row, problem) for row, problem in part.problems.items())
        first += len(part.width)
    return Sizes(
        np.concatenate([np.zeros(0, np.int32), *(part.width for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.height for part in parts)]),
        np.concatenate([np.zeros(0, np.bool_), *(part.turned for part in parts)]),
        problems,
    )


@dataclass(frozen=True)
class PathBatch:
    """Pictures to measure."""

    paths: list[str]
    decode: bool

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, part: slice) -> PathBatch:
        return PathBatch(self.paths[part], self.decode)


def _pixel_problem(path: str) -> str | None:
    from .decode import check_pixels  # with all of Pillow, which reading headers does without

    return check_pixels(path)


def measure_batch(batch: PathBatch) -> Sizes:
    """Measure a batch of pictures; runs in a worker."""
    rows: list[Header] = []
    problems: dict[int, str] = {}
    for row, path in enumerate(batch.paths):
        header = read_header(path)
        if batch.decode and not isinstance(header, str):
            header = _pixel_problem(path) or header
        if isinstance(header, str):
            problems[row] = header
            header = _BAD
        rows.append(header)
    width, height, turned = zip(*rows, strict=True) if rows else ((), (), ())
    return Sizes(np.array(width, np.int32), np.array(height, np.int32), np.array(turned, np.bool_), problems)


_BAD = Header(0, 0, False)


def _lost(batch: PathBatch) -> Sizes:
    """Return the result for a picture that killed its worker twice."""
    none = np.zeros(len(batch), np.int32)
    return Sizes(none, none, none.astype(np.bool_), dict.fromkeys(range(len(batch)), "ends the process that reads it"))
