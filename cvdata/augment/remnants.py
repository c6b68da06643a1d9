"""What is left of an object that reaches over the edge of a new picture, and when too little of it is."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations
from .carry import carry, place
from .motion import Motion, Plane

__all__ = ["Cut", "Remnants", "cut", "judge", "moved"]


class Remnants(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an object that a picture shows in part is still worth a label; what is not is left out and counted.

    Attributes:
        min_visible: share of the object's area that must still be in the picture, 0 to 1.
        min_side: pixels that the shorter side of what is left must have.
    """

    min_visible: float = 0.1
    min_side: float = 2.0


@dataclass(frozen=True, eq=False)
class Cut:
    """Annotations that are left in a picture.

    Attributes:
        rows: int64, rows of the old table that are left, ascending.
        dropped: how many were left out as remnants, or because nothing of them is in the picture.
    """

    table: Annotations
    rows: NDArray[np.int64]
    dropped: int


def cut(
    table: Annotations,
    width: int,
    height: int,
    area: NDArray[np.float64],
    remnants: Remnants,
    *,
    shrunk: bool | NDArray[np.bool_] = True,
) -> Cut:
    """Cut annotations to a picture, and leave out those of which too little is left.

    Outlines and boxes are cut, masks already are; a keypoint outside counts as not labelled; a rotated box gets shorter
    or narrower. Labels of whole pictures stay.

    Args:
        area: float64, of each object before anything was cut off, as large as it is in this picture: `object_areas`.
        shrunk: which objects are smaller than they were. `min_side` holds for them and for those that were cut: an
            object that was always that small is no remnant.
    """
    motion = Motion(width, height, (Plane(np.eye(3), width, height),))
    carried = carry(table, motion, pixels=area)
    return judge(carried.table, carried.share, shrunk, remnants)


def judge(table: Annotations, share: NDArray[np.float64], shrunk: bool | NDArray[np.bool_], remnants: Remnants) -> Cut:
    """Leave out annotations of which too little is left.

    Args:
        share: float64, how much of each object can be seen, 0 to 1.
        shrunk: see `cut`.
    """
    box = table.box
    small = (np.minimum(box[:, 2], box[:, 3]) < remnants.min_side) & (shrunk | (share < 1))
    stays = np.isnan(box[:, 0]) | ((share > 0) & (share >= remnants.min_visible) & ~small)
    rows = np.flatnonzero(stays)
    return Cut(table if len(rows) == len(table) else table.take(rows), rows, len(table) - len(rows))


def moved(
    table: Annotations,
    scale: float | tuple[float, float],
    dx: float,
    dy: float,
    width: int,
    height: int,
    old: tuple[int, int],
) -> Annotations:
    """Return the annotations of a picture as they are where it is pasted into another, not yet cut to that.

    Masks hold no more than the new picture does; keep `object_areas` of the old table for `cut`.

    Args:
        scale: how much larger the picture gets, across and down where they differ.
        dx, dy: where its top left corner goes, in pixels of the new picture.
        width, height: of the new picture.
        old: width and height of the picture itself, before it is scaled.
    """
    x, y = scale if isinstance(scale, tuple) else (scale, scale)
    return place(table, Plane(np.array([[x, 0, dx], [0, y, dy], [0, 0, 1.0]]), width, height), old)
