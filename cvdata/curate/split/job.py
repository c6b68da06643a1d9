"""Divide a dataset into splits that share no near copies, each with its part of every class: `cvdata split`.

outcome = split(dataset, SplitSettings(train=0.7, val=0.3, test=0))
outcome.dataset.images.split, outcome.certificate.leaks
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Facts
from ...dataset.lots import draw_lots
from ...engine import Engine, InProcess, Progress, Silent
from ...errors import UsageError
from ..check.pictures import pictures_of
from .certificate import certify
from .groups import reasons_of, units_of
from .report import SplitCertificate
from .strata import Problem, stratify
from .tally import tally
from .wish import SplitSettings, Wish, check_settings, kept_pictures, wish_of

__all__ = ["SplitOutcome", "split"]


@dataclass(frozen=True)
class SplitOutcome:
    """A divided dataset, and what can be said of it."""

    dataset: Dataset
    certificate: SplitCertificate


def split(
    dataset: Dataset,
    settings: SplitSettings | None = None,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> SplitOutcome:
    """Divide the pictures; groups stay whole, and each split gets its share of the objects and pictures of each class.

    Pictures that nobody has labelled and empty ones are shared out, too. The same dataset, settings and seed give the
    same splits, at any number of workers and on any machine.

    Args:
        engine: reads the pictures whose content is not known yet, to find copies.

    Raises:
        UsageError: settings make no sense, or not for this dataset.
    """
    settings = settings or SplitSettings()
    check_settings(settings)
    images = dataset.images
    if not len(images):
        raise UsageError("there is no picture to divide", hint="check the path, or what was put aside as bad")
    _check_folds(settings, len(images), "picture")
    wish = wish_of(settings, images)
    kept = kept_pictures(settings, wish, images)
    facts = _facts(dataset, settings, engine or InProcess(), progress or Silent())
    reasons = reasons_of(images, facts, settings.group, near=settings.near)
    unit = units_of(images, reasons)
    _check_folds(settings, int(unit.max()) + 1, "group")
    found = tally(dataset, unit)
    fixed = _fixed_units(unit, kept, len(found), len(wish.all_names))
    order = _order(images.names, unit, settings.seed)
    order = order[fixed[order] < len(wish.names)]
    problem = Problem(found, wish.shares, fixed, turns=settings.folds is not None)
    part = np.where(fixed < 0, stratify(problem, order), fixed)
    placed, wish = _as_asked(np.where(kept < 0, part[unit], kept), wish, settings)
    divided = replace(images, split=placed.astype(np.int32), splits=wish.all_names)
    outcome = replace(dataset, images=divided)
    return SplitOutcome(outcome, certify(outcome, wish, reasons, unit, kept, facts))


def _facts(dataset: Dataset, settings: SplitSettings, engine: Engine, progress: Progress) -> Facts | None:
    """Return what is known of the content of the pictures; those that are there and not known yet are read."""
    if settings.labels_only:
        return dataset.images.facts
    return pictures_of(dataset.images, engine, progress).facts


def _check_folds(settings: SplitSettings, units: int, what: Literal["picture", "group"]) -> None:
    """Refuse more folds than there is to put into them.

    Raises:
        UsageError: some of them would be empty.
    """
    if settings.folds is not None and settings.folds > units:
        message = f"{settings.folds:,} folds are too many for {units:,} {what}{'s' * (units != 1)}"
        message += ", pictures that stand alone included" if what == "group" else ""
        raise UsageError(message, hint=f"give --folds {units} or fewer" if units > 1 else "nothing can be divided here")


def _fixed_units(unit: NDArray[np.int64], kept: NDArray[np.int64], units: int, splits: int) -> NDArray[np.int64]:
    """Return the split in which most of the kept pictures of a unit are, -1 where it has none; int64."""
    rows = np.flatnonzero(kept >= 0)
    count = np.bincount(unit[rows] * splits + kept[rows], minlength=units * splits).reshape(units, splits)
    return np.where(count.any(axis=1), count.argmax(axis=1), -1).astype(np.int64)


def _order(names: Sequence[str], unit: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Shuffle the units: by a hash of the seed and the name of the first picture of each."""
    _, first = np.unique(unit, return_index=True)
    return np.argsort(draw_lots([names[row] for row in first.tolist()], f"{seed}/"), kind="stable")


def _as_asked(placed: NDArray[np.int64], wish: Wish, settings: SplitSettings) -> tuple[NDArray[np.int64], Wish]:
    """Turn folds into train and val where one of them was asked for."""
    if settings.folds is None or settings.fold is None:
        return placed, wish
    folds = settings.folds
    became = np.zeros(folds + len(wish.left), np.int64)
    became[settings.fold - 1] = 1
    became[folds:] = 2 + np.arange(len(wish.left))
    return became[placed], Wish(("train", "val"), ((folds - 1) / folds, 1 / folds), wish.left)
