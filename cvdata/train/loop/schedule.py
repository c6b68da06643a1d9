"""The learning rate of each step, as a share of the full one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["Schedule"]

_LEAST = 0.01  # share of the full rate that is left at the end of a cosine


@dataclass(frozen=True)
class Schedule:
    """A rate that rises to its full height, and then falls along half a cosine, or stays.

    It hangs on the number of the step alone, so that a run that goes on needs to remember nothing of it. The warm-up
    is that of Goyal et al. 2017 (https://arxiv.org/abs/1706.02677), the cosine that of Loshchilov and Hutter 2017
    (https://arxiv.org/abs/1608.03983), without restarts.

    Attributes:
        steps: of the whole run; `warmup`: of them in which the rate rises from 0 in equal parts.
        kind: what it does then.
    """

    steps: int
    warmup: int
    kind: Literal["cosine", "constant"]

    @classmethod
    def of(cls, steps_an_epoch: int, *, epochs: int, warmup: float, kind: Literal["cosine", "constant"]) -> Schedule:
        """Return the schedule of so many epochs, of which `warmup` (a fraction is fine) rise.

        A cosine has at least half of the steps, so that a run of one epoch learns at its full rate, too.
        """
        steps = steps_an_epoch * epochs
        rise = round(warmup * steps_an_epoch)
        return cls(steps, min(rise, steps // 2) if kind == "cosine" else rise, kind)

    def share(self, step: int) -> float:
        """Return the share of the full rate at a step, from 0: 1 at the end of the rise, 0.01 at the last step."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if self.kind == "constant":
            return 1.0
        way = (step - self.warmup + 1) / max(1, self.steps - self.warmup)
        return _LEAST + (1 - _LEAST) * (1 + math.cos(math.pi * min(1.0, way))) / 2
