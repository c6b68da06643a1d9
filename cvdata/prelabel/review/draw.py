"""Draw the sample: for every threshold that could come out, the beginning of one random order of the proposals.

The proposals of a class are divided into bands of the same number by score; the lower end of each band is a threshold
that can come out of the review. Each proposal has a lot that hangs on the seed alone. Of the proposals from a threshold
up, those with the first lots are looked at, equally many for every threshold. So

- what is looked at behind a threshold is a simple random sample of all that would be accepted, and counts can be judged
  exactly, without weights;
- the samples behind several thresholds share most of their members (permanent random numbers: Ohlsson 1995, in Business
  Survey Methods): with K bands 1 + 1/2 + ... + 1/K times the number are looked at, and of them most among the sure
  proposals, where thresholds come out; low bands, which are mostly wrong, teach little and get few;
- a further sample takes the next lots, and all that was seen counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...dataset import Categories, Dataset, Images, State
from ...dataset.concat import concat_categories
from ...dataset.lots import draw_lots
from ...dataset.ragged import starts
from ...dataset.select import keep_annotations, keep_images
from ...errors import UsageError, nearest_of, show
from ...formats._store_records import ANNOTATIONS, now
from ...formats.predictions import Stored
from .records import ReviewFile, ReviewSample, SampleClass, SampleSettings

__all__ = [
    "ClassOrder",
    "band_words",
    "check_sample",
    "draw_sample",
    "orders_of",
    "proposals_hash",
    "sample_dataset",
    "without_scores",
]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassOrder:
    """The proposals of a class in their random order.

    Attributes:
        rows: int64, their numbers; `score`: float64, -inf where a model gave none.
        edges: float64, least score of each band, the highest first.
    """

    name: str
    rows: Ints
    score: NDArray[np.float64]
    edges: NDArray[np.float64]

    @cached_property
    def band(self) -> Ints:
        """Band of each, int64."""
        return np.asarray(np.searchsorted(-self.edges, -self.score, side="left"), np.int64)

    @cached_property
    def sizes(self) -> Ints:
        """Number of proposals of each band, int64."""
        return np.bincount(self.band, minlength=len(self.edges)).astype(np.int64)

    def from_edge(self, at: int) -> Ints:
        """Return the proposals from an edge up, in their random order, int64."""
        return self.rows[self.band <= at]

    def first(self, quota: int) -> Ints:
        """Return those that are among the first `quota` behind any edge, int64, ascending."""
        chosen = [self.from_edge(at)[:quota] for at in range(len(self.edges))]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *chosen]))


def orders_of(stored: Stored, bands: int, seed: int) -> tuple[ClassOrder, ...]:
    """Return the proposals of each class that has some, in the order of the classes."""
    table = stored.dataset.annotations
    unscored = np.full(len(table), np.nan) if table.score is None else table.score
    score = np.where(np.isnan(unscored), -np.inf, unscored)
    lots = draw_lots(map(str, range(len(table))), f"{seed}/{proposals_hash(stored)}/")
    by_class = np.lexsort((lots, table.category)).astype(np.int64)
    names = stored.dataset.categories.names
    ends = starts(np.bincount(table.category, minlength=len(names)))
    parts = [by_class[first:last] for first, last in itertools.pairwise(ends.tolist())]
    return tuple(
        ClassOrder(name, rows, score[rows], _edges(score[rows], bands))
        for name, rows in zip(names, parts, strict=True)
        if len(rows)
    )


def _edges(score: NDArray[np.float64], bands: int) -> NDArray[np.float64]:
    """Return the least score of bands of the same number, the highest first; equal scores are never divided."""
    highest_first = np.sort(score)[::-1]
    last = np.arange(1, bands + 1) * len(score) // bands - 1
    return np.unique(highest_first[last[last >= 0]])[::-1]


def proposals_hash(stored: Stored) -> str:
    """Return the hash of the table of proposals, to which numbers of rows belong."""
    return stored.about.files[ANNOTATIONS].sha256


def check_sample(settings: SampleSettings) -> None:
    """Refuse numbers that make no sense.

    Raises:
        UsageError: fewer than 1 proposal or band, or more than 100 bands.
    """
    if settings.per_class < 1:
        raise UsageError(f"{settings.per_class:,} proposals of each class", hint="give 1 or more; 100 is usual")
    if not 1 <= settings.bands <= 100:
        raise UsageError(f"{settings.bands:,} bands of scores", hint="give 1 to 100; 4 is usual")


def draw_sample(stored: Stored, settings: SampleSettings, *, before: ReviewFile | None = None) -> ReviewSample:
    """Draw proposals for a person to look at.

    Args:
        before: what was reviewed already; the sample goes on from there, in the same order.

    Raises:
        UsageError: there are no proposals, no class of that name, or nothing is left to look at; or the bands or the
            seed are not those of the first sample.
    """
    check_sample(settings)
    if before is not None and (settings.bands, settings.seed) != (before.settings.bands, before.settings.seed):
        first = f"{before.settings.bands} bands and seed {before.settings.seed}"
        raise UsageError(f"these predictions were reviewed with {first}", hint="go on with the same, or leave them out")
    quotas = _quotas(before)
    orders = orders_of(stored, settings.bands, settings.seed)
    _check_classes(settings, orders, stored)
    seen = np.zeros(len(stored.dataset.annotations), np.bool_)
    seen[[decision.row for decision in (before.decisions if before else ())]] = True
    drawn, classes = [np.zeros(0, np.int64)], []
    for order in orders:
        if settings.classes and order.name not in settings.classes:
            continue
        quota = quotas.get(order.name, 0) + settings.per_class
        rows = order.first(quota)
        rows = rows[~seen[rows]]
        drawn.append(rows)
        classes.append(_drawn(order, rows, quota))
    rows = np.sort(np.concatenate(drawn))
    if not len(rows):
        raise UsageError("every proposal that could be drawn was reviewed already", hint="name other classes")
    owners = np.unique(stored.dataset.annotations.image[rows]).tolist()
    return ReviewSample(
        prediction=stored.about.name,
        sha256=proposals_hash(stored),
        time=now(),
        number=len(before.samples) + 1 if before else 1,
        settings=settings,
        rows=tuple(rows.tolist()),
        images=tuple(stored.dataset.images.names[owner] for owner in owners),
        classes=tuple(classes),
    )


def _quotas(before: ReviewFile | None) -> Mapping[str, int]:
    quotas: dict[str, int] = {}
    for sample in before.samples if before else ():
        quotas |= sample.quota
    return quotas


def _check_classes(settings: SampleSettings, orders: tuple[ClassOrder, ...], stored: Stored) -> None:
    if not orders:
        raise UsageError(f"'{show(stored.about.name)}' proposes nothing at all", hint="there is nothing to review")
    known = [order.name for order in orders]
    for name in settings.classes:
        if name not in known:
            raise UsageError(f"no proposal is of class '{show(name)}'", hint=nearest_of(name, known))


def _drawn(order: ClassOrder, rows: Ints, quota: int) -> SampleClass:
    chosen = np.isin(order.rows, rows)
    return SampleClass(
        name=order.name,
        edges=tuple(None if np.isinf(edge) else float(edge) for edge in order.edges),
        sizes=tuple(order.sizes.tolist()),
        drawn=tuple(np.bincount(order.band[chosen], minlength=len(order.edges)).tolist()),
        quota=quota,
    )


# --- as a dataset


def sample_dataset(stored: Stored, sample: ReviewSample, truth: Dataset | None) -> Dataset:
    """Return the sampled proposals as a dataset, one annotation for each of `sample.rows`, in their order.

    Args:
        truth: the dataset itself, whose classes come first so that a person can choose any of them.
    """
    rows = np.array(sample.rows, np.int64)
    dataset = keep_annotations(stored.dataset, rows)
    owners = np.unique(stored.dataset.annotations.image[rows]).astype(np.int64)
    part = keep_images(dataset, owners)
    if truth is not None:
        part = _with_classes(part, truth.categories)
    return replace(part, images=_plain(part.images))


def _plain(images: Images) -> Images:
    """Return the pictures in no split and no group, which would only scatter them."""
    count = len(images)
    return replace(
        images,
        state=np.full(count, State.LABELLED, np.uint8),
        split=np.full(count, -1, np.int32),
        splits=(),
        group=None,
        groups=(),
    )


def _with_classes(dataset: Dataset, known: Categories) -> Dataset:
    """Put the classes of a dataset before those that only models know."""
    joined, rows = concat_categories([known, dataset.categories])
    table = replace(dataset.annotations, category=rows[1][dataset.annotations.category])
    return replace(dataset, annotations=table, categories=joined)


def without_scores(dataset: Dataset) -> Dataset:
    """Return a sample as plain labels, for tools that correct labels and have no use for scores."""
    return replace(dataset, annotations=dataset.annotations.without(frozenset({"score", "extra"})))


def band_words(dataset: Dataset, sample: ReviewSample) -> list[str]:
    """Return for each annotation of `sample_dataset` the band of its score in words, such as `score 0.50 to 0.71`."""
    table = dataset.annotations
    score = np.full(len(table), np.nan) if table.score is None else table.score
    words = [""] * len(table)
    classes = {drawn.name: drawn for drawn in sample.classes}
    for row, (category, value) in enumerate(zip(table.category.tolist(), score.tolist(), strict=True)):
        edges = [edge for edge in classes[dataset.categories.names[category]].edges if edge is not None]
        above = [edge for edge in edges if edge > value]
        below = [edge for edge in edges if edge <= value]
        low, high = (f"{below[0]:.2f}" if below else "0.00"), (f"{above[-1]:.2f}" if above else "1.00")
        words[row] = "no score" if np.isnan(value) else f"score {low} to {high}"
    return words
