"""Of the detections of one object in several tiles one is left: what a tile saw whole, or its pieces put together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...models.columns import Columns
from .parts import boxes, labels, scores
from .spans import runs_of_spans, spans_of

__all__ = ["merged"]


def merged(
    found: Columns, number: NDArray[np.int64], whole: NDArray[np.bool_], size: tuple[int, int], *, mean: bool
) -> Columns:
    """Return one detection for each object of a picture, surest first.

    Of an object that some tile saw whole its pieces say nothing more: the surest whole detection stands, or the mean
    of them, weighted by score, with their mean score. Pieces of an object that no tile saw whole get the box around
    them, all their pixels, the surest of each keypoint, and the score of the surest.

    Args:
        found: of one picture, in its pixels; their owners do not count.
        number, whole: see `objects_of`.
        size: width and height of the picture.
        mean: the mean, not the surest.
    """
    objects = int(number.max(initial=-1)) + 1
    has_whole = np.bincount(number[whole & (number >= 0)], minlength=objects) > 0
    rows = np.flatnonzero((number >= 0) & (whole | ~has_whole[number]))
    rows = rows[np.lexsort([-scores(found)[rows], number[rows]])]
    surest = rows[np.unique(number[rows], return_index=True)[1]]
    kept = replace(found.take(surest), images=1, owner=np.zeros(objects, np.int64))
    of_whole = has_whole[number[rows]]
    if mean:
        kept = _averaged(kept, found, rows[of_whole], number)
    kept = _put_together(kept, found, rows[~of_whole], number, size)
    return kept.take(np.argsort(-scores(kept), kind="stable"))


def _averaged(kept: Columns, found: Columns, rows: NDArray[np.int64], number: NDArray[np.int64]) -> Columns:
    """Return objects with the mean box and the mean score of some detections.

    Args:
        rows: the detections; objects without one stay as they are.
    """
    place, count = number[rows], len(labels(kept))
    weight, seen = scores(found)[rows], np.bincount(place, minlength=count)
    total = np.bincount(place, weights=weight, minlength=count)
    share = weight / np.where(total > 0, total, 1.0)[place]
    box = np.stack([np.bincount(place, weights=share * one, minlength=count) for one in boxes(found)[rows].T], axis=1)
    return replace(
        kept,
        box=np.where((total > 0)[:, None], box, boxes(kept)),
        score=np.where(seen > 0, total / np.maximum(seen, 1), scores(kept)),
    )


def _put_together(
    kept: Columns, found: Columns, rows: NDArray[np.int64], number: NDArray[np.int64], size: tuple[int, int]
) -> Columns:
    """Return objects with the box, the mask and the surest points of their pieces.

    Args:
        rows: the pieces, by object; objects without one stay as they are.
    """
    if not len(rows):
        return kept
    some, first = np.unique(number[rows], return_index=True)
    piece = boxes(found)[rows]
    low = np.minimum.reduceat(piece[:, :2], first)
    high = np.maximum.reduceat(piece[:, :2] + piece[:, 2:], first)
    box = boxes(kept).copy()
    box[some] = np.concatenate([low, high - low], axis=1)
    masks, points = kept.masks, kept.keypoints
    if masks is not None and found.masks is not None:
        masks = _joined_masks(masks, found.masks.take(rows), number[rows], some, size)
    if points is not None and found.keypoints is not None:
        points = _surest_points(points, found.keypoints[rows], number[rows])
    return replace(kept, box=box, masks=masks, keypoints=points)


def _joined_masks(
    masks: Ragged, pieces: Ragged, place: NDArray[np.int64], some: NDArray[np.int64], size: tuple[int, int]
) -> Ragged:
    """Return masks of objects; those of some have the pixels of all their pieces."""
    width, height = (np.full(len(place), side, np.int64) for side in size)
    spans = spans_of(pieces, height).joined(np.searchsorted(some, place), len(some))
    both = Ragged.concat([masks, runs_of_spans(spans, width[: len(some)], height[: len(some)])])
    chosen = np.arange(len(masks))
    chosen[some] = len(masks) + np.arange(len(some))
    return both.take(chosen)


def _surest_points(
    points: NDArray[np.float64], pieces: NDArray[np.float64], place: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the points of objects, each from the piece that is surest of it."""
    points = points.copy()
    for row, piece in zip(place.tolist(), pieces, strict=True):
        surer = piece[:, 2] > points[row, :, 2]
        points[row, surer] = piece[surer]
    return points
