"""COCO's run-length masks: column-major, the first run is zeros.

Rules from `maskApi.c` of cocodataset/cocoapi (`rleToString`, `rleFrString`, `rleArea`, `rleToBbox`), here on whole
columns of masks at once and with every number checked before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .ragged import Ragged, starts

__all__ = ["compress", "decompress", "from_mask", "mask_areas", "mask_boxes", "run_sums", "to_mask"]


def decompress(strings: Sequence[bytes]) -> tuple[Ragged, NDArray[np.bool_]]:
    """Turn compressed run lengths into numbers.

    Six bits a character (48 to 111), five of them payload, little end first; from the fourth run on a number is the
    difference to the run two before.

    Returns:
        Run lengths, int64, one row per string, and whether each string was well formed (bool); a row that was not is
        empty. Runs may still be negative or too many: `run_sums` tells.
    """
    texts = Ragged.texts(strings)
    six = texts.values - np.uint8(48)  # what is no code wraps around to 64 and more
    good = texts.lengths > 0
    good[_rows_at(texts.offsets, np.flatnonzero(six > 63))] = False
    last = (six & 32) == 0  # the last character of a number has no continuation bit
    row_ends = texts.offsets[1:][texts.lengths > 0] - 1
    good[texts.lengths > 0] &= last[row_ends]
    last[row_ends] = True  # a string that is cut off inside a number must not run into the next one

    ends = np.flatnonzero(last)
    offsets = np.searchsorted(ends, texts.offsets)  # of the numbers of each row
    digits = np.diff(ends, prepend=-1)
    good[_rows_at(offsets, np.flatnonzero(digits > 7))] = False  # over 35 bits: no picture has such a run
    value = np.zeros(len(ends), np.int64)
    chosen, first = np.arange(len(ends)), ends - digits + 1
    for digit in range(min(7, int(digits.max(initial=0)))):
        if digit:
            chosen = chosen[digits[chosen] > digit]
        value[chosen] |= (six[first[chosen] + digit] & np.uint8(31)).astype(np.int64) << (5 * digit)
    negative = np.flatnonzero(six[ends] & 16)
    value[negative] -= np.int64(1) << (5 * np.minimum(digits[negative], 7))
    if not good.all():
        value = value[np.repeat(good, np.diff(offsets))]
        offsets = starts(np.where(good, np.diff(offsets), 0))
    return Ragged(_undo_differences(value, offsets), offsets), good


def _rows_at(offsets: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row that holds each of the places, where row i is `offsets[i]:offsets[i + 1]`."""
    return np.searchsorted(offsets, places, side="right") - 1


def _undo_differences(value: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Run k is value k plus run k - 2, from the fourth run (k = 3) on: two interleaved running sums per row.

    The sums run through all rows, over every other value; what was there before the row's own begins is taken off:
    odd runs sum from run 1, even runs from run 2, and run 0 stands alone.
    """
    out = np.empty_like(value)
    out[0::2], out[1::2] = np.cumsum(value[0::2]), np.cumsum(value[1::2])
    begin, stop = offsets[:-1], offsets[1:]
    full = begin < stop
    begin, stop = begin[full], stop[full]
    heads = value[begin]
    before_even, before_odd = out[begin], np.where(begin > 0, out[begin - 1], 0)
    for parity in (0, 1):
        base = np.where(begin % 2 == parity, before_even, before_odd)
        counts = (stop - parity + 1) // 2 - (begin - parity + 1) // 2
        out[parity::2] -= np.repeat(base, counts)
    out[begin] = heads
    return out


def compress(runs: Ragged) -> list[bytes]:
    """Turn run lengths into COCO's compressed strings, byte for byte as pycocotools does; undoes `decompress`."""
    value = runs.values.astype(np.int64)
    place = np.arange(len(value)) - np.repeat(runs.offsets[:-1], runs.lengths)
    delta = value.copy()
    later = np.flatnonzero(place > 2)
    delta[later] -= value[later - 2]
    # How many five-bit groups hold the number with its sign.
    size = np.ones(len(delta), np.int64)
    for groups in range(1, 8):
        size += (delta >= 1 << (5 * groups - 1)) | (delta < -(1 << (5 * groups - 1)))
    group = np.arange(size.sum()) - np.repeat(starts(size)[:-1], size)
    bits = (np.repeat(delta, size) >> (5 * group)) & 31
    bits |= np.where(group < np.repeat(size, size) - 1, 32, 0)
    chars = (bits + 48).astype(np.uint8)
    ends = starts(size)[runs.offsets]
    return Ragged(chars, ends).to_bytes()


def run_sums(runs: Ragged) -> NDArray[np.int64]:
    """Return the number of pixels that each row's runs cover, int64; -1 where a run is negative."""
    owner = runs.owner
    total = np.bincount(owner, weights=runs.values, minlength=len(runs)).astype(np.int64)
    total[np.bincount(owner[runs.values < 0], minlength=len(runs)) > 0] = -1
    return total


def mask_areas(runs: Ragged) -> NDArray[np.int64]:
    """Return the number of pixels in each mask, int64, shape (rows,)."""
    odd = (np.arange(len(runs.values)) - np.repeat(runs.offsets[:-1], runs.lengths)) % 2 == 1
    return np.bincount(runs.owner[odd], weights=runs.values[odd], minlength=len(runs)).astype(np.int64)


def mask_boxes(runs: Ragged, height: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the box around each mask, float64, shape (rows, 4); all zeros for an empty mask.

    Args:
        height: int32, shape (rows,), of each mask's picture.
    """
    box = np.zeros((len(runs), 4))
    place = np.arange(len(runs.values)) - np.repeat(runs.offsets[:-1], runs.lengths)
    ones = np.flatnonzero((place % 2 == 1) & (runs.values > 0))
    if not len(ones):
        return box
    total = np.cumsum(runs.values, dtype=np.int64)
    owner = np.repeat(np.arange(len(runs)), runs.lengths)[ones]
    before = np.concatenate([[0], total])[runs.offsets[:-1]][owner]  # pixels of the masks before this one
    stop = total[ones] - before
    first, tall = stop - runs.values[ones], height[owner].astype(np.int64)
    heads = np.flatnonzero(np.diff(owner, prepend=-1))
    x0 = np.minimum.reduceat(first // tall, heads)
    x1 = np.maximum.reduceat((stop - 1) // tall, heads)
    whole = (first // tall) != ((stop - 1) // tall)  # a run over a column's end touches top and bottom
    y0 = np.minimum.reduceat(np.where(whole, 0, first % tall), heads)
    y1 = np.maximum.reduceat(np.where(whole, tall - 1, (stop - 1) % tall), heads)
    box[owner[heads]] = np.stack([x0, y0, x1 - x0 + 1, y1 - y0 + 1], axis=1)
    return box


def to_mask(counts: NDArray[np.integer], height: int, width: int) -> NDArray[np.bool_]:
    """Draw one mask, bool, shape (height, width).

    Raises:
        ValueError: the runs do not cover exactly height x width pixels.
    """
    runs = counts.astype(np.int64)
    if runs.sum() != height * width or (runs < 0).any():
        raise ValueError(f"runs cover {int(runs.sum())} pixels, the picture has {height * width}")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.asarray(flat.reshape(width, height).T)


def from_mask(mask: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the run lengths of one mask, bool, shape (height, width); as pycocotools encodes it."""
    flat = np.asarray(mask, np.bool_).T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [len(flat)]]))
    return (np.concatenate([[0], runs]) if len(flat) and flat[0] else runs).astype(np.uint32)
