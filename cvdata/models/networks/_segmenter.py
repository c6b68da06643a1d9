"""Segmenters of any library behind the protocol of networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from ...errors import ModelError
from ..batch import Batch, Found
from ..spec import ModelSpec, Option
from ._norms import steady_norms
from ._options import with_options
from ._parts import backbone_stages
from ._trial import check_size
from .network import Network, Stage
from .pixel_losses import SUMS, pixel_losses

__all__ = ["OPTIONS", "Segmenter", "with_pixel_options"]

OPTIONS: Mapping[str, Option] = {"encoder": "resnet18", "loss": "ce+dice"}


def with_pixel_options(
    spec: ModelSpec,
    options: Mapping[str, Option] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> ModelSpec:
    """Return a spec with every option of a segmenter.

    Args:
        options, choices: that it has besides, or with another default; see `with_options`.

    Raises:
        UsageError: there is no such option, or its value is none.
    """
    defaults = {**OPTIONS, **(options or {})}
    encoder = str(spec.options.get("encoder", defaults["encoder"]))  # each family says which ones there are
    return with_options(spec, defaults, {"loss": SUMS, "encoder": (encoder,), **(choices or {})})


class Segmenter(Network):
    """A segmenter: an encoder, a decoder and a head.

    Options: `encoder` is what sees the picture, `loss` what is brought down: `ce`, `dice`, `focal`, or a sum of them.

    Attributes:
        body: gives logits, shape (n, classes, height, width); with the children `encoder`, `decoder` and
            `segmentation_head`, as segmentation-models-pytorch names them.
    """

    def __init__(self, spec: ModelSpec, body: nn.Module) -> None:
        """Wrap a network.

        Args:
            spec: with every option.

        Raises:
            UsageError: the size of pictures does not fit.
        """
        super().__init__(spec)
        check_size(body, self.spec)
        self.body: Any = body

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses that the option `loss` names."""
        if batch.pixels is None:
            raise ModelError("there are no classes of pixels to learn from in a batch")
        with steady_norms(self.body, batch.images):
            logits = self.body(self.normalised(batch.images))
        return pixel_losses(str(self.spec.options["loss"]), logits, batch.pixels, self.class_weights)

    def found(self, images: Tensor) -> Found:
        """Return the probability of each class at each pixel."""
        return Found(pixels=self.body(self.normalised(images)).float().softmax(dim=1))

    def stages(self) -> list[Stage]:
        """Return the stages of the encoder, the decoder and the head."""
        last = [("decoder", self.body.decoder), ("head", self.body.segmentation_head)]
        learning = [(name, part) for name, part in last if any(True for _ in part.parameters())]
        return [*backbone_stages(self.body.encoder), *(Stage(name, (part,), False) for name, part in learning)]

    def heat_layer(self) -> nn.Module:
        """Return the decoder, whose output is one map for all classes."""
        layer: nn.Module = self.body.decoder
        return layer

    def feature_layer(self) -> nn.Module:
        """Return the encoder."""
        layer: nn.Module = self.body.encoder
        return layer
