"""Losses of segmenters: cross-entropy, Dice, focal and their sums. Pixels of no class count nowhere."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["LOSSES", "SUMS", "VOID", "cross_entropy", "dice", "focal", "pixel_losses"]

VOID = 255
"""Of a pixel of no class; see `Batch.pixels`."""

_GAMMA = 2.0
"""Of the focal loss: Lin et al. 2017, Focal loss for dense object detection, section 3.2."""
_TINY = 1e-7


def cross_entropy(logits: Tensor, pixels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean of -w_t log p_t over the pixels, weighted by w_t, the weight of each pixel's class.

    Args:
        logits: float32, shape (n, classes, height, width).
        pixels: int64, shape (n, height, width), class of each pixel or `VOID`.
        weights: float32, shape (classes,); None for equal ones.
    """
    return _mean(functional.log_softmax(logits, dim=1), pixels, weights)


def focal(logits: Tensor, pixels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean of -w_t (1 - p_t)^2 log p_t over the pixels, weighted by w_t: what is sure already counts little.

    That of Lin et al. 2017 for classes that exclude each other (smp's takes a binary loss for each class). Arguments
    as in `cross_entropy`.
    """
    logs = functional.log_softmax(logits, dim=1)
    return _mean((1 - logs.exp()) ** _GAMMA * logs, pixels, weights)


def dice(logits: Tensor, pixels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the weighted mean of 1 - 2 sum(p t) / (sum(p) + sum(t)) over the classes that are in the batch.

    Sums are over all pixels of the batch (Milletari et al. 2016, V-Net, with plain sums in the denominator, as in
    Sudre et al. 2017). A class that is nowhere in the batch has nothing to be compared with and is left out. Arguments
    as in `cross_entropy`.
    """
    known = (pixels != VOID).unsqueeze(1)
    found = logits.softmax(dim=1) * known
    # One byte a number: one_hot's eight would be most of what a step takes.
    truth = (pixels.unsqueeze(1) == torch.arange(logits.shape[1], device=pixels.device).view(1, -1, 1, 1)) & known
    both = (found * truth).sum(dim=(0, 2, 3))
    each = found.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    lost = 1 - 2 * both / each.clamp(min=_TINY)
    counts = truth.any(dim=0).any(dim=2).any(dim=1).to(lost.dtype)
    if weights is not None:
        counts = counts * weights
    return (lost * counts).sum() / counts.sum().clamp(min=_TINY)


LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor | None], Tensor]] = {
    "ce": cross_entropy,
    "dice": dice,
    "focal": focal,
}
SUMS = tuple("+".join(names) for count in range(1, len(LOSSES) + 1) for names in permutations(LOSSES, count))
"""Every loss and sum of losses by its name: `ce`, `dice`, `focal`, `ce+dice`, ..."""


def pixel_losses(names: str, logits: Tensor, pixels: Tensor, weights: Tensor | None) -> dict[str, Tensor]:
    """Return the parts of a loss by name, in full precision.

    Args:
        names: one of `SUMS`.
        logits: shape (n, classes, height, width).
        pixels: uint8, shape (n, height, width), class of each pixel or `VOID`.
    """
    if weights is not None:
        weights = weights.to(logits.device, torch.float32)
    return {name: LOSSES[name](logits.float(), pixels.long(), weights) for name in names.split("+")}


def _mean(values: Tensor, pixels: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean of minus the value at each pixel's class; 0 where no pixel has a class."""
    total = functional.nll_loss(values, pixels, weights, ignore_index=VOID, reduction="sum")
    known = pixels != VOID
    count = known.sum() if weights is None else (weights[pixels.where(known, 0)] * known).sum()
    return total / count.clamp(min=_TINY)
