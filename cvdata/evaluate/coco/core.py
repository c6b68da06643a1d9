"""COCO's numbers from overlaps, where no engine can compute them: classes with different numbers of keypoints."""

from __future__ import annotations

import numpy as np

from ..matching import Rules, match
from ..overlaps import Overlaps
from ..pair import Pair
from ..precision import class_curves, coco_precision
from .arrays import Arrays
from .grid import Grid

__all__ = ["by_overlaps"]


def by_overlaps(pair: Pair, grid: Grid, overlaps: Overlaps) -> Arrays:
    """Evaluate from the overlaps of at least all pairs of one class that reach the lowest threshold.

    The tables have the bits of pycocotools'; the tests hold them against both engines.
    """
    areas = []
    for bounds in grid.areas.values():
        tables = []
        for most in grid.max_detections:
            rules = Rules(thresholds=grid.thresholds, area=bounds, max_detections=most)
            matches = match(pair, overlaps, rules, grid.kind)
            tables.append(coco_precision(pair, class_curves(pair, matches)))
        areas.append(tables)
    return Arrays(
        np.stack([np.stack([t.precision for t in tables], axis=-1) for tables in areas], axis=-2),
        np.stack([np.stack([t.recall for t in tables], axis=-1) for tables in areas], axis=-2),
        np.stack([np.stack([t.scores for t in tables], axis=-1) for tables in areas], axis=-2),
    )
