"""Whether boxes, outlines, masks and keypoints are as they were put, and what becomes of those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..boxes import SAME, in_picture
from ..outlines import runs_of
from .objects import Left

__all__ = ["around", "box_of", "outline_of", "runs_in", "same_mask", "same_points", "same_rings"]

Floats = NDArray[np.float64]

_AROUND = 1.0
"""Pixels by which a box may differ from its outline's and still be the box around it."""


def box_of(dataset: Dataset, row: int, was: Left, now: Left, size: Floats, *, moved: bool) -> Floats:
    """Return the box of an annotation: where a person put it, or around its outline if it was there before."""
    box: Floats = dataset.annotations.box[row]
    if moved:
        box = now.inside
    elif now.rings and was.rings and not same_rings(was.rings, now.rings) and _near(was.box, around(was.rings)):
        box = in_picture(around(now.rings)[None], size[None])[0]
    return box


def outline_of(dataset: Dataset, row: int, was: Left, now: Left, *, painted: bool) -> dict[str, Any]:
    """Return the columns of an outline, none where it stays; a mask that was `painted` takes its place.

    Four corners in place of a rotated box are a rotated box.
    """
    rings = now.rings
    if same_rings(was.rings, rings):
        if not rings or not painted:
            return {}
        rings = ()
    table = dataset.annotations
    if table.rotated is None or np.isnan(table.rotated[row]).any() or (table.polygons and table.polygons[row]):
        return {"rings": rings}
    if len(rings) == 1 and len(rings[0]) == 4:
        return {"corners": rings[0].reshape(8)}
    return {"rings": rings, "corners": np.full(8, np.nan)}


def runs_in(mask: NDArray[np.bool_] | None, box: Floats, size: Floats) -> NDArray[np.uint32]:
    """Return the run lengths of a mask, none where it has no pixel."""
    if mask is None or not mask.any():
        return np.empty(0, np.uint32)
    return runs_of(mask, box, (int(size[0]), int(size[1])))


def same_points(one: Floats, other: Floats) -> bool:
    """Tell whether points, or boxes, are the same but for rounding."""
    return one.shape == other.shape and bool((np.abs(one - other) <= SAME).all())


def same_rings(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    """Tell whether outlines are the same but for rounding."""
    return len(one) == len(other) and all(map(same_points, one, other))


def same_mask(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> bool:
    """Tell whether masks, or none, are the same."""
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def around(rings: Sequence[Floats]) -> Floats:
    """Return the box around an outline, float64, shape (4,): x, y, width, height."""
    points = np.concatenate(rings)
    return np.concatenate([points.min(axis=0), np.ptp(points, axis=0)])


def _near(one: Floats, other: Floats) -> bool:
    return bool((np.abs(one - other) <= _AROUND).all())
