"""Keypoints of a class that another source names in another order, or has others of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Ragged
from ...dataset.ragged import ranges, starts

__all__ = ["Places", "reorder_keypoints"]


@dataclass(frozen=True)
class Places:
    """Where the keypoints that a class is to have are among those that it has.

    Attributes:
        count: how many it has.
        at: int64, shape (keypoints to have,), place of each among them, -1 for none.
    """

    count: int
    at: NDArray[np.int64]

    @staticmethod
    def of(own: Sequence[str], wanted: Sequence[str]) -> Places:
        """Find them by name."""
        place = {name: row for row, name in enumerate(own)}
        return Places(len(own), np.array([place.get(name, -1) for name in wanted], np.int64))


def reorder_keypoints(table: Annotations, places: Mapping[int, Places]) -> tuple[Annotations, int]:
    """Return the table with the keypoints of some classes in another order, and how many annotations lose any.

    A keypoint that the class is not to have is left out; one that is new is not labelled (0, 0, 0). Annotations with
    another number of keypoints than their class names stay as they are.

    Args:
        places: by row of a class.
    """
    if table.keypoints is None or not places:
        return table, 0
    old, losing = table.keypoints, 0
    lengths = old.lengths.copy()
    moved = []
    for category, place in places.items():
        rows = np.flatnonzero((table.category == category) & (old.lengths == place.count))
        own = old.values[ranges(old.offsets[rows], old.lengths[rows])].reshape(len(rows), place.count, 3)
        gone = np.setdiff1d(np.arange(place.count), place.at)
        losing += int((own[:, gone, 2] > 0).any(axis=1).sum())
        padded = np.concatenate([own, np.zeros((len(rows), 1, 3))], axis=1)  # the last one is for -1
        lengths[rows] = len(place.at)
        moved.append((rows, padded[:, place.at].reshape(-1, 3)))
    offsets = starts(lengths)
    values = np.zeros((int(offsets[-1]), 3))
    stays = np.ones(len(table), np.bool_)
    for rows, points in moved:
        values[ranges(offsets[rows], lengths[rows])] = points
        stays[rows] = False
    rest = np.flatnonzero(stays)
    values[ranges(offsets[rest], lengths[rest])] = old.values[ranges(old.offsets[rest], lengths[rest])]
    return replace(table, keypoints=Ragged(values, offsets)), losing
