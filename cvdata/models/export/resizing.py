"""Pillow's bilinear filter as two matrices, in operations that an exported file can do for a picture of any size.

ONNX has an operator for it, `Resize` with `antialias`; onnxruntime 1.31's differs from Pillow by up to 14 grey levels,
because it leaves out taps at the edge of the triangle. So the weights are computed here, from the size of the
picture, just as `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow's `Resample.c` do, and a matrix is multiplied
from either side. In float64 all sums are those of Pillow's integers, and the result is the same to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["exact", "resized", "resized_8_bits", "sides", "steps", "weights"]

_ONE = 1 << 22
"""What a weight of 1 is in Pillow's integers: `PRECISION_BITS` is 22."""


def weights(size: Tensor, target: Tensor) -> Tensor:
    """Return how much each old place counts for each new one, float64, shape (target, size).

    The filter is a triangle whose half width is an old pixel, or a new one where those are larger.

    Args:
        size, target: int64 scalars, old and new number of pixels.
    """
    import torch

    scale = exact(size) / exact(target)
    reach = torch.clamp(scale, min=1.0)
    centre = (steps(target).double() + 0.5).unsqueeze(1) * scale
    place = steps(size).double().unsqueeze(0)
    first = torch.clamp(torch.floor(centre - reach + 0.5), min=0.0)
    stop = torch.minimum(torch.floor(centre + reach + 0.5), exact(size))
    heights = torch.clamp(1.0 - torch.abs((place - centre + 0.5) * (1.0 / reach)), min=0.0)
    inside = (place >= first).double() * (place < stop).double()
    heights = heights * inside
    shares: Tensor = heights / heights.sum(dim=1, keepdim=True)
    return shares


def resized_8_bits(image: Tensor, height: Tensor, width: Tensor) -> Tensor:
    """Return a picture in another size, float64 with whole numbers from 0 to 255, shape (3, height, width).

    Args:
        image: uint8, shape (any height, any width, 3).
        height, width: int64 scalars.
    """
    tall, wide = sides(image)
    across, down = _whole(weights(wide, width)), _whole(weights(tall, height))
    # Pillow goes along the rows first and rounds to 8 bits in between.
    rows = _rounded(image.permute(2, 0, 1).double() @ across.t())
    return _rounded(down @ rows)


def resized(layers: Tensor, height: Tensor, width: Tensor) -> Tensor:
    """Return layers of numbers in another size, float32, shape (n, height, width).

    Args:
        layers: float32, shape (n, any height, any width).
        height, width: int64 scalars.
    """
    import torch

    tall, wide = (torch.as_tensor(layers.shape[axis]) for axis in (1, 2))
    across, down = weights(wide, width).float(), weights(tall, height).float()
    return down @ (layers @ across.t())


def sides(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the height and width of a picture, shape (height, width, ...), as int64 scalars that a trace follows."""
    import torch

    return torch.as_tensor(image.shape[0]), torch.as_tensor(image.shape[1])


def steps(count: Tensor) -> Tensor:
    """Return 0, 1, 2, ..., int64, shape (count,), in a way that a trace follows."""
    import torch

    counted: Tensor = torch.arange(count)  # type: ignore[call-overload]
    return counted


def exact(side: Tensor) -> Tensor:
    """Return a scalar as float64, shape (1,): torch's exporter computes with float64 scalars in 32 bits."""
    return side.double().reshape(1)


def _whole(values: Tensor) -> Tensor:
    import torch

    return torch.floor(values * _ONE + 0.5)


def _rounded(sums: Tensor) -> Tensor:
    import torch

    return torch.clamp(torch.floor((sums + _ONE / 2) / _ONE), max=255.0)
