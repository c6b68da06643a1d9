"""The numbers of a dataset: what is in it, how much of each class, how large, where, and together with what."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import COLUMNS, Dataset, State
from ..files import Counts, Finding
from . import measures
from .measures import Bins

__all__ = [
    "NEEDED",
    "ClassStats",
    "Distribution",
    "GroupStats",
    "HeatMap",
    "PictureSize",
    "SplitStats",
    "Stats",
    "StatsReport",
    "Together",
    "stats",
]

NEEDED = frozenset(COLUMNS) - {"polygons"}
"""Optional columns that `stats` looks at; outlines are only counted, and a reader may do that without making them."""

_MOST_TOGETHER = 30
_MOST_MAPS = 30
_MOST_SIZES = 20


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """How numbers are spread; all None where there is none.

    Attributes:
        count: how many numbers there are.
        least, p5, p25, median, p75, p95, most, mean: their quantiles and mean.
        edges, counts: a histogram: counts[i] numbers lie from edges[i] to edges[i + 1]; those beyond are in the bins at
            the ends.
    """

    count: int
    least: float | None
    p5: float | None
    p25: float | None
    median: float | None
    p75: float | None
    p95: float | None
    most: float | None
    mean: float | None
    edges: list[float]
    counts: list[int]


class SplitStats(msgspec.Struct, frozen=True, kw_only=True):
    """A split.

    Attributes:
        name: None for the pictures that are in no split.
        labelled, empty, unlabelled: pictures with labels, looked at and without, and never looked at.
    """

    name: str | None
    images: int
    annotations: int
    labelled: int
    empty: int
    unlabelled: int


class ClassStats(msgspec.Struct, frozen=True, kw_only=True):
    """A class.

    Attributes:
        annotations, images: labels of the class, and pictures with at least one.
        split_annotations, split_images: the same in each of `Stats.splits`.
        small, medium, large: labels of an area below 32 x 32, below 96 x 96, and above (COCO's sizes), in pixels.
        side: median of the square root of width x height of its boxes, in pixels.
        share: median of the share of its picture that a box covers.
        aspect: median of width / height of its boxes.
    """

    name: str
    annotations: int
    images: int
    split_annotations: list[int]
    split_images: list[int]
    small: int
    medium: int
    large: int
    side: float | None
    share: float | None
    aspect: float | None


class PictureSize(msgspec.Struct, frozen=True):
    """A size of pictures in pixels, and how many have it."""

    width: int
    height: int
    images: int


class HeatMap(msgspec.Struct, frozen=True, kw_only=True):
    """Where the centres of boxes lie.

    Attributes:
        category: None for all classes.
        grid: 32 rows from the top of 32 counts from the left, over the picture whatever its size.
    """

    category: str | None
    grid: list[list[int]]


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """Which classes come in one picture.

    Attributes:
        categories: those in most pictures, at most 30.
        images: pictures that hold both the class of the row and that of the column, or on the diagonal the class.
    """

    categories: list[str]
    images: list[list[int]]


class GroupStats(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of pictures that belong together: how many, the pictures in them, and in the largest."""

    groups: int
    images: int
    largest: int


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a dataset; what is undefined is None.

    Attributes:
        images, annotations: how many there are.
        labelled, empty, unlabelled: pictures with labels, looked at and without, and never looked at.
        splits: in the order of the source; pictures in none come last, with the name None.
        categories: all classes, in the order of the source.
        kinds: labels that have boxes, outlines (`polygons`), `masks`, and so on; only what there is.
        per_image: labels per labelled or empty picture.
        small, medium, large: labels by area, where the source gives it, else width x height (COCO's sizes).
        side: square root of width x height of boxes, in pixels; share: of the picture that a box covers;
        aspect: width / height of boxes.
        box_edges, boxes: boxes by height (rows) and width (columns) in pixels, between the edges.
        heat_maps: where boxes lie: all, and each of the 30 classes with most boxes.
        together: classes that come in one picture.
        picture_sizes: the most common sizes; sizes: how many there are; size_unknown: pictures whose size nobody knows.
        picture_side: square root of width x height of pictures, in pixels; picture_aspect: their width / height.
        groups: None where nobody grouped the pictures.
    """

    images: int
    annotations: int
    labelled: int
    empty: int
    unlabelled: int
    splits: list[SplitStats]
    categories: list[ClassStats]
    kinds: dict[str, int]
    per_image: Distribution
    small: int
    medium: int
    large: int
    side: Distribution
    share: Distribution
    aspect: Distribution
    box_edges: list[float]
    boxes: list[list[int]]
    heat_maps: list[HeatMap]
    together: Together
    picture_sizes: list[PictureSize]
    sizes: int
    size_unknown: int
    picture_side: Distribution
    picture_aspect: Distribution
    groups: GroupStats | None


class StatsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `cvdata stats --json` prints.

    Attributes:
        read, quarantined, filtered: the account of reading; the numbers are of what is left.
        findings: what is worth knowing about the source.
        verified: what the labels were held against.
    """

    schema: Literal["cvdata/stats/1"] = "cvdata/stats/1"
    source: str
    source_format: str
    read: Counts
    quarantined: Counts
    filtered: Counts
    findings: list[Finding]
    verified: str
    stats: Stats


def stats(dataset: Dataset, *, unread_polygons: int = 0) -> Stats:
    """Count and measure a dataset.

    Args:
        unread_polygons: outlines that the reader counted instead of making them.
    """
    images, table = dataset.images, dataset.annotations
    boxes = measures.boxes_of(dataset)
    known = (images.width > 0) & (images.height > 0)
    wide, tall = images.width[known].astype(np.float64), images.height[known].astype(np.float64)
    looked_at = images.state != State.UNLABELLED
    small, medium, large = measures.sizes_by_class(dataset)
    picture_sizes = _picture_sizes(dataset)
    return Stats(
        images=len(images),
        annotations=len(table),
        labelled=int((images.state == State.LABELLED).sum()),
        empty=int((images.state == State.EMPTY).sum()),
        unlabelled=int((~looked_at).sum()),
        splits=_splits(dataset),
        categories=_classes(dataset, boxes, np.stack([small, medium, large])),
        kinds=measures.kinds(dataset, unread_polygons),
        per_image=_whole_numbers(np.diff(dataset.offsets)[looked_at]),
        small=int(small.sum()),
        medium=int(medium.sum()),
        large=int(large.sum()),
        side=_distribution(boxes.side, measures.SIDES),
        share=_distribution(boxes.share[~np.isnan(boxes.share)], measures.SHARES),
        aspect=_distribution(boxes.aspect, measures.ASPECTS),
        box_edges=measures.SIDES.tolist(),
        boxes=measures.box_grid(boxes).tolist(),
        heat_maps=_heat_maps(dataset, boxes),
        together=_together(dataset),
        picture_sizes=picture_sizes[:_MOST_SIZES],
        sizes=len(picture_sizes),
        size_unknown=int((~known).sum()),
        picture_side=_distribution(np.sqrt(wide * tall), measures.SIDES),
        picture_aspect=_distribution(wide / tall, measures.ASPECTS),
        groups=_groups(dataset),
    )


def _splits(dataset: Dataset) -> list[SplitStats]:
    names: list[str | None] = list(dataset.images.splits)
    split = measures.split_rows(dataset)
    if (split == len(names)).any() or not names:
        names.append(None)
    counts = np.bincount(split, weights=np.diff(dataset.offsets), minlength=len(names)).astype(np.int64)
    states = np.bincount(split * 3 + dataset.images.state, minlength=3 * len(names)).reshape(-1, 3)
    return [
        SplitStats(
            name=name,
            images=int(states[row].sum()),
            annotations=int(counts[row]),
            labelled=int(states[row, State.LABELLED]),
            empty=int(states[row, State.EMPTY]),
            unlabelled=int(states[row, State.UNLABELLED]),
        )
        for row, name in enumerate(names)
    ]


def _classes(dataset: Dataset, boxes: measures.Boxes, sizes: NDArray[np.int64]) -> list[ClassStats]:
    number = len(dataset.categories)
    by_split = measures.class_counts(dataset)
    category = dataset.annotations.category[boxes.rows]
    medians = [measures.medians(category, values, number) for values in (boxes.side, boxes.share, boxes.aspect)]
    return [
        ClassStats(
            name=name,
            annotations=int(by_split.annotations[row].sum()),
            images=int(by_split.images[row].sum()),
            split_annotations=by_split.annotations[row].tolist(),
            split_images=by_split.images[row].tolist(),
            small=int(sizes[0, row]),
            medium=int(sizes[1, row]),
            large=int(sizes[2, row]),
            side=_defined(medians[0][row]),
            share=_defined(medians[1][row]),
            aspect=_defined(medians[2][row]),
        )
        for row, name in enumerate(dataset.categories.names)
    ]


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _distribution(values: NDArray[np.float64], edges: Bins) -> Distribution:
    """Summarise numbers; those beyond the edges count in the bins at the ends."""
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    points = np.quantile(values, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist() if len(values) else [None] * 7
    return Distribution(
        count=len(values),
        least=points[0],
        p5=points[1],
        p25=points[2],
        median=points[3],
        p75=points[4],
        p95=points[5],
        most=points[6],
        mean=float(values.mean()) if len(values) else None,
        edges=edges.tolist(),
        counts=counts.tolist(),
    )


def _whole_numbers(values: NDArray[np.int64]) -> Distribution:
    return _distribution(values.astype(np.float64), measures.whole_edges(int(values.max(initial=0))))


def _heat_maps(dataset: Dataset, boxes: measures.Boxes) -> list[HeatMap]:
    category = dataset.annotations.category[boxes.rows]
    counts = np.bincount(category, minlength=len(dataset.categories))
    chosen = [row for row in np.argsort(-counts, kind="stable")[:_MOST_MAPS].tolist() if counts[row]]
    grids = measures.position_grids(boxes, category, chosen)
    names = [None, *(dataset.categories.names[row] for row in chosen)]
    return [HeatMap(category=name, grid=grid.tolist()) for name, grid in zip(names, grids, strict=True)]


def _together(dataset: Dataset) -> Together:
    rows, images = measures.together(dataset, _MOST_TOGETHER)
    return Together(categories=[dataset.categories.names[row] for row in rows], images=images.tolist())


def _picture_sizes(dataset: Dataset) -> list[PictureSize]:
    """Return the sizes of pictures, the most common first; of those as common the larger."""
    images = dataset.images
    code = images.width.astype(np.int64) << 32 | images.height
    values, counts = np.unique(code[(images.width > 0) & (images.height > 0)], return_counts=True)
    order = np.lexsort((-values, -counts))
    return [
        PictureSize(value >> 32, value & 0xFFFFFFFF, count)
        for value, count in zip(values[order].tolist(), counts[order].tolist(), strict=True)
    ]


def _groups(dataset: Dataset) -> GroupStats | None:
    group = dataset.images.group
    if group is None:
        return None
    sizes = np.bincount(group[group >= 0])
    return GroupStats(groups=int((sizes > 0).sum()), images=int(sizes.sum()), largest=int(sizes.max(initial=0)))
