"""Batch norms in training: how fast they learn their statistics, and batches of one picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["quicken_norms", "steady_norms"]

_MOMENTUM = 0.1  # torch's own


def quicken_norms(network: nn.Module) -> None:
    """Let batch norms that start from nothing follow their statistics at torch's own pace at least.

    Networks that were tuned for hundreds of epochs on ImageNet have slower ones (MobileNetV3 0.01, EfficientNet-V2
    0.001 after their papers' 0.99 and 0.999): after some hundred steps, all that a small dataset has, such a running
    variance is still mostly the 1 that it began with, and in evaluation the signal dies away.
    """
    for norm in network.modules():
        if isinstance(norm, _BatchNorm) and norm.momentum is not None:
            norm.momentum = max(norm.momentum, _MOMENTUM)


@contextmanager
def steady_norms(body: nn.Module, images: Tensor) -> Iterator[None]:
    """Have norms that would see a single value per channel, which has no deviation, use what they have learnt so far.

    That comes up where pooled features of one picture, the last one of an epoch, are normalised over the batch; torch
    refuses it.
    """
    if len(images) > 1:
        yield
        return
    steadied: list[nn.Module] = []

    def steady(norm: nn.Module, inputs: tuple[Any, ...]) -> None:
        if norm.training and inputs[0].numel() == inputs[0].shape[1]:
            norm.eval()
            steadied.append(norm)

    hooks = [norm.register_forward_pre_hook(steady) for norm in body.modules() if isinstance(norm, _BatchNorm)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for norm in steadied:
            norm.train()
