"""A model looks at large pictures in overlapping tiles, so that small objects are large enough for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...models.columns import Columns, concat_columns
from ...models.crops import cut_out
from ...models.predictor import Predictor
from .merging import merged
from .parts import boxes, each, labels, owners
from .seams import Seen, objects_of
from .spans import runs_of_spans, spans_of
from .windows import TileSettings, check_tiles, overlap_pixels, own_parts, windows_of

__all__ = ["TileSettings", "Tiled"]


class Tiled:
    """A detector or a segmenter that looks at parts of large pictures; see `Predictor`.

    Pictures that are no larger than a tile are looked at as they are. What a detector finds in several tiles is one
    object; see `seams`. Of a look at the whole picture, if there is one, only what is larger than the overlap counts:
    smaller objects are whole in some tile, and better seen there. Of a segmenter each pixel comes from the tile whose
    middle it is nearest to.
    """

    def __init__(self, predictor: Predictor, settings: TileSettings, *, batch: int = 16) -> None:
        """Let a model look at tiles.

        Args:
            batch: tiles that it looks at together; they are of one picture, so that no picture depends on the others.

        Raises:
            UsageError: the model is a classifier, or a setting makes no sense.
        """
        check_tiles(settings)
        if predictor.spec.task == "classifier":
            raise UsageError(
                "a classifier says what a whole picture is, so that tiles mean nothing to it",
                hint="leave the tiles out; they are for detectors and segmenters",
            )
        self._predictor = predictor
        self._settings = settings
        self._batch = batch
        self.spec = predictor.spec
        self.name = predictor.name
        self.sha256 = predictor.sha256

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what the model finds; see `Predictor.find`."""
        small = [row for row, one in enumerate(pictures) if max(one.shape[:2]) <= self._settings.tile]
        found = self._predictor.find([pictures[row] for row in small]) if small else Columns(images=0)
        if len(small) == len(pictures):
            return found
        as_they_are = dict(zip(small, each(found), strict=True))
        one = self._stitched if self.spec.task == "segmenter" else self._joined
        return concat_columns(
            [as_they_are[row] if row in as_they_are else one(picture) for row, picture in enumerate(pictures)]
        )

    def _looks(self, picture: NDArray[np.uint8], windows: NDArray[np.int64]) -> Columns:
        """Return what the model finds in parts of a picture, as if each were a picture."""
        lots = [windows[first : first + self._batch] for first in range(0, len(windows), self._batch)]
        parts = [[np.ascontiguousarray(cut_out(picture, window)) for window in lot.astype(np.float64)] for lot in lots]
        return concat_columns([self._predictor.find(part) for part in parts])

    def _stitched(self, picture: NDArray[np.uint8]) -> Columns:
        height, width = picture.shape[:2]
        windows = windows_of(width, height, self._settings)
        pixels = np.zeros((height, width), np.uint8)
        own = own_parts(width, height, self._settings)
        maps = self._looks(picture, windows).maps or []
        for (left, top, _, _), (x, y, wide, tall), part in zip(windows.tolist(), own.tolist(), maps, strict=True):
            pixels[y : y + tall, x : x + wide] = part[y - top : y - top + tall, x - left : x - left + wide]
        return Columns(images=1, maps=[pixels])

    def _joined(self, picture: NDArray[np.uint8]) -> Columns:
        height, width = picture.shape[:2]
        windows = windows_of(width, height, self._settings)
        found = _moved(self._looks(picture, windows), windows, (width, height))
        if self._settings.whole:
            found = concat_columns([found, self._large(picture)])  # as from one tile more
            windows = np.concatenate([windows, [[0, 0, width, height]]])
        if not len(owners(found)):
            return replace(found, images=1)
        seen = Seen(box=boxes(found), label=labels(found), tile=owners(found), windows=windows, size=(width, height))
        number, whole = objects_of(seen, iou=self._settings.iou)
        return merged(found, number, whole, (width, height), mean=self._settings.merge == "wbf")

    def _large(self, picture: NDArray[np.uint8]) -> Columns:
        """Return what is too large in a picture to be whole in every tile."""
        found = self._predictor.find([picture])
        return found.take(np.flatnonzero(boxes(found)[:, 2:].max(axis=1, initial=0) > overlap_pixels(self._settings)))


def _moved(found: Columns, windows: NDArray[np.int64], size: tuple[int, int]) -> Columns:
    """Return what was found in tiles, in pixels of the picture; the owner of each is still its tile."""
    window = windows[owners(found)]
    box, points, masks = boxes(found).copy(), found.keypoints, found.masks
    box[:, :2] += window[:, :2]
    if points is not None:
        points = points.copy()
        points[..., :2] += window[:, None, :2]
    if masks is not None:
        spans = spans_of(masks, window[:, 3]).moved(window[:, 0], window[:, 1])
        width, height = (np.full(len(box), side, np.int64) for side in size)
        masks = runs_of_spans(spans, width, height)
    return replace(found, box=box, keypoints=points, masks=masks)
