"""The optimiser: which parameters learn how fast, and which are held small."""

from __future__ import annotations

import math

import msgspec
import torch
from torch import nn

from ...models.networks.catalogue import defaults_of
from ...models.networks.network import Network
from ..settings import TrainSettings

__all__ = ["make_optimiser", "parameter_names", "resolve_rates"]

_REFERENCE_BATCH = 16  # `Defaults.rate` is for so many pictures a step
_SGD_TIMES = 10  # SGD wants about ten times the rate of AdamW
_DECAY = {"adamw": 0.05, "sgd": 0.0005}


def resolve_rates(settings: TrainSettings) -> TrainSettings:
    """Fill in the rate and the weight decay where the user left them to us.

    The architecture's rate is for AdamW and 16 pictures a step. With the batch it grows by the square root for AdamW
    (Malladi et al. 2022, https://arxiv.org/abs/2205.10287) and in proportion for SGD (Goyal et al. 2017,
    https://arxiv.org/abs/1706.02677), which starts from ten times as much. Weight decay is 0.05 for AdamW
    (Loshchilov and Hutter 2019 and what timm trains with) and 0.0005 for SGD.

    Raises:
        UsageError: there is no such architecture.
    """
    rate, decay = settings.rate, settings.weight_decay
    if rate is None:
        rate = defaults_of(settings.task, settings.architecture).rate
        times = settings.batch / _REFERENCE_BATCH
        rate *= math.sqrt(times) if settings.optimizer == "adamw" else _SGD_TIMES * times
        rate = float(f"{rate:.3g}")  # a figure that people can read, and give again
    if decay is None:
        decay = _DECAY[settings.optimizer]
    return msgspec.structs.replace(settings, rate=rate, weight_decay=decay)


def make_optimiser(network: Network, settings: TrainSettings, device: torch.device) -> torch.optim.Optimizer:
    """Return the optimiser of all parameters, frozen ones included: those without a gradient stay as they are.

    Norms and biases are not held small (all that has fewer than two dimensions). Each group has its full rate as
    `full`; the rate of the step is set from it.

    Args:
        settings: with the rate and the weight decay filled in.
    """
    groups = [
        {"params": list(parameters), "weight_decay": decay, "full": rate, "lr": rate}
        for (rate, decay), parameters in _groups(network, settings).items()
    ]
    # Fused ones step in one pass over the memory; Lightning clips no gradients of mixed precision under them.
    fused = settings.precision == "32" and device.type in ("cpu", "cuda")
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(groups, fused=fused)
    return torch.optim.SGD(groups, momentum=0.9, nesterov=True, fused=fused)


def parameter_names(network: nn.Module, optimiser: torch.optim.Optimizer) -> list[str]:
    """Return the name of each parameter in the optimiser's order, by which its state is kept."""
    names = {parameter: name for name, parameter in network.named_parameters()}
    return [names[parameter] for group in optimiser.param_groups for parameter in group["params"]]


def _groups(network: Network, settings: TrainSettings) -> dict[tuple[float, float], list[nn.Parameter]]:
    """Return the parameters by rate and weight decay, in the order of the network."""
    rate, decay = settings.rate or 0.0, settings.weight_decay or 0.0
    modules = [module for stage in network.stages() if stage.backbone for module in stage.modules]
    backbone = {parameter for module in modules for parameter in module.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in network.parameters():
        own_rate = rate * settings.backbone_rate if parameter in backbone else rate
        own_decay = decay if parameter.ndim > 1 else 0.0
        groups.setdefault((own_rate, own_decay), []).append(parameter)
    return groups
