"""How much every detection overlaps every object of its picture, as three columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dataset.ragged import ranges
from .pair import Pair

__all__ = ["Overlaps", "box_overlaps", "pairs_of"]

_BLOCK = 1 << 21
"""Pairs looked at at once: a dozen columns of them are in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Pairs of a detection and an object on one picture, sorted by detection, then by object.

    Attributes:
        found: int64, shape (pairs,), row of the detection.
        truth: int64, shape (pairs,), row of the object.
        value: float64, shape (pairs,), intersection over union (of keypoints, object keypoint similarity). With a crowd
            region it is the share of the detection that lies in the region, as pycocotools has it.
    """

    found: NDArray[np.int64]
    truth: NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.found)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Overlaps:
        """Return some of the pairs."""
        return Overlaps(self.found[chosen], self.truth[chosen], self.value[chosen])

    @staticmethod
    def concat(parts: list[Overlaps]) -> Overlaps:
        """Join pairs of several parts of a dataset, in order."""
        return Overlaps(
            np.concatenate([np.zeros(0, np.int64), *(part.found for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.truth for part in parts)]),
            np.concatenate([np.zeros(0), *(part.value for part in parts)]),
        )


def box_overlaps(pair: Pair, *, least: float = 0.0, same_class: bool = False, pixel: float = 0.0) -> Overlaps:
    """Return the intersection over union of boxes.

    The operations and their order are those of `bbIou` in pycocotools' `maskApi.c`, so that the last bit agrees.

    Args:
        least: leave out pairs that overlap less than this; pairs that do not overlap at all are always left out.
        same_class: only pairs of one class.
        pixel: added to every width and height; 1 for the VOC devkit, whose corners are pixels that belong to the box.
    """
    crowd = pair.truth.annotations.has("crowd")
    parts = []
    for found, truth in pairs_of(pair, same_class=same_class):
        value = _iou(pair.found.annotations.box[found], pair.truth.annotations.box[truth], crowd[truth], pixel)
        parts.append(Overlaps(found, truth, value).take((value > 0) & (value >= least)))
    return Overlaps.concat(parts)


def pairs_of(pair: Pair, *, same_class: bool) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return every pair of a detection and an object on one picture, in blocks of (detections, objects)."""
    image = pair.found.annotations.image.astype(np.int64)
    first, counts = pair.truth.offsets[image], np.diff(pair.truth.offsets)[image]
    ends = np.cumsum(counts)
    blocks, start = [], 0
    while start < len(image):
        before = ends[start] - counts[start]
        stop = max(start + 1, int(np.searchsorted(ends, before + _BLOCK, side="right")))
        found = np.repeat(np.arange(start, stop), counts[start:stop])
        truth = ranges(first[start:stop], counts[start:stop])
        if same_class:
            same = pair.found.annotations.category[found] == pair.truth.annotations.category[truth]
            found, truth = found[same], truth[same]
        blocks.append((found, truth))
        start = stop
    return blocks


def _iou(
    found: NDArray[np.float64], truth: NDArray[np.float64], crowd: NDArray[np.bool_], pixel: float
) -> NDArray[np.float64]:
    dx, dy, dw, dh = found.T
    gx, gy, gw, gh = truth.T
    wide = np.minimum(dw + dx, gw + gx) - np.maximum(dx, gx) + pixel
    high = np.minimum(dh + dy, gh + gy) - np.maximum(dy, gy) + pixel
    shared = np.where((wide > 0) & (high > 0), wide * high, 0.0)
    area = (dw + pixel) * (dh + pixel)
    union = np.where(crowd, area, area + (gw + pixel) * (gh + pixel) - shared)
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
