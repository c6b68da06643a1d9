"""A model that calls things as the dataset does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...models.columns import Columns
from ...models.predictor import Predictor
from .fuse import standing
from .pairs import areas, meeting, overlap

__all__ = ["Renamed"]

_SAME = 0.7
"""Two classes that became one: what overlaps by more than this was found as both, such as a car and a truck."""

_NO_CLASS = 255
"""Pixels of a map that have no class; see `Batch.pixels`."""


class Renamed:
    """A model with other names for its classes; see `Predictor`.

    Several of its classes may become one: probabilities add up (where a picture may have several labels, the highest
    counts), and an object that was found as both stands once. Detections of a class that is left out are dropped,
    pixels of one have the value 255, and its probability is nobody's.
    """

    def __init__(self, predictor: Predictor, names: tuple[str, ...], rows: NDArray[np.int64]) -> None:
        """Rename classes.

        Args:
            names: all classes of the outcome, whether the model knows them or not.
            rows: int64, shape (classes of the model,): the row in `names` of each, -1 for one that is left out.
        """
        self._predictor = predictor
        self._rows = rows
        kept = rows[rows >= 0]
        self._merges = len(np.unique(kept)) < len(kept)
        self.spec = msgspec.structs.replace(predictor.spec, classes=names)
        self.name = predictor.name
        self.sha256 = predictor.sha256

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what the model finds, by the new names; see `Predictor.find`."""
        found = self._predictor.find(pictures)
        if found.scores is not None:
            return replace(found, scores=self._scores(found.scores))
        if found.maps is not None:
            table = np.full(_NO_CLASS + 1, _NO_CLASS, np.uint8)
            table[: len(self._rows)] = np.where(self._rows >= 0, self._rows, _NO_CLASS)
            return replace(found, maps=[table[pixels] for pixels in found.maps])
        if found.label is None:
            return found
        kept = found.take(np.flatnonzero(self._rows[found.label] >= 0))
        return self._labelled(kept)

    def _scores(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        renamed = np.zeros((len(scores), len(self.spec.classes)))
        join = np.maximum if self.spec.several else np.add
        kept = np.flatnonzero(self._rows >= 0)
        join.at(renamed.T, self._rows[kept], scores.T[kept])
        return np.clip(renamed, 0, 1)

    def _labelled(self, found: Columns) -> Columns:
        if found.label is None or found.owner is None or found.box is None or found.score is None:
            return found
        renamed = replace(found, label=self._rows[found.label])
        if not self._merges or np.isnan(found.score).any():  # regions of pixels, which do not overlap
            return renamed
        order = np.argsort(-found.score, kind="stable")
        box, was = found.box[order], found.label[order]
        pairs = meeting(box, (found.owner * len(self.spec.classes) + self._rows[found.label])[order])
        same = (overlap(pairs, areas(box)) > _SAME) & (was[pairs.first] != was[pairs.second])
        return renamed.take(np.sort(order[standing(pairs.take(same), len(order))]))
