"""The mean of what several looks say of whole pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...models.columns import Columns

__all__ = ["mean_scores"]


def mean_scores(parts: Sequence[Columns], weights: Sequence[float] = ()) -> Columns:
    """Return the mean probability of each class of each picture.

    Args:
        parts: of classifiers, of the same pictures with the same classes.
        weights: of each; empty where all count the same.
    """
    scores = np.stack([part.scores for part in parts if part.scores is not None])
    return Columns(images=parts[0].images, scores=np.average(scores, axis=0, weights=weights or None))
