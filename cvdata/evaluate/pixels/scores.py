"""From confusion matrices of pixels to mIoU, Dice and accuracy, for any weights of the pictures.

A class that neither the truth nor FOUND has has no IoU and is out of the mean, as in mmsegmentation (`IoUMetric`, its
mean skips NaN); one that is found but nowhere true has IoU 0 and counts.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..report import Confusion, WorstPicture
from .judged import Judged, Measure, class_key, mean_defined
from .segmentation import Segmented

__all__ = ["CLASS_METRICS", "METRICS", "Areas", "areas_of", "figures", "judge_labels"]

METRICS = ("mIoU", "Dice", "pixel_accuracy", "mean_accuracy", "fwIoU")
CLASS_METRICS = ("IoU", "Dice", "precision", "recall")

Areas: TypeAlias = NDArray[np.float64]
"""Pixels of each class that are right, true, and found: float64, shape (..., 3, classes)."""

_MOST_WORST, _MOST_MIXED = 24, 3


def judge_labels(segmented: Segmented) -> Judged:
    """Return everything that the report says of label maps."""
    areas = areas_of(segmented)
    totals = areas.sum(axis=0).astype(np.int64)
    return Judged(
        measure=figures(areas),
        metrics=METRICS,
        class_metrics=CLASS_METRICS,
        classes=segmented.classes,
        images=(areas[:, 1] > 0).sum(axis=0),
        objects=totals[1],
        detections=totals[2],
        pictures=len(areas),
        confusion=_confusion(segmented),
        worst=_worst_pictures(segmented, areas),
        findings=segmented.findings,
    )


def areas_of(segmented: Segmented) -> Areas:
    """Return the areas of every picture, float64, shape (pictures, 3, classes), in pixels."""
    pictures, classes = len(segmented.pictures), len(segmented.classes)
    found = segmented.found < classes
    right = segmented.truth == segmented.found
    parts = []
    for rows, of in ((right, segmented.truth), (slice(None), segmented.truth), (found, segmented.found)):
        code = segmented.picture[rows] * classes + of[rows]
        counts = np.bincount(code, weights=segmented.pixels[rows], minlength=pictures * classes)
        parts.append(counts.reshape(pictures, classes))
    return np.stack(parts, axis=1)


def figures(areas: Areas) -> Measure:
    """Return the function that gives every figure for weights of the pictures."""
    flat = areas.reshape(len(areas), -1)

    def measure(weights: NDArray[np.int32]) -> dict[str, NDArray[np.float64]]:
        total = (weights.astype(np.float64) @ flat).reshape(-1, *areas.shape[1:])
        of_classes = _of_classes(total)
        named = dict(zip(METRICS, _means(total), strict=True))
        for metric, values in zip(CLASS_METRICS, of_classes, strict=True):
            named.update((class_key(metric, row), column) for row, column in enumerate(values.T))
        return named

    return measure


def _of_classes(areas: Areas) -> tuple[NDArray[np.float64], ...]:
    """Return `CLASS_METRICS`, float64, shape (..., classes) each; NaN where one is not defined."""
    right, truth, found = areas[..., 0, :], areas[..., 1, :], areas[..., 2, :]
    with np.errstate(invalid="ignore"):
        return right / (truth + found - right), 2 * right / (truth + found), right / found, right / truth


def _means(areas: Areas) -> tuple[NDArray[np.float64], ...]:
    """Return `METRICS`, float64, shape (draws,) each; NaN where one is not defined."""
    iou, dice, _, recall = _of_classes(areas)
    right, truth = areas[:, 0], areas[:, 1]
    pixels = truth.sum(axis=1)
    with np.errstate(invalid="ignore"):
        accuracy = right.sum(axis=1) / pixels
        weighted = np.where(truth > 0, truth * iou, 0).sum(axis=1) / pixels
    return mean_defined(iou), mean_defined(dice), accuracy, mean_defined(recall), weighted


def _confusion(segmented: Segmented) -> Confusion:
    """Return the pixels by class; with a last column for void only where FOUND leaves pixels void."""
    table = segmented.confusion()
    void = bool(table[:, -1].any())
    counts = [*table.tolist(), [0] * table.shape[1]] if void else table[:, :-1].tolist()
    return Confusion(names=list(segmented.classes), counts=counts, score=None, iou=None, background=void)


def _worst_pictures(segmented: Segmented, areas: Areas) -> list[WorstPicture]:
    """Return the pictures with the largest share of wrong pixels, the worst first.

    Errors are pixels; their kinds, the classes that are mixed up most.
    """
    pixels = areas[:, 1].sum(axis=1)
    wrong = pixels - areas[:, 0].sum(axis=1)
    order = np.argsort(-wrong / np.maximum(pixels, 1), kind="stable")[:_MOST_WORST]
    return [_worst(segmented, row, int(wrong[row]), int(pixels[row])) for row in order.tolist() if wrong[row]]


def _worst(segmented: Segmented, picture: int, wrong: int, pixels: int) -> WorstPicture:
    first, last = np.searchsorted(segmented.picture, [picture, picture + 1])
    table = segmented.confusion(slice(int(first), int(last)))
    np.fill_diagonal(table, 0)
    names = (*segmented.classes, "void")
    largest = np.argsort(-table, axis=None, kind="stable")[:_MOST_MIXED]
    mixed = {}
    for truth, found in zip(*np.unravel_index(largest, table.shape), strict=True):
        if table[truth, found]:
            mixed[f"{names[truth]} found as {names[found]}"] = int(table[truth, found])
    return WorstPicture(image=segmented.pictures[picture], errors=wrong, objects=pixels, verdicts=mixed)
