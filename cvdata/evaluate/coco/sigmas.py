"""How far a keypoint may lie from its place, as a share of the object's size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..pair import Pair

__all__ = [
    "COCO_SIGMAS",
    "CROWDPOSE_SIGMAS",
    "class_names",
    "one_number_of_points",
    "point_counts",
    "sigmas_for",
    "sigmas_of",
]

# fmt: off
COCO_SIGMAS = np.array([
    .26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89,
]) / 10.0
"""Of COCO's 17 keypoints of a person (pycocotools, `Params.setKpParams`)."""

CROWDPOSE_SIGMAS = np.array([.79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89, .79, .79]) / 10.0
"""Of CrowdPose's 14 keypoints (Jeff-sjtu/CrowdPose, `crowdposetools/cocoeval.py`)."""
# fmt: on

_CROWDPOSE = frozenset({"left_shoulder", "right_shoulder", "head", "neck"})
"""Names that CrowdPose has; COCO's 17 lack `head` and `neck`."""


def sigmas_for(points: int, names: tuple[str, ...] = ()) -> NDArray[np.float64]:
    """Return the sigmas of a class with so many keypoints, float64, shape (points,).

    COCO's for 17, CrowdPose's for its 14. Nobody has measured others; 1 / points for each is what Ultralytics takes
    (`utils/metrics.py` and `models/yolo/pose/val.py`).
    """
    if points == len(COCO_SIGMAS):
        return COCO_SIGMAS
    if points == len(CROWDPOSE_SIGMAS) and set(names) >= _CROWDPOSE:
        return CROWDPOSE_SIGMAS
    return np.full(points, 1 / max(points, 1))


def point_counts(pair: Pair) -> NDArray[np.int64]:
    """Return the number of keypoints of each class, int64, shape (classes,); 0 where none of its objects has any."""
    counts = np.zeros(len(pair.classes), np.int64)
    for table in (pair.found.annotations, pair.truth.annotations):
        if table.keypoints is not None:
            np.maximum.at(counts, table.category, table.keypoints.lengths)
    return counts


def sigmas_of(pair: Pair) -> NDArray[np.float64]:
    """Return the sigmas for classes that all have the same number of keypoints."""
    counts = point_counts(pair)
    row = int(np.argmax(counts)) if len(counts) else 0
    return sigmas_for(int(counts[row]) if len(counts) else 0, class_names(pair, row))


def class_names(pair: Pair, row: int) -> tuple[str, ...]:
    """Return the names of the keypoints of a class, if the truth has them."""
    names = pair.truth.categories.keypoints
    return names[row] if names else ()


def one_number_of_points(pair: Pair) -> bool:
    """Tell whether all classes that have keypoints have as many, and the same sigmas."""
    counts = point_counts(pair)
    rows = np.flatnonzero(counts).tolist()
    spreads = [sigmas_for(int(counts[row]), class_names(pair, row)).tolist() for row in rows]
    return all(spread == spreads[0] for spread in spreads)
