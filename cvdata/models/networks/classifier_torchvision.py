"""Classifiers of torchvision: AlexNet, VGG, GoogLeNet, ResNet, DenseNet, MobileNet, ViT, Swin and more."""

from __future__ import annotations

import re
from typing import Any

import torchvision
from torch import Tensor, nn
from torchvision.models.vision_transformer import interpolate_embeddings

from ...errors import UsageError
from ..spec import ModelSpec
from ..weights.published import todays_name, unavailable
from ._classifier import Classifier, complete
from ._publisher import from_torchvision
from ._trial import check_size
from .network import Defaults, Network

__all__ = ["build", "complete", "defaults", "names"]

_AUXILIARY = ("aux1", "aux2")
_TOKENS = ("vit_", "swin_", "maxvit_")
_WITHOUT_NORM = re.compile(r"alexnet|squeezenet.*|vgg\d+")


def names() -> tuple[str, ...]:
    """Return the names that torchvision gives them."""
    return tuple(torchvision.models.list_models(module=torchvision.models))


def defaults(architecture: str) -> Defaults:
    """Return the size that torchvision's best weights were trained for, and a rate."""
    side = int(_weights(architecture).transforms.keywords["crop_size"])
    rate = 3e-4 if architecture.startswith(_TOKENS) else 1e-3
    if _WITHOUT_NORM.fullmatch(architecture):
        rate = 1e-4
    return Defaults(size=(side, side), multiple=_multiple(architecture), rate=rate, takes_class_weights=True)


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a classifier.

    Raises:
        UsageError: it cannot see pictures of this size.
        ModelError: its published weights cannot be had.
    """
    name = spec.architecture
    body = _body(spec)
    if spec.size != defaults(name).size:
        check_size(body, spec)
    if published:
        _load(body, name, spec.size)
    learning = [child for child, part in body.named_children() if any(True for _ in part.parameters())]
    auxiliary = [child for child in learning if child in _AUXILIARY]
    preset = _weights(name).transforms()
    return Classifier(
        spec,
        body,
        head=(*auxiliary, learning[-1]),
        mean=preset.mean,
        deviation=preset.std,
        fixed_size=name.startswith(("vit_", "maxvit_")),
    )


def _body(spec: ModelSpec) -> Any:
    name = spec.architecture
    how: dict[str, Any] = {"num_classes": len(spec.classes)}
    if name in ("googlenet", "inception_v3"):
        # Their weights want pictures from -1 to 1. Always so: a run's weights do not say what they began from.
        # Inception's auxiliary head sees pictures of 299 pixels or more only, and helps little by its authors' account.
        how |= {"aux_logits": name == "googlenet", "transform_input": True, "init_weights": True}
    if name.startswith("vit_"):
        if spec.size[0] != spec.size[1] or spec.size[0] % _multiple(name):
            raise UsageError(
                f"'{name}' sees square pictures whose sides are a multiple of {_multiple(name)}, not"
                f" {spec.size[0]} x {spec.size[1]}",
                hint=f"--size {defaults(name).size[0]}",
            )
        how["image_size"] = spec.size[0]
    if name.startswith("maxvit_"):
        how["input_size"] = spec.size
    try:
        return torchvision.models.get_model(name, weights=None, **how)
    except ValueError as error:
        raise UsageError(
            f"'{name}' cannot see pictures of {spec.size[0]} x {spec.size[1]} pixels", hint="--size 224"
        ) from error


def _multiple(name: str) -> int:
    if name.startswith("vit_"):
        return int(name.rpartition("_")[2])
    return 224 if name.startswith("maxvit_") else 1


def _weights(name: str) -> Any:
    return torchvision.models.get_model_weights(name).DEFAULT


def _load(body: nn.Module, name: str, size: tuple[int, int]) -> None:
    """Load what torchvision publishes, all but the layer that hangs on the classes."""
    weights = _weights(name)
    if weights is None:
        raise unavailable(name)
    state: dict[str, Tensor] = {todays_name(key): tensor for key, tensor in from_torchvision(weights, name).items()}
    if name.startswith("vit_"):
        state = interpolate_embeddings(size[0], _multiple(name), state)
    own = body.state_dict()
    last = [key for key, part in body.named_modules() if isinstance(part, (nn.Linear, nn.Conv2d))][-1]
    fitting = {
        key: tensor
        for key, tensor in state.items()
        if key in own and own[key].shape == tensor.shape and key.rpartition(".")[0] != last
    }
    body.load_state_dict(fitting, strict=False)
