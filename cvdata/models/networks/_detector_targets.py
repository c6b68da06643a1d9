"""Batches as torchvision's detectors want them: a dictionary for each picture."""

from __future__ import annotations

import torch
from torch import Tensor

from ...errors import ModelError
from ..batch import Batch

__all__ = ["large_enough", "targets_of"]

_LEAST_SIDE = 1.0
"""Pixels that both sides of an object need, at the network's size, to be learnt."""


def large_enough(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return owner, box and label of the objects of a batch that can be learnt.

    Objects that letterboxing made thinner than a pixel are left out: no network sees them, and torchvision refuses
    boxes without an area.

    Raises:
        ModelError: the batch has no boxes.
    """
    columns = _columns(batch)
    large = _large(columns["boxes"])
    return columns["owner"][large], columns["boxes"][large], columns["labels"][large]


def targets_of(
    batch: Batch, *, first_label: int, masks: bool = False, keypoints: bool = False
) -> list[dict[str, Tensor]]:
    """Return what can be learnt of each picture of a batch; see `large_enough`.

    Args:
        first_label: number of the first class; 1 where the network counts the background as 0.
        masks, keypoints: whether the network learns from them, too.

    Raises:
        ModelError: the batch does not have them.
    """
    columns = _columns(batch, masks=masks, keypoints=keypoints)
    large = _large(columns["boxes"])
    counts = columns.pop("owner")[large].bincount(minlength=len(batch.images)).tolist()
    columns["labels"] = columns["labels"] + first_label
    split = {name: torch.split(column[large], counts) for name, column in columns.items()}
    return [{name: parts[row] for name, parts in split.items()} for row in range(len(batch.images))]


def _large(box: Tensor) -> Tensor:
    return ((box[:, 2:] - box[:, :2]) >= _LEAST_SIDE).all(dim=1)


def _columns(batch: Batch, *, masks: bool = False, keypoints: bool = False) -> dict[str, Tensor]:
    wanted = {"owner": batch.owner, "boxes": batch.box, "labels": batch.label}
    wanted |= {"masks": batch.mask} if masks else {}
    wanted |= {"keypoints": batch.keypoint} if keypoints else {}
    columns = {name: column for name, column in wanted.items() if column is not None}
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise ModelError(f"the pictures have no {' and no '.join(missing)} that this detector could learn from")
    return columns
