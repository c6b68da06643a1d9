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
    byte = texts.values.astype(np.int64) - 48
    length, owner = texts.lengths, texts.owner
    alien = np.bincount(owner[(byte < 0) | (byte > 63)], minlength=len(texts)) > 0
    last = (byte & 32) == 0  # the last character of a number has no continuation bit
    good = ~alien & (length > 0)
    row_ends = texts.offsets[1:][length > 0] - 1
    good[length > 0] &= last[row_ends]
    last[row_ends] = True  # a string that is cut off inside a number must not run into the next one

    ends = np.flatnonzero(last)
    number = np.cumsum(last) - last  # number that each character belongs to; wrong only inside bad rows
    first = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else np.zeros(0, np.int64)
    digits = np.arange(len(byte)) - np.append(first, 0)[np.minimum(number, max(len(first) - 1, 0))]
    long = np.bincount(owner[digits > 6], minlength=len(texts)) > 0  # over 35 bits: no picture has such a run
    good &= ~long
    shift = 5 * np.clip(digits, 0, 6)
    value = np.bincount(number, weights=(byte & 31).astype(np.float64) * 2.0**shift, minlength=len(ends))
    value = value[: len(ends)].astype(np.int64)
    negative = (byte[ends] & 16) != 0
    value[negative] -= np.int64(1) << (5 * (np.clip(digits[ends[negative]], 0, 6) + 1))

    number_owner = owner[ends]
    keep = good[number_owner]
    counts = np.bincount(number_owner[keep], minlength=len(texts))
    return Ragged(_undo_differences(value[keep], starts(counts)), starts(counts)), good


def _undo_differences(value: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Run k is value k plus run k - 2, from the fourth run (k = 3) on: two interleaved running sums per row."""
    out: NDArray[np.int64] = value.copy()
    place = np.arange(len(value)) - np.repeat(offsets[:-1], np.diff(offsets))
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    for parity in (0, 1):
        # Odd runs sum from run 1, even runs from run 2: run 0 stands alone.
        chosen = np.flatnonzero((place % 2 == parity) & (place >= 2 - parity))
        if not len(chosen):
            continue
        total = np.cumsum(value[chosen])
        head = np.concatenate([[True], owner[chosen][1:] != owner[chosen][:-1]])
        base = (total - value[chosen])[head]
        out[chosen] = total - np.repeat(base, np.diff(np.append(np.flatnonzero(head), len(chosen))))
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
    for row in np.flatnonzero(runs.lengths > 1).tolist():
        counts = runs[row].astype(np.int64)
        ends = np.cumsum(counts)
        first, stop = ends[0::2][: len(ends[1::2])], ends[1::2]
        first, stop = first[stop > first], stop[stop > first]
        if not len(first):
            continue
        tall = int(height[row])
        x0, x1 = int(first[0]) // tall, (int(stop[-1]) - 1) // tall
        whole = (first // tall) != ((stop - 1) // tall)  # a run over a column's end touches top and bottom
        y0 = 0 if whole.any() else int((first % tall).min())
        y1 = tall - 1 if whole.any() else int(((stop - 1) % tall).max())
        box[row] = (x0, y0, x1 - x0 + 1, y1 - y0 + 1)
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
