"""How well detections overlap the objects that they found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..overlaps import Overlaps
from ..pair import Pair
from ..report import Overlap

__all__ = ["matched_overlap", "matched_overlaps"]

_EDGES = np.linspace(0.5, 1.0, 11)
"""Ends of the bins of IoU; the last bin has both its ends."""


def matched_overlap(overlaps: Overlaps, matches: Matches) -> NDArray[np.float64]:
    """Return the overlap of each detection with the object that it was matched to, NaN where there is none.

    Args:
        matches: at one threshold alone.
    """
    value = np.full(matches.truth.shape[1], np.nan)
    hit = np.flatnonzero(overlaps.truth == matches.truth[0][overlaps.found])
    value[overlaps.found[hit]] = overlaps.value[hit]
    return value


def matched_overlaps(pair: Pair, overlaps: Overlaps, matches: Matches) -> list[Overlap]:
    """Return the overlaps of matched pairs at any confidence: of all classes, then of each that has objects or pairs.

    Args:
        matches: at the threshold 0.5 alone.
    """
    true = np.flatnonzero(matches.true[0])
    value, category = matched_overlap(overlaps, matches)[true], pair.found.annotations.category[true]
    order = np.lexsort((value, category))
    value, category = value[order], category[order]
    bins = np.clip(np.searchsorted(_EDGES, value, side="right") - 1, 0, len(_EDGES) - 2)
    classes = len(pair.classes)
    counts = np.bincount(category * (len(_EDGES) - 1) + bins, minlength=classes * (len(_EDGES) - 1))
    counts = counts.reshape(classes, len(_EDGES) - 1)
    ends = np.searchsorted(category, np.arange(classes + 1))
    used = np.bincount(pair.truth.annotations.category[matches.counted], minlength=classes) + np.diff(ends) > 0
    rows = np.flatnonzero(used).tolist()
    return [
        _overlap(None, np.sort(value), counts.sum(axis=0)),
        *(_overlap(pair.classes[row], value[ends[row] : ends[row + 1]], counts[row]) for row in rows),
    ]


def _overlap(name: str | None, value: NDArray[np.float64], counts: NDArray[np.int64]) -> Overlap:
    """Sum up overlaps that ascend."""
    pairs = len(value)
    return Overlap(
        name=name,
        pairs=pairs,
        mean=float(value.mean()) if pairs else None,
        median=float((value[(pairs - 1) // 2] + value[pairs // 2]) / 2) if pairs else None,
        counts=counts.tolist(),
    )
