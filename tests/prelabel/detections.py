"""Detections for tests, and models that say what they are told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cvdata.models.columns import Columns
from cvdata.models.spec import ModelSpec

__all__ = ["Says", "boxes_of", "classifier", "detections", "detector", "picture", "rows_of"]


def detections(*rows: tuple[int, int, float, list[float]], images: int = 1) -> Columns:
    """Return detections from rows of picture, class, score and box."""
    return Columns(
        images=images,
        owner=np.array([row[0] for row in rows], np.int64),
        label=np.array([row[1] for row in rows], np.int64),
        score=np.array([row[2] for row in rows], np.float64),
        box=np.array([row[3] for row in rows], np.float64).reshape(-1, 4),
    )


def rows_of(columns: Columns, digits: int = 6) -> list[tuple[int, int, float, list[float]]]:
    """Return detections as rows of picture, class, score and box."""
    assert columns.owner is not None and columns.label is not None
    assert columns.score is not None and columns.box is not None
    box, score = columns.box.round(digits).tolist(), columns.score.round(digits).tolist()
    return list(zip(columns.owner.tolist(), columns.label.tolist(), score, box, strict=True))


def boxes_of(columns: Columns) -> list[tuple[int, ...]]:
    """Return class and box of detections in whole pixels, sorted."""
    return sorted((label, *(round(side) for side in box)) for _, label, _, box in rows_of(columns))


def detector(*classes: str, **more: object) -> ModelSpec:
    return ModelSpec(task="detector", architecture="told", classes=classes or ("cat", "dog"), size=(64, 64), **more)  # type: ignore[arg-type]


def classifier(*classes: str, **more: object) -> ModelSpec:
    return ModelSpec(task="classifier", architecture="told", classes=classes or ("cat", "dog"), size=(8, 8), **more)  # type: ignore[arg-type]


def picture(width: int = 40, height: int = 30, value: int = 0) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


class Says:
    """A model that says the same of whatever it sees.

    Attributes:
        seen: every picture that it was shown.
    """

    def __init__(self, columns: Columns, spec: ModelSpec | None = None, name: str = "told", sha256: str = "") -> None:
        self.columns = columns
        self.spec = spec or detector()
        self.name = name
        self.sha256 = sha256 or "0" * 64
        self.seen: list[NDArray[np.uint8]] = []

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        self.seen.extend(pictures)
        return self.columns
