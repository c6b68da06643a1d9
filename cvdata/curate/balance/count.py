"""What the training pictures hold: which of them there are, and how many objects of which class each has."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...dataset.lots import draw_lots
from ...dataset.ragged import ranges, starts
from ...errors import UsageError, show

__all__ = ["TRAINING", "Census", "census_of", "draws", "training_splits"]

TRAINING = ("train", "training")
"""Names of splits to learn from."""

_MEASURING = ("val", "valid", "validation", "dev", "test", "testing", "minival", "eval", "evaluation", "holdout")
"""Names of splits to measure with; they are never touched, not even by name."""


@dataclass(frozen=True, eq=False)
class Census:
    """The pictures that a strategy may repeat or remove, and what they hold.

    Attributes:
        rows: int64, shape (m,), rows in `Images`, ascending: training pictures that somebody has looked at.
        image, category, count: int64, shape (pairs,): so many objects of a class in the picture `rows[image]`; by
            image, then by class.
        classes: number of classes.
        draw: float64, shape (m,), a number in [0, 1) of each picture's own; see `draws`.
        offsets: int64, shape (m + 1,): picture i has the pairs `offsets[i]:offsets[i + 1]`.
    """

    rows: NDArray[np.int64]
    image: NDArray[np.int64]
    category: NDArray[np.int64]
    count: NDArray[np.int64]
    classes: int
    draw: NDArray[np.float64]
    offsets: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets", starts(np.bincount(self.image, minlength=len(self.rows))))

    def __len__(self) -> int:
        return len(self.rows)

    def objects(self, times: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the objects of each class, int64, shape (classes,), where each picture is there so many times."""
        weights = self.count if times is None else self.count * times[self.image]
        return _sums(self.category, weights, self.classes)

    def pictures(self, times: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the pictures that show each class, int64, shape (classes,), a repeated one each time."""
        weights = np.ones(len(self.image), np.int64) if times is None else times[self.image]
        return _sums(self.category, weights, self.classes)

    def pairs_of(self, images: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the pairs of the given pictures, one after another."""
        return ranges(self.offsets[images], np.diff(self.offsets)[images])

    def objects_in(self, images: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the objects of each class in the given pictures, int64, shape (classes,)."""
        pairs = self.pairs_of(images)
        return _sums(self.category[pairs], self.count[pairs], self.classes)


def _sums(keys: NDArray[np.int64], values: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    # A float64 holds whole numbers exactly up to 2**53, which no dataset reaches.
    return np.bincount(keys, weights=values, minlength=size).astype(np.int64)


def census_of(dataset: Dataset, splits: tuple[str, ...] = (), seed: int = 0) -> Census:
    """Count what the training pictures hold; every annotation is an object, crowd regions and picture labels too.

    Args:
        splits: names of the splits to learn from; see `training_splits`.

    Raises:
        UsageError: no split is one to learn from, or there is no such picture.
    """
    images, table = dataset.images, dataset.annotations
    training = _training(dataset, splits) & (images.state != State.UNLABELLED)
    if not training.any():
        raise UsageError(
            "no training picture has been labelled, so there is nothing to balance",
            hint="label pictures first, or name another split with --train",
        )
    rows = np.flatnonzero(training)
    classes = len(dataset.categories)
    number = np.cumsum(training) - 1
    chosen = np.flatnonzero(training[table.image])
    keys = number[table.image[chosen]] * np.int64(max(classes, 1)) + table.category[chosen]
    pairs, count = np.unique(keys, return_counts=True)
    image, category = np.divmod(pairs, max(classes, 1))
    names = [images.names[row] for row in rows.tolist()]
    return Census(rows, image, category, count.astype(np.int64), classes, draws(names, seed))


def _training(dataset: Dataset, splits: tuple[str, ...]) -> NDArray[np.bool_]:
    images = dataset.images
    chosen = training_splits(dataset, splits)
    if chosen is None:
        return np.ones(len(images), np.bool_)
    return np.isin(images.split, [row for row, name in enumerate(images.splits) if name in chosen])


def training_splits(dataset: Dataset, wanted: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Return the splits whose pictures may be touched; None where the dataset has none, and all pictures may.

    Args:
        wanted: their names; `train` or `training`, in any case of letters, where none is given.

    Raises:
        UsageError: no split is called so, or it is one to measure with, which is never touched.
    """
    images = dataset.images
    used = np.bincount(images.split[images.split >= 0], minlength=len(images.splits))
    names = [name for name, count in zip(images.splits, used.tolist(), strict=True) if count]
    shown = ", ".join(map(show, names)) or "none"
    for name in wanted:
        if name.lower() in _MEASURING:
            raise UsageError(
                f"the split '{show(name)}' is there to measure with, and those are never touched",
                hint="name a split to learn from",
            )
        if name not in names:
            raise UsageError(f"there is no split '{show(name)}'", hint=f"splits: {shown}")
    if wanted or not names:
        return wanted or None
    found = tuple(name for name in names if name.lower() in TRAINING)
    if not found:
        raise UsageError(
            f"none of the splits ({shown}) is called train or training, and only training pictures may be touched",
            hint="name the split to learn from: --train NAME",
        )
    return found


def draws(names: list[str], seed: int) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each name, by hashing: adding pictures changes no other picture's number."""
    # The largest lot would round to 1.
    return np.asarray(draw_lots(names, f"{seed}\0").astype(np.float64) * (2.0**-64 * (1 - 2.0**-53)))
