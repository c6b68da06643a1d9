"""Whether a network can see pictures of a size."""

from __future__ import annotations

import torch
from torch import nn

from ...errors import UsageError, show
from ..spec import ModelSpec

__all__ = ["check_size", "run_once"]


def check_size(body: nn.Module, spec: ModelSpec) -> None:
    """Refuse a size of pictures that a network cannot see, by showing it one.

    Raises:
        UsageError: it is too small for it, or not a multiple of what it needs.
    """
    try:
        run_once(body, spec.size)
    except (RuntimeError, AssertionError, ValueError, IndexError) as error:
        why = (str(error).splitlines() or [""])[0]
        raise UsageError(
            f"'{spec.architecture}' cannot see pictures of {spec.size[0]} x {spec.size[1]} pixels: {show(why)}",
            hint="choose another --size, or leave it out",
        ) from error


def run_once(body: nn.Module, size: tuple[int, int]) -> None:
    """Run a network on one empty picture; nothing in it changes."""
    modes = [(module, module.training) for module in body.modules()]
    device = next(body.parameters()).device
    body.eval()
    try:
        with torch.no_grad():
            body(torch.zeros(1, 3, *size, device=device))
    finally:
        for module, mode in modes:
            module.training = mode
