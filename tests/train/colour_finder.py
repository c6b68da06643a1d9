"""A network that finds the shapes of `shapes.py` by their colours: it needs no training, and is wrong at times."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvdata.models.batch import Batch, Found
from cvdata.models.networks.network import Network, Stage
from cvdata.models.spec import ModelSpec

__all__ = ["ColourFinder"]


class ColourFinder(Network):
    """Takes pixels that are near the colour of a class for it; all of one class in a picture are one object."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        colours = torch.tensor([(210.0, 60.0, 50.0), (60.0, 160.0, 70.0), (60.0, 90.0, 210.0)])
        self.colours = nn.Parameter(colours)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        return {"near": (self._distance(batch.images).mean() - 100) ** 2}

    def stages(self) -> list[Stage]:
        return [Stage("colours", (self,), backbone=True)]

    def heat_layer(self) -> nn.Module:
        return self

    def found(self, images: Tensor) -> Found:
        near = torch.sigmoid(8 - self._distance(images) / 5)  # (n, classes, height, width)
        if self.spec.task == "classifier":
            share = near.mean(dim=(2, 3)) + 1e-3
            return Found(scores=share / share.sum(dim=1, keepdim=True))
        if self.spec.task == "segmenter":
            nothing = (1 - near.amax(dim=1, keepdim=True)).clamp(min=0)
            return Found(pixels=torch.cat([nothing, near], dim=1))
        return self._objects(near)

    def _objects(self, near: Tensor) -> Found:
        owners, boxes, labels, scores, masks = [], [], [], [], []
        for picture in range(len(near)):
            for label in range(near.shape[1]):
                rows, columns = torch.nonzero(near[picture, label] > 0.5, as_tuple=True)
                if len(rows) < 9:
                    continue
                owners.append(picture)
                labels.append(label)
                boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
                scores.append(near[picture, label][rows, columns].mean())
                masks.append(near[picture, label])
        box = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
        score = torch.stack(scores) if scores else torch.zeros(0)
        found = Found(owner=torch.tensor(owners, dtype=torch.int64), box=box, label=torch.tensor(labels), score=score)
        if self.spec.masks:
            mask = torch.stack(masks) if masks else torch.zeros(0, *near.shape[2:])
            return Found(owner=found.owner, box=box, label=found.label, score=score, mask=mask)
        return found

    def _distance(self, images: Tensor) -> Tensor:
        away = images.float()[:, None] - self.colours[None, :, :, None, None]
        return away.square().sum(dim=2).sqrt()
