"""FCN: Long, Shelhamer and Darrell 2015, Fully convolutional networks for semantic segmentation, on a ResNet."""

from __future__ import annotations

from typing import Any

import torchvision
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.fcn import FCNHead

from ..spec import ModelSpec
from ._publisher import from_torchvision
from ._segmenter import Segmenter, with_pixel_options
from .network import Defaults, Network

__all__ = ["build", "complete", "defaults", "names"]

_ENCODERS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
_DEFAULT = "resnet50"
_BASIC = ("resnet18", "resnet34")


def names() -> tuple[str, ...]:
    """Return its name."""
    return ("fcn",)


def defaults(architecture: str) -> Defaults:
    """Return a size that fits most pictures, and a rate."""
    del architecture
    return Defaults(size=(256, 256), multiple=1, rate=1e-3, takes_class_weights=True)


def complete(spec: ModelSpec, *, published: bool) -> ModelSpec:  # noqa: ARG001 - it is the same either way
    """Return a spec with every option.

    Raises:
        UsageError: there is no such option or encoder, or its value is none.
    """
    return with_pixel_options(spec, {"encoder": _DEFAULT}, {"encoder": _ENCODERS})


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a segmenter; `published` gives weights to its encoder.

    ResNet-50 and larger ones see one place in 8 pixels, as torchvision's own; the smaller ones, which are far faster,
    one in 32.

    Raises:
        UsageError: there is no such option or encoder.
        ModelError: the published weights cannot be had.
    """
    spec = complete(spec, published=published)
    name = str(spec.options["encoder"])
    # The last two stages keep their size where blocks can be dilated.
    how: dict[str, Any] = {} if name in _BASIC else {"replace_stride_with_dilation": [False, True, True]}
    model = torchvision.models.get_model(name, weights=None, **how)
    if published:
        weights = torchvision.models.get_model_weights(name).IMAGENET1K_V1
        model.load_state_dict(from_torchvision(weights, name))
    return Segmenter(spec, FullyConvolutional(model, len(spec.classes)))


class FullyConvolutional(nn.Module):
    """A classifier without its head, and one that says a class at each place."""

    def __init__(self, model: Any, classes: int) -> None:
        super().__init__()
        head = list(FCNHead(model.fc.in_features, classes).children())
        self.encoder = IntermediateLayerGetter(model, {"layer4": "out"})
        self.decoder = nn.Sequential(*head[:-1])
        self.segmentation_head: nn.Module = head[-1]

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits, shape (n, classes, height, width)."""
        coarse = self.segmentation_head(self.decoder(self.encoder(pictures)["out"]))
        return functional.interpolate(coarse, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
