"""Which pictures copies are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, Images, State
from ..dataset.copies import Copies, MadeWord, lineage_of
from ..errors import UsageError, show
from ..reports.choice import choose
from .settings import AugmentSettings, Skipped

__all__ = ["TRAINING", "Parents", "choose_parents", "counted_on"]

TRAINING = ("train", "training")
"""Names of splits that are for training."""


@dataclass(frozen=True, eq=False)
class Parents:
    """The pictures to make copies of.

    Attributes:
        rows: of the pictures, ascending.
        copies: of them.
        skipped: the others, by why they are left alone.
    """

    rows: NDArray[np.int64]
    copies: Copies
    skipped: Skipped


def choose_parents(dataset: Dataset, settings: AugmentSettings) -> Parents:
    """Choose the pictures that copies are made of: labelled ones for training, with the classes that were asked for.

    Raises:
        UsageError: there is no such split or class, none for training, or no picture is left.
    """
    images = dataset.images
    augmented = [row for row, said in lineage_of(images).items() if said.get("made") == "aug"]
    reasons = {
        "other_splits": ~_among(images, choose(dataset, splits=_splits(images.splits, settings.splits))),
        "unlabelled": images.state == State.UNLABELLED,
        "augmented": _among(images, np.array(augmented, np.int64)),
        "other_classes": ~_among(images, choose(dataset, classes=settings.only_classes)),
        "missing": images.folder < 0,
    }
    left = np.ones(len(images), np.bool_)
    counts = {}
    for reason, holds in reasons.items():
        counts[reason] = int((left & holds).sum())
        left &= ~holds
    if not left.any():
        found = ", ".join(f"{count:,} {_WORDS[reason]}" for reason, count in counts.items() if count)
        raise UsageError(
            f"there is no picture to make copies of: {found or 'the dataset is empty'}",
            hint="a picture needs labels to be copied; see also --splits and --only-classes",
        )
    return Parents(np.flatnonzero(left), Copies.times(left * settings.copies), Skipped(**counts))


_WORDS = {
    "other_splits": "are not for training",
    "unlabelled": "are not labelled",
    "augmented": "were made by an earlier run",
    "other_classes": "show none of the classes",
    "missing": "were not found",
}


def _among(images: Images, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    among = np.zeros(len(images), np.bool_)
    among[rows] = True
    return among


def counted_on(images: Images, copies: Copies, word: MadeWord) -> Copies:
    """Return the copies with numbers behind those that earlier runs gave to copies of the same pictures.

    The number decides what is drawn: counted from 1 again, the same seed would make the same pictures a second time.
    """
    parents = [said.get("parent") for said in lineage_of(images).values() if said.get("made") == word]
    row_of = {name: row for row, name in enumerate(images.names)} if parents else {}
    rows = [row_of[name] for name in parents if isinstance(name, str) and name in row_of]
    earlier = np.bincount(np.array(rows, np.int64), minlength=len(images))
    return replace(copies, number=copies.number + earlier[copies.parent])


def _splits(known: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the splits to take pictures from, none for every picture."""
    if wanted == ("all",) and "all" not in known:
        return ()
    if wanted or not known:
        return wanted
    training = tuple(name for name in known if name.lower() in TRAINING)
    if not training:
        names = ", ".join(map(show, known))
        raise UsageError(
            f"the dataset has the splits {names}, and none of them is for training",
            hint=f"name those whose pictures are copied, such as --splits {show(known[0])}; or --splits all",
        )
    return training
