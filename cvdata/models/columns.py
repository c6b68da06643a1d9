"""What a model found in pictures, in their own pixels, and how that becomes a dataset with scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dataset import Ragged

__all__ = ["Columns"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Columns:
    """What a model found in some pictures; None for what it does not find.

    Attributes:
        images: pictures that it looked at.
        owner: int64, shape (detections,), picture of each, ascending, within a picture surest first.
        box: float64, shape (detections, 4): x, y, width, height in pixels of the picture, inside it.
        label: int64, shape (detections,), class; `score`: float64, shape (detections,), from 0 to 1.
        masks: run lengths per detection over its whole picture, as `Annotations.masks` has them.
        keypoints: float64, shape (detections, points, 3): x, y in pixels of the picture, confidence.
        scores: classifiers: float64, shape (images, classes).
        maps: segmenters: class of each pixel of each picture, uint8, shape (height, width) of that picture.
    """

    images: int
    owner: NDArray[np.int64] | None = None
    box: NDArray[np.float64] | None = None
    label: NDArray[np.int64] | None = None
    score: NDArray[np.float64] | None = None
    masks: Ragged | None = None
    keypoints: NDArray[np.float64] | None = None
    scores: NDArray[np.float64] | None = None
    maps: list[NDArray[np.uint8]] | None = None
