"""U-Net with attention gates: Oktay et al. 2018, Attention U-Net: learning where to look for the pancreas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..spec import ModelSpec
from ._encoder import DIVISOR, encoder_name, with_encoder
from ._segmenter import Segmenter, with_pixel_options
from .network import Defaults, Network

__all__ = ["build", "complete", "defaults", "names"]

_CHANNELS = (256, 128, 64, 32, 16)
"""Of the decoder, from the coarsest block on; those of smp's U-Net."""


def names() -> tuple[str, ...]:
    """Return its name."""
    return ("attention-unet",)


def defaults(architecture: str) -> Defaults:
    """Return a size that fits most pictures, and a rate."""
    del architecture
    return Defaults(size=(256, 256), multiple=DIVISOR, rate=1e-3, takes_class_weights=True)


def complete(spec: ModelSpec, *, published: bool) -> ModelSpec:  # noqa: ARG001 - it is the same either way
    """Return a spec with every option.

    Raises:
        UsageError: there is no such option or encoder, or its value is none.
    """
    encoder_name(spec)
    return with_pixel_options(spec)


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a segmenter; `published` gives weights to its encoder.

    Raises:
        UsageError: there is no such option or encoder, or the size does not fit.
        ModelError: the published weights cannot be had.
    """
    spec = complete(spec, published=published)
    body = with_encoder(
        lambda name, weights: AttentionUnet(name, weights, len(spec.classes)), spec, published=published
    )
    return Segmenter(spec, body)


class AttentionUnet(nn.Module):
    """An encoder of smp, a decoder with gates and a head."""

    def __init__(self, encoder: str, weights: Any, classes: int) -> None:
        super().__init__()
        self.encoder = smp.encoders.get_encoder(encoder, depth=len(_CHANNELS), weights=weights)
        self.decoder = _Decoder(self.encoder.out_channels[1:])
        self.segmentation_head = nn.Conv2d(_CHANNELS[-1], classes, kernel_size=3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits, shape (n, classes, height, width)."""
        logits: Tensor = self.segmentation_head(self.decoder(self.encoder(pictures)[1:]))
        return logits


class AttentionGate(nn.Module):
    """Weighs the places of a skip connection by what the coarser level sees there.

    With x the skip and g the coarser features, half its size: x times sigmoid(psi(relu(theta(x) + phi(g)))), where
    theta halves x, phi and psi are 1 x 1 convolutions, and the weights are enlarged to x bilinearly.
    """

    def __init__(self, skip: int, coarser: int) -> None:
        super().__init__()
        between = max(skip // 2, 1)
        self.theta = nn.Conv2d(skip, between, kernel_size=2, stride=2, bias=False)
        self.phi = nn.Conv2d(coarser, between, kernel_size=1)
        self.psi = nn.Conv2d(between, 1, kernel_size=1)

    def forward(self, skip: Tensor, coarser: Tensor) -> Tensor:
        """Return the skip, shape (n, c, 2h, 2w), weighed by features of shape (n, k, h, w)."""
        weights = self.psi(functional.relu(self.theta(skip) + self.phi(coarser))).sigmoid()
        return skip * functional.interpolate(weights, scale_factor=2.0, mode="bilinear", align_corners=False)


class _Block(nn.Module):
    """Enlarges features, joins them with the gated skip, and looks at both."""

    def __init__(self, coarser: int, skip: int, out: int) -> None:
        super().__init__()
        # Some encoders have nothing at half the size.
        self.gate = AttentionGate(skip, coarser) if skip else None
        self.convolutions = nn.Sequential(*_convolution(coarser + skip, out), *_convolution(out, out))

    def forward(self, coarser: Tensor, skip: Tensor | None) -> Tensor:
        """Return features of twice the size."""
        features = functional.interpolate(coarser, scale_factor=2.0, mode="nearest")
        if self.gate is not None and skip is not None:
            features = torch.cat([features, self.gate(skip, coarser)], dim=1)
        joined: Tensor = self.convolutions(features)
        return joined


class _Decoder(nn.Module):
    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        skips = [*reversed(channels[:-1]), 0]
        coarser = [channels[-1], *_CHANNELS[:-1]]
        self.blocks = nn.ModuleList(map(_Block, coarser, skips, _CHANNELS))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return one map of features at the size of the picture, from those at half of it, a quarter, ..."""
        skips = [*reversed(features[:-1]), None]
        out = features[-1]
        for block, skip in zip(self.blocks, skips, strict=True):
            out = block(out, skip)
        return out


def _convolution(channels: int, out: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, out, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    ]
