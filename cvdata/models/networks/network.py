"""The protocol that every network follows, whatever its family.

A family is a file of this folder: `detector_torchvision.py`, `classifier_timm.py`. Its name begins with the task; the
file defines

    def names() -> tuple[str, ...]                  # architectures, as users name them
    def defaults(architecture: str) -> Defaults     # what suits it
    def build(spec: ModelSpec, *, published: bool) -> Network

and `catalogue` finds it. A family of very many names may also say `has(architecture: str) -> bool`, also for names that
it does not list, and one whose options hang on each other or on the weights

    def complete(spec: ModelSpec, *, published: bool) -> ModelSpec      # with every option, so that it says all

`published` asks for the weights that its publisher offers, for the backbone at least.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...errors import ModelError
from ..batch import Batch, Found
from ..spec import ModelSpec

__all__ = ["Defaults", "Network", "Stage"]


@dataclass(frozen=True)
class Defaults:
    """What suits an architecture, where the user says nothing.

    Attributes:
        size: height and width of pictures; `multiple`: sides must be a multiple of it.
        rate: learning rate for AdamW at 16 pictures a batch, from scratch.
        takes_class_weights: whether its losses can weigh classes.
        masks, keypoints: whether it learns a mask, or the points, of each object besides its box.
    """

    size: tuple[int, int]
    multiple: int = 32
    rate: float = 1e-3
    takes_class_weights: bool = False
    masks: bool = False
    keypoints: bool = False


@dataclass(frozen=True)
class Stage:
    """A part of a network, for freezing.

    Attributes:
        name: for people, such as `layer1` or `head`.
        modules: what belongs to it.
        backbone: whether it belongs to what other tasks share.
    """

    name: str
    modules: tuple[nn.Module, ...]
    backbone: bool


class Network(nn.Module, ABC):
    """A network of any family.

    Pictures are uint8, or float tensors with the same values from 0 to 255, shape (n, 3, height, width), RGB; it
    normalises them inside, so that what is exported needs no recipe for its inputs.

    Attributes:
        spec: what it is.
        class_weights: shape (classes,), weight of each class in the losses; None for equal ones. Families that can
            use them say so in their `Defaults`.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.class_weights: Tensor | None = None

    @abstractmethod
    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the parts of the loss by name, each a scalar; their sum is what training brings down.

        Works in both modes: in evaluation mode batch statistics and dropout stay still, which is how the loss of
        validation pictures is taken. Pictures without objects are fine.
        """

    @abstractmethod
    def found(self, images: Tensor) -> Found:
        """Return what it finds; in evaluation mode only. Gradients flow where they are switched on."""

    def logits(self, images: Tensor) -> Tensor:  # noqa: ARG002 - families that have them look at it
        """Return what becomes the probability of each class, shape (n, classes); classifiers only.

        Grad-CAM starts from it: where a probability is 1 to the last digit, no gradient is left.

        Raises:
            ModelError: it is no classifier.
        """
        raise ModelError(f"a {self.spec.task} has no probabilities of whole pictures")

    @abstractmethod
    def stages(self) -> list[Stage]:
        """Return its parts from the input to the output; every parameter belongs to exactly one."""

    @abstractmethod
    def heat_layer(self) -> nn.Module:
        """Return the layer whose output Grad-CAM weighs: the last one that still has places, shape (n, c, h, w).

        It may give a mapping of tensors or a list (a pyramid), too.
        """

    def feature_layer(self) -> nn.Module:
        """Return the layer that gives the features of the backbone, before anything that hangs on the task.

        Like `heat_layer`, which it is by default, it may give several maps.
        """
        return self.heat_layer()

    def normalised(self, images: Tensor) -> Tensor:
        """Return pictures as the backbone wants them: by default with ImageNet's mean and deviation."""
        mean = torch.tensor((0.485, 0.456, 0.406), device=images.device).view(1, 3, 1, 1)
        deviation = torch.tensor((0.229, 0.224, 0.225), device=images.device).view(1, 3, 1, 1)
        return (images.float() / 255 - mean) / deviation
