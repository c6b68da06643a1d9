"""Boxes that a dataset has already, as if a detector had found them: for a second stage that outlines or names them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..dataset.ragged import ranges
from ..models.columns import Columns
from ..models.spec import ModelSpec

__all__ = ["BOXES", "GivenBoxes"]

BOXES = "boxes"
"""What `--model` says for the boxes of the dataset itself."""


class GivenBoxes:
    """The boxes of some pictures; see `Predictor`. Their own score counts, or 1 where they have none."""

    def __init__(self, dataset: Dataset, rows: NDArray[np.int64]) -> None:
        """Take the boxes.

        Args:
            rows: the pictures that will be asked for, in that order.
        """
        table = dataset.annotations
        counts = dataset.offsets[rows + 1] - dataset.offsets[rows]
        chosen = ranges(dataset.offsets[rows], counts)
        owner = np.repeat(np.arange(len(rows)), counts)
        boxed = ~np.isnan(table.box[chosen]).any(axis=1)
        chosen, owner = chosen[boxed], owner[boxed]
        score = np.ones(len(chosen)) if table.score is None else np.nan_to_num(table.score[chosen], nan=1.0)
        order = np.lexsort([-score, owner])
        chosen = chosen[order]
        self._columns = Columns(
            images=len(rows),
            owner=owner[order],
            box=table.box[chosen],
            label=table.category[chosen].astype(np.int64),
            score=score[order],
        )
        self.spec = ModelSpec(task="detector", architecture=BOXES, classes=dataset.categories.names, size=(1, 1))
        self.name = BOXES
        self.sha256 = sha256(b"".join(np.ascontiguousarray(c).tobytes() for c in self._arrays())).hexdigest()

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:  # noqa: ARG002 - they are known
        """Return the boxes; see `Predictor.find`."""
        return self._columns

    def _arrays(self) -> list[NDArray[np.generic]]:
        found = self._columns
        return [column for column in (found.owner, found.box, found.label, found.score) if column is not None]
