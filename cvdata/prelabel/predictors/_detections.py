"""What detectors of other packages find, as columns: boxes cut at the borders, surest first, nothing broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...models.columns import Columns, concat_columns

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["columns_of", "corners_of", "numbers", "size_by_size"]


def columns_of(
    size: tuple[int, int],
    corners: NDArray[np.float64],
    label: NDArray[np.int64],
    score: NDArray[np.float64],
    *,
    least: float,
) -> tuple[Columns, NDArray[np.int64]]:
    """Return what was found in one picture, and which of the rows that came in it is, surest first.

    Boxes are cut at the borders; those without area, with a number that is none, of no class, or that are less sure
    than anybody wants, are left out.

    Args:
        size: height and width of the picture.
        corners: shape (n, 4): left, top, right, bottom in pixels of the picture.
        label: shape (n,), class; negative for none. `score`: shape (n,).
        least: score that a detection must have.
    """
    height, width = size
    corners = np.clip(corners, 0.0, np.array([width, height, width, height], np.float64))
    box = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    whole = np.isfinite(box).all(axis=1) & np.isfinite(score) & (box[:, 2:] > 0).all(axis=1)
    kept = np.flatnonzero(whole & (label >= 0) & (score >= least))
    rows = kept[np.argsort(-score[kept], kind="stable")]
    found = Columns(
        images=1,
        owner=np.zeros(len(rows), np.int64),
        box=box[rows],
        label=label[rows],
        score=np.clip(score[rows], 0.0, 1.0),
    )
    return found, rows


def corners_of(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return boxes of a DETR, centre x, centre y, width, height, as left, top, right, bottom, shape (n, 4)."""
    half = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def size_by_size(
    pictures: Sequence[NDArray[np.uint8]], find: Callable[[list[NDArray[np.uint8]]], list[Columns]]
) -> Columns:
    """Look at pictures of one size together, at others apart.

    A network that takes any size gets the smaller pictures of a batch with a margin of nothing, and finds other things
    then than where it sees them alone.

    Args:
        find: returns what was found in each of some pictures of one size.
    """
    lots: dict[tuple[int, ...], list[int]] = {}
    for row, picture in enumerate(pictures):
        lots.setdefault(picture.shape[:2], []).append(row)
    found: dict[int, Columns] = {}
    for rows in lots.values():
        found.update(zip(rows, find([pictures[row] for row in rows]), strict=True))
    return concat_columns([found[row] for row in range(len(pictures))])


def numbers(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor of any device as an array: int64 where it holds whole numbers, float64 else."""
    array: NDArray[Any] = (tensor.double() if tensor.is_floating_point() else tensor.long()).detach().cpu().numpy()
    return array
