"""Something that looks at pictures without a network: each has an object as wide as its first pixel is red."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cvdata.dataset import Categories, Images
from cvdata.formats.predictions import PredictionModel
from cvdata.models.columns import Columns
from cvdata.models.spec import ModelSpec
from cvdata.prelabel.looker import Looker

__all__ = ["SIDE", "looker", "pictures"]

SIDE = 40


def pictures(folder: Path, count: int = 7) -> Images:
    """Write pictures whose first pixels have different reds, from 1 on."""
    folder.mkdir(parents=True, exist_ok=True)
    names = tuple(f"{row:04d}.png" for row in range(count))
    for row, name in enumerate(names):
        Image.new("RGB", (SIDE, SIDE), (row % 30 + 1, 0, 0)).save(folder / name)
    sides = np.full(count, SIDE, np.int32)
    nothing = np.full(count, -1, np.int32)
    return Images(
        names=names,
        width=sides,
        height=sides,
        state=np.zeros(count, np.uint8),
        split=nothing,
        folder=np.zeros(count, np.int32),
        folders=(str(folder),),
    )


def looker(seen: list[list[int]] | None = None, *, least: tuple[float, float] = (0.25, 0.25)) -> Looker:
    """Return what finds in each picture one object of each of two classes, with scores 0.3 and 0.6.

    Args:
        seen: gets the rows of each lot that it looks at.
    """
    spec = ModelSpec(task="detector", architecture="corner", classes=("wide", "tall"), size=(SIDE, SIDE))

    def find(lot: Sequence[NDArray[np.uint8]], rows: NDArray[np.int64]) -> Columns:
        if seen is not None:
            seen.append(rows.tolist())
        side = np.array([picture[0, 0, 0] for picture in lot], np.float64)
        wide = np.stack([np.zeros(len(lot)), np.zeros(len(lot)), side, np.full(len(lot), 2.0)], axis=1)
        return Columns(
            images=len(lot),
            owner=np.repeat(np.arange(len(lot)), 2),
            box=np.stack([wide[:, [0, 1, 3, 2]], wide], axis=1).reshape(-1, 4),
            label=np.tile([1, 0], len(lot)),
            score=np.tile([0.6, 0.3], len(lot)),
        )

    model = PredictionModel(name="corner", sha256="0" * 64, task="detector", architecture="corner")
    return Looker(find, spec, (model,), Categories(names=("wide", "tall")), np.array(least), (), True)
