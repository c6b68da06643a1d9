"""Draw a part of a dataset that looks like the whole: `cvdata sample`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from ...dataset import Dataset, State
from ...dataset.select import keep_images
from ...errors import UsageError
from ...files import DatasetReport
from ...reports.measures import split_rows
from ..class_counts import ClassChange, class_changes
from .shares import draw_in_shares
from .units import Ints, Units, draw_first, draw_in_cells, units_of

__all__ = [
    "By",
    "ClassShare",
    "Part",
    "SampleOutcome",
    "SampleReport",
    "SampleSettings",
    "Sampled",
    "check_sample",
    "sample",
]

By = Literal["classes", "splits", "nothing"]


class SampleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many pictures to draw, and how; one of `number` and `fraction` is given.

    Attributes:
        number: of pictures; fraction: of all pictures, above 0 and at most 1.
        by: shares that are kept: those of classes, splits and states of labels; those of splits and states; or
            `nothing`, and every picture has the same chance.
        whole_groups: draw groups as a whole; then a few pictures may be missing to the number.
        seed: another one draws other pictures.
    """

    number: int | None = None
    fraction: float | None = None
    by: By = "classes"
    whole_groups: bool = False
    seed: int = 0


class ClassShare(ClassChange, frozen=True, kw_only=True):
    """A class before and after.

    Attributes:
        annotations, annotations_after: number of its annotations.
        images, images_after: number of the pictures with at least one of them.
        share, share_after: its part of all annotations, the one wished and the one reached; None where there is none.
        image_share, image_share_after: the part of all pictures that have it.
    """

    share: float | None
    share_after: float | None
    image_share: float | None
    image_share_after: float | None


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A split, or pictures in one state of labels, before and after; no name stands for pictures in no split."""

    name: str | None
    images: int
    images_after: int


class Sampled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was drawn.

    Attributes:
        wished, drawn: number of pictures.
        missing: classes of which there are annotations, and none was drawn.
        torn_groups: groups of which a part was drawn.
        classes: each class, its share wished and reached.
        splits, states: each with what was drawn of it.
    """

    wished: int
    drawn: int
    missing: list[str]
    torn_groups: int
    classes: list[ClassShare]
    splits: list[Part]
    states: list[Part]


class SampleReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata sample --json` prints."""

    schema: Literal["cvdata/sample-report/1"] = "cvdata/sample-report/1"
    sample: Sampled


@dataclass(frozen=True)
class SampleOutcome:
    """The part of a dataset that was drawn, and what can be said of it."""

    dataset: Dataset
    sampled: Sampled


def check_sample(settings: SampleSettings) -> None:
    """Refuse numbers that make no sense for any dataset.

    Raises:
        UsageError: neither a number nor a fraction is given, or both, or it is too small or too large.
    """
    number, fraction = settings.number, settings.fraction
    if (number is None) == (fraction is None):
        raise UsageError("expected either a number of pictures or a fraction", hint="give -n 500 or --fraction 0.1")
    if number is not None and number < 1:
        raise UsageError(f"a sample of {number:,} pictures", hint="give 1 or more")
    if fraction is not None and not 0 < fraction <= 1:
        hint = f"did you mean {fraction / 100:g}?" if 1 < fraction <= 100 else "0.1 is a tenth of the pictures"
        raise UsageError(f"the fraction is {fraction:g}, expected above 0 and at most 1", hint=hint)


def sample(dataset: Dataset, settings: SampleSettings) -> SampleOutcome:
    """Draw pictures, with all that is in them, in the order of the dataset.

    The choice hangs on the names of pictures and the seed: more pictures in the dataset change little of it.

    Raises:
        UsageError: the settings make no sense, or the dataset has fewer pictures.
    """
    check_sample(settings)
    number = _number(settings, len(dataset.images))
    units = units_of(dataset, settings.seed, whole_groups=settings.whole_groups)
    drawn = _filled(units, _draw(units, number, settings.by), number)
    chosen = np.zeros(len(units), np.bool_)
    chosen[drawn] = True
    outcome = keep_images(dataset, np.flatnonzero(chosen[units.of_image]))
    return SampleOutcome(outcome, _sampled(dataset, outcome, number))


def _number(settings: SampleSettings, images: int) -> int:
    if settings.fraction is not None:
        return min(images, max(1, math.floor(settings.fraction * images + 0.5)))
    number = settings.number or 0
    if number > images:
        has = f"the dataset has {images:,} pictures, fewer than {number:,}"
        raise UsageError(has, hint="give a smaller number, or --fraction")
    return number


def _draw(units: Units, number: int, by: By) -> Ints:
    if by == "nothing":
        return draw_first(units, np.arange(len(units)), number)
    return draw_in_cells(units, number) if by == "splits" else draw_in_shares(units, number)


def _filled(units: Units, drawn: Ints, number: int) -> Ints:
    """Add what still fits where whole groups left room."""
    room = number - int(units.size[drawn].sum())
    others = np.setdiff1d(np.arange(len(units)), drawn)
    return np.concatenate([drawn, draw_first(units, others, room)]) if room else drawn


def _sampled(before: Dataset, after: Dataset, number: int) -> Sampled:
    classes = _classes(before, after)
    return Sampled(
        wished=number,
        drawn=len(after.images),
        missing=[row.name for row in classes if row.annotations and not row.annotations_after],
        torn_groups=_torn(before, after),
        classes=classes,
        splits=_splits(before, after),
        states=_states(before, after),
    )


def _classes(before: Dataset, after: Dataset) -> list[ClassShare]:
    return [
        ClassShare(
            **msgspec.structs.asdict(row),
            share=_share(row.annotations, len(before.annotations)),
            share_after=_share(row.annotations_after, len(after.annotations)),
            image_share=_share(row.images, len(before.images)),
            image_share_after=_share(row.images_after, len(after.images)),
        )
        for row in class_changes(before, after)
    ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _torn(before: Dataset, after: Dataset) -> int:
    """Count the groups of which some pictures were drawn and some were not."""
    first, second = before.images.group, after.images.group
    if first is None or second is None:
        return 0
    all_sizes = np.bincount(first[first >= 0], minlength=len(before.images.groups))
    sizes = np.bincount(second[second >= 0], minlength=len(before.images.groups))
    return int(((sizes > 0) & (sizes < all_sizes)).sum())


def _splits(before: Dataset, after: Dataset) -> list[Part]:
    names: list[str | None] = [*before.images.splits, None]
    counts = [np.bincount(split_rows(part), minlength=len(names)).tolist() for part in (before, after)]
    return [Part(name=name, images=a, images_after=b) for name, a, b in zip(names, *counts, strict=True) if a]


def _states(before: Dataset, after: Dataset) -> list[Part]:
    counts = [np.bincount(part.images.state, minlength=len(State)).tolist() for part in (before, after)]
    return [
        Part(name=state.name.lower(), images=counts[0][state], images_after=counts[1][state])
        for state in State
        if counts[0][state]
    ]
