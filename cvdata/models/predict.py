"""Let a model look at many pictures: threads decode the next ones while it looks at these.

for looked in look(predictor, images):
    ...
outcome = collect(look(predictor, images), predictor.spec, images, settings)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, Images
from ..dataset.select import keep_classes
from ..engine import Progress, Silent, worker_count
from ..errors import FormatError, UsageError, nearest_of, show
from ..files import DatasetReport
from ..images.decode import decode
from .columns import Columns, categories_of, columns_dataset, concat_columns
from .crops import cut_out
from .predictor import Predictor
from .spec import ModelSpec

__all__ = [
    "Looked",
    "ModelPart",
    "PredictReport",
    "PredictSettings",
    "Predicted",
    "check_predict",
    "collect",
    "decoded_lots",
    "look",
    "lots_of",
]

_PIXELS_AT_ONCE = 64_000_000
_AHEAD = 2  # lots that are decoded while one is looked at
DETECTION_SCORE, LABEL_SCORE = 0.25, 0.5


class PredictSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model labels pictures.

    Attributes:
        weights: of a run: `best`, `last`, or the path of a file.
        score: least score of what is kept; None for 0.25 of detections and 0.5 of labels where a picture may have
            several; where it has one, the surest counts, however sure.
        classes: names of the classes to keep; None for all.
        batch: pictures that it looks at together.
    """

    weights: str = "best"
    score: float | None = None
    classes: tuple[str, ...] | None = None
    batch: int = 16


class ModelPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model it was, and what it found.

    Attributes:
        name: of the run or file; `sha256`: of its weights.
        task, architecture: what it is.
        found: labels (of segmenters pixels) of each class.
        empty: pictures in which it found nothing.
    """

    name: str
    sha256: str
    task: str
    architecture: str
    found: dict[str, int]
    empty: int


class PredictReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata predict --json` prints.

    Attributes:
        model: that looked, and what it found.
    """

    schema: Literal["cvdata/predict-report/1"] = "cvdata/predict-report/1"
    model: ModelPart


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a model found in a lot of pictures.

    Attributes:
        rows: int64, shape (n,), rows of the pictures that could be read, ascending.
        width, height: int64, shape (n,), sizes of these pictures.
        columns: what it found in them.
        bad: what is wrong with the others, by row.
    """

    rows: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    columns: Columns
    bad: dict[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """A dataset with scores.

    Attributes:
        dataset: the pictures that could be read, with what was found in them.
        bad: what is wrong with the others, by their row in what was looked at.
    """

    dataset: Dataset
    bad: dict[int, str]


def check_predict(settings: PredictSettings, spec: ModelSpec) -> None:
    """Refuse what makes no sense, or not for this model.

    Raises:
        UsageError: a number is out of its range, a class is unknown, or a segmenter is asked for scores or classes.
    """
    if settings.score is not None and not 0 <= settings.score <= 1:
        raise UsageError(f"--score is {settings.score}, expected 0 to 1")
    if settings.batch < 1:
        raise UsageError(f"--batch is {settings.batch}, expected 1 or more")
    if spec.task == "segmenter" and (settings.score is not None or settings.classes is not None):
        option = "--score" if settings.score is not None else "--classes"
        raise UsageError(f"{option} is for detectors and classifiers, and this is a segmenter")
    classes = settings.classes or ()
    for name in classes:
        if name not in spec.classes:
            raise UsageError(f"the model has no class '{show(name)}'", hint=nearest_of(name, spec.classes))
    if len(set(classes)) < len(classes):
        raise UsageError("a class is named twice in --classes", hint="name each once")


def look(
    predictor: Predictor,
    images: Images,
    *,
    windows: NDArray[np.float64] | None = None,
    batch: int = 16,
    lots: Iterable[Sequence[int]] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Generator[Looked, None, None]:
    """Let a model look at all pictures of a table, in their order, a lot at a time.

    A picture that cannot be read is named in `bad`, and the others go on. Lots depend on the pictures alone, never on
    the number of workers. Closing it early ends the threads.

    Args:
        windows: float64, shape (n, 4): which part of its file each picture is, see `crop_windows`.
        batch: pictures that it looks at together; fewer where they are large.
        lots: rows to look at together, in place of all in lots of `batch`; see `lots_of`.
        workers: threads that decode.
    """
    progress = progress or Silent()
    chosen = [list(rows) for rows in (lots_of(images, batch) if lots is None else lots)]
    progress.start("looking", sum(map(len, chosen)))
    with closing(decoded_lots(images, chosen, workers)) as ahead:
        for rows, pictures in ahead:
            yield looked_at(lambda good, _: predictor.find(good), rows, pictures, windows)
            progress.advance(len(rows))


def decoded_lots(
    images: Images, lots: Iterable[list[int]], workers: int | None = None
) -> Generator[tuple[list[int], list[NDArray[np.uint8] | str]], None, None]:
    """Yield lots of rows with their pictures, or what is wrong with one; threads decode the next ones meanwhile.

    Closing it early ends the threads.
    """
    with ThreadPoolExecutor(worker_count(workers), thread_name_prefix="decode") as pool:
        waiting: deque[tuple[list[int], list[Future[NDArray[np.uint8] | str]]]] = deque()
        ahead = iter(lots)
        try:
            while True:
                while len(waiting) <= _AHEAD and (rows := next(ahead, None)) is not None:
                    paths = [images.file(row) for row in rows]
                    decoding = {path: pool.submit(_decoded, path) for path in dict.fromkeys(paths)}
                    waiting.append((rows, [decoding[path] for path in paths]))
                if not waiting:
                    return
                rows, pictures = waiting.popleft()
                yield rows, [picture.result() for picture in pictures]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def lots_of(images: Images, batch: int) -> Iterator[list[int]]:
    """Yield rows that are looked at together: so many, or as many as memory has room for."""
    rows: list[int] = []
    pixels = 0
    area = images.width.astype(np.int64) * images.height
    for row, own in enumerate(area.tolist()):
        if rows and (len(rows) == batch or pixels + own > _PIXELS_AT_ONCE):
            yield rows
            rows, pixels = [], 0
        rows.append(row)
        pixels += own
    if rows:
        yield rows


def _decoded(path: str | None) -> NDArray[np.uint8] | str:
    """Return a picture, or what is wrong with it."""
    if path is None:
        return "the picture is not there"
    try:
        return decode(path)
    except FormatError as error:
        return error.message


def looked_at(
    find: Callable[[Sequence[NDArray[np.uint8]], NDArray[np.int64]], Columns],
    rows: Sequence[int],
    pictures: Sequence[NDArray[np.uint8] | str],
    windows: NDArray[np.float64] | None = None,
) -> Looked:
    """Look at a lot of pictures that `decoded_lots` gave.

    Args:
        find: gets the pictures that could be read, and their rows.
        windows: see `look`.
    """
    bad = {row: one for row, one in zip(rows, pictures, strict=True) if isinstance(one, str)}
    good = [
        cut_out(one, None if windows is None else windows[row])
        for row, one in zip(rows, pictures, strict=True)
        if not isinstance(one, str)
    ]
    sizes = np.array([one.shape[:2] for one in good], np.int64).reshape(-1, 2)
    kept = np.array([row for row in rows if row not in bad], np.int64)
    columns = find(good, kept) if good else Columns(images=0)
    return Looked(kept, sizes[:, 1], sizes[:, 0], columns, bad)


def collect(lots: Iterable[Looked], spec: ModelSpec, images: Images, settings: PredictSettings) -> Predicted:
    """Return what was found as a dataset with scores: pictures as they were, labels and classes of the model.

    Args:
        lots: of a detector or a classifier, from `look`.
        images: what it looked at.

    Raises:
        UsageError: no picture could be read.
    """
    bad: dict[int, str] = {}
    rows, sizes, parts = [np.empty(0, np.int64)], [np.empty((0, 2), np.int64)], []
    for looked in lots:
        bad |= looked.bad
        rows.append(looked.rows)
        sizes.append(np.stack([looked.width, looked.height], axis=1))
        if len(looked.rows):
            parts.append(looked.columns.surer(DETECTION_SCORE if settings.score is None else settings.score))
    if not parts:
        raise UsageError("no picture could be read", hint="look at what was put aside, or give other pictures")
    width, height = np.concatenate(sizes).astype(np.int32).T
    kept = replace(images.take(np.concatenate(rows)), width=width, height=height)
    dataset = columns_dataset(kept, categories_of(spec), concat_columns(parts), spec, least=settings.score)
    if settings.classes is not None:
        dataset = keep_classes(dataset, [spec.classes.index(name) for name in settings.classes])
    return Predicted(dataset, bad)
