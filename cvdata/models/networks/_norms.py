"""Batches of one picture in training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["steady_norms"]


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
