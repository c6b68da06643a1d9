"""Encoders of segmenters: those of segmentation-models-pytorch, and of timm as `tu-NAME`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import segmentation_models_pytorch as smp
import timm

from ...errors import UsageError, nearest_of, show
from ..spec import ModelSpec
from ..weights.published import unavailable
from ._publisher import from_hub
from ._segmenter import OPTIONS

__all__ = ["DIVISOR", "encoder_name", "with_encoder"]

DIVISOR = 32
"""Sides of pictures are a multiple of it: encoders halve them five times."""

T = TypeVar("T")

_UNIVERSAL = "tu-"
_OLD = "timm-"  # smp warns of these and takes them away one day; `tu-` has the same


def encoder_name(spec: ModelSpec) -> str:
    """Return the encoder that a segmenter asks for.

    Raises:
        UsageError: there is none of this name.
    """
    name = spec.options.get("encoder", OPTIONS["encoder"])
    known = [one for one in smp.encoders.get_encoder_names() if not one.startswith(_OLD)]
    timm_name = str(name).removeprefix(_UNIVERSAL)
    if name in known or (str(name).startswith(_UNIVERSAL) and timm.is_model(timm_name)):
        return str(name)
    raise UsageError(
        f"there is no encoder '{show(str(name))}'",
        hint=f"{nearest_of(str(name), known)} (or {_UNIVERSAL}NAME for networks of timm)",
    )


def with_encoder(make: Callable[[str, Any], T], spec: ModelSpec, *, published: bool) -> T:
    """Return what is made of an encoder's name and its weights, as smp takes them.

    Raises:
        UsageError: there is no such encoder, it does not go with this decoder, or the size of pictures does not fit.
        ModelError: its published weights cannot be had.
    """
    name = encoder_name(spec)
    if any(side % DIVISOR for side in spec.size):
        raise UsageError(
            f"'{spec.architecture}' sees pictures whose sides are a multiple of {DIVISOR}, not"
            f" {spec.size[0]} x {spec.size[1]}",
            hint="choose another --size, or leave it out",
        )
    try:
        return _published(make, name) if published else make(name, None)
    except (ValueError, NotImplementedError, AttributeError, TypeError, KeyError) as error:
        raise UsageError(
            f"'{spec.architecture}' cannot have the encoder '{name}': {show(str(error))}",
            hint="choose another encoder, such as resnet18",
        ) from error


def _published(make: Callable[[str, Any], T], name: str) -> T:
    if name.startswith(_UNIVERSAL):
        settings: Any = timm.get_pretrained_cfg(name.removeprefix(_UNIVERSAL))
        if settings is None or not settings.has_weights:
            raise unavailable(name)
        return from_hub(lambda: make(name, True), name)
    if "imagenet" not in smp.encoders.encoders[name]["pretrained_settings"]:
        raise unavailable(name)
    return from_hub(lambda: make(name, "imagenet"), name)
