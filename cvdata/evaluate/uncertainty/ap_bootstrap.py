"""Average precision and recall of many resamples at once, without making or matching any of them anew.

A resample only says how often each picture counts, so what was true and false stays so, and each detection weighs as
much as its picture. Precision matters at true detections alone: between two of them it only falls. Per class and
threshold that leaves one table, true detections times resamples, and a handful of passes over its rows.

Resamples are computed in float32, where counts are exact up to 16.7 million and figures to about 1e-7; with weights of
float64 that are all 1 the figures are those of COCO.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..pair import Pair
from ..precision import class_orders

__all__ = ["Evidence", "Reading", "class_figures", "evidence_of"]

F = TypeVar("F", np.float32, np.float64)

_CELLS = 1 << 20
"""Detections times resamples that are worked on at once: 4 MiB a table."""

_NARROW = 64
"""Tables with fewer columns are summed by NumPy itself; it goes down one column after the other, whose cells lie far
apart, so that from here on a loop over whole rows is faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Which figures are read off the matches of one set of rules.

    Attributes:
        recalls: at which precision is read and averaged; None for the whole area under the curve (VOC from 2010 on).
        precision: row of the threshold of each average precision, by name; None for the mean over thresholds.
        recall: the same for each recall, and the number of detections per picture and class that count for it.
    """

    recalls: NDArray[np.float64] | None
    precision: dict[str, int | None]
    recall: dict[str, tuple[int | None, int]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the figures."""
        return [*self.precision, *self.recall]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What counts for and against a class.

    Attributes:
        found: int64, shape (n,), pictures of its detections, the surest first, without those that never count.
        true: bool, shape (thresholds, n), found an object; `counts`: true or false, and not set aside.
        rank: int64, shape (n,), place among the detections of the class on their picture, from 0.
        objects: int64, shape (m,), pictures of the objects that count.
    """

    found: NDArray[np.int64]
    true: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    rank: NDArray[np.int64]
    objects: NDArray[np.int64]


def evidence_of(pair: Pair, matches: Matches) -> list[Evidence]:
    """Return the evidence on each class."""
    table, truth = pair.found.annotations, pair.truth.annotations
    true, counts = matches.true, matches.true | matches.false
    counted = np.flatnonzero(matches.counted)
    counted = counted[np.argsort(truth.category[counted], kind="stable")]
    ends = np.searchsorted(truth.category[counted], np.arange(len(pair.classes) + 1))
    parts = []
    for row, order in enumerate(class_orders(pair, matches.kept)):
        used = order[counts[:, order].any(axis=0)]
        objects = truth.image[counted[ends[row] : ends[row + 1]]].astype(np.int64)
        image = table.image[used].astype(np.int64)
        parts.append(Evidence(image, true[:, used], counts[:, used], _ranks(table.image[order], order, used), objects))
    return parts


def _ranks(image: NDArray[np.int32], order: NDArray[np.int64], used: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of some detections of a class among all of it on their picture; `order` has the surest first."""
    by_image = np.argsort(image, kind="stable")
    heads = np.flatnonzero(np.diff(image[by_image], prepend=-1))
    rank = np.empty(len(order), np.int64)
    rank[by_image] = np.arange(len(order)) - np.repeat(heads, np.diff(np.append(heads, len(order))))
    return rank[np.isin(order, used, assume_unique=True)]


def class_figures(evidence: Evidence, weights: NDArray[F], reading: Reading) -> dict[str, NDArray[F]]:
    """Compute the figures of a class in every resample, by name, shape (resamples,); NaN where it has no object.

    Args:
        weights: shape (pictures, resamples), how often each picture is in each resample.
    """
    objects = _sum_of(weights, evidence.objects)
    none = np.where(objects > 0, 0, np.nan).astype(weights.dtype)  # added to figures that are not defined
    lines = _lines(reading, len(evidence.true))
    tally = _Tally.of(evidence, weights, lines, reading)
    at_least_1 = np.maximum(objects, 1)
    areas = _areas(evidence, weights, lines, tally, at_least_1, reading.recalls)
    figures: dict[str, NDArray[F]] = {}
    for name, line in reading.precision.items():
        figures[name] = none + (areas.mean(axis=0) if line is None else areas[lines.index(line)])
    for name, hits in tally.hits.items():
        figures[name] = none + np.divide(hits, at_least_1, dtype=weights.dtype)
    return figures


def _lines(reading: Reading, thresholds: int) -> list[int]:
    """Return the rows of the thresholds that the average precisions need."""
    wanted = set(reading.precision.values())
    return [line for line in range(thresholds) if None in wanted or line in wanted]


def _sum_of(weights: NDArray[F], rows: NDArray[np.int64]) -> NDArray[F]:
    """Add up rows of the weights, shape (resamples,)."""
    total = np.zeros(weights.shape[1], weights.dtype)
    for part in _chunks(len(rows), weights.shape[1]):
        total += weights.take(rows[part], axis=0).sum(axis=0)
    return total


def _chunks(rows: int, columns: int) -> list[slice]:
    step = max(1, _CELLS // max(columns, 1))
    return [slice(first, min(first + step, rows)) for first in range(0, rows, step)]


@dataclass(frozen=True, slots=True, eq=False)
class _Tally(Generic[F]):
    """Sums of weights, from a first pass over the detections of a class.

    Attributes:
        hits: true detections for each recall, a mean over thresholds, shape (resamples,), by name.
        before: counted and true detections before each chunk, shape (2, lines, resamples) each.
    """

    hits: dict[str, NDArray[F]]
    before: list[NDArray[F]]

    @staticmethod
    def of(evidence: Evidence, weights: NDArray[F], lines: list[int], reading: Reading) -> _Tally[F]:
        chunks = _chunks(len(evidence.found), weights.shape[1])
        hits = {name: np.zeros(weights.shape[1], weights.dtype) for name in reading.recall}
        total = np.zeros((2, len(lines), weights.shape[1]), weights.dtype)
        before = []
        for part in chunks:
            found = weights.take(evidence.found[part], axis=0)
            before.append(total.copy())
            for name, (line, most) in reading.recall.items():
                true = evidence.true[:, part].sum(axis=0) if line is None else evidence.true[line, part]
                counted = np.where(evidence.rank[part] < most, true, 0).astype(found.dtype)
                hits[name] += np.einsum("i,ij->j", counted, found)
            if len(chunks) > 1:
                total[0] += found.sum(axis=0)
                for row, line in enumerate(lines):
                    total[0, row] -= found[~evidence.counts[line, part]].sum(axis=0)
                    total[1, row] += found[evidence.true[line, part]].sum(axis=0)
        for name, (line, _) in reading.recall.items():
            hits[name] /= len(evidence.true) if line is None else 1
        return _Tally(hits, before)


def _areas(
    evidence: Evidence,
    weights: NDArray[F],
    lines: list[int],
    tally: _Tally[F],
    objects: NDArray[F],
    recalls: NDArray[np.float64] | None,
) -> NDArray[F]:
    """Return the average precision at some thresholds, shape (lines, resamples).

    Chunks of detections come last to first, since the envelope carries the highest precision of all after it along.

    Args:
        objects: number of objects in each resample, at least 1, shape (resamples,).
    """
    scale = None if recalls is None else _Scale.of(objects, recalls)
    areas = np.zeros((len(lines), len(objects)), objects.dtype)
    highest = np.zeros_like(areas)
    chunks = _chunks(len(evidence.found), weights.shape[1])
    for part, before in zip(chunks[::-1], tally.before[::-1], strict=True):
        found = weights.take(evidence.found[part], axis=0)
        total = _summed_down(found.copy())
        for row, line in enumerate(lines):
            true = np.flatnonzero(evidence.true[line, part])
            if not len(true):
                continue
            own = found.take(true, axis=0)
            so_far = total.take(true, axis=0)
            _leave_out(so_far, true, np.flatnonzero(~evidence.counts[line, part]), found)
            so_far += before[0, row]
            hits = _summed_down(own.copy())
            hits += before[1, row]
            envelope = np.divide(hits, np.maximum(so_far, 1, out=so_far), out=so_far)
            np.maximum(envelope[-1], highest[row], out=envelope[-1])
            _raised_up(envelope)
            highest[row] = envelope[0]
            width = own / objects if scale is None else scale.widths(hits, own)
            areas[row] += np.einsum("ij,ij->j", envelope, width)
    return areas


def _summed_down(table: NDArray[F]) -> NDArray[F]:
    """Add to each row all rows above it, in place: `cumsum` down the columns, several times as fast."""
    if table.shape[1] < _NARROW:
        return np.cumsum(table, axis=0, out=table)
    for above, row in pairwise(list(table)):
        np.add(above, row, out=row)
    return table


def _raised_up(table: NDArray[F]) -> None:
    """Raise each row to the greatest of it and all rows below, in place."""
    if table.shape[1] < _NARROW:
        np.maximum.accumulate(table[::-1], axis=0, out=table[::-1])
        return
    for below, row in pairwise(list(table)[::-1]):
        np.maximum(below, row, out=row)


def _leave_out(so_far: NDArray[F], rows: NDArray[np.int64], aside: NDArray[np.int64], found: NDArray[F]) -> None:
    """Take detections that are set aside out of the sums so far, in place."""
    if len(aside):
        before = np.zeros((len(aside) + 1, found.shape[1]), found.dtype)
        before[1:] = found.take(aside, axis=0)
        so_far -= _summed_down(before).take(np.searchsorted(aside, rows), axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class _Scale(Generic[F]):
    """Which share of the recalls is reached by each number of true detections, for every number of objects.

    A table, since `count / objects >= recall` must come out as it does in pycocotools, for one in float64.

    Attributes:
        reached: tables of all numbers of objects, end to end; `first`: where that of each resample begins.
    """

    reached: NDArray[F]
    first: NDArray[np.int64]

    @staticmethod
    def of(objects: NDArray[F], recalls: NDArray[np.float64]) -> _Scale[F]:
        sizes, which = np.unique(objects.astype(np.int64), return_inverse=True)
        parts = []
        for size in sizes.tolist():
            count = np.searchsorted(recalls, np.arange(size + 1) / size, side="right")
            count[0] = 0  # recall 0, too, is read at the first true detection
            parts.append(count)
        first = np.concatenate([[0], np.cumsum(sizes + 1)[:-1]])
        return _Scale((np.concatenate(parts) / len(recalls)).astype(objects.dtype), first[which])

    def widths(self, hits: NDArray[F], own: NDArray[F]) -> NDArray[F]:
        """Return the share of the recalls that each true detection is the first to reach.

        Args:
            hits: true detections up to each one, `own`: its own weight, both shape (true detections, resamples).
        """
        place = hits.astype(np.int64)
        place += self.first
        reached = self.reached.take(place)
        before = self.reached.take(place[0] - own[0].astype(np.int64))
        reached[1:] -= reached[:-1].copy()
        reached[0] -= before
        return reached
