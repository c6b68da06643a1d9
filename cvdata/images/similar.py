"""Pictures that are there twice: the same bytes, or nearly the same look. Nothing here is quadratic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .phash import turned as turned_hashes
from .sets import Sets, numbered

__all__ = ["NEAR_BITS", "exact_copies", "near_copies"]

NEAR_BITS = 4
"""Bits of 63 in which the hashes of two near copies differ at most.

In eight real datasets (1,246 pictures, blood cells and clothes on one hanger among them) no two pictures of different
things differ in fewer than 6, so that chains join nothing either; frames of a film taken from the air do.
Found of 223 pictures changed on purpose: all that were saved at JPEG quality 30, made smaller (x 0.5, x 0.3), mirrored
or turned (`turned`); 99 % with contrast x 1.3, 94 % with brightness x 1.2; 89 % with 1 % cut off at each side, 59 %
with 2 %. With 5 % cut off, turned by degrees, or with a caption across a corner, most are not found.
"""

_HASH_BITS = 63
_WINDOW = 50  # neighbours that a hash is compared with in a crowded band
_SORTING = 15  # what sorting a hash costs, in comparisons


def exact_copies(sha256: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Number the sets of files with the same bytes, int32, shape (n,); -1 where a file has no copy.

    Numbers follow the first appearance. A row of zeros is a file that was never read, and a copy of none.

    Args:
        sha256: uint8, shape (n, 32).
    """
    words = np.ascontiguousarray(sha256).view(np.uint64)
    order = np.lexsort(words.T)
    ordered = words[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    cluster = np.empty(len(order), np.int64)
    cluster[order] = np.cumsum(first)
    alone = ~words.any(axis=1)
    cluster[alone] = -np.arange(1, int(alone.sum()) + 1)
    return numbered(cluster)


def near_copies(
    phash: NDArray[np.uint64],
    *,
    bits: int = NEAR_BITS,
    turned: bool = False,
    usable: NDArray[np.bool_] | None = None,
) -> NDArray[np.int32]:
    """Number the sets of pictures that look alike, int32, shape (n,); -1 where a picture is like no other.

    Two pictures belong together if their hashes differ in at most `bits` bits, or if a chain of such pairs connects
    them. Numbers follow the first appearance.

    Identical hashes are one; the others are sorted by parts of their bits, so that every near pair has one part in
    common, and compared within a part. Where more than 51 different hashes share a part, each is compared with the
    next 50 in order only: work stays bounded, and a pair that is missed is nearly always found by its other parts or
    through the crowd between the two.

    Args:
        phash: uint64, shape (n,), of `images.phash`.
        turned: whether mirrored and turned versions are near copies, too.
        usable: False for pictures whose hash says nothing, blank and bad ones; they are copies of none.
    """
    rows = np.arange(len(phash)) if usable is None else np.flatnonzero(usable)
    versions = turned_hashes(phash[rows]) if turned else phash[rows, None]
    kinds, kind = np.unique(versions.min(axis=1), return_inverse=True)
    shown = turned_hashes(kinds) if turned else kinds[:, None]
    owner = np.repeat(np.arange(len(kinds)), shown.shape[1])
    sets = Sets(len(kinds))
    for a, b in _near_pairs(shown.reshape(-1), bits):
        sets.join(owner[a], owner[b])
    cluster = np.full(len(phash), -1, np.int64) - np.arange(len(phash))  # a negative number of its own
    cluster[rows] = sets.roots[kind]
    return numbered(cluster)


def _near_pairs(hashes: NDArray[np.uint64], bits: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield rows of hashes that differ in at most `bits` bits; all such pairs unless bands are crowded.

    Of `bits` + r blocks of a hash, a near pair has r in common (pigeonhole): hashes are sorted once for each choice of
    r blocks. Source: G. Manku et al., Detecting Near-Duplicates for Web Crawling, WWW 2007, section 3.
    """
    blocks, shared = _plan(len(hashes), bits)
    for chosen in combinations(range(len(blocks)), shared):
        key_bits = sum(blocks[i][1] for i in chosen)
        keys = _with_first(hashes, blocks, chosen)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        band = keys >> np.uint64(_HASH_BITS - key_bits)
        at = np.arange(len(keys))
        for step in range(1, _WINDOW + 1):
            at = at[at < len(keys) - step]
            at = at[band[at] == band[at + step]]
            if not len(at):
                break
            near = at[_ones(keys[at] ^ keys[at + step]) <= bits]
            yield order[near], order[near + step]


def _plan(hashes: int, bits: int) -> tuple[list[tuple[int, int]], int]:
    """Cut the bits of a hash into blocks (first bit, length) and say how many a pair must share: what costs least."""

    def cost(shared: int) -> float:
        tables = comb(bits + shared, shared)
        rivals: float = hashes / 2.0 ** (_HASH_BITS * shared / (bits + shared) + 1)
        return tables * (_SORTING + min(rivals, _WINDOW))

    shared = min(range(1, 5), key=cost)
    ends = np.linspace(0, _HASH_BITS, bits + shared + 1).astype(int).tolist()
    return [(start + 1, end - start) for start, end in pairwise(ends)], shared


def _with_first(
    hashes: NDArray[np.uint64], blocks: list[tuple[int, int]], chosen: tuple[int, ...]
) -> NDArray[np.uint64]:
    """Move the chosen blocks to the top of the hashes, the others behind them."""
    moved = np.zeros_like(hashes)
    room = _HASH_BITS
    for i in (*chosen, *(i for i in range(len(blocks)) if i not in chosen)):
        start, length = blocks[i]
        room -= length
        part = (hashes >> np.uint64(start)) & np.uint64((1 << length) - 1)
        moved |= part << np.uint64(room)
    return moved


def _ones(words: NDArray[np.uint64]) -> NDArray[Any]:
    """Count the bits that are set in each word."""
    if hasattr(np, "bitwise_count"):  # NumPy 2
        return np.asarray(np.bitwise_count(words))
    return np.asarray(_ONES_OF_16[words.view(np.uint16).reshape(-1, 4)].sum(axis=1))


_ONES_OF_16 = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.uint8
)
