"""Networks so small that what they give can be worked out by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvdata.models.batch import Batch, Found
from cvdata.models.networks.network import Network, Stage
from cvdata.models.spec import ModelSpec

__all__ = ["Echo", "OnlyFinds", "RedFinder", "TwoChannels", "spec_of"]


def spec_of(task: str, size: tuple[int, int], classes: tuple[str, ...] = ("a",)) -> ModelSpec:
    """Return what a network is that is in no catalogue."""
    return ModelSpec(task=task, architecture="tiny", classes=classes, size=size)  # type: ignore[arg-type]


class OnlyFinds(Network):
    """A network that never learns: there is nothing to bring down."""

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return no loss."""
        return {}

    def stages(self) -> list[Stage]:
        """Return all of it as one."""
        return [Stage("all", (self,), backbone=False)]

    def heat_layer(self) -> nn.Module:
        """Return all of it."""
        return self


class Echo(OnlyFinds):
    """A classifier whose scores are the values of the pixels that reach it."""

    def found(self, images: Tensor) -> Found:
        """Return the pixels."""
        return Found(scores=images.float().reshape(1, -1))


class TwoChannels(OnlyFinds):
    """A classifier of 4 x 4 pixels: red and green in four places, and a weight for each colour and class."""

    def __init__(self, weights: list[list[float]]) -> None:
        super().__init__(spec_of("classifier", (4, 4), tuple(f"class {row}" for row in range(len(weights)))))
        self.places = nn.AvgPool2d(2)
        self.weights = nn.Parameter(torch.tensor(weights))

    def logits(self, images: Tensor) -> Tensor:
        """Return the sum over colours of weight times mean."""
        sums: Tensor = self.places(images[:, :2].float()).mean(dim=(2, 3)) @ self.weights.t()
        return sums

    def found(self, images: Tensor) -> Found:
        """Return the probability of each class."""
        return Found(scores=self.logits(images).softmax(dim=1))

    def heat_layer(self) -> nn.Module:
        """Return the four places."""
        return self.places


class RedFinder(OnlyFinds):
    """A detector without learning: each place of 4 x 4 pixels that is red is an object, two classes left and right."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__(spec_of("detector", size, ("left", "right")))
        self.places = nn.AvgPool2d(4)
        self.scale = nn.Parameter(torch.ones(1))

    def found(self, images: Tensor) -> Found:
        """Return a box for each red place, the reddest first."""
        values = images.float()
        red = self.places((values[:, :1] - values[:, 1:].mean(dim=1, keepdim=True)).relu() / 255)[0, 0]
        rows, columns = torch.nonzero(red > 0.1, as_tuple=True)
        score = red[rows, columns] * self.scale
        order = torch.argsort(score, descending=True)
        left, top = columns[order] * 4.0, rows[order] * 4.0
        return Found(
            owner=torch.zeros_like(order),
            box=torch.stack([left, top, left + 4, top + 4], dim=1),
            label=(left >= images.shape[3] / 2).long(),
            score=score[order],
        )

    def heat_layer(self) -> nn.Module:
        """Return the places."""
        return self.places
