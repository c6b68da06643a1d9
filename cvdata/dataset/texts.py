"""Rows of text that nobody has looked into yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .ragged import locked, starts

__all__ = ["Texts"]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Rows of bytes in the pieces in which they came; choosing and joining rows copies no text.

    Attributes:
        pieces: the texts end to end; no row is in two pieces.
        first: int64, shape (rows,), where each row begins, counted through all pieces.
        lengths: int64, shape (rows,), in bytes; 0 where there is no text.
    """

    pieces: tuple[bytes, ...]
    first: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", locked(self.first))
        object.__setattr__(self, "lengths", locked(self.lengths))

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: NDArray[np.int64]) -> Texts:
        """Return the given rows in the given order."""
        return Texts(self.pieces, self.first[rows], self.lengths[rows])

    def joined(self, part: slice) -> bytes:
        """Return the text of some rows, end to end."""
        first, ends = self.first[part], self.first[part] + self.lengths[part]
        if not len(first) or not self.pieces:
            return b""
        bounds = starts(np.fromiter(map(len, self.pieces), np.int64, len(self.pieces)))
        piece = np.minimum(np.searchsorted(bounds, first, side="right"), len(self.pieces)) - 1
        # Rows mostly follow each other as they came, so thousands are one slice.
        breaks = np.flatnonzero((first[1:] != ends[:-1]) | (piece[1:] != piece[:-1]))
        begin, last = np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(first) - 1]])
        shift = bounds[piece[begin]]
        runs = zip(piece[begin].tolist(), (first[begin] - shift).tolist(), (ends[last] - shift).tolist(), strict=True)
        return b"".join([self.pieces[number][a:b] for number, a, b in runs])

    def packed(self) -> Texts:
        """Return the same rows in a piece of their own, to travel without the text of others."""
        return Texts((self.joined(slice(None)),), starts(self.lengths)[:-1], self.lengths)

    def to_bytes(self) -> list[bytes]:
        """Return each row."""
        whole, ends = self.joined(slice(None)), starts(self.lengths).tolist()
        return [whole[a:b] for a, b in pairwise(ends)]

    @staticmethod
    def of(rows: Sequence[bytes]) -> Texts:
        """Build from texts, or anything with their bytes in a buffer."""
        ends = starts(np.fromiter(map(len, rows), np.int64, len(rows)))
        return Texts((b"".join(rows),), ends[:-1], np.diff(ends))

    @staticmethod
    def none(rows: int) -> Texts:
        """Return rows without text."""
        return Texts((), np.zeros(rows, np.int64), np.zeros(rows, np.int64))

    @staticmethod
    def concat(parts: Iterable[Texts]) -> Texts:
        """Join the rows of several columns."""
        parts, nothing = list(parts), np.zeros(0, np.int64)
        before = starts(np.array([sum(map(len, part.pieces)) for part in parts], np.int64))
        return Texts(
            tuple(piece for part in parts for piece in part.pieces),
            np.concatenate([nothing, *(part.first + at for part, at in zip(parts, before[:-1], strict=True))]),
            np.concatenate([nothing, *(part.lengths for part in parts)]),
        )
