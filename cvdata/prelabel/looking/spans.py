"""Masks as spans of pixels within columns, which can be moved, mirrored and joined without drawing them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import ranges, starts

__all__ = ["Spans", "runs_of_spans", "spans_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Pixels of some masks.

    Attributes:
        owner: int64, shape (spans,), mask of each; `column`: its x; `top`, `stop`: its first y, and the one after it.
        drawn: bool, shape (masks,), whether there is a mask at all; one that is drawn may have no pixels.
    """

    owner: NDArray[np.int64]
    column: NDArray[np.int64]
    top: NDArray[np.int64]
    stop: NDArray[np.int64]
    drawn: NDArray[np.bool_]

    def moved(self, across: NDArray[np.int64], down: NDArray[np.int64]) -> Spans:
        """Return the masks moved by whole pixels, each int64, shape (masks,)."""
        away = down[self.owner]
        return replace(self, column=self.column + across[self.owner], top=self.top + away, stop=self.stop + away)

    def mirrored(
        self, width: NDArray[np.int64], height: NDArray[np.int64], *, across: bool = False, down: bool = False
    ) -> Spans:
        """Return the masks with left and right, or top and bottom, exchanged.

        Args:
            width, height: int64, shape (masks,), of their pictures.
        """
        mirrored = self
        if across:
            mirrored = replace(mirrored, column=width[self.owner] - 1 - self.column)
        if down:
            tall = height[self.owner]
            mirrored = replace(mirrored, top=tall - self.stop, stop=tall - self.top)
        return mirrored

    def joined(self, group: NDArray[np.int64], groups: int) -> Spans:
        """Return the masks of each group as one.

        Args:
            group: int64, shape (masks,), from 0; -1 for masks that are left out.
        """
        owner = group[self.owner]
        kept = owner >= 0
        drawn = np.bincount(group[self.drawn & (group >= 0)], minlength=groups) > 0
        return Spans(owner[kept], self.column[kept], self.top[kept], self.stop[kept], drawn)


def spans_of(runs: Ragged, height: NDArray[np.int64]) -> Spans:
    """Return masks as spans.

    Args:
        runs: run lengths as `Annotations.masks` has them.
        height: int64, shape (masks,), of the picture of each.
    """
    lengths = runs.lengths
    ends = np.cumsum(runs.values, dtype=np.int64)
    before = np.concatenate([[0], ends])[runs.offsets[:-1]]
    place = np.arange(len(runs.values)) - np.repeat(runs.offsets[:-1], lengths)
    ones = np.flatnonzero((place % 2 == 1) & (runs.values > 0))
    owner = runs.owner[ones]
    stop = ends[ones] - before[owner]
    start = stop - runs.values[ones].astype(np.int64)
    tall = height[owner]
    first, last = start // tall, (stop - 1) // tall
    count = last - first + 1
    column = ranges(first, count)
    begin, end, tall = np.repeat(start, count), np.repeat(stop, count), np.repeat(tall, count)
    top = np.maximum(begin - column * tall, 0)
    return Spans(np.repeat(owner, count), column, top, np.minimum(end - column * tall, tall), lengths > 0)


def runs_of_spans(spans: Spans, width: NDArray[np.int64], height: NDArray[np.int64]) -> Ragged:
    """Return masks as run lengths, as `Annotations.masks` has them; spans of one mask may overlap.

    Args:
        width, height: int64, shape (masks,), of the picture of each.
    """
    pixels = width * height
    far = int(pixels.max(initial=0)) + 1  # so that spans of two masks never touch
    base = spans.owner * far + spans.column * height[spans.owner]
    order = np.argsort(base + spans.top, kind="stable")
    begin, end = (base + spans.top)[order], np.maximum.accumulate((base + spans.stop)[order])
    apart = np.r_[True, begin[1:] > end[:-1]] if len(begin) else np.empty(0, np.bool_)
    begin, end = begin[apart], end[np.r_[apart[1:], True]] if len(begin) else end
    owner = begin // far
    count = np.bincount(owner, minlength=len(pixels))
    # The borders of runs in each mask: 0, where a span begins, where it ends, ..., the last pixel.
    size = np.where(spans.drawn, 2 * count + 2, 0)
    first = starts(size)[:-1]
    borders = np.zeros(int(size.sum()), np.int64)
    drawn = np.flatnonzero(spans.drawn)
    borders[first[drawn] + size[drawn] - 1] = pixels[drawn]
    place = first[owner] + 1 + 2 * (np.arange(len(owner)) - starts(count)[:-1][owner])
    borders[place], borders[place + 1] = begin - owner * far, end - owner * far
    lengths = np.diff(borders, append=0)
    kept = np.ones(len(borders), np.bool_)
    kept[first[drawn] + size[drawn] - 1] = False  # from one mask to the next
    final = first[drawn] + size[drawn] - 2
    kept[final[(lengths[final] == 0) & (count[drawn] > 0)]] = False  # the mask reaches the last pixel
    values = lengths[kept].astype(np.uint32)
    sizes = np.bincount(np.repeat(np.arange(len(size)), size)[kept], minlength=len(size))
    return Ragged(values, starts(sizes))
