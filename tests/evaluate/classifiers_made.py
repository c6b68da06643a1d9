"""Pictures with labels and what a classifier said of them, made by code: by rows, and one example of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.evaluate.classify import Classified, classify
from cvdata.evaluate.pair import Pair, align

__all__ = ["FOUND", "GUESS", "SEVERAL", "TRUTH", "classified", "labelled", "pair_of", "wide"]

Label = tuple[int, int]
Said = tuple[int, int, float]


def labelled(images: int, classes: int, rows: Sequence[tuple[Any, ...]]) -> Dataset:
    """Make a dataset of whole-picture labels from rows (picture, class) or (picture, class, score)."""
    rows = sorted(rows, key=lambda row: row[0])
    used = {row[0] for row in rows}
    return Dataset(
        images=Images(
            names=tuple(f"{i}.jpg" for i in range(images)),
            width=np.full(images, 30, np.int32),
            height=np.full(images, 20, np.int32),
            state=np.array([State.LABELLED if i in used else State.EMPTY for i in range(images)], np.uint8),
            split=np.full(images, -1, np.int32),
            folder=np.full(images, -1, np.int32),
        ),
        annotations=Annotations(
            image=np.array([row[0] for row in rows], np.int32),
            category=np.array([row[1] for row in rows], np.int32),
            box=np.full((len(rows), 4), np.nan),
            score=np.array([row[2] for row in rows]) if rows and len(rows[0]) == 3 else None,
        ),
        categories=Categories(names=tuple(f"class {i}" for i in range(classes))),
    )


def pair_of(images: int, classes: int, truth: Sequence[Label], found: Sequence[Said]) -> Pair:
    return align(labelled(images, classes, truth), labelled(images, classes, found))


def classified(images: int, classes: int, truth: Sequence[Label], found: Sequence[Said]) -> Classified:
    return classify(pair_of(images, classes, truth, found))


# Ten pictures of three classes: five, three and two. Guessed: class 0 is right 4 of 5 (one taken for 1), class 1 is
# right 1 of 3 (two taken for 0), class 2 is right 1 of 2 (the other has no prediction).
TRUTH: list[Label] = [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (6, 1), (7, 1), (8, 2), (9, 2)]
GUESS = [0, 0, 0, 0, 1, 1, 0, 0, 2]
FOUND: list[Said] = [(i, c, 0.5 + i / 20) for i, c in enumerate(GUESS)]


def wide(scores: list[list[float]]) -> list[Said]:
    return [(i, c, s) for i, row in enumerate(scores) for c, s in enumerate(row)]


SEVERAL: list[Label] = [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0)]
