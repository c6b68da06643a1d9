"""Sets of rows that are joined pair by pair, without a loop over the pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sets", "numbered"]


class Sets:
    """Sets that are joined: each row points to one of its set with a lower number, the lowest to itself.

    Attributes:
        roots: int64, the lowest row of each row's set.
    """

    def __init__(self, rows: int) -> None:
        self.roots = np.arange(rows)

    def join(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
        """Join the set of a[i] with that of b[i], for all i."""
        while len(a):
            a, b = self.roots[a], self.roots[b]
            apart = a != b
            a, b = a[apart], b[apart]
            np.minimum.at(self.roots, np.maximum(a, b), np.minimum(a, b))
            self._flatten()

    def _flatten(self) -> None:
        while True:
            above = self.roots[self.roots]
            if np.array_equal(above, self.roots):
                return
            self.roots = above


def numbered(sets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Number the sets of two and more rows from 0 by first appearance; -1 for a row that is alone.

    Args:
        sets: the same number for rows of one set, shape (n,).
    """
    _, first, inverse, counts = np.unique(sets, return_index=True, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(counts > 1)
    number = np.full(len(first), -1, np.int32)
    number[shared[np.argsort(first[shared])]] = np.arange(len(shared))
    return np.asarray(number[inverse.reshape(-1)])  # NumPy 2.0 gave it the shape of its input
