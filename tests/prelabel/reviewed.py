"""Proposals for reviews, and people who look at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvdata.convert import save
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.dataset.select import keep_annotations
from cvdata.formats.predictions import Stored, read_prediction, write_prediction
from cvdata.prelabel.review.draw import ClassOrder
from cvdata.prelabel.review.records import ReviewSample

from ..formats.proposals import about_of

__all__ = ["line_up", "order_of", "proposals_in", "without"]

_PER_IMAGE = 10
_SIDE = 30


def line_up(scores: dict[str, NDArray[np.float64]]) -> Dataset:
    """Return proposals with these scores by class, ten in a picture, side by side, in boxes of 20 pixels."""
    names = tuple(scores)
    score = np.concatenate([scores[name] for name in names])
    count = len(score)
    pictures = -(-count // _PER_IMAGE)
    at = np.arange(count)
    box = np.stack([5 + _SIDE * (at % _PER_IMAGE), np.full(count, 5), np.full(count, 20), np.full(count, 20)], axis=1)
    images = Images(
        names=tuple(f"{row:04d}.jpg" for row in range(pictures)),
        width=np.full(pictures, _SIDE * _PER_IMAGE, np.int32),
        height=np.full(pictures, _SIDE, np.int32),
        state=np.full(pictures, State.LABELLED, np.uint8),
        split=np.full(pictures, -1, np.int32),
        folder=np.full(pictures, -1, np.int32),
    )
    table = Annotations(
        image=(at // _PER_IMAGE).astype(np.int32),
        category=np.repeat(np.arange(len(names)), [len(scores[name]) for name in names]).astype(np.int32),
        box=box.astype(np.float64),
        score=score,
    )
    return Dataset(images=images, annotations=table, categories=Categories(names=names))


def proposals_in(root: Path, dataset: Dataset, name: str = "first") -> Stored:
    """Write a cvdata dataset of the same pictures, all unlabelled, and proposals for it; return these as read again."""
    bare = keep_annotations(dataset, np.zeros(0, np.int64))
    if not root.exists():
        save(bare, root, "cvdata")
    thresholds = dict.fromkeys(dataset.categories.names, 0.01)
    write_prediction(root, dataset, about_of(root, name, thresholds=thresholds))
    return read_prediction(root, name)


def without(dataset: Dataset, sample: ReviewSample, is_wrong: Callable[[int], bool]) -> Dataset:
    """Return a sample as a person leaves it who deletes what is wrong, and changes nothing else."""
    kept = np.array([at for at, row in enumerate(sample.rows) if not is_wrong(row)], np.int64)
    left = keep_annotations(dataset, kept)
    state = np.where(left.images.state == State.UNLABELLED, State.EMPTY, left.images.state).astype(np.uint8)
    return replace(left, images=replace(left.images, state=state))


def order_of(score: NDArray[np.float64], bands: int, rng: np.random.Generator, name: str = "car") -> ClassOrder:
    """Return proposals with these scores, highest first, in a random order; rows are places in `score`."""
    rows = rng.permutation(len(score))
    last = np.arange(1, bands + 1) * len(score) // bands - 1
    return ClassOrder(name, rows, score[rows], np.unique(score[last[last >= 0]])[::-1])
