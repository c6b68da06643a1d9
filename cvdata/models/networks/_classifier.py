"""Classifiers of any library behind the protocol of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import ModelError, UsageError
from ..batch import Batch, Found
from ..spec import ModelSpec, Option
from ._heat import grid_of, last_with_places
from ._norms import steady_norms
from ._options import with_options
from ._parts import backbone_stages, parts
from ._trial import run_once
from .network import Network, Stage

__all__ = ["Classifier", "complete"]

_OPTIONS: Mapping[str, Option] = {"smoothing": 0.0}

_AUXILIARY_WEIGHT = 0.3
"""Of the loss of each auxiliary head: Szegedy et al. 2015, Going deeper with convolutions, section 5."""


def complete(spec: ModelSpec, *, published: bool) -> ModelSpec:  # noqa: ARG001 - it is the same either way
    """Return a spec with every option.

    Raises:
        UsageError: there is no such option, or its value is none.
    """
    spec = with_options(spec, _OPTIONS)
    if float(spec.options["smoothing"]) >= 1:
        raise UsageError("option 'smoothing' must be 0 or more and less than 1")
    return spec


class Classifier(Network):
    """A classifier.

    Options: `smoothing` is the share of the truth that is spread over all classes (Szegedy et al. 2016, section 7).

    Attributes:
        body: gives logits, shape (n, classes); in training perhaps with those of auxiliary heads.
    """

    def __init__(
        self,
        spec: ModelSpec,
        body: nn.Module,
        *,
        head: Sequence[str],
        mean: Sequence[float],
        deviation: Sequence[float],
        fixed_size: bool = False,
    ) -> None:
        """Wrap a network.

        Args:
            head: children of the body that hang on the classes.
            mean, deviation: of the channels, from 0 to 1.
            fixed_size: it sees pictures of `spec.size` only.

        Raises:
            UsageError: there is no such option.
        """
        super().__init__(complete(spec, published=False))
        self.body = body
        self._head = tuple(head)
        self._mean, self._deviation = tuple(mean), tuple(deviation)
        self._fixed_size = fixed_size
        self._grid: tuple[nn.Module, ...] = ()  # a tuple, or torch would take it for one more module

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy, with several labels a picture the binary one, and that of auxiliary heads."""
        if batch.target is None:
            raise ModelError("there are no classes to learn from in a batch")
        if self._fixed_size and tuple(batch.images.shape[-2:]) != tuple(self.spec.size):
            raise ModelError(
                f"'{self.spec.architecture}' sees pictures of {self.spec.size[0]} x {self.spec.size[1]} pixels only",
                hint="train without --multi-scale",
            )
        with steady_norms(self.body, batch.images):
            output = self.body(self.normalised(batch.images))
        if isinstance(output, Tensor):
            return {"ce": self._entropy(output, batch.target)}
        auxiliary = [self._entropy(logits, batch.target) for logits in output[1:] if logits is not None]
        losses = {"ce": self._entropy(output[0], batch.target)}
        return losses | ({"auxiliary": _AUXILIARY_WEIGHT * torch.stack(auxiliary).sum()} if auxiliary else {})

    def found(self, images: Tensor) -> Found:
        """Return the probability of each class."""
        logits = self.logits(images)
        return Found(scores=logits.sigmoid() if self.spec.several else logits.softmax(dim=1))

    def logits(self, images: Tensor) -> Tensor:
        """Return what becomes the probability of each class."""
        logits: Tensor = self.body(self.normalised(images))
        return logits.float()

    def stages(self) -> list[Stage]:
        """Return its parts; the head is last."""
        head = tuple(self.body.get_submodule(name) for name in self._head)
        return [*backbone_stages(self.body, self._head), Stage("head", head, False)]

    def heat_layer(self) -> nn.Module:
        """Return the last layer with places; of a ViT the first norm of its last block.

        After that norm only the class token is read, so that nothing would flow back to the others (as Gildenblat's
        pytorch-grad-cam has it).

        Raises:
            ModelError: there is none.
        """
        if not self._grid:
            self._grid = (self._find_heat_layer(),)
        return self._grid[0]

    def normalised(self, images: Tensor) -> Tensor:
        """Return pictures with the mean and the deviation that the publisher of the network's weights took."""
        mean = torch.tensor(self._mean, device=images.device).view(1, 3, 1, 1)
        deviation = torch.tensor(self._deviation, device=images.device).view(1, 3, 1, 1)
        return (images.float() / 255 - mean) / deviation

    def _entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        weight = self.class_weights
        weight = None if weight is None else weight.to(logits.device, torch.float32)
        smoothing = float(self.spec.options["smoothing"])
        if not self.spec.several:
            return functional.cross_entropy(logits.float(), target, weight, label_smoothing=smoothing)
        smooth = target.float() * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(logits.float(), smooth, weight)

    def _find_heat_layer(self) -> nn.Module:
        body: Any = self.body
        blocks, norm, grid = _tokens(body)
        if blocks is not None and grid is not None:
            return grid_of(getattr(blocks[-1], norm), *grid)
        last = getattr(body, "output_fmt", None) == "NHWC"
        layer = last_with_places(
            self.spec.architecture, parts(body, self._head), lambda: run_once(body, self.spec.size), channels_last=last
        )
        return grid_of(layer) if last else layer


def _tokens(body: Any) -> tuple[Any, str, tuple[int, int] | None]:
    """Return the blocks of a ViT, the name of their first norm, and its grid of patches; None where it is not one."""
    encoder: Any = getattr(body, "encoder", None)
    if hasattr(encoder, "layers") and hasattr(body, "patch_size"):  # torchvision's
        side = body.image_size // body.patch_size
        return encoder.layers, "ln_1", (side, side)
    blocks, embed = getattr(body, "blocks", None), getattr(body, "patch_embed", None)
    grid = getattr(embed, "grid_size", None)
    if blocks is None or grid is None or not hasattr(blocks[-1], "norm1"):
        return None, "", None
    return blocks, "norm1", (int(grid[0]), int(grid[1]))
