"""Masks and points of detections, from what the heads of Mask R-CNN and Keypoint R-CNN say about each box."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["paste_masks", "place_points"]

_NEAR = 2
"""Cells around the likeliest one that count as the same place."""


def paste_masks(inside: Tensor, box: Tensor, height: int, width: int) -> Tensor:
    """Return for each box the probability of every pixel of the picture, float32, shape (n, height, width).

    Bilinear between the centres of the cells, and 0 beyond them: two matrix products, which any exporter knows.

    Args:
        inside: probabilities inside each box, shape (n, cells, cells).
        box: shape (n, 4): left, top, right, bottom.
    """
    across = _weights(box[:, 0], box[:, 2], width, inside.shape[-1])
    down = _weights(box[:, 1], box[:, 3], height, inside.shape[-2])
    return down @ inside.float() @ across.transpose(1, 2)


def _weights(start: Tensor, end: Tensor, pixels: int, cells: int) -> Tensor:
    """Return how much each cell of a box counts at the centre of each pixel, shape (n, pixels, cells)."""
    centres = torch.arange(pixels, device=start.device, dtype=torch.float32) + 0.5
    side = (end - start).float().clamp(min=1e-2)
    place = (centres - start[:, None].float()) / side[:, None] * cells - 0.5
    distance = (place[:, :, None] - torch.arange(cells, device=start.device, dtype=torch.float32)).abs()
    return (1 - distance).clamp(min=0)


def place_points(logits: Tensor, box: Tensor) -> Tensor:
    """Return the points of each box: x, y in pixels and confidence, float32, shape (n, points, 3).

    The heat map of a point is a softmax over the cells of its box, as in training. Its place is the mean of the cells
    around the likeliest one, weighed by their probabilities, which is finer than the cells are; its confidence is
    their sum: the probability that the point lies there.

    Args:
        logits: shape (n, points, rows, columns).
        box: shape (n, 4): left, top, right, bottom.
    """
    rows, columns = logits.shape[-2:]
    heat = logits.float().flatten(2).softmax(dim=-1)
    best = heat.argmax(dim=-1, keepdim=True)
    cell = torch.arange(rows * columns, device=logits.device)
    down = torch.div(cell, columns, rounding_mode="floor")
    across = cell - down * columns
    best_down = torch.div(best, columns, rounding_mode="floor")
    near = ((down - best_down).abs() <= _NEAR) & ((across - (best - best_down * columns)).abs() <= _NEAR)
    heat = heat * near
    confidence = heat.sum(dim=-1)
    x = ((across + 0.5) / columns * heat).sum(dim=-1) / confidence
    y = ((down + 0.5) / rows * heat).sum(dim=-1) / confidence
    left, top, right, bottom = box.float()[:, :, None].unbind(dim=1)
    return torch.stack([left + x * (right - left), top + y * (bottom - top), confidence], dim=-1)
