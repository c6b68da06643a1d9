"""Objects on the seams of tiles: which detections of overlapping tiles are one object, and which are pieces of it.

A detection that comes near an edge of its tile where the picture goes on may be a piece. What one tile sees as two is
two: detections of one tile never become one object. So detections of two tiles are paired one to one, likeliest pairs
first, where what they say of the pixels that both tiles see agrees:

1. whole ones that overlap enough,
2. then pieces, with a whole one in which they lie, or with pieces on the other side of the seam.

An object that some tile saw whole is what that tile saw; one that none did is the box around its pieces. Where so much
of an object is hidden that a tile between its ends sees nothing of it, its ends are two objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pairs import Pairs, areas, meeting, overlap

__all__ = ["Seen", "objects_of"]

_INSIDE = 2 / 3
"""Share of a piece that must lie in a whole detection to be explained by it: the edges of pieces are guesses."""

_AGREE = 0.25
"""Least share of the smaller of two pieces, within what both tiles see, that the other one covers. A thin object that
runs aslant covers a different part of each tile's view."""

_NEAR = 0.01
"""Share of a tile's side: a detection that ends so near its edge may go on beyond it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Seen:
    """What was found in the tiles of a picture, in pixels of the picture.

    Attributes:
        box: float64, shape (n, 4); `label`: int64, shape (n,).
        tile: int64, shape (n,), which tile found it.
        windows: int64, shape (tiles, 4): x, y, width, height of each tile.
        size: width and height of the picture.
    """

    box: NDArray[np.float64]
    label: NDArray[np.int64]
    tile: NDArray[np.int64]
    windows: NDArray[np.int64]
    size: tuple[int, int]


def objects_of(seen: Seen, *, iou: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Say which detections are of one object.

    Args:
        iou: least intersection over union of two whole detections of one object.

    Returns:
        The object of each detection, int64, numbered from 0, -1 for a piece of an object that is there already; and
        whether the detection is the object as a whole (bool), or a piece of it.
    """
    whole = ~_pieces(seen)
    pairs = meeting(seen.box, seen.label)
    pairs = pairs.take(seen.tile[pairs.first] != seen.tile[pairs.second])
    groups = _Groups(seen.tile)
    for likely in _likely(pairs, seen, whole, iou):
        for one, other in zip(likely.first.tolist(), likely.second.tolist(), strict=True):
            groups.join(one, other)
    number = groups.numbers()
    left_over = _explained(number, seen, whole)
    number[np.isin(number, left_over)] = -1
    kept = number >= 0
    number[kept] = np.unique(number[kept], return_inverse=True)[1].ravel()
    return number, whole


def _pieces(seen: Seen) -> NDArray[np.bool_]:
    """Tell which detections come near an edge of their tile that is not one of the picture."""
    window = seen.windows[seen.tile].astype(np.float64)
    near = np.maximum(1.0, _NEAR * window[:, 2:])
    low = window[:, :2]
    high = low + window[:, 2:]
    begins = (low > 0) & (seen.box[:, :2] <= low + near)
    ends = (high < np.array(seen.size)) & (seen.box[:, :2] + seen.box[:, 2:] >= high - near)
    return np.asarray((begins | ends).any(axis=1))


def _likely(pairs: Pairs, seen: Seen, whole: NDArray[np.bool_], iou: float) -> Iterator[Pairs]:
    """Yield the pairs that agree: of whole detections, then those with pieces; likeliest first each."""
    area = areas(seen.box)
    first, second = pairs.first, pairs.second
    both = whole[first] & whole[second]
    same = both & (overlap(pairs, area) > iou)
    yield _best_first(pairs.take(same), overlap(pairs, area)[same])
    # What the other tile can see of each; what they share lies in both tiles anyway.
    views = [_cut(seen.box[a], seen.windows[seen.tile[b]]) for a, b in ((first, second), (second, first))]
    smaller = np.minimum(*views)
    piece = np.where(whole[first], second, first)
    one_whole = whole[first] != whole[second]
    explained = one_whole & (pairs.shared >= _INSIDE * area[piece])
    continued = ~whole[first] & ~whole[second] & (pairs.shared >= _AGREE * smaller)
    agree = explained | continued
    yield _best_first(pairs.take(agree), (pairs.shared / (views[0] + views[1] - pairs.shared))[agree])


def _best_first(pairs: Pairs, likeness: NDArray[np.float64]) -> Pairs:
    # Rounded, so that the last bit of a sum does not decide which of two equal pairs comes first.
    return pairs.take(np.argsort(-np.round(likeness, 9), kind="stable"))


def _cut(box: NDArray[np.float64], window: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the area of boxes inside windows, float64."""
    low = np.maximum(box[:, :2], window[:, :2])
    high = np.minimum(box[:, :2] + box[:, 2:], window[:, :2] + window[:, 2:])
    return np.asarray(np.maximum(high - low, 0).prod(axis=1))


class _Groups:
    """Detections that are one object, at most one of each tile."""

    def __init__(self, tile: NDArray[np.int64]) -> None:
        self._parent = list(range(len(tile)))
        self._tiles = [{one} for one in tile.tolist()]

    def join(self, one: int, other: int) -> None:
        """Make two objects one, unless a tile has seen both."""
        a, b = sorted((self._root(one), self._root(other)))
        if a != b and self._tiles[a].isdisjoint(self._tiles[b]):
            self._parent[b] = a
            self._tiles[a] |= self._tiles[b]

    def numbers(self) -> NDArray[np.int64]:
        """Return a number for each detection that is the same for those of one object."""
        return np.array([self._root(row) for row in range(len(self._parent))], np.int64)

    def _root(self, row: int) -> int:
        while self._parent[row] != row:
            self._parent[row] = self._parent[self._parent[row]]
            row = self._parent[row]
        return row


def _explained(number: NDArray[np.int64], seen: Seen, whole: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the objects of pieces alone that lie in another object of their class: two ends of one that is bent.

    Pieces that several tiles agree on stay where one of these saw them inside the other object: it saw two. A single
    one goes: the tile beyond the seam, which sees its rest, knows of no such object.
    """
    group, box, label, solid = _outlines(number, seen, whole)
    pairs = meeting(box, label)
    out: list[int] = []
    for one, other in ((pairs.first, pairs.second), (pairs.second, pairs.first)):
        # Of two, the one that a tile saw whole, or that was put together from more pieces, explains the other.
        can = (solid[one] < solid[other]) & (pairs.shared >= _INSIDE * areas(box)[one])
        for a, b in zip(group[one[can]].tolist(), group[other[can]].tolist(), strict=True):
            pieces, rest = np.flatnonzero(number == a), np.flatnonzero(number == b)
            if len(pieces) == 1 or not _seen_apart(pieces, rest, seen):
                out.append(a)
    return np.unique(np.array(out, np.int64))


def _outlines(
    number: NDArray[np.int64], seen: Seen, whole: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return number, box and class of each object, and how solid it is: how many pieces, or more than any if whole."""
    group, first, place, size = np.unique(number, return_index=True, return_inverse=True, return_counts=True)
    place = place.ravel()
    is_whole = np.bincount(place, weights=whole, minlength=len(group)) > 0
    counts = whole | ~is_whole[place]  # pieces of an object that is there as a whole say nothing more
    low, high = np.full((len(group), 2), np.inf), np.full((len(group), 2), -np.inf)
    np.minimum.at(low, place[counts], seen.box[counts, :2])
    np.maximum.at(high, place[counts], seen.box[counts, :2] + seen.box[counts, 2:])
    solid = np.where(is_whole, np.iinfo(np.int64).max, size)
    return group, np.concatenate([low, high - low], axis=1), seen.label[first], solid


def _seen_apart(pieces: NDArray[np.int64], other: NDArray[np.int64], seen: Seen) -> bool:
    """Tell whether a tile saw one of the pieces inside its view of the other object."""
    for piece in pieces.tolist():
        same = other[seen.tile[other] == seen.tile[piece]]
        if len(same):
            low = np.maximum(seen.box[same, :2], seen.box[piece, :2])
            ends = [seen.box[rows, :2] + seen.box[rows, 2:] for rows in (same, [piece])]
            shared = np.maximum(np.minimum(*ends) - low, 0).prod(axis=1)
            if (shared >= _INSIDE * seen.box[piece, 2:].prod()).any():
                return True
    return False
