"""What a trainer would drop, misread or rewrite, item by item; one file per trainer has its rules."""

from __future__ import annotations

from collections.abc import Callable

from ..findings import Hit, Trainer
from .case import Case
from .detectron2 import detectron2_hits
from .torchvision import torchvision_hits
from .ultralytics import ultralytics_hits

__all__ = ["Case", "trainer_hits"]

_RULES: dict[str, Callable[[Case], list[Hit]]] = {
    "ultralytics": ultralytics_hits,
    "torchvision": torchvision_hits,
    "detectron2": detectron2_hits,
}


def trainer_hits(trainer: Trainer, case: Case) -> list[Hit]:
    """Say what a trainer would make of a dataset."""
    return _RULES[trainer](case)
