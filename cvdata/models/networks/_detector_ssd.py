"""Features of the single shot detectors: SSD on VGG, SSDLite on MobileNetV3."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as f
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG
from torchvision.models.detection.ssdlite import SSDLiteFeatureExtractorMobileNet, SSDLiteHead

from ._detector_backbones import blocks_by_stride, norm_of
from .network import Stage

__all__ = ["VGGS", "ssd", "ssd_stages", "ssdlite", "ssdlite_stages"]

VGGS = ("vgg11", "vgg13", "vgg16", "vgg11_bn", "vgg13_bn", "vgg16_bn")

_SSD_RATIOS = [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
_SSD_SCALES = [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05]
_SSD_STEPS = [8, 16, 32, 64, 100, 300]
_SSD_SIZE = (300, 300)
_LITE_LAST = {"mobilenet_v3_large": 13, "mobilenet_v3_small": 9}
"""Blocks that shrink a picture to a thirty-second."""


def ssd(model: Any, norm: str, size: tuple[int, int], classes: int, **limits: Any) -> SSD:
    """Return SSD (Liu et al. 2016) on a VGG of torchvision; small pictures have fewer maps than 6.

    Args:
        classes: with the background.
    """
    features = _Vgg(_with_norm(model.features, norm))
    channels = _channels_of(features, size)
    features.extra = features.extra[: len(channels) - 1]
    maps = len(channels)
    whole = maps == len(_SSD_RATIOS)
    boxes = DefaultBoxGenerator(
        _SSD_RATIOS[:maps],
        scales=_SSD_SCALES if whole else None,
        steps=_SSD_STEPS if size == _SSD_SIZE else None,
    )
    features.out_channels = channels
    return SSD(features, boxes, size, classes, **limits)


def ssd_stages(detector: SSD) -> list[Stage]:
    """Return the parts of an SSD, from the input on."""
    backbone = detector.backbone
    fifth, extra = backbone.extra[0], list(backbone.extra[1:])
    stages = blocks_by_stride([*backbone.features, *fifth[:-1]])
    return [
        *stages,
        Stage("extra", (backbone.rescale, fifth[-1], *extra), False),
        Stage("head", (detector.head,), False),
    ]


def ssdlite(model: Any, backbone: str, norm: str, size: tuple[int, int], classes: int, **limits: Any) -> SSD:
    """Return SSDLite (Sandler et al. 2018, Howard et al. 2019) on a MobileNetV3 of torchvision.

    Args:
        classes: with the background.
    """
    layer = norm_of(norm, backbone)
    features = SSDLiteFeatureExtractorMobileNet(model.features, _LITE_LAST[backbone], layer)
    channels = _channels_of(features, size)
    boxes = DefaultBoxGenerator([[2, 3]] * len(channels), min_ratio=0.2, max_ratio=0.95)
    head = SSDLiteHead(channels, boxes.num_anchors_per_location(), classes, layer)
    return SSD(features, boxes, size, classes, head=head, **limits)


def ssdlite_stages(detector: SSD) -> list[Stage]:
    """Return the parts of an SSDLite, from the input on."""
    first, last = detector.backbone.features
    stages = blocks_by_stride([*first, *last])
    extra = Stage("extra", (detector.backbone.extra,), False)
    return [*stages, extra, Stage("head", (detector.head,), False)]


class _Vgg(SSDFeatureExtractorVGG):  # type: ignore[misc] # torchvision is not typed
    """torchvision's extractor, for pictures of any size and with its scale as a module of its own."""

    def __init__(self, features: nn.Sequential) -> None:
        super().__init__(features, highres=False)
        self.rescale = _Rescale(len(self.scale_weight))
        del self.scale_weight

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return feature maps by number, the finest first."""
        x = self.features(x)
        maps = [self.rescale(x)]
        for number, block in enumerate(self.extra):
            if number > 2 and min(x.shape[-2:]) < 3:  # the last ones have filters of 3 x 3 and no border
                break
            x = block(x)
            maps.append(x)
        return {str(number): one for number, one in enumerate(maps)}


class _Rescale(nn.Module):
    """Brings every place to a length that is learnt, which begins at 20 (Liu et al. 2015, ParseNet)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), 20.0))

    def forward(self, x: Tensor) -> Tensor:
        """Return the map, rescaled."""
        return self.weight.view(1, -1, 1, 1) * f.normalize(x)


def _with_norm(features: nn.Sequential, norm: str) -> nn.Sequential:
    """Return VGG's layers with their batch norms, where they have some, replaced."""
    make = norm_of(norm, "vgg")
    layers = [make(layer.num_features) if isinstance(layer, nn.BatchNorm2d) else layer for layer in features]
    return nn.Sequential(*layers)


def _channels_of(features: nn.Module, size: tuple[int, int]) -> list[int]:
    """Return the channels of each feature map of a picture of a size."""
    training = features.training
    with torch.no_grad():
        maps = features.eval()(torch.zeros(1, 3, *size))
    features.train(training)
    return [one.shape[1] for one in maps.values()]
