"""Boxes and polygons as arrays: what lies inside a picture, areas, bounds.

Continuous pixel coordinates throughout: a picture of width W spans 0 to W, the first pixel 0 to 1.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .tables import Polygons

__all__ = [
    "BoxVerdict",
    "bounds",
    "box_corners",
    "clip_boxes",
    "judge_boxes",
    "overshoot_allowed",
    "polygon_areas",
    "ring_areas",
]


class BoxVerdict(IntEnum):
    """What is wrong with a box, worst first where several apply."""

    GOOD = 0
    OVERSHOOTS = 1  # at least half inside: clipped and counted
    NOT_FINITE = 2
    NO_AREA = 3
    OUTSIDE = 4  # less than half inside


def overshoot_allowed(side: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return how far a box may leave a side of this length and stay as it came.

    A YOLO row of six decimals is off by up to 1.5e-6 of the side when it touches the edge; clipping that away would
    change numbers that no one got wrong, and the row written back would differ from the row read.
    """
    return np.asarray(0.01 + 2e-6 * side)


def judge_boxes(box: NDArray[np.float64], width: NDArray[np.int32], height: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Say of each box whether it can be kept, as a `BoxVerdict`.

    Args:
        box: float64, shape (n, 4), x, y, width, height in pixels. A row of NaN in all four is the label of a whole
            picture and good.
        width, height: int32, shape (n,), size of each box's picture; 0 where unknown, and then nothing is outside.
    """
    x, y, w, h = box.T
    with np.errstate(over="ignore", invalid="ignore"):
        right, bottom = x + w, y + h
        finite = np.isfinite(right) & np.isfinite(bottom) & np.isfinite(x) & np.isfinite(y)
        known = (width > 0) & (height > 0)
        inside_w = np.minimum(right, width) - np.maximum(x, 0)
        inside_h = np.minimum(bottom, height) - np.maximum(y, 0)
        inside = np.maximum(inside_w, 0) * np.maximum(inside_h, 0)
        spill_x, spill_y = overshoot_allowed(width), overshoot_allowed(height)
        over = (x < -spill_x) | (y < -spill_y) | (right > width + spill_x) | (bottom > height + spill_y)
        verdict = np.where(known & over, BoxVerdict.OVERSHOOTS, BoxVerdict.GOOD).astype(np.uint8)
        apart = over & ((inside_w <= 0) | (inside_h <= 0))  # areas so small that they are 0 in a float compare as equal
        verdict[known & ((inside < 0.5 * w * h) | apart)] = BoxVerdict.OUTSIDE
        verdict[~((w > 0) & (h > 0))] = BoxVerdict.NO_AREA
    verdict[~finite] = BoxVerdict.NOT_FINITE
    verdict[np.isnan(box).all(axis=1)] = BoxVerdict.GOOD
    return verdict


def clip_boxes(box: NDArray[np.float64], width: NDArray[np.int32], height: NDArray[np.int32]) -> NDArray[np.float64]:
    """Cut boxes, shape (n, 4), to pictures of the given sizes, int32, shape (n,)."""
    x, y, w, h = box.T
    left, top = np.clip(x, 0, width), np.clip(y, 0, height)
    return np.stack([left, top, np.clip(x + w, 0, width) - left, np.clip(y + h, 0, height) - top], axis=1)


def box_corners(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of boxes, shape (n, 8): top left, then clockwise as seen on the screen."""
    x, y, w, h = box.T
    return np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=1)


_BLOCK = 1 << 20
"""Points looked at at once: the work needs ten times their memory, and a dataset may have a hundred million."""


def ring_areas(polygons: Polygons) -> NDArray[np.float64]:
    """Return the area inside each ring by the shoelace formula, float64, shape (rings,); 0 for fewer than 3 points."""
    rings = polygons.rings
    areas = np.zeros(len(rings) - 1)
    first = 0
    while first < len(areas):
        last = max(first + 1, int(np.searchsorted(rings, rings[first] + _BLOCK, side="right")) - 1)
        areas[first:last] = _areas(polygons.points[rings[first] : rings[last]], rings[first : last + 1] - rings[first])
        first = last
    return areas


def _areas(points: NDArray[np.float64], rings: NDArray[np.int64]) -> NDArray[np.float64]:
    lengths = np.diff(rings)
    following = np.arange(1, len(points) + 1)
    full = lengths > 0
    following[rings[1:][full] - 1] = rings[:-1][full]
    # Relative to the first point of the ring: large coordinates would eat the digits of a small area.
    here = points - np.repeat(points[rings[:-1][full]], lengths[full], axis=0)
    there = here[following]
    cross = here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1]
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return np.asarray(np.abs(np.bincount(owner, weights=cross, minlength=len(lengths))) / 2)


def polygon_areas(polygons: Polygons) -> NDArray[np.float64]:
    """Return the sum of the ring areas of each annotation, float64, shape (annotations,); overlaps count twice."""
    owner = np.repeat(np.arange(len(polygons)), polygons.ring_counts)
    return np.asarray(np.bincount(owner, weights=ring_areas(polygons), minlength=len(polygons)), np.float64)


def bounds(polygons: Polygons) -> NDArray[np.float64]:
    """Return the box around each annotation's rings, shape (annotations, 4); NaN where there is no point."""
    box = np.full((len(polygons), 4), np.nan)
    first = polygons.rings[polygons.owners]
    full = np.flatnonzero(np.diff(first) > 0)
    if len(full):
        # Points of one annotation lie end to end, and rows without points take no space between them.
        low = np.minimum.reduceat(polygons.points, first[full], axis=0)
        high = np.maximum.reduceat(polygons.points, first[full], axis=0)
        box[full] = np.concatenate([low, high - low], axis=1)
    return box
