"""Predictions of a model for a small cvdata dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cvdata.convert import save
from cvdata.dataset import Categories, Dataset, State
from cvdata.formats.predictions import Prediction, PredictionModel, make_prediction, write_prediction
from cvdata.formats.store import open_store

from ..tiny import build

__all__ = ["HASH", "about_of", "propose", "proposed", "stored_pets"]

HASH = "0123456789abcdef" * 4
_SIZES = {"a.jpg": (100, 80), "b.jpg": (100, 80), "c.jpg": (100, 80), "d.jpg": (100, 80)}
_CLASSES = Categories(names=("cat", "dog"))


def stored_pets(root: Path) -> Path:
    """Write a cvdata dataset of four pictures without files; a cat is labelled in the first, the others wait."""
    rows = [{"image": "a.jpg", "category": "cat", "box": (10, 10, 40, 40)}]
    save(
        build(_SIZES, rows, _CLASSES, states=dict.fromkeys(("b.jpg", "c.jpg", "d.jpg"), State.UNLABELLED)),
        root,
        "cvdata",
    )
    return root


def proposed(
    rows: Sequence[tuple[str, str, tuple[float, float, float, float], float]],
    *,
    classes: Categories = _CLASSES,
    sizes: dict[str, tuple[int, int]] | None = None,
    **columns: Any,
) -> Dataset:
    """Return a dataset with scores, from rows of picture, class, box and score in the order of the pictures."""
    entries = [{"image": image, "category": category, "box": box} for image, category, box, _ in rows]
    dataset = build(sizes or _SIZES, entries, classes)
    score = np.array([row[3] for row in rows], np.float64)
    return replace(dataset, annotations=replace(dataset.annotations, score=score, **columns))


def about_of(root: Path, name: str = "first", *, thresholds: dict[str, float] | None = None) -> Prediction:
    """Return what is said of predictions of one model for the current version."""
    return make_prediction(
        name,
        version=open_store(root).current.id,
        models=[PredictionModel(name="cells", sha256=HASH, task="detector", architecture="nano")],
        thresholds={"cat": 0.25, "dog": 0.5} if thresholds is None else thresholds,
        settings={"score": 0.25},
    )


def propose(root: Path, dataset: Dataset, name: str = "first", **more: Any) -> Prediction:
    """Write predictions into a dataset."""
    return write_prediction(root, dataset, about_of(root, name), **more)
