"""Everything that decides what a network is."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = ["ModelSpec", "Option", "Task"]

Task: TypeAlias = Literal["detector", "classifier", "segmenter"]
Option: TypeAlias = str | int | float | bool


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides what a network is; kept in run folders and in exported files.

    Attributes:
        task, architecture: which family, and which network of it.
        classes: names, in the order of the outputs.
        size: height and width in pixels of the pictures that it sees; see `letterbox`.
        several: classifiers: a picture may have several labels, so that each class has a probability of its own.
        keypoints: detectors: names of the points of each object; empty for none.
        flips: detectors with keypoints: for each point the one that it becomes where left and right change places.
        crop_margin: classifiers: they learnt boxes that were cut out with so much around, as a share of their sides;
            None for whole pictures.
        masks: detectors: it also finds a mask of each object.
        options: of the family, such as `backbone`.
    """

    task: Task
    architecture: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    several: bool = False
    keypoints: tuple[str, ...] = ()
    flips: tuple[int, ...] = ()
    masks: bool = False
    crop_margin: float | None = None
    options: dict[str, Option] = {}
