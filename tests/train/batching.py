"""Batches of drawn shapes, and where the shapes are on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cvdata.models.batch import Batch
from cvdata.models.spec import ModelSpec
from cvdata.train.data.prepare import Prepared, prepare
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

from .shapes import draw_shapes

__all__ = ["FLIP", "FOUR", "MOVES", "box_around", "coloured", "recipe", "same", "settings", "shapes", "spec", "whole"]

COLOURS = np.array([(210, 60, 50), (60, 160, 70), (60, 90, 210)], np.int64)

FLIP = """
transform:
  __class_fullname__: Compose
  transforms:
  - __class_fullname__: HorizontalFlip
    p: 1.0
"""
TURN = """
transform:
  __class_fullname__: Compose
  transforms:
  - __class_fullname__: Affine
    rotate: [-20, 20]
    scale: [0.8, 1.1]
    p: 1.0
"""
CROP = """
transform:
  __class_fullname__: Compose
  transforms:
  - __class_fullname__: RandomCrop
    height: 40
    width: 48
    p: 1.0
"""
FOUR = """
transform:
  __class_fullname__: Compose
  transforms:
  - __class_fullname__: HorizontalFlip
    p: 0.5
cvdata:
  mosaic: {p: 1.0}
  mixup: {p: 0.0}
"""
MOVES = {"flip": FLIP, "turn": TURN, "crop": CROP, "four": FOUR}


def settings(task: Any = "detector", **more: Any) -> TrainSettings:
    chosen: dict[str, Any] = {"recipe": "none", "batch": 4, "workers": 0} | more
    return TrainSettings(task=task, architecture="nano" if task == "detector" else "any", **chosen)


def shapes(folder: Path, images: int = 8, side: int = 64, **more: Any) -> Prepared:
    return prepare(Source(dataset=draw_shapes(folder, images, side, **more)), settings())


def spec(prepared: Prepared, size: tuple[int, int] = (64, 64), task: Any = "detector", **more: Any) -> ModelSpec:
    return ModelSpec(
        task=task, architecture="any", classes=prepared.classes, size=size, several=prepared.several, **more
    )


def recipe(folder: Path, text: str) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def coloured(image: torch.Tensor, label: int) -> NDArray[np.bool_]:
    """Return where a picture, shape (3, height, width), has about the colour of a class of shapes."""
    away = np.abs(image.numpy().astype(np.int64) - COLOURS[label][:, None, None]).max(axis=0)
    return np.asarray(away < 40)


def box_around(mask: NDArray[np.bool_]) -> list[float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)]


def whole(loader: Any) -> list[Batch]:
    return list(loader)


def same(one: Batch, other: Batch) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("images", "rows", "owner", "box", "label", "mask")]
    return all((a is None and b is None) or torch.equal(a, b) for a, b in pairs)
