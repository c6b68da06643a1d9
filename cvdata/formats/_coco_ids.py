"""Ids of COCO files: which row they mean, and whether they can serve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..dataset import SourceIds
from .intake import Intake

__all__ = ["rows_of", "sound_ids"]


def rows_of(keys: SourceIds, known: SourceIds) -> NDArray[np.int64]:
    """Return the row of each key in `known`, which has no value twice; -1 where it is not there."""
    if isinstance(keys, np.ndarray) and isinstance(known, np.ndarray) and len(known):
        low, high = int(known.min()), int(known.max())
        if high - low < 4 * len(known) + 1024:
            # Ids mostly count up, so a table beats a search; the bound keeps huge ids from making a huge table.
            table = np.full(high - low + 2, -1, np.int64)
            table[known - low] = np.arange(len(known))
            inside = (keys >= low) & (keys <= high)
            return table[np.where(inside, keys - low, high - low + 1)]
    rows = {key: row for row, key in enumerate(known.tolist() if isinstance(known, np.ndarray) else known)}
    values = keys.tolist() if isinstance(keys, np.ndarray) else keys
    return np.fromiter((rows.get(key, -1) for key in values), np.int64, len(values))


def sound_ids(ids: SourceIds, rows: NDArray[np.int64], intake: Intake) -> SourceIds | None:
    """Return the annotation ids, or None with a note where they cannot serve: pycocotools takes id 0 for no match."""
    chosen: SourceIds = ids[rows] if isinstance(ids, np.ndarray) else tuple(ids[row] for row in rows.tolist())
    if isinstance(chosen, np.ndarray):
        rising = len(chosen) < 2 or bool((np.diff(chosen) > 0).all())
        unique = rising or len(np.unique(chosen)) == len(chosen)
        sound = unique and not bool((chosen == 0).any())
    else:
        sound = len(set(chosen)) == len(chosen) and 0 not in chosen
    if sound:
        return chosen
    intake.note("annotation-ids", "annotation ids are 0 or there twice; they are numbered anew from 1", len(chosen))
    return None
