"""Four drawn pictures as a batch, and a network that learns them by heart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cvdata.models.spec import Option, Task
from tests.train.shapes import CLASSES, draw_classes, draw_maps

if TYPE_CHECKING:
    from torch import Tensor

    from cvdata.models.batch import Batch
    from cvdata.models.networks.network import Network

__all__ = ["body", "build", "class_batch", "covered_once", "learn", "pixel_batch"]


def build(
    task: Task,
    architecture: str,
    size: int = 64,
    *,
    several: bool = False,
    classes: int = 3,
    options: Mapping[str, Option] | None = None,
) -> Network:
    """Make a network with random weights, always the same ones."""
    import torch

    from cvdata.models.networks import catalogue
    from cvdata.models.spec import ModelSpec

    names = CLASSES[:classes] if task == "classifier" else ("background", *CLASSES)[:classes]
    torch.manual_seed(0)
    spec = ModelSpec(
        task=task,
        architecture=architecture,
        classes=names,
        size=(size, size),
        several=several,
        options=dict(options or {}),
    )
    return catalogue.build(spec)


def body(network: Network) -> Any:
    """Return what a classifier or a segmenter wraps."""
    return network.body


def class_batch(folder: Path, side: int = 64) -> Batch:
    """Draw four pictures with one shape each."""
    import torch

    from cvdata.models.batch import Batch

    dataset = draw_classes(folder, 4, side)
    target = torch.tensor(dataset.annotations.category.tolist())
    return Batch(images=_images(folder), rows=torch.arange(4), target=target)


def pixel_batch(folder: Path, side: int = 64) -> Batch:
    """Draw four pictures with shapes, and the class of each of their pixels."""
    import torch

    from cvdata.models.batch import Batch

    images, labels = draw_maps(folder, 4, side)
    maps = [np.asarray(Image.open(path)) for path in sorted(labels.glob("*.png"))]
    return Batch(images=_images(images), rows=torch.arange(4), pixels=torch.from_numpy(np.stack(maps)))


def learn(network: Network, batch: Batch, steps: int, rate: float) -> None:
    """Train a network on one batch, and leave it in evaluation mode."""
    import torch

    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, fused=True)
    network.train()
    for _ in range(steps):
        loss = torch.stack(list(network.losses(batch).values())).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    _count_anew(network, batch)
    network.eval()


def _count_anew(network: Network, batch: Batch) -> None:
    """Take the statistics of norms from the batch: their running means lag far behind after so few steps."""
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        network.losses(batch)


def covered_once(network: Network) -> bool:
    """Tell whether the stages hold every parameter exactly once."""
    held = [id(one) for stage in network.stages() for module in stage.modules for one in module.parameters()]
    return sorted(held) == sorted(id(one) for one in network.parameters())


def _images(folder: Path) -> Tensor:
    import torch

    pictures = [np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
