"""Let models look at pictures, with a journal: a kill costs one lot at most, and the end is the same as without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Images, State
from ..dataset.concat import concat_annotations
from ..engine import Progress, Silent
from ..errors import UsageError
from ..files.journal import Journal
from ..models.columns import columns_dataset
from ..models.predict import Looked, decoded_lots, looked_at, lots_of
from ..models.spec import ModelSpec
from .entries import LookedEntry, decode_entry, encode_entry, entry_of, lot_keys
from .looker import Looker

__all__ = ["Proposed", "propose"]


@dataclass(frozen=True, slots=True, eq=False)
class Proposed:
    """What models propose.

    Attributes:
        dataset: the pictures that could be read, with proposals and their scores.
        bad: what is wrong with the others, by their row in what was looked at.
        resumed: pictures at which an earlier run, which was cut off, had looked.
    """

    dataset: Dataset
    bad: dict[int, str]
    resumed: int


def propose(
    images: Images,
    looker: Looker,
    journal: Journal,
    how: Mapping[str, Any],
    *,
    batch: int,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Proposed:
    """Let models look at pictures.

    Lots of pictures depend on the pictures alone, so that a run that goes on looks at the same ones together.

    Args:
        images: all of them are looked at.
        how: all that the outcome depends on besides the pictures.
        batch: pictures that are looked at together; fewer where they are large.

    Raises:
        UsageError: no picture could be read.
        OutputError: the disk refused.
    """
    lots = list(lots_of(images, batch))
    keys = lot_keys(images, lots, how)
    known = {entry.key: entry for line in journal.entries if (entry := decode_entry(line)) is not None}
    done = [known.get(key) for key in keys]
    left = [number for number, entry in enumerate(done) if entry is None]
    resumed = sum(len(lot) for lot, entry in zip(lots, done, strict=True) if entry is not None)
    progress = progress or Silent()
    progress.start("looking", sum(len(lots[number]) for number in left))
    with closing(decoded_lots(images, [lots[number] for number in left], workers)) as ahead:
        for number, (rows, pictures) in zip(left, ahead, strict=True):
            entry = _entry(keys[number], rows, looked_at(looker.find, rows, pictures), looker)
            journal.append(encode_entry(entry))
            done[number] = entry
            progress.advance(len(rows))
    return _joined(images, lots, [entry for entry in done if entry is not None], looker.categories, resumed)


def _entry(key: str, lot: Sequence[int], looked: Looked, looker: Looker) -> LookedEntry:
    first = lot[0]  # lots are rows one after the other
    rows = looked.rows - first
    table = _table(looked, looker.spec, looker.thresholds)
    table = replace(table, image=rows[table.image].astype(np.int32))
    return entry_of(
        key, rows, looked.width, looked.height, {row - first: why for row, why in looked.bad.items()}, table
    )


def _table(looked: Looked, spec: ModelSpec, thresholds: NDArray[np.float64]) -> Annotations:
    """Return what was found in a lot and is as sure as it must be; `image` counts the pictures that could be read."""
    if not len(looked.rows):
        return Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))
    blank = _blank(looked.width, looked.height)
    categories = Categories(names=tuple(map(str, range(len(thresholds)))))
    least = float(thresholds.min()) if spec.several else None
    table = columns_dataset(blank, categories, looked.columns, spec, least=least).annotations
    score = np.full(len(table), np.nan) if table.score is None else table.score
    # What has no score, a region of a segmenter, is as sure as it can be.
    return table.take(np.flatnonzero(~(score < thresholds[table.category])))


def _blank(width: NDArray[np.int64], height: NDArray[np.int64]) -> Images:
    count = len(width)
    return Images(
        names=tuple(map(str, range(count))),
        width=width.astype(np.int32),
        height=height.astype(np.int32),
        state=np.zeros(count, np.uint8),
        split=np.full(count, -1, np.int32),
        folder=np.full(count, -1, np.int32),
    )


def _joined(
    images: Images, lots: Sequence[Sequence[int]], entries: Sequence[LookedEntry], categories: Categories, resumed: int
) -> Proposed:
    bad: dict[int, str] = {}
    rows, sizes, tables = [np.empty(0, np.int64)], [np.empty((0, 2), np.int64)], []
    for lot, entry in zip(lots, entries, strict=True):
        bad |= {lot[row]: why for row, why in entry.bad.items()}
        rows.append(np.array(entry.rows, np.int64) + lot[0])
        sizes.append(np.array(entry.sizes, np.int64).reshape(-1, 2))
        table = entry.table
        tables.append(replace(table, image=(table.image + lot[0]).astype(np.int32)))
    read = np.concatenate(rows)
    if not len(read):
        raise UsageError("no picture could be read", hint="give other pictures")
    place = np.full(len(images), -1, np.int32)
    place[read] = np.arange(len(read), dtype=np.int32)
    whole = concat_annotations(tables)
    whole = replace(whole, image=place[whole.image], score=_scores(whole))
    width, height = np.concatenate(sizes).astype(np.int32).T
    there = np.bincount(whole.image, minlength=len(read)) > 0
    state = np.where(there, State.LABELLED, State.EMPTY).astype(np.uint8)
    kept = replace(images.take(read), width=width, height=height, state=state)
    return Proposed(Dataset(images=kept, annotations=whole, categories=categories), bad, resumed)


def _scores(table: Annotations) -> NDArray[np.float64]:
    return np.full(len(table), np.nan) if table.score is None else table.score
