"""A model looks at mirrored pictures, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...models.columns import Columns
from ...models.predictor import Predictor
from ...models.spec import ModelSpec
from .fuse import FuseSettings, check_fuse, weighted_box_fusion
from .mean import mean_scores
from .spans import runs_of_spans, spans_of

__all__ = ["Flipped"]

_ACROSS = ((False, False), (True, False))
_BOTH = (*_ACROSS, (False, True), (True, True))


class Flipped:
    """A model that looks at each picture as it is and mirrored; see `Predictor`.

    What a detector finds in all views becomes one by weighted box fusion, so that what it sees in every view stays
    sure; of a classifier the mean probability counts. Points of an object that are left in a mirror are right in the
    picture, by `ModelSpec.flips`.
    """

    def __init__(self, predictor: Predictor, settings: FuseSettings, *, both: bool = False) -> None:
        """Let a model look at mirrored pictures.

        Args:
            settings: its weights, if any, are for the views.
            both: also top and bottom exchanged, and both: four views in place of two.

        Raises:
            UsageError: the model is a segmenter, or a setting makes no sense.
        """
        if predictor.spec.task == "segmenter":
            raise UsageError(
                "a segmenter says of each pixel which class it has, and not how sure it is, "
                "so that mirrored views of it have no mean",
                hint="leave the flips out, or look with a detector or a classifier",
            )
        self._views = _BOTH if both else _ACROSS
        check_fuse(settings, len(self._views))
        self._predictor = predictor
        self._settings = settings
        self.spec = predictor.spec
        self.name = predictor.name
        self.sha256 = predictor.sha256

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what the model finds in all views together; see `Predictor.find`."""
        parts = []
        for across, down in self._views:
            seen = [np.ascontiguousarray(one[:: -1 if down else 1, :: -1 if across else 1]) for one in pictures]
            sizes = np.array([one.shape[:2] for one in pictures], np.int64).reshape(-1, 2)
            parts.append(_back(self._predictor.find(seen), sizes, self.spec, across=across, down=down))
        if self.spec.task == "classifier":
            return mean_scores(parts, self._settings.weights)
        return weighted_box_fusion(parts, self._settings)


def _back(found: Columns, sizes: NDArray[np.int64], spec: ModelSpec, *, across: bool, down: bool) -> Columns:
    """Return what was found in mirrored pictures, in the pictures themselves.

    Args:
        sizes: int64, shape (pictures, 2), height and width.
    """
    if found.owner is None or found.box is None or not (across or down):
        return found
    height, width = sizes[found.owner].T
    box = found.box.copy()
    points = None if found.keypoints is None else found.keypoints.copy()
    for axis, side, turned in ((0, width, across), (1, height, down)):
        if turned:
            box[:, axis] = side - box[:, axis] - box[:, axis + 2]
            if points is not None:
                points[..., axis] = side[:, None] - points[..., axis]
    if points is not None and across != down and spec.flips:  # both at once is a half turn, and no mirror
        points = points[:, list(spec.flips)]
    masks = found.masks
    if masks is not None:
        spans = spans_of(masks, height).mirrored(width, height, across=across, down=down)
        masks = runs_of_spans(spans, width, height)
    return replace(found, box=box, keypoints=points, masks=masks)
