"""Pyramid pooling that can be exported: ONNX has no pooling into cells of unequal size."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["CellPool", "make_exportable"]


def make_exportable(decoder: Any) -> None:
    """Exchange the pooling of a PSPNet's or a UPerNet's decoder for one that computes the same and can be exported."""
    blocks = decoder.psp.blocks
    for row, block in enumerate(blocks):
        if isinstance(block, nn.Sequential):  # UPerNet's enlarges outside
            pool: Any = block[0]
            block[0] = CellPool(pool.output_size)
        else:
            blocks[row] = _Level(block.pool_size, block.pool[1])


class CellPool(nn.Module):
    """Means over the cells of a grid, as `torch.nn.AdaptiveAvgPool2d` has them."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, maps: Tensor) -> Tensor:
        """Return means, shape (n, c, cells, cells), of maps, shape (n, c, h, w)."""
        if not torch.onnx.is_in_onnx_export():
            return functional.adaptive_avg_pool2d(maps, self.cells)
        down, across = (self.shares(int(side)).to(maps) for side in maps.shape[-2:])
        return down @ maps @ across.T

    def shares(self, side: int) -> Tensor:
        """Return by what share each place counts in each cell, shape (cells, side): from floor to ceiling."""
        rows = torch.zeros(self.cells, side)
        for cell in range(self.cells):
            first, end = cell * side // self.cells, -(-(cell + 1) * side // self.cells)
            rows[cell, first:end] = 1 / (end - first)
        return rows


class _Level(nn.Module):
    """One level of a PSPNet's pyramid, as smp computes it outside of exports."""

    def __init__(self, cells: int, convolution: nn.Module) -> None:
        super().__init__()
        self.pool = CellPool(cells)
        self.convolution = convolution

    def forward(self, maps: Tensor) -> Tensor:
        """Return the features of large cells at the size of the maps."""
        features = self.convolution(self.pool(maps))
        return functional.interpolate(features, size=maps.shape[-2:], mode="bilinear", align_corners=True)
