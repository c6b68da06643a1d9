"""What the last features of a network say of a whole picture, as one row of numbers.

Of a classifier it is what its last layer sees. Other networks, and classifiers whose last layer sees maps, have
features with places: of several maps the one with the most channels counts, and its mean over the picture itself is
taken, the grey that the letterbox puts beside it left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .letterbox import letterbox_all, scaled_sizes

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .networks.network import Network

__all__ = ["content_mean", "features_of"]


def features_of(network: Network, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return the features of pictures of any size, float32, shape (n, channels).

    Args:
        network: in evaluation mode, on any device.

    Raises:
        ModelError: it has no layer that says something of a whole picture.
    """
    import torch

    device = next(network.parameters()).device
    images = torch.from_numpy(letterbox_all(pictures, network.spec.size)).permute(0, 3, 1, 2).to(device)
    with torch.inference_mode(), _watched(network) as seen, suppress(_SeenEnoughError):
        network.found(images)
    if not seen:
        raise ModelError(
            f"'{network.spec.architecture}' has no layer whose features describe a whole picture",
            hint="give another run, timm:NAME or colour",
        )
    features = seen[-1].detach().float()
    if features.ndim == 4:
        wide, tall = (np.array([picture.shape[side] for picture in pictures], np.int64) for side in (1, 0))
        content = scaled_sizes(wide, tall, network.spec.size) / np.array(network.spec.size[::-1])
        features = content_mean(features, torch.from_numpy(content).to(features))
    rows: NDArray[np.float32] = features.flatten(1).cpu().numpy()
    return rows


def content_mean(maps: Tensor, content: Tensor) -> Tensor:
    """Return the mean of features over the part of each map that shows its picture, shape (n, channels).

    A place that the border of the picture crosses counts by as much of it as lies inside.

    Args:
        maps: shape (n, channels, height, width).
        content: shape (n, 2): share of the width and of the height that the picture takes, from the upper left corner.
    """
    import torch

    across, down = (
        (content[:, side, None] * length - torch.arange(length, device=maps.device)).clamp(0, 1)
        for side, length in ((0, maps.shape[3]), (1, maps.shape[2]))
    )
    weights = down[:, :, None] * across[:, None, :]
    mean: Tensor = (maps * weights[:, None]).sum(dim=(2, 3)) / weights.sum(dim=(1, 2))[:, None]
    return mean


class _SeenEnoughError(Exception):
    """Ends a look at pictures once the features are there: what comes after them takes time and is not needed."""


@contextmanager
def _watched(network: Network) -> Iterator[list[Tensor]]:
    """Keep what the last layer of a classifier sees, or what the layer of features of another network gives."""
    seen: list[Tensor] = []
    layers = _last_layers(network) if network.spec.task == "classifier" else []
    if layers:
        hooks = [layer.register_forward_pre_hook(_keep_input(seen)) for layer in layers]
    else:
        hooks = [network.feature_layer().register_forward_hook(_keep_output(seen))]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _last_layers(network: Network) -> list[nn.Module]:
    """Return the layers of a classifier's head that multiply: of those that run, the last one says what a picture is.

    Norms, whose weights are a row, are none.
    """
    layers = [layer for part in network.stages()[-1].modules for layer in part.modules() if layer is not network]
    return [layer for layer in layers if any(p.ndim > 1 for p in layer.parameters(recurse=False))]


def _keep_input(seen: list[Tensor]) -> Callable[..., None]:
    def keep(_: Any, inputs: tuple[Any, ...]) -> None:
        seen[:] = [value for value in inputs[:1] if getattr(value, "ndim", 0) in (2, 4)]

    return keep


def _keep_output(seen: list[Tensor]) -> Callable[..., None]:
    def keep(_: Any, __: Any, output: Any) -> None:
        if isinstance(output, Mapping):
            output = list(output.values())
        levels = output if isinstance(output, list | tuple) else [output]
        maps = [level for level in levels if getattr(level, "ndim", 0) == 4]
        seen[:] = sorted(maps, key=lambda level: level.shape[1])[-1:]  # stable: of equals the last, which is coarsest
        raise _SeenEnoughError

    return keep
