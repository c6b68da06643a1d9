"""The end of a run whose numbers are no longer numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ...errors import TrainingError, show
from ..settings import TrainSettings
from .average import kept_tensors
from .company import from_first, gather
from .losses import NotFinite

__all__ = ["loss_problem", "refuse", "weights_problem"]

_MOST_NAMED = 8

Problem = tuple[int, str]
"""The step of the epoch, and what is wrong."""


def loss_problem(found: NotFinite, names: Sequence[str], epoch: int) -> Problem:
    """Return what is wrong with a batch's loss, with the names of its pictures."""
    shown = ", ".join(show(name) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return found.step, (
        f"the loss is not finite in epoch {epoch}, step {found.step}: {', '.join(found.parts)}; "
        f"pictures of the batch: {shown}{more}"
    )


def weights_problem(network: nn.Module, epoch: int) -> Problem | None:
    """Return what is wrong with the weights at the end of an epoch; None where all of them are finite."""
    tensors = {name: tensor for name, tensor in kept_tensors(network).items() if tensor.is_floating_point()}
    sound = torch.stack([torch.isfinite(tensor).all() for tensor in tensors.values()]).tolist()
    wrong = [name for name, fine in zip(tensors, sound, strict=True) if not fine]
    if not wrong:
        return None
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return 0, f"the weights are not finite after epoch {epoch}: {wrong[0]}{more}"


def refuse(problem: Problem | None, *, settings: TrainSettings, done: int) -> None:
    """Stop all ranks where one of them has a problem: the one of the earliest step. Every rank calls it.

    Args:
        done: whole epochs before it.

    Raises:
        TrainingError: there is one.
    """
    problems = [found for found in gather(problem) if found is not None]
    first = from_first(min(problems) if problems else None)
    if first is None:
        return
    kept = f"; epoch {done} is kept, and --resume goes on from it" if done else ""
    raise TrainingError(
        first[1],
        hint=f"look at these pictures and their labels, or learn slower (--rate, now {settings.rate:g}) and with "
        f"--precision 32{kept}",
    )
