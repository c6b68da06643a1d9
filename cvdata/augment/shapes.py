"""Outlines of annotations as one table of points, and cutting them to a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Polygons
from ..dataset.geometry import box_corners, overshoot_allowed, polygon_areas, ring_areas
from ..dataset.ragged import ranges, starts
from ..dataset.rle import mask_areas

__all__ = [
    "box_rings",
    "clip_rings",
    "dense",
    "fit",
    "object_areas",
    "outlines",
    "reaches_out",
    "shrink_corners",
    "trim",
    "turned_over",
]

_SNUG = 1.5  # pixels that a box may differ from its outline and still be the box of it


def outlines(table: Annotations) -> Polygons:
    """Return the outline of each annotation: its polygon, else its rotated box; no ring where it has neither."""
    polygons = Polygons.none(len(table)) if table.polygons is None else table.polygons
    if table.rotated is None:
        return polygons
    rows = np.flatnonzero(~np.isnan(table.rotated[:, 0]) & (polygons.ring_counts == 0))
    return _with_rings(polygons, rows, table.rotated[rows].reshape(-1, 4, 2))


def box_rings(box: NDArray[np.float64]) -> Polygons:
    """Return boxes, shape (n, 4), as rings of four corners; no ring for the label of a whole picture."""
    given = ~np.isnan(box[:, 0])
    corners = box_corners(box[given]).reshape(-1, 2)
    return Polygons(corners, np.arange(0, len(corners) + 1, 4, dtype=np.int64), starts(given.astype(np.int64)))


def _with_rings(polygons: Polygons, rows: NDArray[np.int64], rings: NDArray[np.float64]) -> Polygons:
    """Give rows that have none a ring each, shape (rows, points, 2)."""
    counts = polygons.ring_counts.copy()
    counts[rows] = 1
    whole = Polygons.concat(
        [polygons, Polygons(rings.reshape(-1, 2), _even(rings), starts(np.ones(len(rows), np.int64)))]
    )
    source = np.arange(len(polygons), dtype=np.int64)
    source[rows] = len(polygons) + np.arange(len(rows))
    return whole.take(source)


def _even(rings: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.arange(0, rings.shape[0] * rings.shape[1] + 1, max(rings.shape[1], 1), dtype=np.int64)


def dense(polygons: Polygons, step: float = 8.0) -> Polygons:
    """Return the rings with more points on their edges, at most `step` pixels apart, for motions that bend lines."""
    points, lengths = polygons.points, np.diff(polygons.rings)
    following = _following(polygons.rings)
    edges = points[following] - points
    parts = np.maximum(np.ceil(np.abs(edges).max(axis=1, initial=0) / step), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(points)), parts)
    share = ranges(np.zeros(len(points), np.int64), parts) / parts[owner]
    more = points[owner] + edges[owner] * share[:, None]
    counts = np.bincount(np.repeat(np.arange(len(lengths)), lengths), weights=parts, minlength=len(lengths))
    return replace(polygons, points=more, rings=starts(counts.astype(np.int64)))


def reaches_out(low: NDArray[np.float64], high: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Tell which bounds, shape (n, 2) each, leave a picture by more than the last digits of a label file may."""
    size = np.array([width, height])
    spill = overshoot_allowed(size.astype(np.int32))
    return np.asarray(((low < -spill) | (high > size + spill)).any(axis=1))


def trim(box: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Cut boxes, shape (n, 4), to a picture; those inside keep every bit."""
    size = np.array([width, height])
    low, high = box[:, :2], box[:, :2] + box[:, 2:]
    inside = np.clip(low, 0, size)
    cut = (low < 0) | (high > size)
    return np.concatenate([inside, np.where(cut, np.clip(high, 0, size) - inside, box[:, 2:])], axis=1)


def clip_rings(polygons: Polygons, width: int, height: int) -> Polygons:
    """Cut rings to a picture, by Sutherland and Hodgman's rule; those inside keep every bit.

    A concave outline may touch the picture's edge where it was cut in two; its area is right. What is left without an
    area is left out.
    """
    lengths = np.diff(polygons.rings)
    full = np.flatnonzero(lengths)
    first = polygons.rings[full]
    if not len(full):
        return polygons
    low = np.minimum.reduceat(polygons.points, first, axis=0)
    high = np.maximum.reduceat(polygons.points, first, axis=0)
    outside = full[(low < 0).any(axis=1) | (high > (width, height)).any(axis=1)]
    if not len(outside):
        return polygons
    chosen = lengths[outside]
    points, rings = polygons.points[ranges(polygons.rings[outside], chosen)], starts(chosen)
    for axis, edge, side in ((0, 0.0, 1.0), (0, float(width), -1.0), (1, 0.0, 1.0), (1, float(height), -1.0)):
        points, rings = _half(points, rings, axis, edge, side)
    return _replaced(polygons, outside, points, rings)


def shrink_corners(rotated: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Make rotated boxes, shape (n, 8), as short and as narrow as still holds all of them that is in a picture.

    They keep their angle, so that corners may still lie outside; boxes inside keep every bit.
    """
    quads = rotated.reshape(-1, 4, 2)
    out = np.flatnonzero(reaches_out(quads.min(axis=1), quads.max(axis=1), width, height))
    first, along, across = quads[out, 0], quads[out, 1] - quads[out, 0], quads[out, 3] - quads[out, 0]
    size = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
    corners = quads.copy()
    left = clip_rings(_with_rings(Polygons.none(len(out)), np.arange(len(out)), quads[out]), width, height)
    for row in np.flatnonzero((left.ring_counts > 0) & (size != 0)).tolist():
        points = left[row][0] - first[row]
        # Every point is the first corner and so much of each of the two sides that begin there.
        s = (points[:, 0] * across[row, 1] - points[:, 1] * across[row, 0]) / size[row]
        t = (points[:, 1] * along[row, 0] - points[:, 0] * along[row, 1]) / size[row]
        ends = np.array([[s.min(), t.min()], [s.max(), t.min()], [s.max(), t.max()], [s.min(), t.max()]])
        corners[out[row]] = first[row] + ends[:, :1] * along[row] + ends[:, 1:] * across[row]
    return np.asarray(corners.reshape(-1, 8))


def turned_over(rotated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the corners of mirrored boxes, shape (n, 8), in the order that they had.

    The first two stay the same edge of the object, and the way round the same.
    """
    return rotated.reshape(-1, 4, 2)[:, [1, 0, 3, 2]].reshape(-1, 8)


def fit(box: NDArray[np.float64], around: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which boxes, x, y, width, height, are those around outlines: all edges within a pixel and a half."""
    return np.asarray(np.abs(box_corners(box) - box_corners(around)).max(axis=1) <= _SNUG)


def _half(
    points: NDArray[np.float64], rings: NDArray[np.int64], axis: int, edge: float, side: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cut rings at a line; what lies on the given side of it stays."""
    depth = side * (points[:, axis] - edge)
    if (depth >= 0).all():
        return points, rings
    following = _following(rings)
    beyond = depth[following]
    # A point on the line itself is kept as it is, not met a second time.
    cut = ((depth > 0) & (beyond < 0)) | ((depth < 0) & (beyond > 0))
    share = np.where(cut, depth / np.where(cut, depth - beyond, 1), 0)
    met = points + share[:, None] * (points[following] - points)
    met[:, axis] = edge
    keep = np.stack([depth >= 0, cut], axis=1)
    owner = np.repeat(np.arange(len(rings) - 1), np.diff(rings))
    counts = np.bincount(owner, weights=keep.sum(axis=1), minlength=len(rings) - 1).astype(np.int64)
    return np.stack([points, met], axis=1)[keep], starts(counts)


def _following(rings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each point the next one of its ring; after the last comes the first."""
    following = np.arange(1, int(rings[-1]) + 1, dtype=np.int64)
    full = np.diff(rings) > 0
    following[rings[1:][full] - 1] = rings[:-1][full]
    return following


def _replaced(
    polygons: Polygons, rows: NDArray[np.int64], points: NDArray[np.float64], rings: NDArray[np.int64]
) -> Polygons:
    """Put new rings in the place of some, ascending; without those that have no area."""
    count = len(polygons.rings) - 1
    lengths = np.concatenate([np.diff(polygons.rings), np.diff(rings)])
    first = np.concatenate([polygons.rings[:-1], rings[:-1] + len(polygons.points)])
    source = np.arange(count)
    source[rows] = count + np.arange(len(rows))
    flat = Polygons(points, rings, np.array([0, len(rows)], np.int64))
    stays = np.ones(count, np.bool_)
    stays[rows] = ring_areas(flat) > 0
    owner = np.repeat(np.arange(len(polygons)), polygons.ring_counts)
    left = source[stays]
    whole = np.concatenate([polygons.points, points])[ranges(first[left], lengths[left])]
    counts = np.bincount(owner[stays], minlength=len(polygons)).astype(np.int64)
    return Polygons(whole, starts(lengths[left]), starts(counts))


def object_areas(table: Annotations) -> NDArray[np.float64]:
    """Return the area of each object in pixels, float64: of its mask, else its outline, else its box.

    Rings that overlap count twice; the label of a whole picture has NaN.
    """
    area = table.box[:, 2] * table.box[:, 3]
    rings = outlines(table)
    drawn = rings.ring_counts > 0
    if drawn.any():
        area = np.where(drawn, polygon_areas(rings), area)
    if table.masks is not None:
        area = np.where(table.masks.lengths > 0, mask_areas(table.masks), area)
    return np.asarray(area, np.float64)
