"""What the files of pictures themselves say: hashes, light, sharpness, capture time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from .ragged import locked

__all__ = ["TAKEN_UNKNOWN", "Facts"]

TAKEN_UNKNOWN = np.iinfo(np.int64).min
"""Capture time of a picture that says none."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Facts:
    """One row per picture; nothing here is a label, and all of it can be measured again.

    Attributes:
        size: int64, bytes of the file; -1 where it was never read, and then the other columns mean nothing.
        modified: int64, when the file was changed last, nanoseconds since 1970 (UTC).
        sha256: uint8, shape (n, 32), of the bytes of the file.
        phash: uint64, perceptual hash; pictures that look alike differ in few bits.
        taken: int64, capture time as the camera wrote it (no time zone), milliseconds since 1970, or `TAKEN_UNKNOWN`.
        brightness: float32, mean of the grey values, 0 to 255.
        contrast: float32, their standard deviation.
        sharpness: float32, variance of their Laplacian.
    """

    size: NDArray[np.int64]
    modified: NDArray[np.int64]
    sha256: NDArray[np.uint8]
    phash: NDArray[np.uint64]
    taken: NDArray[np.int64]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]
    sharpness: NDArray[np.float32]

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, locked(getattr(self, f.name)))

    def __len__(self) -> int:
        return len(self.size)

    def take(self, rows: NDArray[np.int64]) -> Facts:
        """Return the given rows in the given order."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def concat(parts: list[Facts]) -> Facts:
        """Join the rows of several tables."""
        empty = Facts.none(0)
        columns = {f.name: [getattr(part, f.name) for part in (empty, *parts)] for f in fields(Facts)}
        return Facts(**{name: np.concatenate(column) for name, column in columns.items()})

    @staticmethod
    def none(rows: int) -> Facts:
        """Return a table of pictures that were never read."""
        return Facts(
            size=np.full(rows, -1, np.int64),
            modified=np.zeros(rows, np.int64),
            sha256=np.zeros((rows, 32), np.uint8),
            phash=np.zeros(rows, np.uint64),
            taken=np.full(rows, TAKEN_UNKNOWN, np.int64),
            brightness=np.zeros(rows, np.float32),
            contrast=np.zeros(rows, np.float32),
            sharpness=np.zeros(rows, np.float32),
        )
