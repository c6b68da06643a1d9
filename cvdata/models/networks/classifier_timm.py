"""Classifiers of timm, more than a thousand. `timm/NAME` where torchvision has one of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torchvision

from ...errors import MissingExtraError, UsageError, show
from ..spec import ModelSpec
from ..weights.published import unavailable
from ._classifier import Classifier, complete
from ._publisher import from_hub
from ._trial import check_size
from .network import Defaults, Network

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["build", "complete", "defaults", "has", "names"]

_PREFIX = "timm/"


def names() -> tuple[str, ...]:
    """Return timm's names, with `timm/` before those that torchvision has, too."""
    taken = set(torchvision.models.list_models(module=torchvision.models))
    return tuple(f"{_PREFIX}{name}" if name in taken else name for name in _timm().list_models())


def has(architecture: str) -> bool:
    """Tell whether timm has it; a name may say which weights: `resnet50.a1_in1k`. torchvision's need no timm."""
    if architecture in torchvision.models.list_models(module=torchvision.models):
        return False
    name = architecture.removeprefix(_PREFIX)
    # What names a place on the hub or on the disk ("hf-hub:...") is not an architecture.
    return ":" not in name and "/" not in name and bool(_timm().is_model(name))


def defaults(architecture: str) -> Defaults:
    """Return the size that its weights were trained for, and a rate."""
    settings = _settings(architecture)
    name = architecture.removeprefix(_PREFIX)
    rate = 3e-4 if settings.fixed_input_size else 1e-3
    if name.startswith("vgg") and not name.split(".")[0].endswith("bn"):
        rate = 1e-4
    height, width = settings.input_size[-2:]
    return Defaults(size=(int(height), int(width)), multiple=1, rate=rate, takes_class_weights=True)


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a classifier.

    Raises:
        UsageError: it cannot see pictures of this size, or it has no head to classify with.
        ModelError: its published weights cannot be had.
    """
    name = spec.architecture
    settings = _settings(name)
    if published and not settings.has_weights:
        raise unavailable(name)
    body = from_hub(lambda: _body(spec, settings, published), name) if published else _body(spec, settings, False)
    if spec.size != defaults(name).size:
        check_size(body, spec)
    mean, deviation = settings.mean, settings.std
    fixed = bool(settings.fixed_input_size)
    return Classifier(spec, body, head=_head(name, body), mean=mean, deviation=deviation, fixed_size=fixed)


def _body(spec: ModelSpec, settings: Any, published: bool) -> Any:
    name = spec.architecture.removeprefix(_PREFIX)
    how: dict[str, Any] = {"img_size": spec.size} if settings.fixed_input_size else {}
    return _timm().create_model(name, pretrained=published, num_classes=len(spec.classes), **how)


def _head(name: str, body: Any) -> tuple[str, ...]:
    """Return the children that hold what hangs on the classes, all that come after the first of them, too."""
    own = body.get_classifier() if hasattr(body, "get_classifier") else ()
    learning = {
        id(parameter) for part in (own if isinstance(own, tuple) else (own,)) for parameter in part.parameters()
    }
    children = list(body.named_children())
    holding = [
        row
        for row, (_, child) in enumerate(children)
        if any(id(parameter) in learning for parameter in child.parameters())
    ]
    if not holding:
        raise UsageError(f"'{name}' of timm has no head to classify with", hint="choose another architecture")
    return tuple(child for child, _ in children[holding[0] :])


def _settings(architecture: str) -> Any:
    """Return what timm says of an architecture.

    Raises:
        UsageError: there are no such weights of it.
    """
    try:
        return _timm().get_pretrained_cfg(architecture.removeprefix(_PREFIX), allow_unregistered=False)
    except RuntimeError as error:
        raise UsageError(f"timm has no '{show(architecture)}': {show(str(error))}") from error


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError as error:
        raise MissingExtraError("timm is not installed", hint="pip install 'cvdata[train]'") from error
    return timm
