"""What a segmenter says of pixels, as objects: each connected region of a class is one, with its mask."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import starts
from ...dataset.rle import from_mask
from ...models.columns import Columns
from ...models.predictor import Predictor
from .spans import runs_of_spans, spans_of

__all__ = ["Regions"]

_NOTHING = {"background", "_background_", "void", "unlabeled", "unlabelled", "ignore"}
"""Names, in small letters, by which datasets call pixels of no object."""

_LEAST = 1e-4
"""Share of the picture that a region has at least: where a network is of two minds it leaves specks of few pixels."""


class Regions:
    """A segmenter as a detector with masks; see `Predictor`.

    A region is connected over sides and corners. It has no score (NaN), because a map of classes has none. Background
    is no object, and neither is a region of less than a ten-thousandth of its picture.
    """

    def __init__(self, segmenter: Predictor) -> None:
        self._segmenter = segmenter
        self.spec = msgspec.structs.replace(segmenter.spec, task="detector", masks=True)
        self.name = segmenter.name
        self.sha256 = segmenter.sha256
        self._objects = [row for row, name in enumerate(self.spec.classes) if name.casefold() not in _NOTHING]

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return the regions, by class, within a class from top to bottom; see `Predictor.find`."""
        owner, label, box, runs = [], [], [], list[NDArray[np.uint32]]()
        for picture, pixels in enumerate(self._segmenter.find(pictures).maps or []):
            for row in self._objects:
                for own, mask in _regions(pixels == row):
                    owner.append(picture)
                    label.append(row)
                    box.append(own)
                    runs.append(mask)
        place, windows = np.array(owner, np.int64), np.array(box, np.int64).reshape(-1, 4)
        height, width = np.array([picture.shape[:2] for picture in pictures], np.int64).reshape(-1, 2)[place].T
        lengths = np.fromiter(map(len, runs), np.int64, len(runs))
        inside = Ragged(np.concatenate([np.empty(0, np.uint32), *runs]), starts(lengths))
        spans = spans_of(inside, windows[:, 3]).moved(windows[:, 0], windows[:, 1])
        return Columns(
            images=len(pictures),
            owner=place,
            box=windows.astype(np.float64),
            label=np.array(label, np.int64),
            score=np.full(len(owner), np.nan),
            masks=runs_of_spans(spans, width, height),
        )


def _regions(there: NDArray[np.bool_]) -> list[tuple[list[int], NDArray[np.uint32]]]:
    """Return box of each region of a class, and its run lengths within the box."""
    import cv2

    if not there.any():
        return []
    count, numbers, facts, _ = cv2.connectedComponentsWithStats(there.astype(np.uint8), connectivity=8)
    least = max(1.0, _LEAST * there.size)
    kept = [n for n in range(1, count) if facts[n, cv2.CC_STAT_AREA] >= least]
    found = []
    for number in kept:
        x, y, width, height = facts[number, :4].tolist()
        found.append(([x, y, width, height], from_mask(numbers[y : y + height, x : x + width] == number)))
    return found
