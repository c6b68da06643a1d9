"""What an exported file gives: names, shapes, and how that becomes columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import starts
from ...dataset.rle import from_mask
from ..columns import Columns
from ..spec import ModelSpec

__all__ = ["KINDS", "MEANINGS", "columns_of", "output_names", "problem_of"]

MEANINGS = {
    "boxes": "left, top, right, bottom in pixels of the picture",
    "scores": "from 0 to 1",
    "labels": "class by number",
    "masks": "1 where the object is",
    "keypoints": "x, y in pixels of the picture, confidence",
    "map": "class of each pixel by number",
}
"""Outputs, as people read them."""

KINDS = {
    "boxes": "float32", "scores": "float32", "labels": "int64", "masks": "uint8", "keypoints": "float32",
    "map": "uint8",
}  # fmt: skip
"""Of their numbers."""


def output_names(spec: ModelSpec) -> tuple[str, ...]:
    """Return the names of what an exported network gives, in order."""
    if spec.task == "classifier":
        return ("scores",)
    if spec.task == "segmenter":
        return ("map",)
    return ("boxes", "scores", "labels", *["masks"] * spec.masks, *["keypoints"] * bool(spec.keypoints))


def problem_of(spec: ModelSpec, found: Mapping[str, NDArray[Any]], picture: tuple[int, ...]) -> str | None:
    """Say what is wrong with outputs that come from a file, which anyone may have changed; None where nothing is."""
    classes, count = len(spec.classes), np.size(found.get("labels", ()))
    shapes = {"boxes": (count, 4), "labels": (count,), "masks": (count, *picture[:2]), "map": picture[:2],
              "keypoints": (count, len(spec.keypoints), 3),
              "scores": (classes,) if spec.task == "classifier" else (count,)}  # fmt: skip
    for name, values in found.items():
        if values.shape != shapes[name] or values.dtype != KINDS[name]:
            return f"{name} as {values.dtype} {list(values.shape)}, expected {KINDS[name]} {list(shapes[name])}"
        if values.dtype == np.float32 and not np.isfinite(values).all():
            return f"{name} that are no numbers"
    whole = found["labels"] if spec.task == "detector" else found.get("map", np.empty(0))
    if whole.size and not 0 <= whole.min() <= whole.max() < classes:
        return f"classes beyond its {classes}"
    return None


def columns_of(spec: ModelSpec, found: Mapping[str, NDArray[Any]], picture: tuple[int, ...]) -> Columns:
    """Return the outputs for one picture as columns.

    Args:
        picture: its shape.
    """
    if spec.task == "classifier":
        return Columns(images=1, scores=found["scores"].astype(np.float64)[None])
    if spec.task == "segmenter":
        return Columns(images=1, maps=[found["map"]])
    corners = found["boxes"].astype(np.float64).reshape(-1, 4)
    edges = np.array([picture[1], picture[0]] * 2, np.float64)
    corners = np.clip(corners, 0, edges)
    box = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    rows = np.flatnonzero((box[:, 2:] > 0).all(axis=1))
    masks = found.get("masks")
    points = found.get("keypoints")
    return Columns(
        images=1,
        owner=np.zeros(len(rows), np.int64),
        box=box[rows],
        label=found["labels"][rows],
        score=np.clip(found["scores"][rows].astype(np.float64), 0, 1),
        masks=None if masks is None else _runs([masks[row] for row in rows.tolist()]),
        keypoints=None if points is None else points[rows].astype(np.float64),
    )


def _runs(masks: Sequence[NDArray[np.uint8]]) -> Ragged:
    runs = [from_mask(mask != 0) for mask in masks]
    lengths = np.fromiter(map(len, runs), np.int64, len(runs))
    return Ragged(np.concatenate([np.empty(0, np.uint32), *runs]), starts(lengths))
