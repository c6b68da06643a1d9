"""Two stages: a detector finds boxes, and a classifier says what is in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ...models.columns import Columns
from ...models.crops import crop_windows, cut_out
from ...models.predictor import Predictor
from .together import joined_names, joined_sha256

__all__ = ["Chained"]

_PIXELS_AT_ONCE = 16_000_000


class Chained:
    """A detector whose boxes are named by a classifier; see `Predictor`.

    The class of a box is the likeliest one of what was cut out, and its score that class's probability times the score
    of the detector. Where a detector says nothing of how sure it is, the probability stands alone.

    Attributes:
        spec: that of the detector with the classes of the classifier.
        name: `detector + classifier`; `sha256`: of the hashes of both, one after the other.
    """

    def __init__(
        self,
        detector: Predictor,
        classifier: Predictor,
        *,
        margin: float | None = None,
        least: float = 0.0,
        batch: int = 64,
    ) -> None:
        """Put them together.

        Args:
            margin: around each box, as a share of its sides; None for what the classifier learnt.
            least: detections that are less sure are left out, and nobody has to name them.
            batch: boxes that the classifier looks at together.

        Raises:
            UsageError: the first finds no boxes, or the second is no classifier.
        """
        if detector.spec.task != "detector":
            raise UsageError(f"the first stage is a {detector.spec.task}, expected a detector, which finds boxes")
        if classifier.spec.task != "classifier":
            raise UsageError(f"the second stage is a {classifier.spec.task}, expected a classifier, which names boxes")
        self._detector, self._classifier = detector, classifier
        self._margin = (classifier.spec.crop_margin or 0.0) if margin is None else margin
        self._least, self._batch = least, batch
        architecture = f"{detector.spec.architecture} + {classifier.spec.architecture}"
        self.spec = msgspec.structs.replace(
            detector.spec, architecture=architecture, classes=classifier.spec.classes, options={}
        )
        self.name = joined_names([detector.name, classifier.name])
        self.sha256 = joined_sha256([detector.sha256, classifier.sha256])

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what the detector finds, as the classifier names it; see `Predictor.find`."""
        found = self._detector.find(pictures).surer(self._least)
        if found.owner is None or found.box is None or found.score is None or not len(found.owner):
            return found
        probability = self._named(pictures, found.owner, found.box)
        score = probability.max(axis=1) * np.where(np.isnan(found.score), 1.0, found.score)
        named = replace(found, label=probability.argmax(axis=1).astype(np.int64), score=score)
        return named.take(np.lexsort([-score, found.owner]))

    def _named(
        self, pictures: Sequence[NDArray[np.uint8]], owner: NDArray[np.int64], box: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the probability of each class of each box, float64, shape (boxes, classes)."""
        sizes = np.array([picture.shape[:2] for picture in pictures], np.int64)[owner]
        windows = crop_windows(box, sizes[:, 1], sizes[:, 0], self._margin)
        scores = np.empty((len(owner), len(self.spec.classes)))
        for begin, end in self._lots(owner, windows[:, 2] * windows[:, 3]):
            crops = [cut_out(pictures[owner[row]], windows[row]) for row in range(begin, end)]
            columns = self._classifier.find(crops)
            if columns.scores is not None:
                scores[begin:end] = columns.scores
        return scores

    def _lots(self, owner: NDArray[np.int64], pixels: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
        """Yield boxes that are looked at together: of one picture, so that no picture depends on the others."""
        begin, taken = 0, 0.0
        for row, own in enumerate(pixels.tolist()):
            full = row - begin == self._batch or taken + own > _PIXELS_AT_ONCE
            if row > begin and (full or owner[row] != owner[begin]):
                yield begin, row
                begin, taken = row, 0.0
            taken += own
        yield begin, len(owner)
