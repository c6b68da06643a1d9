"""Two ways to look at the same pictures, held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.rle import to_mask
from ..columns import Columns
from .report import Comparison

__all__ = ["compare"]

_TOLERANCE = {"box_share": 1e-3, "score": 1e-3, "keypoint_share": 1e-2, "mask": 1e-2, "map": 1e-3, "unmatched": 0.01}
"""What may differ. Both compute in 32 bits, in another order; a score that differs in its seventh digit may make
non-maximum suppression keep the other one of two boxes, which is why one detection in a hundred may be unmatched."""


def compare(
    expected: Columns,
    found: Columns,
    sizes: NDArray[np.int64],
    *,
    against: Literal["network", "predictor"],
    score: float,
) -> Comparison:
    """Hold what the file finds against what torch finds.

    Args:
        expected: of torch; `found`: of the file.
        sizes: int64, shape (n, 2), height and width of each picture.
        score: below which the file leaves detections out: those within the tolerance of it need no partner.
    """
    largest: dict[str, float | None]
    matched: int | None = None
    unmatched = 0.0
    if expected.scores is not None and found.scores is not None:
        largest = {"score": _largest(np.abs(expected.scores - found.scores))}
    elif expected.maps is not None and found.maps is not None:
        largest = {"map": max(float((a != b).mean()) for a, b in zip(expected.maps, found.maps, strict=True))}
    else:
        pairs, missing = _paired(expected, found, sizes, score)
        largest = _differences(expected, found, pairs, sizes)
        matched = len(pairs)
        unmatched = missing / max(1, len(pairs) + missing)
    names = [name for name in _TOLERANCE if name in largest]
    tolerance = {name: _TOLERANCE[name] for name in names} | (
        {} if matched is None else {"unmatched": _TOLERANCE["unmatched"]}
    )
    within = all((largest[name] or 0.0) <= _TOLERANCE[name] for name in names)
    return Comparison(
        against=against,
        pictures=expected.images,
        detections=None if expected.box is None else len(expected.box),
        matched=matched,
        largest=largest,
        tolerance=tolerance,
        agrees=within and unmatched <= _TOLERANCE["unmatched"],
    )


def _largest(values: NDArray[np.float64]) -> float | None:
    return float(values.max()) if values.size else None


def _paired(expected: Columns, found: Columns, sizes: NDArray[np.int64], score: float) -> tuple[NDArray[np.int64], int]:
    """Return rows of detections that are the same, shape (pairs, 2), and how many of either side have no partner."""
    pairs: list[tuple[int, int]] = []
    missing = 0
    a, b = _columns(expected), _columns(found)
    for picture in range(expected.images):
        ours, theirs = np.flatnonzero(a[0] == picture), np.flatnonzero(b[0] == picture)
        allowed = _TOLERANCE["box_share"] * sizes[picture].max()
        free = np.ones(len(theirs), np.bool_)
        partners = set()
        for row in ours.tolist():
            apart = np.abs(b[1][theirs] - a[1][row]).max(axis=1, initial=0) + np.where(free, 0, np.inf)
            apart[b[2][theirs] != a[2][row]] = np.inf
            apart[np.abs(b[3][theirs] - a[3][row]) > _TOLERANCE["score"]] = np.inf
            if len(apart) and apart.min() <= allowed:
                best = int(apart.argmin())
                free[best] = False
                partners.add(row)
                pairs.append((row, int(theirs[best])))
        sure = score + _TOLERANCE["score"]
        missing += int((b[3][theirs[free]] > sure).sum())
        missing += sum(row not in partners and a[3][row] > sure for row in ours.tolist())
    return np.array(pairs, np.int64).reshape(-1, 2), missing


def _columns(columns: Columns) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return owner, corners, label and score."""
    if columns.owner is None or columns.box is None or columns.label is None or columns.score is None:
        return np.empty(0, np.int64), np.empty((0, 4)), np.empty(0, np.int64), np.empty(0)
    box = columns.box
    return columns.owner, np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1), columns.label, columns.score


def _differences(
    expected: Columns, found: Columns, pairs: NDArray[np.int64], sizes: NDArray[np.int64]
) -> dict[str, float | None]:
    ours, theirs = pairs.T
    a, b = _columns(expected), _columns(found)
    owner = a[0][ours]
    longer = sizes.max(axis=1)[owner]
    box = np.abs(a[1][ours] - b[1][theirs]).max(axis=1, initial=0)
    largest = {"box": _largest(box), "box_share": _largest(box / longer)}
    largest["score"] = _largest(np.abs(a[3][ours] - b[3][theirs]))
    if expected.keypoints is not None and found.keypoints is not None:
        away = np.abs(expected.keypoints[ours, :, :2] - found.keypoints[theirs, :, :2]).max(axis=(1, 2), initial=0)
        largest |= {"keypoint": _largest(away), "keypoint_share": _largest(away / longer)}
    if expected.masks is not None and found.masks is not None:
        shares = _mask_differences(expected.masks, found.masks, pairs, sizes[owner])
        largest["mask"] = max(shares, default=None)
    return largest


def _mask_differences(
    expected: Ragged, found: Ragged, pairs: NDArray[np.int64], sizes: NDArray[Any]
) -> Sequence[float]:
    """Return the share of the pixels in either mask of each pair that are in one of them only."""
    shares = []
    for (ours, theirs), (tall, wide) in zip(pairs.tolist(), sizes.tolist(), strict=True):
        a, b = to_mask(expected[ours], tall, wide), to_mask(found[theirs], tall, wide)
        # A few pixels on the edge of a small mask are no disagreement, so at least 1,000 are counted.
        shares.append(float((a != b).sum() / max(1000, (a | b).sum())))
    return shares
