"""How bright, contrasted and sharp a grey picture is, and which low waves it is made of."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from .phash import low_waves

__all__ = ["MEASURED_SIDE", "Measures", "Meter"]

MEASURED_SIDE = 256
"""Pixels: a picture is shrunk by the power of two that makes its longer side this or less before it is measured.

So that a photo of 12 megapixels and its copy of one are about equally sharp. At 384 pixels, finer blur could be told
(see `quality.BLURRED`), but to read and measure a JPEG would take a sixth longer.
"""


class Measures(NamedTuple):
    """What grey values tell.

    Attributes:
        brightness, contrast: their mean and standard deviation, 0 to 255.
        sharpness: variance of their Laplacian.
        waves: float64, shape (8, 8), see `phash.low_waves`.
    """

    brightness: float
    contrast: float
    sharpness: float
    waves: NDArray[np.float64]


class Meter:
    """Measures grey pictures, one after the other.

    It keeps its arrays: to make fresh ones for each picture takes as long as to measure it. All sums are of whole
    numbers, so that the order of adding does not matter.
    """

    def __init__(self) -> None:
        most = MEASURED_SIDE**2
        self._pixels = np.empty(most, np.float64)
        self._middle, self._beside, self._sum = (np.empty(most // 2, np.int16) for _ in range(3))
        self._wide = np.empty(most // 2, np.int32)

    def measure(self, grey: NDArray[np.uint8]) -> Measures:
        """Measure a picture.

        Args:
            grey: shape (height, width), both at most `MEASURED_SIDE`.
        """
        pixels = _filled(self._pixels, grey)
        mean = float(pixels.sum()) / pixels.size
        # Not `@`: OpenBLAS would start threads for it, which wait for each other.
        variance = float(np.einsum("i,i->", pixels, pixels)) / pixels.size - mean**2
        return Measures(mean, max(0.0, variance) ** 0.5, self._sharpness(grey), low_waves(pixels.reshape(grey.shape)))

    def _sharpness(self, grey: NDArray[np.uint8]) -> float:
        """Return the variance of the Laplacian of four neighbours, on every other row; 0 where no pixel has four.

        Source: J. L. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
        """
        height, width = grey.shape
        if min(height, width) < 3:
            return 0.0
        shape = (height - 1) // 2, width
        middle = _filled(self._middle, grey[1:-1:2])
        total = _filled(self._sum, grey[:-2:2])
        total += _filled(self._beside, grey[2::2])
        # End to end, rows run into each other: their first and last pixels come out wrong, and are left out below.
        total[1:] += middle[:-1]
        total[:-1] += middle[1:]
        middle *= 4
        total -= middle
        wide = _filled(self._wide, total)
        inner = wide.reshape(shape)[:, 1:-1]
        mean = _mean(inner)
        wide *= wide
        return _mean(inner) - mean**2


_Number = TypeVar("_Number", np.float64, np.int16, np.int32)


def _filled(room: NDArray[_Number], values: NDArray[np.integer]) -> NDArray[_Number]:
    """Copy values, end to end, into the start of an array, and return that part."""
    part = room[: values.size]
    np.copyto(part.reshape(values.shape), values)
    return part


def _mean(rows: NDArray[np.signedinteger]) -> float:
    # A column of 128 squares stays below 2**31.
    return int(np.add.reduce(rows, axis=0, dtype=np.int32).sum(dtype=np.int64)) / rows.size
