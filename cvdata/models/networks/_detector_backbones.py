"""Backbones of detectors with a pyramid of features, from torchvision's classifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.ops import FrozenBatchNorm2d

from .network import Stage

__all__ = ["MOBILENETS", "NORMS", "RESNETS", "backbone_of", "blocks_by_stride", "norm_of", "pyramid", "pyramid_stages"]

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnext50_32x4d")
MOBILENETS = ("mobilenet_v3_large", "mobilenet_v3_small")
NORMS = ("group", "batch", "frozen")
"""Ways to normalise: over channels of one picture; over the batch; as published weights were, and never again."""

_CHANNELS_A_GROUP = 8
_MOBILENET_EPS = 1e-3
_MOBILENET_LEVELS = {"mobilenet_v3_large": (4, 7, 16), "mobilenet_v3_small": (3, 8, 12)}
"""Blocks that end at a stride of 8, 16 and 32."""


def norm_of(norm: str, backbone: str) -> Callable[[int], nn.Module]:
    """Return what makes a normalising layer for so many channels.

    Batches of detectors are small, so that group norm is the one to train from scratch with (Wu and He 2018, He,
    Girshick and Dollár 2018); it treats each picture by itself, wherever the others of its batch are.
    """
    eps = _MOBILENET_EPS if backbone in MOBILENETS else 1e-5
    if norm == "group":
        return partial(_group_norm, eps=eps)
    return partial(nn.BatchNorm2d if norm == "batch" else FrozenBatchNorm2d, eps=eps)


def _group_norm(channels: int, eps: float) -> nn.GroupNorm:
    return nn.GroupNorm(channels // _CHANNELS_A_GROUP, channels, eps=eps)


def backbone_of(backbone: str, norm: str, **how: Any) -> Any:
    """Return a classifier of torchvision with random weights."""
    return torchvision.models.get_model(backbone, weights=None, norm_layer=norm_of(norm, backbone), **how)


def pyramid(
    model: Any, backbone: str, strides: Sequence[int], extra: nn.Module | None = None, channels: int = 256
) -> BackboneWithFPN:
    """Return the features of a classifier with a feature pyramid on top of some strides.

    Args:
        strides: of 4 (residual networks only), 8, 16, 32.
        extra: makes coarser levels; by default one, which leaves out every other place.
    """
    if backbone in RESNETS:
        layers = {4: "layer1", 8: "layer2", 16: "layer3", 32: "layer4"}
        widths = {stride: model.inplanes * stride // 32 for stride in layers}
    else:
        model = model.features
        layers = {8 << level: str(block) for level, block in enumerate(_MOBILENET_LEVELS[backbone])}
        widths = {stride: model[int(block)].out_channels for stride, block in layers.items()}
    returned = {layers[stride]: str(level) for level, stride in enumerate(strides)}
    return BackboneWithFPN(model, returned, [widths[stride] for stride in strides], channels, extra_blocks=extra)


def pyramid_stages(model: BackboneWithFPN) -> list[Stage]:
    """Return the parts of a backbone with its pyramid, from the input on."""
    body = dict(model.body.named_children())
    if "layer1" not in body:
        stages = blocks_by_stride(list(body.values()))
    else:
        layers = [name for name in body if name.startswith("layer")]
        stem = tuple(module for name, module in body.items() if name not in layers)
        stages = [Stage("stem", stem, True), *(Stage(name, (body[name],), True) for name in layers)]
    return [*stages, Stage("fpn", (model.fpn,), False)]


def blocks_by_stride(blocks: Sequence[nn.Module]) -> list[Stage]:
    """Return blocks as stages, each of which begins where the picture shrinks."""
    groups: list[list[nn.Module]] = [[]]
    for block in blocks:
        if groups[-1] and _shrinks(block):
            groups.append([])
        groups[-1].append(block)
    names = ["stem", *(f"layer{number}" for number in range(1, len(groups)))]
    return [Stage(name, tuple(group), True) for name, group in zip(names, groups, strict=True)]


def _shrinks(block: nn.Module) -> bool:
    return any(
        isinstance(layer, (nn.Conv2d, nn.MaxPool2d)) and torch.tensor(layer.stride).max() > 1
        for layer in block.modules()
    )
