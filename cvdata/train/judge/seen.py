"""What a network said of some pictures, as it comes: in any order, from several processes; and all of it in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset.ragged import ranges, starts
from ...evaluate.pixels.arrays import Meetings
from ...models.columns import Columns, concat_columns

__all__ = ["Seen", "in_order"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found in some pictures.

    Attributes:
        rows: int64, shape (n,), row of each picture in its part of the dataset.
        columns: what was found in them, in their own pixels; without maps, which are too large to keep.
        meetings: segmenters: of each picture, which class of the truth meets which class found.
    """

    rows: NDArray[np.int64]
    columns: Columns
    meetings: list[Meetings] | None = None


def in_order(parts: Sequence[Seen], pictures: int) -> Seen:
    """Join what several processes saw, by ascending row; a picture that came twice counts once.

    Args:
        pictures: how many there are. Those that nobody saw are there, too: nothing was found in them.
    """
    rows = np.concatenate([np.zeros(0, np.int64), *(part.rows for part in parts)])
    there, first = np.unique(rows, return_index=True)
    columns = concat_columns([part.columns for part in parts])
    meetings = None
    if any(part.meetings is not None for part in parts):
        every = [one for part in parts for one in part.meetings or []]
        meetings = [every[at] for at in first.tolist()]
    if columns.scores is None and columns.owner is not None:
        return Seen(np.arange(pictures), _detections(columns, there, first, pictures), meetings)
    return Seen(there, replace(columns, images=len(there), scores=_taken(columns.scores, first)), meetings)


def _detections(columns: Columns, rows: NDArray[np.int64], first: NDArray[np.int64], pictures: int) -> Columns:
    """Return the detections of the pictures with these places, owned by these rows."""
    owner = np.zeros(0, np.int64) if columns.owner is None else columns.owner
    offsets = starts(np.bincount(owner, minlength=columns.images))
    counts = np.diff(offsets)[first]
    chosen = ranges(offsets[:-1][first], counts)
    return replace(
        columns,
        images=pictures,
        owner=np.repeat(rows, counts),
        box=_taken(columns.box, chosen),
        label=_taken(columns.label, chosen),
        score=_taken(columns.score, chosen),
        keypoints=_taken(columns.keypoints, chosen),
        masks=None if columns.masks is None else columns.masks.take(chosen),
    )


def _taken(column: NDArray[Any] | None, rows: NDArray[np.int64]) -> Any:
    return None if column is None else column[rows]
