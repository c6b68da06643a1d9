"""How much masks overlap, by hotcoco's run-length arithmetic."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..objects import sizes_of
from ..overlaps import Overlaps
from ..pair import Pair
from .checks import check_shapes
from .outlines import outlines

__all__ = ["mask_overlaps"]


def mask_overlaps(pair: Pair, *, least: float = 0.0, same_class: bool = False) -> Overlaps:
    """Return the intersection over union of masks; outlines are drawn as pycocotools draws them.

    Args:
        least: leave out pairs that overlap less than this; pairs that do not overlap at all are always left out.
        same_class: only pairs of one class.

    Raises:
        EvaluationError: the size of a picture is not known, or a mask does not fit its picture.
    """
    from hotcoco import mask

    check_shapes(pair, "masks")
    ours, theirs = _run_lengths(pair.truth), _run_lengths(pair.found)
    crowd = pair.truth.annotations.has("crowd")
    parts = []
    ends = (pair.truth.offsets.tolist(), pair.found.offsets.tolist())
    for (g0, g1), (d0, d1) in zip(*map(pairwise, ends), strict=True):
        if g0 == g1 or d0 == d1:
            continue
        value = mask.iou(theirs[d0:d1], ours[g0:g1], crowd[g0:g1])
        found, truth = np.nonzero((value > 0) & (value >= least))
        parts.append(Overlaps(d0 + found, g0 + truth, value[found, truth]))
    overlaps = Overlaps.concat(parts)
    if not same_class:
        return overlaps
    category = pair.found.annotations.category[overlaps.found]
    return overlaps.take(category == pair.truth.annotations.category[overlaps.truth])


def _run_lengths(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the mask of each annotation as COCO's compressed run lengths; rings of one object are joined."""
    from hotcoco import mask

    shapes = outlines(dataset)
    sizes: NDArray[np.int64] = sizes_of(dataset.images, dataset.annotations.image)
    for row, (height, width) in enumerate(sizes.tolist()):
        shape = shapes[row]
        if isinstance(shape, list):
            drawn = [mask.fr_poly(ring, height, width) for ring in shape]
            shapes[row] = drawn[0] if len(drawn) == 1 else mask.merge(drawn)
    return shapes
