"""One picture with its annotations, as everything in this room takes and returns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations

__all__ = ["Sample"]


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and what is in it.

    Attributes:
        image: uint8, shape (height, width, 3), RGB.
        table: the annotations of this picture alone: `image` is 0 in every row, and coordinates are pixels of `image`,
            continuous: the first pixel spans 0 to 1.
    """

    image: NDArray[np.uint8]
    table: Annotations

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.image.shape[0])
