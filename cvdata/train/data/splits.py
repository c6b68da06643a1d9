"""Which pictures to learn from, and which to validate with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...curate.split.job import split
from ...curate.split.wish import SplitSettings
from ...dataset import Dataset, Images
from ...errors import TrainingError, UsageError, nearest_of, show
from ...files import Finding
from ...reports.scales import plural
from ..settings import TrainSettings

__all__ = ["Divided", "Names", "choose_names", "divide", "rows_of"]

_CALLED = {"train": ("train", "training"), "val": ("val", "valid", "validation", "dev")}
"""How a split may be called where the user names none; nobody means another one by it."""


@dataclass(frozen=True, slots=True)
class Names:
    """Splits of a dataset: `train` to learn from, None for all pictures; `val` to validate with, None for no such."""

    train: str | None
    val: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """The pictures of both parts.

    Attributes:
        train, val: their rows, ascending, int64.
        names: of the two splits.
        held_out: share that was held out to validate with; None where the dataset has a split for it.
    """

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    names: tuple[str, str]
    held_out: float | None = None


def choose_names(images: Images, settings: TrainSettings) -> Names:
    """Choose the splits, before any picture is read.

    Raises:
        UsageError: a split that was named, or one to learn from, does not exist; or nothing is to be held out.
    """
    used = np.bincount(images.split[images.split >= 0], minlength=len(images.splits))
    there = [name for name, count in zip(images.splits, used.tolist(), strict=True) if count]
    train, val = _find(there, settings.train, "train"), _find(there, settings.val, "val")
    if train is None and there:
        raise UsageError(
            "there is no split 'train' to learn from",
            hint=f"name one with --train-split; there are: {', '.join(map(show, there))}",
        )
    if val is None and settings.hold_out == 0:
        raise UsageError(
            "there is no split to validate with, and --hold-out 0 makes none", hint="give a share, such as 0.2"
        )
    return Names(train, val)


def _find(there: Sequence[str], asked: str, what: str) -> str | None:
    """Return the split that is meant, None where it was not named and is not there.

    Raises:
        UsageError: it was named, and is not there.
    """
    if asked in there:
        return asked
    if asked != what:
        hint = nearest_of(asked, there) if there else "the dataset has no splits"
        raise UsageError(f"there is no split '{show(asked)}'", hint=hint)
    return next((name for name in there if name.lower() in _CALLED[what]), None)


def rows_of(images: Images, names: Names, findings: list[Finding]) -> NDArray[np.int64]:
    """Return the rows of the pictures that count, and say which do not."""
    if names.train is None:
        return np.arange(len(images))
    used = [images.splits.index(name) for name in (names.train, names.val) if name is not None]
    chosen = np.isin(images.split, used)
    left = images.split[~chosen]
    if len(left):
        others = [f"'{show(images.splits[row])}'" for row in np.unique(left[left >= 0]).tolist()]
        where = " and ".join(
            [*([f"of {', '.join(others)}"] if others else []), *(["of no split"] * bool((left < 0).any()))]
        )
        message = f"not used: {plural(len(left), 'picture')} {where}"
        findings.append(Finding(code="other-splits", message=message, count=len(left), examples=others[:5]))
    return np.flatnonzero(chosen)


def divide(dataset: Dataset, names: Names, settings: TrainSettings, findings: list[Finding]) -> Divided:
    """Divide the pictures into both parts; where there is none to validate with, hold some out.

    Those held out share no copies, films or groups with the others, and classes are divided evenly.

    Args:
        dataset: pictures that count; their facts must be known, so that copies are.

    Raises:
        TrainingError: there are too few pictures.
    """
    if names.train is None or names.val is None:
        return _held_out(dataset, (names.train or settings.train, settings.val), settings, findings)
    splits = dataset.images.splits
    train, val = (np.flatnonzero(dataset.images.split == splits.index(name)) for name in (names.train, names.val))
    for rows, name in ((train, names.train), (val, names.val)):
        if not len(rows):
            raise TrainingError(
                f"the split '{show(name)}' has no picture that can be used",
                hint="it needs pictures that are there and that somebody labelled",
            )
    return Divided(train, val, (names.train, names.val))


def _held_out(dataset: Dataset, names: tuple[str, str], settings: TrainSettings, findings: list[Finding]) -> Divided:
    images, share = dataset.images, settings.hold_out
    count = len(images)
    if count < 2:
        raise TrainingError(
            f"{plural(count, 'picture')} cannot be divided into some to learn from and some to validate with",
            hint="give more pictures",
        )
    whole = replace(dataset, images=replace(images, split=np.full(count, -1, np.int32), splits=()))
    # Rounded, so that both sum to 1 as a person would write them.
    wish = SplitSettings(train=round(1 - share, 12), val=share, test=0, labels_only=True, seed=settings.seed)
    placed = split(whole, wish).dataset.images
    held = placed.split == placed.splits.index("val")
    if not held.any() or held.all():
        raise TrainingError(
            f"the {count:,} pictures cannot be divided: too few stand apart from copies, films and groups",
            hint="give pictures of more scenes, another --hold-out, or splits of your own",
        )
    message = (
        f"no split '{show(names[1])}': held out {plural(int(held.sum()), 'picture')} of {count:,} to validate with; "
        "copies, films and groups stay together"
    )
    findings.append(Finding(code="held-out", message=message, count=int(held.sum()), examples=[]))
    return Divided(np.flatnonzero(~held), np.flatnonzero(held), names, share)
