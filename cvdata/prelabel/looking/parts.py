"""Columns of detections, empty where a model gave none; and what it found in each picture by itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...models.columns import Columns

__all__ = ["boxes", "each", "labels", "owners", "scores"]


def owners(found: Columns) -> NDArray[np.int64]:
    """Return the picture of each detection, int64, shape (detections,)."""
    return np.empty(0, np.int64) if found.owner is None else found.owner


def labels(found: Columns) -> NDArray[np.int64]:
    """Return the class of each detection, int64, shape (detections,)."""
    return np.empty(0, np.int64) if found.label is None else found.label


def boxes(found: Columns) -> NDArray[np.float64]:
    """Return the box of each detection, float64, shape (detections, 4)."""
    return np.empty((0, 4)) if found.box is None else found.box


def scores(found: Columns) -> NDArray[np.float64]:
    """Return the score of each detection, float64, shape (detections,)."""
    return np.empty(0) if found.score is None else found.score


def each(found: Columns) -> list[Columns]:
    """Return what a detector or a segmenter found in each picture by itself."""
    if found.maps is not None:
        return [Columns(images=1, maps=[one]) for one in found.maps]
    ends = np.searchsorted(owners(found), np.arange(found.images + 1))
    parts = [found.take(np.arange(begin, end)) for begin, end in pairwise(ends.tolist())]
    return [replace(part, images=1, owner=np.zeros_like(owners(part))) for part in parts]
