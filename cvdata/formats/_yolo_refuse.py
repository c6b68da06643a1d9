"""Annotations that no YOLO row can hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..dataset.rle import mask_areas
from .outlet import Refusal

__all__ = ["common_refusals", "keypoint_count", "keypoint_refusals", "outline_refusals"]


def common_refusals(dataset: Dataset) -> list[Refusal]:
    """Return what no kind of YOLO row holds; each annotation is in one refusal at most."""
    table, images = dataset.annotations, dataset.images
    unknown = np.asarray((images.width <= 0) | (images.height <= 0))
    return _apart(
        [
            Refusal(
                np.asarray(unknown[table.image]), "a picture of unknown size", "a size: YOLO rows are fractions of it"
            ),
            Refusal(table.has("crowd"), "a crowd region", "a single object; YOLO has no crowds"),
            Refusal(np.asarray(np.isnan(table.box).any(axis=1)), "a label of the whole picture", "a box"),
        ]
    )


def outline_refusals(dataset: Dataset, *, bridged: bool) -> list[Refusal]:
    """Return what a row of one polygon cannot hold."""
    table = dataset.annotations
    outlined = table.has("polygons")
    if table.masks is not None:
        outlined = outlined | (mask_areas(table.masks) > 0)
    refusals = [*common_refusals(dataset), Refusal(~outlined, "a box without outline", "a polygon or a mask")]
    if not bridged and table.polygons is not None:
        several = table.polygons.ring_counts > 1
        refusals.append(Refusal(several, "an outline of several rings", "one ring (rings=bridge joins them)"))
    return _apart(refusals)


def keypoint_refusals(dataset: Dataset) -> list[Refusal]:
    """Return what a row of a box and the same number of keypoints as all others cannot hold."""
    refusals = common_refusals(dataset)
    table, count = dataset.annotations, keypoint_count(dataset)
    if count == 0:
        every = np.ones(len(table), np.bool_)
        return _apart([*refusals, Refusal(every, "an object in a dataset without keypoints", "keypoints")])
    if table.keypoints is not None:
        lengths = table.keypoints.lengths
        odd = (lengths != count) & (lengths > 0)
        refusals.append(
            Refusal(odd, "another number of keypoints than most", f"{count} keypoints; YOLO has one number")
        )
    return _apart(refusals)


def keypoint_count(dataset: Dataset) -> int:
    """Return the number of keypoints that most objects have, else that the classes or the source name; 0 for none."""
    table = dataset.annotations
    if table.keypoints is not None:
        lengths = table.keypoints.lengths
        if (lengths > 0).any():
            return int(np.bincount(lengths[lengths > 0]).argmax())
    for names in dataset.categories.keypoints or ():
        if names:
            return len(names)
    match dataset.meta.get("yolo"):
        case {"kpt_shape": [int(count), _]}:
            return count
    return 0


def _apart(refusals: list[Refusal]) -> list[Refusal]:
    """Keep each annotation in the first refusal that names it, and drop refusals of nothing."""
    kept = []
    taken: NDArray[np.bool_] | None = None
    for refusal in refusals:
        rows = refusal.rows if taken is None else refusal.rows & ~taken
        taken = refusal.rows if taken is None else taken | refusal.rows
        if rows.any():
            kept.append(Refusal(rows, refusal.found, refusal.expected))
    return kept
