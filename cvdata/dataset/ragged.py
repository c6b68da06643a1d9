"""Rows of differing length in one array: values end to end, and where each row starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ragged", "locked", "ranges", "starts"]


def locked(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array read-only; a view is taken where the caller still owns it."""
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def starts(lengths: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Turn row lengths, shape (n,), into offsets, shape (n + 1,): row i is `offsets[i]:offsets[i + 1]`."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def ranges(first: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate `arange(first[i], first[i] + lengths[i])` without a loop."""
    offsets = starts(lengths)
    return np.arange(offsets[-1], dtype=np.int64) + np.repeat(first - offsets[:-1], lengths)


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Rows of differing length: `values[offsets[i]:offsets[i + 1]]` is row i.

    Attributes:
        values: shape (total, ...), any dtype.
        offsets: int64, shape (rows + 1,), from 0 to total.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", locked(self.values))
        object.__setattr__(self, "offsets", locked(self.offsets))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[Any]:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each row, int64, shape (rows,)."""
        return np.diff(self.offsets)

    @property
    def owner(self) -> NDArray[np.int64]:
        """Row that each value belongs to, int64, shape (total,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: NDArray[np.int64]) -> Ragged:
        """Return the given rows in the given order."""
        lengths = self.lengths[rows]
        return Ragged(self.values[ranges(self.offsets[rows], lengths)], starts(lengths))

    @staticmethod
    def concat(parts: Sequence[Ragged]) -> Ragged:
        """Join the rows of several tables; all must have the same dtype and trailing shape."""
        lengths = [part.lengths for part in parts]
        return Ragged(np.concatenate([part.values for part in parts]), starts(np.concatenate(lengths)))

    @staticmethod
    def of(rows: Sequence[Sequence[Any]], dtype: Any) -> Ragged:
        """Build from a sequence of sequences."""
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = [value for row in rows for value in row]
        return Ragged(np.array(flat, dtype), starts(lengths))

    @staticmethod
    def texts(rows: Sequence[bytes]) -> Ragged:
        """Build a column of byte strings."""
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        return Ragged(np.frombuffer(b"".join(rows), np.uint8), starts(lengths))

    def to_bytes(self) -> list[bytes]:
        """Return the rows of a column of byte strings."""
        whole, ends = self.values.tobytes(), self.offsets.tolist()
        return [whole[a:b] for a, b in pairwise(ends)]
