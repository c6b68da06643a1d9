"""What pictures look like, for the ranking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Vectors"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Vectors:
    """What pictures of the dataset look like, as vectors of length 1.

    Attributes:
        name, sha256: of the model that made them.
        rows: int64, shape (n,), of the pictures; `vectors`: float32, shape (n, d).
        bad: why others could not be read, by row.
    """

    name: str
    sha256: str | None
    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    bad: Mapping[int, str] = field(default_factory=dict)
