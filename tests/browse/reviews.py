"""Proposals on drawn shapes, as a review puts them into FiftyOne."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvdata.dataset import Dataset

from ..train.shapes import draw_shapes

__all__ = ["numbers", "proposals"]


def proposals(folder: Path, images: int = 4, *, shapes: bool = False, seed: int = 0) -> Dataset:
    """Draw pictures and return the shapes in them as proposals with scores and crooked boxes; masks where asked."""
    drawn = draw_shapes(folder, images, seed=seed)
    rng = np.random.default_rng(seed)
    table = drawn.annotations
    found = replace(
        table.without(frozenset({"keypoints", "polygons"} | (set() if shapes else {"masks"}))),
        box=table.box + rng.uniform(0, 1, table.box.shape) / 3,
        score=rng.uniform(0.1, 1, len(table)),
    )
    return replace(drawn, annotations=found)


def numbers(dataset: Dataset) -> NDArray[np.int64]:
    """Return numbers for the proposals that are not their rows."""
    return np.arange(len(dataset.annotations), dtype=np.int64) * 3 + 100
