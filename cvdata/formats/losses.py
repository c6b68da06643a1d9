"""The ledger: what a dataset has and a format cannot hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..dataset import FLAGS, Dataset, SourceIds, State
from ..files import Loss

__all__ = ["losses_of"]


def losses_of(dataset: Dataset, carried: frozenset[str], unread: Mapping[str, int]) -> list[Loss]:
    """Count everything in a dataset that a format does not carry.

    What the format would give back by itself is no loss: ids that count up from 1, areas that are width x height; nor
    is what can be measured again from the pictures (`Images.facts`).

    Args:
        carried: what the format keeps, of `formats.FEATURES`.
        unread: optional columns that the reader counted instead of making them.
    """
    counts = _annotation_counts(dataset, unread) | _image_counts(dataset) | _category_counts(dataset)
    words = {name: _WORDS[name] for name in counts if name not in carried}
    return [Loss(what=words[name][0], count=counts[name], outcome=words[name][1]) for name in words if counts[name]]


_DROPPED = "left out"
_WORDS = {
    "polygons": ("outlines (polygons)", "left out; the boxes are kept"),
    "rings": ("outlines of several rings", "left out; the boxes are kept"),
    "masks": ("masks (run lengths)", "left out; the boxes are kept"),
    "keypoints": ("annotations with keypoints", "keypoints left out; the boxes are kept"),
    "rotated": ("rotated boxes", "written as the upright box around them"),
    "score": ("confidences", _DROPPED),
    **{flag: (f"annotations marked {flag}", "the mark is left out") for flag in FLAGS},
    "area": ("areas that are not width x height", _DROPPED),
    "extra": ("annotations with other attributes", "the attributes are left out"),
    "annotation-ids": ("annotation ids", "numbered anew"),
    "image-extra": ("images with other attributes", "the attributes are left out"),
    "image-ids": ("image ids", "numbered anew"),
    "splits": ("images in a split", "the split is left out"),
    "groups": ("images in a group", "the group is left out"),
    "unlabelled": ("images that nobody has labelled", "written as images with nothing in them"),
    "empty": ("images labelled as empty", "no longer told apart from unlabelled ones"),
    "category-ids": ("class ids", "numbered anew"),
    "category-extra": ("classes with a supercategory, keypoint names or other attributes", "these are left out"),
    "unused-categories": ("classes that nothing uses", _DROPPED),
    "meta": ("notes on the dataset (info, licences)", _DROPPED),
}


def _annotation_counts(dataset: Dataset, unread: Mapping[str, int]) -> dict[str, int]:
    table = dataset.annotations
    counts = {name: int(table.has(name).sum()) for name in ("masks", "keypoints", "rotated", "score", *FLAGS, "extra")}
    rings = table.polygons.ring_counts if table.polygons is not None else np.zeros(0, np.int64)
    several = int((rings > 1).sum())
    counts["polygons"] = int((rings > 0).sum()) + unread.get("polygons", 0)
    counts["rings"] = several + unread.get("rings", 0)
    counts["area"] = 0
    if table.area is not None:
        plain = table.box[:, 2] * table.box[:, 3]
        counts["area"] = int((~np.isnan(table.area) & ~(np.abs(table.area - plain) <= 1e-3 + 1e-3 * plain)).sum())
    counts["annotation-ids"] = _named(table.source_id, len(table))
    return counts


def _image_counts(dataset: Dataset) -> dict[str, int]:
    images = dataset.images
    return {
        "image-extra": int((images.extra.lengths > 0).sum()) if images.extra is not None else 0,
        "image-ids": _named(images.source_id, len(images)),
        "splits": int((images.split >= 0).sum()),
        "groups": int((images.group >= 0).sum()) if images.group is not None else 0,
        "unlabelled": int((images.state == State.UNLABELLED).sum()),
        "empty": int((images.state == State.EMPTY).sum()),
    }


def _category_counts(dataset: Dataset) -> dict[str, int]:
    categories = dataset.categories
    attributes = (categories.supercategory, categories.keypoints, categories.skeleton, categories.extra)
    described = sum(any(column is not None and column[row] for column in attributes) for row in range(len(categories)))
    ids = categories.source_id or ()
    used = np.bincount(dataset.annotations.category, minlength=len(categories)) > 0
    return {
        "category-ids": 0 if list(ids) == list(range(1, len(ids) + 1)) else len(ids),
        "category-extra": described,
        "unused-categories": int((~used).sum()),
        "meta": sum(1 for value in dataset.meta.values() if value),
    }


def _named(ids: SourceIds | None, count: int) -> int:
    """Return how many ids there are that counting from 1 would not give again."""
    if ids is None:
        return 0
    values: NDArray[np.int64] | None = ids if isinstance(ids, np.ndarray) else None
    return 0 if values is not None and (values == np.arange(1, count + 1)).all() else count
