"""Batches of drawn shapes, as a network gets them, and what a detector found held against them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import box_iou

from cvdata.dataset.rle import to_mask
from cvdata.models.batch import Batch, Found
from tests.train.shapes import draw_shapes

__all__ = ["finders", "shapes_batch", "without_objects"]


def shapes_batch(folder: Path, images: int = 4, side: int = 64, *, seed: int = 0, objects: int = 2) -> Batch:
    """Draw pictures and return them as one batch, with boxes, labels, masks and keypoints."""
    dataset = draw_shapes(folder, images, side, seed=seed, objects=objects, val=0)
    table = dataset.annotations
    pictures = np.stack([np.asarray(Image.open(folder / name)) for name in dataset.images.names])
    side = pictures.shape[1]
    box = np.concatenate([table.box[:, :2], table.box[:, :2] + table.box[:, 2:]], axis=1)
    assert table.masks is not None and table.keypoints is not None
    masks = [to_mask(table.masks[row], side, side) for row in range(len(table))]
    points = table.keypoints.values.reshape(len(table), -1, 3)
    return Batch(
        images=torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()),
        rows=torch.arange(len(pictures)),
        owner=torch.from_numpy(table.image.astype(np.int64)),
        box=torch.from_numpy(box.astype(np.float32)),
        label=torch.from_numpy(table.category.astype(np.int64)),
        mask=torch.from_numpy(np.stack(masks).astype(np.bool_)),
        keypoint=torch.from_numpy(points.astype(np.float32)),
    )


def without_objects(batch: Batch) -> Batch:
    """Return the pictures of a batch with nothing on them."""
    columns = ("owner", "box", "label", "mask", "keypoint")
    empty = {name: getattr(batch, name)[:0] for name in columns if getattr(batch, name) is not None}
    return dataclasses.replace(batch, **empty)


def finders(found: Found, batch: Batch, least_score: float = 0.5) -> Tensor:
    """Return for each object of a batch the detection of its class that covers it best, -1 where none does by half."""
    assert found.box is not None and found.owner is not None and found.label is not None and found.score is not None
    assert batch.box is not None and batch.owner is not None and batch.label is not None
    overlap = box_iou(batch.box, found.box)
    same = (batch.owner[:, None] == found.owner) & (batch.label[:, None] == found.label)
    overlap = overlap * (same & (found.score >= least_score))
    if not len(found.box):
        return torch.full((len(batch.box),), -1)
    best, rows = overlap.max(dim=1)
    return torch.where(best > 0.5, rows, -1)
