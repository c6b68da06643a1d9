"""What the epochs so far say: which is best, and whether it is time to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...models.run_folder import Epoch

__all__ = ["beats", "best_of", "defined", "is_over", "title_of"]


def defined(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return figures with None for those that are no number."""
    return {name: value if value is not None and math.isfinite(value) else None for name, value in metrics.items()}


def best_of(history: Sequence[Epoch], metric: str) -> tuple[int | None, float | None]:
    """Return the best epoch and its value of the metric; None before any was validated."""
    for epoch in reversed(history):
        if epoch.best:
            return epoch.epoch, epoch.metrics.get(metric)
    return None, None


def beats(metrics: Mapping[str, float | None], history: Sequence[Epoch], metric: str) -> bool:
    """Tell whether the figures of a validation are better than all before; the first ones are, whatever they are."""
    if not metrics:
        return False
    best_epoch, best = best_of(history, metric)
    value = metrics.get(metric)
    return best_epoch is None or (value is not None and (best is None or value > best))


def is_over(history: Sequence[Epoch], patience: int) -> bool:
    """Tell whether so many epochs went by without a better metric; 0 is for endless patience.

    It is asked of validated epochs only: the others say nothing.
    """
    if not patience or not history or not history[-1].metrics:
        return False
    best_epoch = next((epoch.epoch for epoch in reversed(history) if epoch.best), history[-1].epoch)
    return history[-1].epoch - best_epoch >= patience


def title_of(history: Sequence[Epoch], epochs: int, metric: str) -> str:
    """Return what the progress of the next epoch is called: `epoch 3 of 50 · loss 0.81 · AP 0.412`."""
    parts = [f"epoch {len(history) + 1} of {epochs}"]
    if history:
        parts.append(f"loss {history[-1].losses['loss']:.3g}")
    values = [epoch.metrics[metric] for epoch in history if epoch.metrics.get(metric) is not None]
    if values:
        parts.append(f"{metric} {values[-1]:.3f}")
    return " · ".join(parts)
