"""Boxes as pictures of their own, for classifiers that look at what a detector found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...dataset import Annotations, Dataset, Images, State
from ...models.crops import crop_windows
from .part import Part

__all__ = ["cut_boxes"]


def cut_boxes(part: Part, margin: float) -> Part:
    """Return a part whose pictures are the boxes of another, each labelled as a whole with the class of its box.

    They are called `PICTURE#1`, `PICTURE#2`, ...

    Args:
        margin: added at each side, as a share of the box's width and height.
    """
    dataset, images, table = part.dataset, part.dataset.images, part.dataset.annotations
    owner = table.image.astype(np.int64)
    window = crop_windows(table.box, images.width[owner], images.height[owner], margin)
    number = np.arange(len(table)) - np.repeat(dataset.offsets[:-1], np.diff(dataset.offsets)) + 1
    count = len(table)
    cut = Images(
        names=tuple(f"{images.names[row]}#{n}" for row, n in zip(owner.tolist(), number.tolist(), strict=True)),
        width=window[:, 2].astype(np.int32),
        height=window[:, 3].astype(np.int32),
        state=np.full(count, State.LABELLED, np.uint8),
        split=images.split[owner],
        splits=images.splits,
        folder=images.folder[owner],
        folders=images.folders,
        files=tuple((images.files or images.names)[row] for row in owner.tolist()),
    )
    labels = Annotations(
        image=np.arange(count, dtype=np.int32), category=table.category, box=np.full((count, 4), np.nan)
    )
    return replace(part, dataset=Dataset(images=cut, annotations=labels, categories=dataset.categories), crop=window)
