"""How near to a wish a class could come at best, if it were alone: what a handful of groups allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["least_off"]

_MOST_WAYS = 60_000  # divisions that are all tried


def least_off(counts: NDArray[np.int64], wishes: Sequence[float]) -> float:
    """Return by how many points the worst share misses its wish in the best of all divisions that reach every split.

    All divisions are tried where they are few. Else the answer is what the largest group allows and what whole numbers
    do; the best division may be worse than that.

    Args:
        counts: how much of the class is in each of its groups, all above 0.
        wishes: share of each split.
    """
    shares, wish = counts / counts.sum(), np.array(wishes)
    if len(wish) ** len(counts) <= _MOST_WAYS:
        reached = np.zeros((1, len(wish)))
        for share in shares:
            reached = (reached[:, None, :] + share * np.eye(len(wish))).reshape(-1, len(wish))
        everywhere = (reached > 0).all(axis=1)
        reached = reached[everywhere] if everywhere.any() else reached
        return 100 * float(np.abs(reached - wish).max(axis=1).min())
    return 100 * max(float(shares.max() - wish.max()), _rounding(int(counts.sum()), wish))


def _rounding(total: int, wish: NDArray[np.float64]) -> float:
    """Return how far whole numbers, none of them 0, are from the wish: what is left over goes where most is missing."""
    parts = np.maximum(np.floor(wish * total + 1e-9), 1)
    while (over := int(parts.sum()) - total) != 0:
        missing = wish * total - parts
        parts[int(np.argmax(missing) if over < 0 else np.argmin(missing))] -= np.sign(over)
    return float(np.abs(parts / total - wish).max())
