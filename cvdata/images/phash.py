"""Perceptual hashes: 63 bits that hardly change when a picture is resized, re-encoded or brightened.

Source: C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, section 3.2.1 (the lowest
coefficients of a discrete cosine transform). Bits are signs, not comparisons with the median: then mirroring or turning
a picture only flips and moves bits, and eight hashes are had for the price of one. The transform is that of the whole
grey picture: to shrink it to 32 x 32 pixels first, as Zauner does, takes longer and shifts it by parts of a pixel.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["low_waves", "phashes", "turned"]

_LOW = 8  # frequencies kept in each direction
_STRIPE = 96  # columns; a wider product OpenBLAS would share among threads that wait for each other


def low_waves(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of each low wave is in a grey picture (DCT-II): float64, shape (8, 8), frequency down, across.

    Args:
        grey: whole numbers 0 to 255, shape (height, width), both at most 1,024.
    """
    height, width = grey.shape
    down, across = _cosines(height), _cosines(width).T
    return np.asarray(sum(down @ grey[:, i : i + _STRIPE] @ across[i : i + _STRIPE] for i in range(0, width, _STRIPE)))


@lru_cache(maxsize=1024)
def _cosines(length: int) -> NDArray[np.float64]:
    """Return the waves of 0 to 7 half periods, shape (8, length), in whole numbers.

    Products of whole numbers below 2**53 are exact, so that no hash depends on the order in which a machine adds.
    """
    frequency, place = np.arange(_LOW)[:, None], np.arange(length)[None, :]
    return np.asarray(np.rint(np.cos(np.pi / length * (place + 0.5) * frequency) * 2**12))


_BIT = np.left_shift(np.uint64(1), np.arange(_LOW * _LOW, dtype=np.uint64)).reshape(_LOW, _LOW)
_BIT[0, 0] = 0  # the mean, which says how bright a picture is, not what is on it


def phashes(waves: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Turn the low waves of pictures, shape (n, 8, 8), into hashes, uint64, shape (n,).

    Bit 8 v + u is set where the wave of v half periods down and u across is contained with a plus; bit 0 never is.
    """
    return np.asarray(np.where(waves > 0, _BIT, np.uint64(0)).sum(axis=(1, 2), dtype=np.uint64))


def _bits_where(chosen: NDArray[np.bool_]) -> int:
    return int(_BIT[np.broadcast_to(chosen, _BIT.shape)].sum())


_ODD = np.arange(_LOW) % 2 == 1
_ODD_ACROSS = _bits_where(_ODD[None, :])
_ODD_DOWN = _bits_where(_ODD[:, None])


def turned(phash: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes of the mirrored and turned versions of pictures, shape (n, 8).

    The columns: as it is, mirrored left to right, mirrored top to bottom, turned by half; then the same four of the
    picture mirrored at its main diagonal (rows become columns), the turns by a quarter among them.
    """
    # A mirror turns the sign of every wave with an odd number of half waves; the diagonal swaps the directions.
    versions = np.stack([phash, _transposed(phash)], axis=1)[:, :, None]
    flips = np.array([0, _ODD_ACROSS, _ODD_DOWN, _ODD_ACROSS ^ _ODD_DOWN], np.uint64)
    return np.asarray((versions ^ flips).reshape(len(phash), 8))


def _transposed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Swap rows and columns of 8 x 8 bits: blocks of 1, 2 and 4 in turn (Warren, Hacker's Delight, section 7-3)."""
    for shift, mask in ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0)):
        moved = (bits ^ (bits >> np.uint64(shift))) & np.uint64(mask)
        bits = bits ^ moved ^ (moved << np.uint64(shift))
    return bits
