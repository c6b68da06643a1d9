"""The losses of an epoch, without waiting for the device at each step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["LossLog", "NotFinite", "mean_losses"]


@dataclass(frozen=True)
class NotFinite:
    """A batch whose loss is not a number.

    Attributes:
        step: of the epoch, from 1.
        parts: of the loss that are not finite, with what they are, such as `class nan`.
        rows: of the batch's pictures.
    """

    step: int
    parts: tuple[str, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class _Seen:
    names: tuple[str, ...]
    values: Tensor
    rows: Tensor


class LossLog:
    """Sums up the parts of the loss over pictures, and looks whether each is finite.

    A look waits until the device has done all steps so far, so on a GPU there is one only every few steps; until then
    the values stay on the device.

    Args:
        every: steps between looks.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._waiting: list[_Seen] = []
        self._sums: dict[str, float] = {}
        self.pictures = 0
        self.steps = 0

    def add(self, losses: dict[str, Tensor], rows: Tensor) -> None:
        """Take the parts of a batch's loss."""
        values = torch.stack([value.detach().float() for value in losses.values()])
        self._waiting.append(_Seen(tuple(losses), values, rows))

    @property
    def due(self) -> bool:
        """Tell whether it is time for a look."""
        return len(self._waiting) >= self._every

    def look(self) -> NotFinite | None:
        """Sum up what waits, and return the first batch of it whose loss is not finite."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return None
        values = torch.cat([seen.values for seen in waiting]).tolist()  # the one wait
        found = None
        for seen in waiting:
            mine, values = values[: len(seen.names)], values[len(seen.names) :]
            parts = dict(zip(seen.names, mine, strict=True))
            self.steps += 1
            self._sum_up(parts, len(seen.rows))
            wrong = tuple(f"{name} {value}" for name, value in parts.items() if not math.isfinite(value))
            if wrong and found is None:
                found = NotFinite(self.steps, wrong, tuple(seen.rows.tolist()))
        return found

    def totals(self) -> tuple[dict[str, float], int]:
        """Return the sum over pictures of each part, and the number of pictures, of what was looked at."""
        return self._sums, self.pictures

    def _sum_up(self, parts: dict[str, float], pictures: int) -> None:
        self.pictures += pictures
        for name, value in parts.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * pictures


def mean_losses(totals: list[tuple[dict[str, float], int]]) -> dict[str, float]:
    """Return the mean over the pictures of all ranks of each part, and of their sum as `loss`; {} without pictures.

    What is not finite is left out: that of validation pictures stops no training.
    """
    pictures = sum(count for _, count in totals)
    if not pictures:
        return {}
    names = dict.fromkeys(name for sums, _ in totals for name in sums)
    means = {name: sum(sums.get(name, 0.0) for sums, _ in totals) / pictures for name in names}
    means["loss"] = sum(means.values())
    return {name: mean for name, mean in means.items() if math.isfinite(mean)}
