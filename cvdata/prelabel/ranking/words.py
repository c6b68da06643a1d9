"""Why a picture is where it is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ...reports.scales import plural
from .choice import OF_LABELLED
from .disagreement import Differences
from .opinions import Opinion
from .order import ranks
from .uncertainty import unsure_objects

__all__ = ["Reasons"]

_FAR, _NEAR = 0.75, 0.25
"""A quarter of the pictures is called unlike what is labelled, another quarter like it."""

_AGREED = 0.25
"""Disagreement up to which two models say the same, where neither is sure of a thing that the other did not find."""

_LONGEST_NAME = 30


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """What can be said of each picture.

    Attributes:
        opinions: of the models; `differences`: between them, None where they were not compared.
        novelty: distance to the nearest labelled picture, None where it does not count.
        copies: as `order.in_order` takes them.
    """

    opinions: Sequence[Opinion]
    differences: Differences | None
    novelty: NDArray[np.float64] | None
    copies: NDArray[np.int64] | None

    def of(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the reason for each of some pictures."""
        unsure = np.max([unsure_objects(opinion) for opinion in self.opinions], axis=0) if self.opinions else None
        far = None if self.novelty is None else ranks(self.novelty)
        return [self._reason(row, unsure, far) for row in rows.tolist()]

    def _reason(self, row: int, unsure: NDArray[np.int64] | None, far: NDArray[np.float64] | None) -> str:
        parts = []
        if unsure is not None:
            parts.append(self._doubt(row, int(unsure[row])))
        if self.differences is not None and not np.isnan(self.differences.value[row]):
            count = int(self.differences.objects[row])
            unsure_ones = "models agree" if self.differences.value[row] <= _AGREED else "models differ in unsure ones"
            parts.append(f"models differ in {count:,}" if count else unsure_ones)
        if far is not None and (far[row] >= _FAR or far[row] <= _NEAR):
            parts.append("unlike labelled ones" if far[row] >= _FAR else "like labelled ones")
        if self.copies is not None and self.copies[row] == OF_LABELLED:
            parts.append("a near copy of a labelled picture")
        return "; ".join(parts)

    def _doubt(self, row: int, unsure: int) -> str:
        """Say what the models are unsure of."""
        if not any(opinion.looked[row] for opinion in self.opinions):
            return "no model looked at it"
        doubts = [doubt for opinion in self.opinions if (doubt := _least_sure(opinion, row)) is not None]
        if not doubts:
            whole = all(opinion.whole for opinion in self.opinions)
            return "no class was sure enough" if whole else "nothing was found"
        _, score, name = min(doubts)
        if any(opinion.whole for opinion in self.opinions):
            return f"perhaps {name} ({score:.2f})"
        return f"{plural(unsure, 'object')} near 0.5" if unsure else f"least sure: {name} ({score:.2f})"


def _least_sure(opinion: Opinion, row: int) -> tuple[float, float, str] | None:
    """Return what is nearest to 0.5 in a picture: how near, its score, its class; None where nothing was found."""
    first, end = opinion.found.offsets[row], opinion.found.offsets[row + 1]
    if first == end:
        return None
    score = opinion.score[first:end]
    best = int(np.abs(score - 0.5).argmin())
    name = opinion.found.categories.names[opinion.found.annotations.category[first + best]]
    return abs(float(score[best]) - 0.5), float(score[best]), show(name, _LONGEST_NAME)
