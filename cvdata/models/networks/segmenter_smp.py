"""Segmenters of segmentation-models-pytorch: U-Net and U-Net++, PSPNet, FPN, DeepLabV3+ and more."""

from __future__ import annotations

from typing import Any

import segmentation_models_pytorch as smp
from torch import nn

from ..spec import ModelSpec
from ._encoder import DIVISOR, encoder_name, with_encoder
from ._pooling import make_exportable
from ._segmenter import Segmenter, with_pixel_options
from .network import Defaults, Network

__all__ = ["build", "complete", "defaults", "names"]

_MODELS = {
    "unet": "Unet",
    "unet++": "UnetPlusPlus",
    "manet": "MAnet",
    "linknet": "Linknet",
    "fpn": "FPN",
    "pspnet": "PSPNet",
    "deeplabv3": "DeepLabV3",
    "deeplabv3+": "DeepLabV3Plus",
    "pan": "PAN",
    "upernet": "UPerNet",
    "segformer": "Segformer",
}
_ATTENTION = ("none", "scse")


def names() -> tuple[str, ...]:
    """Return the names that their papers give them."""
    return tuple(_MODELS)


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
    if spec.architecture != "unet":
        return with_pixel_options(spec)
    return with_pixel_options(spec, {"attention": _ATTENTION[0]}, {"attention": _ATTENTION})


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a segmenter; `published` gives weights to its encoder.

    U-Net has the option `attention`: with `scse` its decoder weighs channels and places (Roy et al. 2018).

    Raises:
        UsageError: there is no such option or encoder, or the size does not fit.
        ModelError: the published weights cannot be had.
    """
    spec = complete(spec, published=published)
    model = getattr(smp, _MODELS[spec.architecture])
    how: dict[str, Any] = {"classes": len(spec.classes)}
    scse = spec.options.get("attention") == "scse"
    if scse:
        how["decoder_attention_type"] = "scse"
    if spec.architecture == "pspnet":
        # The paper's encoder runs to its end and is dilated; smp's default leaves out its last two stages.
        how |= {"encoder_depth": 5, "output_stride": 8}
    body = with_encoder(
        lambda name, weights: model(encoder_name=name, encoder_weights=weights, **how), spec, published=published
    )
    if scse:
        # It would weigh a skip that the last block does not have: parameters that nothing ever changes.
        body.decoder.blocks[-1].attention1 = nn.Identity()
    if spec.architecture in ("pspnet", "upernet"):
        make_exportable(body.decoder)
    return Segmenter(spec, body)
