"""Networks of timm without their head: what they say of a picture before any classes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import timm
import torch
from PIL import Image
from torch import Tensor, nn

from ...errors import ModelError, Place, UsageError, nearest_of, show
from ..weights.loading import named_as
from ..weights.reading import read_weights
from ._publisher import from_hub

__all__ = ["TimmBackbone"]


class TimmBackbone:
    """A network of timm, ready to look at pictures the way its publisher measured it.

    Attributes:
        name: with the weights that it has, such as `resnet18.a1_in1k`.
        module: in evaluation mode; gives features, shape (n, numbers).
        transform: turns a picture into what it sees: for most networks the middle of it.
    """

    def __init__(self, name: str, *, weights: str | None = None) -> None:
        """Load it.

        Args:
            weights: file to take them from; None for the published ones.

        Raises:
            UsageError: timm has no network of this name, or there is no such file.
            ModelError: the file does not hold its weights, or those that are published cannot be had.
        """
        settings = _settings(name)
        self.name = f"{settings.architecture}.{settings.tag}" if settings.tag else str(settings.architecture)
        if weights is None:
            self.module = _published(self.name, settings)
        else:
            self.module = timm.create_model(self.name, pretrained=False, num_classes=0)
            _put_in(self.module, weights, self.name)
        self.module.eval()
        data: Any = timm.data
        config = data.resolve_model_data_config(self.module)
        self.transform: Callable[[Image.Image], Tensor] = data.create_transform(**config)

    @property
    def sha256(self) -> str:
        """Hash of its tensors by name: the same wherever the weights came from."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(name.encode() + b"\0" + str(tuple(tensor.shape)).encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


def _settings(name: str) -> Any:
    # What names a place on the hub or on the disk ("hf-hub:...") is not a network.
    if ":" in name or "/" in name or not timm.is_model(name):
        raise UsageError(f"timm has no network '{show(name)}'", hint=nearest_of(name, timm.list_models()))
    try:
        return timm.get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        hint = nearest_of(name, timm.list_pretrained(f"{name.split('.')[0]}.*"))
        raise UsageError(f"timm has no weights '{show(name)}'", hint=hint) from error


def _published(name: str, settings: Any) -> nn.Module:
    """Return a network with published weights, from where they were downloaded to before, or from the hub."""
    if not settings.has_weights:
        hint = "choose another network, or give the file of some with --weights FILE"
        raise ModelError(f"nobody publishes weights for '{show(name)}'", hint=hint)
    try:
        module: nn.Module = from_hub(lambda: timm.create_model(name, pretrained=True, num_classes=0), name)
    except ModelError as error:
        wanted = f"model.safetensors of {settings.hf_hub_id} on the Hugging Face hub"
        raise ModelError(
            error.message,
            hint=f"bring {wanted} from where there is a network, and give it: --weights {name}.safetensors",
        ) from error
    return module


def _put_in(module: nn.Module, weights: str, name: str) -> None:
    own = module.state_dict()
    tensors = named_as(read_weights(weights), own)
    missing = [key for key in own if key not in tensors or tensors[key].shape != own[key].shape]
    if missing:
        raise ModelError(
            f"does not hold the weights of '{name}': {len(missing):,} of its {len(own):,} tensors are missing or of "
            f"another shape, such as {show(missing[0], 80)}",
            at=Place(weights),
            hint=f"give the file that timm publishes for {name}",
        )
    module.load_state_dict({key: tensors[key] for key in own})
