"""The outline of a mask as the path of an SVG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dataset.rle import to_mask

__all__ = ["mask_path", "rings_path"]

_MOST = 96  # steps along the longer side of a traced mask: finer than a thumbnail shows

Corner = tuple[int, int]


def rings_path(rings: list[NDArray[np.float64]]) -> str:
    """Return closed rings, each of shape (points, 2) in pixels, as the path of an SVG."""
    return "".join("M" + "L".join(f"{x:.5g} {y:.5g}" for x, y in ring.tolist()) + "Z" for ring in rings if len(ring))


def mask_path(runs: NDArray[np.uint32], width: int, height: int) -> str:
    """Return the outline of a mask, holes included, to be filled by the even-odd rule; "" where it covers nothing.

    Args:
        runs: run lengths over the picture of `width` by `height` pixels.
    """
    mask = to_mask(runs, height, width)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return ""
    top, left = int(rows[0]), int(columns[0])
    part = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    step = -(-max(part.shape) // _MOST)
    part = part[step // 2 :: step, step // 2 :: step] if min(part.shape) > step else part[::step, ::step]
    return "".join(
        "M" + "L".join(f"{left + x * step} {top + y * step}" for x, y in ring) + "Z" for ring in _loops(part)
    )


def _loops(mask: NDArray[np.bool_]) -> list[list[Corner]]:
    """Follow the edges between inside and outside, the inside on the right; only the corners are kept."""
    edges = _edges(mask)
    loops = []
    while edges:
        start = next(iter(edges))
        at, loop = start, [start]
        while True:
            ends = edges[at]
            to = ends.pop()
            if not ends:
                del edges[at]
            at = to
            if at == start:
                break
            loop.append(at)
        loops.append([loop[i] for i in range(len(loop)) if _turns(loop[i - 1], loop[i], loop[(i + 1) % len(loop)])])
    return loops


def _edges(mask: NDArray[np.bool_]) -> dict[Corner, list[Corner]]:
    """Return the ends of the pixel edges that begin at each corner."""
    framed = np.pad(mask, 1)
    inside = framed[1:-1, 1:-1]
    edges: dict[Corner, list[Corner]] = {}
    # For each side of a pixel: its neighbour there, and where that edge begins and ends.
    for beside, (a, b), (c, d) in (
        (framed[:-2, 1:-1], (0, 0), (1, 0)),
        (framed[1:-1, 2:], (1, 0), (1, 1)),
        (framed[2:, 1:-1], (1, 1), (0, 1)),
        (framed[1:-1, :-2], (0, 1), (0, 0)),
    ):
        for y, x in np.argwhere(inside & ~beside).tolist():
            edges.setdefault((x + a, y + b), []).append((x + c, y + d))
    return edges


def _turns(before: Corner, at: Corner, after: Corner) -> bool:
    return (at[0] - before[0]) * (after[1] - at[1]) != (at[1] - before[1]) * (after[0] - at[0])
