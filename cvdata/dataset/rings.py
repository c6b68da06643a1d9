"""From masks to outlines: rings along the edges of pixels, and several rings joined into one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["bridge", "rings_of_mask"]


def rings_of_mask(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Trace a mask along the edges of its pixels: outer rings clockwise as seen on the screen, holes the other way.

    Filling all rings together by the even-odd rule gives back the mask exactly. Parts that touch at a corner alone get
    a ring each; a ring touches itself only where one part meets itself at a corner, and never crosses itself.

    Args:
        mask: bool, shape (height, width).

    Returns:
        Corners, float64, shape (k, 2) each, x and y from 0 to width and height; the topmost ring first.
    """
    padded = np.pad(np.asarray(mask, np.int8), 1)
    # The object lies to the right of the way: top edges run right, right edges down, bottom edges left, left edges up.
    flat = _segments(np.diff(padded, axis=0)[:, 1:-1])
    steep = _segments(-np.diff(padded, axis=1)[1:-1].T)
    if not len(flat[0]):
        return []
    line, first, last = flat
    begin, end = np.stack([first, line], axis=1), np.stack([last, line], axis=1)
    column, top, bottom = steep
    fall, land = np.stack([column, top], axis=1), np.stack([column, bottom], axis=1)
    stride = padded.shape[1] + 1
    after_flat = _follow(end, last < first, fall, bottom < top, stride)
    after_steep = _follow(land, bottom > top, begin, last < first, stride)
    return _cycles(begin.astype(np.float64), fall.astype(np.float64), after_flat, after_steep)


def _segments(change: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Find the straight runs of edges: their line, where they begin and where they end along it.

    Args:
        change: 1 where the object begins behind the line, -1 where it ends, shape (lines, steps).
    """
    lines, low, high, sign = [], [], [], []
    for value in (1, -1):
        run = np.diff(np.pad(change == value, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        line, start = np.nonzero(run == 1)
        lines.append(line)
        low.append(start)
        high.append(np.nonzero(run == -1)[1])
        sign.append(np.full(len(line), value))
    line, start, stop = np.concatenate(lines), np.concatenate(low), np.concatenate(high)
    ahead = np.concatenate(sign) > 0
    order = np.lexsort((start, line))
    line, start, stop, ahead = line[order], start[order], stop[order], ahead[order]
    return line, np.where(ahead, start, stop), np.where(ahead, stop, start)


def _follow(
    ends: NDArray[np.int64],
    backwards: NDArray[np.bool_],
    begins: NDArray[np.int64],
    backwards_next: NDArray[np.bool_],
    stride: int,
) -> NDArray[np.int64]:
    """Return which segment follows each: the one that begins where it ends.

    Where two begin, because two pixels touch at that corner, the right turn stays at the same pixel.

    Args:
        backwards: whether the right turn at an end leads backwards along the next segment's axis.
    """
    key = (begins[:, 1] * stride + begins[:, 0]) * 2 + backwards_next
    order = np.argsort(key)
    wanted = (ends[:, 1] * stride + ends[:, 0]) * 2 + backwards
    ranked = key[order]
    at = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
    other = np.minimum(np.searchsorted(ranked, wanted ^ 1), len(ranked) - 1)
    return order[np.where(ranked[at] == wanted, at, other)]


def _cycles(
    begin: NDArray[np.float64],
    fall: NDArray[np.float64],
    after_flat: NDArray[np.int64],
    after_steep: NDArray[np.int64],
) -> list[NDArray[np.float64]]:
    """Walk from segment to segment until every ring is closed."""
    steep, flat = after_flat.tolist(), after_steep.tolist()
    seen = [False] * len(steep)
    rings = []
    for first in range(len(steep)):
        if seen[first]:
            continue
        walk = []
        at = first
        while not seen[at]:
            seen[at] = True
            walk.append(at)
            at = flat[steep[at]]
        rows = np.array(walk)
        rings.append(np.stack([begin[rows], fall[after_flat[rows]]], axis=1).reshape(-1, 2))
    return rings


def bridge(rings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Join rings into one by ways of no width, each walked there and back, between their nearest points.

    Filled by the even-odd rule the ring covers what all rings together cover; a hole stays a hole. As Ultralytics'
    `merge_multi_segment` does for the parts of one object.

    Args:
        rings: at least one, float64, shape (k, 2) each.
    """
    merged = rings[0]
    for ring in rings[1:]:
        here, there = _nearest(merged, ring)
        round_trip = np.concatenate([ring[there:], ring[: there + 1]])
        merged = np.concatenate([merged[: here + 1], round_trip, merged[here:]])
    return merged


_MOST_PAIRS = 1 << 20


def _nearest(points: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[int, int]:
    """Return the rows of the two points that are nearest, the first such pair; in blocks, to bound the memory."""
    best, pair = np.inf, (0, 0)
    step = max(1, _MOST_PAIRS // len(others))
    for first in range(0, len(points), step):
        block = points[first : first + step]
        distance = ((block[:, None] - others[None]) ** 2).sum(axis=2)
        at = int(distance.argmin())
        if distance.flat[at] < best:
            best = distance.flat[at]
            pair = (first + at // len(others), at % len(others))
    return pair
