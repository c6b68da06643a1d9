"""Even out the classes of the training pictures: a plan first, then what it says.

Pictures show several classes, so repeating one for a rare class repeats its common ones, too. `plan` decides how often
each training picture is to be there and counts what comes of it; `apply` makes it so. Pictures of other splits, those
for validation and test above all, are never touched, nor are pictures that nobody has labelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...dataset.copies import Copies, add_copies, copied_annotations, copied_images, copy_names
from ...dataset.select import keep_images
from ...files import Counts
from .count import Census, census_of, training_splits
from .numbers import Outcome, copied, part_of, pasted
from .paste import plan_pasting
from .repeat import default_threshold, oversample, reach_target, repeat_factors, rounded
from .report import BalancePart
from .settings import BalanceSettings, check_settings, given
from .undersample import undersample_exactly, undersample_greedily

__all__ = ["Balanced", "Plan", "apply", "objects_in", "plan"]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is going to be done.

    Attributes:
        settings: as resolved.
        rows: int64, shape (m,), rows of the training pictures.
        times: int64, shape (m,), how often each is to be there; 0 for one that is left out.
        weights: float64, shape (m,), how often to draw each; the same but for `repeat-factor`, where fractions stay.
        copies: the pictures to make.
        part: the plan in numbers.
    """

    settings: BalanceSettings
    rows: NDArray[np.int64]
    times: NDArray[np.int64]
    weights: NDArray[np.float64]
    copies: Copies
    part: BalancePart


@dataclass(frozen=True, eq=False)
class Balanced:
    """A dataset whose training pictures are as a plan says; and how much that added and left out."""

    dataset: Dataset
    added: Counts
    filtered: Counts


def plan(dataset: Dataset, settings: BalanceSettings) -> Plan:
    """Decide how often each training picture is to be there, and count what comes of it.

    Strategies:
        repeat-factor: LVIS's rule: a picture is drawn sqrt(threshold / share of the pictures that show it) times for
            the rarest of its classes, if that is more than once.
        oversample: repeat pictures so that every class comes as near as possible to the largest.
        undersample: leave pictures out, so that common classes shrink to the target, and none falls below it.
        target: repeat pictures until each class has so many objects, with as little of the others as possible.
        copy-paste: new pictures, with objects of classes below the target pasted into them.
        augment: as `oversample`, or `target` where that is given; the copies are to pass through a recipe.

    Raises:
        UsageError: a setting makes no sense, or there is no training picture.
    """
    settings = check_settings(settings)
    census = census_of(dataset, settings.splits, settings.seed)
    if settings.strategy == "repeat-factor" and settings.threshold is None:
        settings = msgspec.structs.replace(settings, threshold=default_threshold(census))
    outcome = _outcome(dataset, census, settings)
    splits = training_splits(dataset, settings.splits)
    part = part_of(census, dataset.categories.names, settings, outcome, splits)
    return Plan(settings, census.rows, outcome.times, outcome.weights, outcome.copies, part)


def _outcome(dataset: Dataset, census: Census, settings: BalanceSettings) -> Outcome:
    images = len(dataset.images)
    if settings.strategy == "copy-paste":
        numbers = (given(settings.target), given(settings.limit), given(settings.per_picture))
        return pasted(census, plan_pasting(dataset, census, *numbers, settings.seed), images)
    times, weights = _times(census, settings)
    return copied(census, settings, times, weights, images)


def _times(census: Census, settings: BalanceSettings) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how often each picture is to be there, as a whole number and as a weight."""
    target, limit = given(settings.target), given(settings.limit)
    if settings.strategy == "repeat-factor":
        factors = repeat_factors(census, settings.threshold or 0.0, limit)
        return rounded(factors, census.draw), factors
    remove = undersample_exactly if settings.method == "exact" else undersample_greedily
    ways: dict[str, Callable[[], NDArray[np.int64]]] = {
        "oversample": lambda: oversample(census, limit),
        "undersample": lambda: remove(census, target),
        "target": lambda: reach_target(census, target, limit),
        "augment": lambda: reach_target(census, target, limit) if target else oversample(census, limit),
    }
    times = ways[settings.strategy]()
    return times, times.astype(np.float64)


def apply(dataset: Dataset, chosen: Plan) -> Balanced:
    """Return the dataset with the copies, or without the pictures, of a plan; `augment.make` makes new pictures.

    A copy is its parent under another name, in the same split and in one group with it, and remembers it.
    """
    if chosen.settings.strategy == "undersample":
        kept = np.ones(len(dataset.images), np.bool_)
        kept[chosen.rows] = chosen.times > 0
        smaller = keep_images(dataset, np.flatnonzero(kept))
        filtered = Counts(
            len(dataset.images) - len(smaller.images), len(dataset.annotations) - len(smaller.annotations)
        )
        return Balanced(smaller, Counts(), filtered)
    copies = chosen.copies
    if not len(copies):
        return Balanced(dataset, Counts(), Counts())
    names = copy_names(dataset.images, copies, "copy")
    lineage = [{"made": "copy", "strategy": chosen.settings.strategy}] * len(copies)
    images = copied_images(dataset.images, copies, names, lineage)
    annotations = copied_annotations(dataset, copies)
    whole = add_copies(dataset, copies, images, annotations)
    return Balanced(whole, Counts(len(images), len(annotations)), Counts())


def objects_in(dataset: Dataset, splits: list[str] | None) -> dict[str, int]:
    """Count the objects of each class in the training pictures; `splits` are their names, as `BalancePart` has them."""
    counts = census_of(dataset, tuple(splits or ())).objects()
    return dict(zip(dataset.categories.names, counts.tolist(), strict=True))
