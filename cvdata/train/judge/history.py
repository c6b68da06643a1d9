"""What can be read off the epochs of a run: its curves, the best epoch, and how the losses move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ...models.run_folder import Epoch

__all__ = [
    "Curve",
    "best_epoch",
    "clock",
    "loss_curve",
    "metric_curve",
    "metric_names",
    "pace",
    "rate_curve",
    "validated",
]

_FIRST = (
    "AP", "AP50", "AP75", "AR100", "accuracy", "macro_F1", "balanced_accuracy", "top5", "mAP", "mIoU", "pixel_accuracy",
    "Dice", "APs", "APm", "APl",
)  # fmt: skip
"""Figures in the order in which they are shown; all others come after these."""


class Curve(NamedTuple):
    """Values over epochs; NaN where a value is not defined."""

    name: str
    epochs: list[int]
    values: list[float]

    @property
    def known(self) -> list[tuple[int, float]]:
        """Epochs and values where these are defined."""
        return [(x, y) for x, y in zip(self.epochs, self.values, strict=True) if math.isfinite(y)]


def validated(history: Sequence[Epoch]) -> list[Epoch]:
    """Return the epochs after which the run was validated."""
    return [epoch for epoch in history if epoch.metrics or epoch.val_losses]


def best_epoch(history: Sequence[Epoch]) -> Epoch | None:
    """Return the best epoch so far; None before any was validated."""
    return next((epoch for epoch in reversed(history) if epoch.best), None)


def loss_curve(history: Sequence[Epoch], name: str, *, part: str = "loss", val: bool = False) -> Curve:
    """Return a part of the loss, of the training or of the validation pictures."""
    return _curve(name, history, lambda epoch: (epoch.val_losses if val else epoch.losses).get(part, _MISSING))


def metric_curve(history: Sequence[Epoch], metric: str) -> Curve:
    """Return a figure of the validation pictures; epochs without a validation are left out."""
    return _curve(metric, history, lambda epoch: epoch.metrics.get(metric, _MISSING))


def rate_curve(history: Sequence[Epoch]) -> Curve:
    """Return the learning rate."""
    return _curve("learning rate", history, lambda epoch: epoch.rate)


_MISSING = math.inf  # nobody looked, which is no gap; None: somebody looked, and there is no such value


def _curve(name: str, history: Sequence[Epoch], value: Callable[[Epoch], float | None]) -> Curve:
    points = [(epoch.epoch, value(epoch)) for epoch in history]
    there = [(at, math.nan if y is None else y) for at, y in points if y != _MISSING]
    return Curve(name, [at for at, _ in there], [y for _, y in there])


def metric_names(history: Sequence[Epoch], first: str) -> list[str]:
    """Return the figures that are defined at some epoch: the given one, then the best known, then the others."""
    names = dict.fromkeys(name for epoch in history for name, value in epoch.metrics.items() if value is not None)
    order = [first, *(name for name in _FIRST if name != first)]
    return [*(name for name in order if name in names), *(name for name in names if name not in order)]


def pace(images_per_s: float) -> str:
    """Say how many pictures a second were trained, of few with the first two digits."""
    return f"{images_per_s:,.0f}" if images_per_s >= 10 else f"{images_per_s:.2g}"


def clock(seconds: float) -> str:
    """Say a time in the units that people use for it: 8 s, 12 min 5 s, 3 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
