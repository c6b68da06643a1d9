"""Where a classifier of any library still has places: what Grad-CAM looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ModelError

__all__ = ["Grid", "grid_of", "last_with_places"]


class Grid(nn.Module):
    """Passes maps of features on as they are: a point in a network of tokens at which there are maps."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps, shape (n, c, h, w), as they are."""
        return maps


def grid_of(layer: nn.Module, rows: int = 0, columns: int = 0) -> Grid:
    """Return a layer that sees the output of another as maps; what the network computes does not change.

    Args:
        layer: gives tokens, shape (n, others + rows * columns, c), or maps with channels last, shape (n, h, w, c).
    """
    grid = Grid()

    def through(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        if output.ndim == 4:
            maps: Tensor = grid(output.permute(0, 3, 1, 2))
            return maps.permute(0, 2, 3, 1)
        others = output.shape[1] - rows * columns
        maps = grid(output[:, others:].transpose(1, 2).reshape(len(output), -1, rows, columns))
        return torch.cat([output[:, :others], maps.flatten(2).transpose(1, 2)], dim=1)

    layer.register_forward_hook(through)
    return grid


def last_with_places(
    name: str, parts: Sequence[tuple[str, nn.Module]], run: Callable[[], object], *, channels_last: bool
) -> nn.Module:
    """Return the last part whose output has more than one place.

    Args:
        name: of the network, for the message.
        run: runs the network once.
        channels_last: shapes are (n, h, w, c).

    Raises:
        ModelError: it works on tokens after it.
    """
    seen: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(part: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            seen.append((part, tuple(output.shape)))

    hooks = [part.register_forward_hook(note) for _, part in parts]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    first = 1 if channels_last else 2
    for part, shape in reversed(seen):
        if len(shape) == 3:
            break
        if len(shape) == 4 and min(shape[first], shape[first + 1]) > 1:
            return part
    raise ModelError(
        f"'{name}' has no layer whose output is a map of the picture, so that there is nothing to draw heat from",
        hint="use a convolutional network, or a ViT",
    )
