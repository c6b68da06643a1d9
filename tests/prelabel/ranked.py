"""Small datasets and what models found in them, for tests of ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvdata.dataset import Categories, Dataset, State
from cvdata.prelabel.ranking.opinions import Found, Opinion, opinions_of

from ..tiny import build

__all__ = ["CLASSES", "found_by", "opinions", "unlabelled"]

CLASSES = Categories(names=("cat", "dog"))
SIDE = 100

Hit = tuple[str, str, float, Sequence[float]]
"""Picture, class, score, box."""


def unlabelled(*names: str, labelled: Sequence[str] = (), **columns: Any) -> Dataset:
    """Return pictures that nobody labelled; some that somebody did, with a cat each."""
    rows = [{"image": name, "category": "cat", "box": [1, 1, 5, 5]} for name in labelled]
    states = dict.fromkeys(names, State.UNLABELLED)
    return build(dict.fromkeys((*labelled, *names), (SIDE, SIDE)), rows, CLASSES, states=states, **columns)


def found_by(name: str, hits: Sequence[Hit], *, nothing_in: Sequence[str] = (), complete: bool = True) -> Found:
    """Return what a model found; it looked at nothing else than the pictures that are named."""
    pictures = dict.fromkeys([*(hit[0] for hit in hits), *nothing_in], (SIDE, SIDE))
    rows = [{"image": image, "category": kind, "score": score, "box": box} for image, kind, score, box in hits]
    return Found(name=name, dataset=build(pictures, rows, CLASSES), complete=complete)


def opinions(pictures: Sequence[str], *found: Found) -> list[Opinion]:
    """Put what was found on pictures in the given order."""
    import numpy as np

    return opinions_of(unlabelled(*pictures).images, np.arange(len(pictures)), found)
