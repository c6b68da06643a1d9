"""The second stage: a classifier that learnt cut-out boxes says what each box of a dataset is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, Images
from ..dataset.select import keep_annotations, keep_classes, keep_images
from ..engine import Progress
from ..errors import UsageError
from .columns import categories_of
from .crops import crop_windows
from .predict import Predicted, PredictSettings, look
from .predictor import Predictor

__all__ = ["relabel"]


def relabel(
    predictor: Predictor,
    dataset: Dataset,
    settings: PredictSettings,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Predicted:
    """Return a dataset with the same boxes, their classes and scores those that a classifier gives them.

    Args:
        predictor: whose spec has a `crop_margin`.
        dataset: its boxes say where to look; their own classes and scores do not count.
        settings: boxes whose surest class has less than `score` are left out.

    Raises:
        UsageError: no box is there, or no picture can be read.
    """
    table, images, spec = dataset.annotations, dataset.images, predictor.spec
    rows = np.flatnonzero(~np.isnan(table.box).any(axis=1)).astype(np.int64)
    if not len(rows):
        raise UsageError(
            "the model knows objects that were cut out, and no picture has a box that says where one is",
            hint="give a dataset with boxes, such as what a detector found: cvdata predict DETECTOR PICTURES FOUND",
        )
    owner = table.image[rows].astype(np.int64)
    windows = crop_windows(table.box[rows], images.width[owner], images.height[owner], spec.crop_margin or 0.0)
    category, score = np.full(len(rows), -1, np.int32), np.zeros(len(rows))
    bad: dict[int, str] = {}
    boxes = _boxes(images, owner, windows)
    for looked in look(predictor, boxes, windows=windows, batch=settings.batch, workers=workers, progress=progress):
        bad |= {int(owner[row]): problem for row, problem in looked.bad.items()}
        if looked.columns.scores is not None:
            category[looked.rows] = looked.columns.scores.argmax(axis=1)
            score[looked.rows] = looked.columns.scores.max(axis=1)
    sure = (category >= 0) & (score >= (settings.score or 0.0))
    if not (category >= 0).any():
        raise UsageError("no picture could be read", hint="look at what was put aside, or give other pictures")
    kept = keep_annotations(replace(dataset, categories=categories_of(spec)), rows[sure])
    found = replace(kept.annotations, category=category[sure], score=score[sure], source_id=None, area=None)
    named = replace(kept, annotations=found, meta={})
    if bad:
        named = keep_images(named, np.setdiff1d(np.arange(len(images)), list(bad)))
    if settings.classes is not None:
        named = keep_classes(named, [spec.classes.index(name) for name in settings.classes])
    return Predicted(named, bad)


def _boxes(images: Images, owner: NDArray[np.int64], windows: NDArray[np.float64]) -> Images:
    """Return a table of pictures in which each box is one."""
    cut = images.take(owner)
    return replace(cut, width=windows[:, 2].astype(np.int32), height=windows[:, 3].astype(np.int32))
