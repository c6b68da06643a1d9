"""Annotations that follow a motion: boxes, outlines, masks, rotated boxes and keypoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Polygons, Ragged
from ..dataset.geometry import bounds, polygon_areas
from ..dataset.ragged import starts
from ..dataset.rle import from_mask, mask_areas, mask_boxes, to_mask
from .motion import Motion, Plane, Warp, within
from .shapes import box_rings, clip_rings, dense, fit, outlines, reaches_out, shrink_corners, trim, turned_over

__all__ = ["Carried", "carry", "place"]

Column = NDArray[np.float64]

_CUT = 0.99  # share of an object up to which it counts as cut off: labels reach over an edge by a hair


@dataclass(frozen=True, eq=False)
class Carried:
    """Annotations in the new picture, one for each old one: those of which nothing is left have a share of 0.

    Attributes:
        share: float64, how much of each is still in the picture, exactly 1 where nothing was cut off.
        grown: float64, by how much the area of each grew before anything was cut off.
    """

    table: Annotations
    share: NDArray[np.float64]
    grown: NDArray[np.float64]


def carry(
    table: Annotations,
    motion: Motion,
    swaps: Mapping[int, NDArray[np.int64]] | None = None,
    pixels: Column | None = None,
) -> Carried:
    """Let the annotations of one picture follow what became of it, and cut them to the new picture.

    A rotated box that reaches over an edge becomes shorter or narrower; it keeps its angle, so that corners of it may
    still lie outside.

    Args:
        swaps: for each class, by its row, which keypoint takes the place of which where left and right change sides.
        pixels: how many each mask has when it is whole; as many as the table's masks have, where not given.
    """
    drawn, boxes, share, grown = _through(table, motion)
    box = _boxes(table, motion, drawn, boxes, share)
    columns: dict[str, Any] = {"box": box}
    if table.polygons is not None:
        columns["polygons"] = _of_rows(drawn, table.polygons.ring_counts > 0)
    if table.rotated is not None:
        columns["rotated"] = _corners(table.rotated, motion)
    if table.keypoints is not None:
        columns["keypoints"] = _keypoints(table, table.keypoints, motion, swaps or {})
    if table.masks is not None:
        columns["masks"] = masks = _masks(table.masks, motion)
        columns["box"], share = _fitted(table, masks, motion, pixels, (box, share, grown))
    if table.area is not None:
        columns["area"] = table.area * grown * share
    if table.truncated is not None:
        columns["truncated"] = np.where(share < _CUT, np.int8(1), table.truncated)
    return Carried(replace(table, source_id=None, **columns), share, grown)


def _through(table: Annotations, motion: Motion) -> tuple[Polygons, Polygons, NDArray[np.float64], NDArray[np.float64]]:
    """Take outlines and boxes through all stages, cutting them after each.

    Returns:
        The outlines and the boxes as rings, the share that is left of each object, and how much it grew.
    """
    count = len(table)
    both = Polygons.concat([outlines(table), box_rings(table.box)])
    # What counts is the outline of an object, or its box where it has none.
    counts = np.arange(count) + np.where(both.ring_counts[:count] > 0, 0, count)
    if motion.warps:
        both = dense(both)
    share, grown = np.ones(count), np.ones(count)
    for stage in motion.stages:
        moved = replace(both, points=stage.move(both.points))
        whole, around = polygon_areas(moved)[counts], bounds(moved)[counts]
        if isinstance(stage, Plane) and stage.affine:
            grown *= stage.growth
        else:
            before = polygon_areas(both)[counts]
            grown *= np.where(before > 0, whole / np.where(before > 0, before, 1), 1)
        both = clip_rings(moved, stage.width, stage.height)
        out = reaches_out(around[:, :2], around[:, :2] + around[:, 2:], stage.width, stage.height)
        if out.any():
            left = np.minimum(polygon_areas(both)[counts] / np.where(whole > 0, whole, np.inf), 1)
            share = np.where(out, share * left, share)
    rows = np.arange(count, dtype=np.int64)
    return both.take(rows), both.take(rows + count), share, grown


def _of_rows(rings: Polygons, chosen: NDArray[np.bool_]) -> Polygons:
    """Keep the rings of some rows; the others have none."""
    if chosen.all():
        return rings
    rows = np.flatnonzero(chosen)
    kept = rings.take(rows)
    counts = np.zeros(len(rings), np.int64)
    counts[rows] = kept.ring_counts
    return Polygons(kept.points, kept.rings, starts(counts))


def _boxes(
    table: Annotations, motion: Motion, drawn: Polygons, boxes: Polygons, share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the new boxes: an upright one stays exact, one that fitted an outline fits it again."""
    around, shaped = bounds(boxes), bounds(drawn)
    snug = ~np.isnan(shaped[:, 0]) & fit(table.box, bounds(outlines(table)))
    if motion.upright:
        exact = _upright(table.box, motion)
        return np.where((snug & (share < 1))[:, None], shaped, exact)
    moved = np.where((snug | np.isnan(around[:, 0]))[:, None], shaped, around)
    # NaN is for labels of whole pictures; here it is a box of which nothing is left.
    return np.where(np.isnan(moved) & ~np.isnan(table.box), 0, moved)


def _upright(box: NDArray[np.float64], motion: Motion) -> NDArray[np.float64]:
    """Move boxes by planes that keep them upright."""
    for stage in motion.stages:
        if isinstance(stage, Plane):
            box = trim(stage.move_boxes(box), stage.width, stage.height)
    return box


def _corners(rotated: Column, motion: Motion) -> Column:
    """Move the corners of rotated boxes."""
    given = np.flatnonzero(~np.isnan(rotated[:, 0]))
    moved = rotated[given]
    for stage in motion.stages:
        moved = _bent(moved, stage) if isinstance(stage, Warp) else stage.move(moved.reshape(-1, 2)).reshape(-1, 8)
        moved = shrink_corners(moved, stage.width, stage.height)
    if motion.mirrored:
        moved = turned_over(moved)
    corners = np.full_like(rotated, np.nan)
    corners[given] = moved
    return corners


def _bent(rotated: Column, warp: Warp) -> Column:
    """Return the rotated boxes, shape (n, 8), that hold what becomes of others whose sides are bent."""
    count = len(rotated)
    corners = warp.move(rotated.reshape(-1, 2)).reshape(-1, 4, 2)
    along = corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3]
    along[~along.any(axis=1), 0] = 1
    along /= np.hypot(*along.T)[:, None]
    across = along[:, ::-1] * (-1, 1)
    down = corners[:, 3] - corners[:, 0] + corners[:, 2] - corners[:, 1]
    across[(across * down).sum(axis=1) < 0] *= -1
    sides = dense(Polygons(rotated.reshape(-1, 2), 4 * np.arange(count + 1), np.arange(count + 1)))
    points, owner = warp.move(sides.points), np.repeat(np.arange(count), np.diff(sides.rings))
    ends = []
    for axis in (along, across):
        how_far = (points * axis[owner]).sum(axis=1)
        ends += [f.reduceat(how_far, sides.rings[:-1])[:, None] * axis for f in (np.minimum, np.maximum)]
    left, right, top, bottom = ends
    return np.concatenate([left + top, right + top, right + bottom, left + bottom], axis=1)


def _keypoints(table: Annotations, keypoints: Ragged, motion: Motion, swaps: Mapping[int, NDArray[np.int64]]) -> Ragged:
    """Move keypoints; one that left the picture counts as not labelled, in COCO's way."""
    moved = keypoints.values.copy()
    moved[:, :2] = motion.move(moved[:, :2])
    moved[(moved[:, 2] > 0) & ~motion.seen(keypoints.values[:, :2])] = 0
    moved[moved[:, 2] == 0] = 0
    if not motion.mirrored:
        return Ragged(moved, keypoints.offsets)
    source = np.arange(len(moved))
    for row in np.flatnonzero(keypoints.lengths).tolist():
        swap = swaps.get(int(table.category[row]))
        if swap is not None and len(swap) == keypoints.lengths[row]:
            source[keypoints.offsets[row] : keypoints.offsets[row + 1]] = keypoints.offsets[row] + swap
    return Ragged(moved[source], keypoints.offsets)


def _masks(masks: Ragged, motion: Motion) -> Ragged:
    """Draw masks anew: each pixel of the new picture is what its middle shows of the old one."""
    if motion.still:
        return masks
    width, height = motion.size
    given = np.flatnonzero(masks.lengths)
    around = mask_boxes(masks.take(given), np.full(len(given), motion.height, np.int32))
    rings = dense(box_rings(around)) if motion.warps else box_rings(around)
    spread = bounds(replace(rings, points=motion.move(rings.points)))
    edges = np.concatenate([np.floor(spread[:, :2]) - 2, np.ceil(spread[:, :2] + spread[:, 2:]) + 2], axis=1)
    edges = np.clip(np.nan_to_num(edges), 0, (width, height, width, height)).astype(np.int64)
    rows = [masks[row] for row in range(len(masks))]
    for row, (left, top, right, bottom) in zip(given.tolist(), edges.tolist(), strict=True):
        strip = np.zeros((height, right - left), np.bool_)
        old = to_mask(rows[row], motion.height, motion.width)
        strip[top:bottom] = _shown(old, motion, left, top, (bottom - top, right - left))
        rows[row] = _padded(from_mask(strip), left * height, (width - right) * height)
    return _ragged(rows)


def _padded(runs: NDArray[np.uint32], before: int, after: int) -> NDArray[np.uint32]:
    """Return run lengths with so many zeros more before and after them."""
    whole = np.append(runs, np.zeros(1 - len(runs) % 2, np.uint32))  # the last run, too, is one of zeros
    whole[0] += np.uint32(before)
    whole[-1] += np.uint32(after)
    return whole if whole[-1] or len(whole) == 1 else whole[:-1]


def _ragged(rows: list[NDArray[np.uint32]]) -> Ragged:
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    return Ragged(np.concatenate([np.zeros(0, np.uint32), *rows]), starts(lengths))


def _shown(mask: NDArray[np.bool_], motion: Motion, left: int, top: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a part of the new mask, of the given shape, that begins at `left` and `top`."""
    rows, columns = np.indices(shape)
    points = np.stack([columns.ravel() + left + 0.5, rows.ravel() + top + 0.5], axis=1)
    seen = np.ones(len(points), np.bool_)
    for stage, before in zip(motion.stages[::-1], [*motion.stages[-2::-1], motion], strict=True):
        points = stage.back(points)
        seen &= within(points, before.width, before.height)
    x = np.clip(points[:, 0], 0, motion.width - 1).astype(np.int64)
    y = np.clip(points[:, 1], 0, motion.height - 1).astype(np.int64)
    return np.asarray((mask[y, x] & seen).reshape(shape))


def _fitted(
    table: Annotations, new: Ragged, motion: Motion, pixels: Column | None, given: tuple[Column, Column, Column]
) -> tuple[Column, Column]:
    """Return boxes that fit their masks where they did before, and shares that count pixels.

    Args:
        given: boxes, shares and growth as they are without masks.
    """
    old, (box, share, grown) = table.masks or new, given
    drawn, left = old.lengths > 0, mask_areas(new)
    had = mask_areas(old)
    whole = np.maximum((had if pixels is None else pixels) * grown, 1e-9)
    lost = drawn & ((share < 1) | ((left == 0) & (had > 0)))
    share = np.where(lost, np.minimum(left / whole, 1), share)
    before = mask_boxes(old, np.full(len(old), motion.height, np.int32))
    snug = drawn & (left > 0) & fit(table.box, before)
    chosen = snug & (share < 1) if motion.upright else snug
    fitting = mask_boxes(new, np.full(len(new), motion.size[1], np.int32))
    return np.where(chosen[:, None], fitting, box), share


def place(table: Annotations, plane: Plane, old: tuple[int, int]) -> Annotations:
    """Return annotations where an upright plane takes them; nothing but masks is cut to its picture.

    Args:
        old: width and height of the picture that they are in.
    """
    columns: dict[str, Any] = {"box": plane.move_boxes(table.box)}
    if table.polygons is not None:
        columns["polygons"] = replace(table.polygons, points=plane.move(table.polygons.points))
    if table.rotated is not None:
        columns["rotated"] = plane.move(table.rotated.reshape(-1, 2)).reshape(-1, 8)
    if table.keypoints is not None:
        values = table.keypoints.values.copy()
        labelled = values[:, 2] > 0
        values[labelled, :2] = plane.move(values[labelled, :2])
        columns["keypoints"] = Ragged(values, table.keypoints.offsets)
    if table.masks is not None:
        columns["masks"] = _masks(table.masks, Motion(*old, (plane,)))
    if table.area is not None:
        columns["area"] = table.area * plane.growth
    return replace(table, source_id=None, **columns)
