"""Masks for what a detector found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...models.columns import Columns
from ...models.predictor import Predictor
from ..predictors.family import Outliner
from .together import joined_names, joined_sha256

__all__ = ["Outlined"]


class Outlined:
    """A detector whose objects are outlined by a second model; see `Predictor`.

    Attributes:
        spec: that of the detector, with masks.
        name: `detector + outliner`; `sha256`: of the hashes of both, one after the other.
    """

    def __init__(self, detector: Predictor, outliner: Outliner, *, least: float = 0.0) -> None:
        """Put them together.

        Args:
            least: detections that are less sure are left out, and nobody has to outline them.
        """
        self._detector = detector
        self._outliner = outliner
        self._least = least
        architecture = f"{detector.spec.architecture} + {outliner.architecture}"
        self.spec = msgspec.structs.replace(detector.spec, architecture=architecture, masks=True)
        self.name = joined_names([detector.name, outliner.name])
        self.sha256 = joined_sha256([detector.sha256, outliner.sha256])

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what the detector finds, with masks; see `Predictor.find`."""
        return self.outline(self._detector.find(pictures).surer(self._least), pictures)

    def outline(self, columns: Columns, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return the same detections with a mask of each; masks that they had are replaced.

        Args:
            pictures: those that they are of.
        """
        if columns.owner is None or columns.box is None:
            return columns
        ends = np.searchsorted(columns.owner, np.arange(columns.images + 1))
        masks = [Ragged(np.empty(0, np.uint32), np.zeros(1, np.int64))]
        for picture, begin, end in zip(pictures, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            if begin < end:
                masks.append(self._outliner.outline(picture, columns.box[begin:end]))
        return replace(columns, masks=Ragged.concat(masks))
