"""Which detection finds which object: COCO's greedy rule, with the points where other protocols differ as options.

All pictures, classes and thresholds are matched at once: round r takes the r-th surest detection of every picture and
class, and those never compete for one object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from .objects import Kind, found_area, set_aside, truth_area
from .overlaps import Overlaps
from .pair import Pair

__all__ = ["COCO_THRESHOLDS", "Matches", "Rules", "match", "places_of"]

COCO_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""0.50 to 0.95 by `linspace`, as pycocotools has them: `arange` gives other last digits."""


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How detections are matched to objects; the defaults are COCO's (pycocotools, `COCOeval.evaluateImg`).

    Attributes:
        thresholds: overlaps from which an object counts as found.
        above: the overlap must lie above the threshold (VOC), not only reach it (COCO).
        area: least and greatest area, both inclusive, in square pixels, of the objects that count; None for all.
        max_detections: the surest so many per picture and class count; None for all.
        second_choice: a detection whose best object is taken may take another (COCO); else it is false (VOC).
        crowd: `region`: matches any number of detections, which then count neither way (COCO); `object`: an object
            like others; `absent`: as if it were not there, so that detections on it are false.
        difficult: `object`: like others (COCO knows none); `aside`: counts neither way, nor do detections on it (VOC).
    """

    thresholds: tuple[float, ...] = COCO_THRESHOLDS
    above: bool = False
    area: tuple[float, float] | None = None
    max_detections: int | None = 100
    second_choice: bool = True
    crowd: Literal["region", "object", "absent"] = "region"
    difficult: Literal["object", "aside"] = "object"


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What became of each detection and each object, at every threshold.

    Attributes:
        rules: under which they were matched.
        truth: int32, shape (thresholds, detections), row of the object that a detection found, -1 for none.
        ignored: bool, shape (thresholds, detections), the detection counts neither as true nor as false.
        kept: bool, shape (detections,), among the surest of its picture and class.
        counted: bool, shape (objects,), objects that recall is a share of.
    """

    rules: Rules
    truth: NDArray[np.int32]
    ignored: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    counted: NDArray[np.bool_]

    @property
    def true(self) -> NDArray[np.bool_]:
        """Detections that found an object which counts, bool, shape (thresholds, detections)."""
        return (self.truth >= 0) & ~self.ignored & self.kept

    @property
    def false(self) -> NDArray[np.bool_]:
        """Detections that found nothing, bool, shape (thresholds, detections)."""
        return (self.truth < 0) & ~self.ignored & self.kept


def match(pair: Pair, overlaps: Overlaps, rules: Rules, kind: Kind = "boxes") -> Matches:
    """Match detections to objects of their class.

    Args:
        overlaps: at least the pairs of one class that reach the lowest threshold; others do no harm.
        kind: decides which areas count, see `objects.found_area`.
    """
    truth, found = pair.truth.annotations, pair.found.annotations
    crowd = truth.has("crowd") & (rules.crowd == "region")
    absent = truth.has("crowd") & (rules.crowd == "absent")
    aside = set_aside(pair, kind) & (rules.crowd != "object") if kind != "keypoints" else set_aside(pair, kind)
    if rules.difficult == "aside":
        aside = aside | truth.has("difficult")
    if rules.area is not None:
        aside = aside | _outside(truth_area(pair.truth, kind), rules.area)
    rank = places_of(pair, by_class=True)
    kept = np.ones(len(found), np.bool_) if rules.max_detections is None else rank < rules.max_detections
    near = overlaps.take(
        (found.category[overlaps.found] == truth.category[overlaps.truth])
        & kept[overlaps.found]
        & ~absent[overlaps.truth]
        & (overlaps.value >= min(rules.thresholds) - 1e-9)
    )
    matched = _match_rounds(near, rank[near.found], aside, crowd, rules, len(found), len(truth))
    ignored = np.zeros_like(matched, dtype=np.bool_)
    hit = matched >= 0
    ignored[hit] = aside[matched[hit]]
    if rules.area is not None:
        ignored |= ~hit & _outside(found_area(pair, kind), rules.area)
    if not rules.second_choice:
        matched = _first_come(matched, ignored, rank)
    return Matches(rules, matched, ignored, kept, ~aside & ~absent)


def _outside(area: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return (area < bounds[0]) | (area > bounds[1])


def places_of(pair: Pair, *, by_class: bool) -> NDArray[np.int64]:
    """Return the place of each detection among those of its picture (and class), int64, 0 for the surest.

    Equal scores stay as they came.
    """
    table = pair.found.annotations
    group = table.image.astype(np.int64)
    if by_class:
        group = group * max(len(pair.classes), 1) + table.category
    order = np.lexsort((-pair.score, group))
    grouped = group[order]
    heads = np.flatnonzero(np.concatenate([[True], grouped[1:] != grouped[:-1]])) if len(group) else np.zeros(0, int)
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.repeat(heads, np.diff(np.append(heads, len(group))))
    return place


def _match_rounds(
    near: Overlaps,
    rank: NDArray[np.int64],
    aside: NDArray[np.bool_],
    crowd: NDArray[np.bool_],
    rules: Rules,
    detections: int,
    objects: int,
) -> NDArray[np.int32]:
    thresholds = np.array(rules.thresholds)[:, None]
    matched = np.full((len(thresholds), detections), -1, np.int32)
    if not len(near):
        return matched
    near, rank = _preferred(near, rank, aside, rules)
    taken = np.zeros((len(thresholds), objects), np.bool_)
    ends = np.searchsorted(rank, np.arange(rank[-1] + 2))
    for first, stop in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if first == stop:
            continue
        found, truth, value = near.found[first:stop], near.truth[first:stop], near.value[first:stop]
        # pycocotools takes what reaches min(t, 1 - 1e-10), so that two equal boxes match at 1.
        fits = value > thresholds if rules.above else value >= np.minimum(thresholds, 1 - 1e-10)
        if rules.second_choice:
            fits &= ~taken[:, truth] | crowd[truth]
        heads = np.flatnonzero(np.concatenate([[True], found[1:] != found[:-1]]))
        place = np.minimum.reduceat(np.where(fits, np.arange(stop - first), stop - first), heads, axis=1)
        line, group = np.nonzero(place < stop - first)
        best = truth[place[line, group]]
        matched[line, found[heads[group]]] = best
        taken[line, best] = True
    return matched


def _preferred(
    near: Overlaps, rank: NDArray[np.int64], aside: NDArray[np.bool_], rules: Rules
) -> tuple[Overlaps, NDArray[np.int64]]:
    """Sort pairs by round and detection, and within a detection by what it takes first."""
    if rules.second_choice:
        # Objects that count before those set aside, then the highest overlap; of equal ones the last, as `evaluateImg`
        # goes on where a later overlap is not smaller.
        order = np.lexsort((-near.truth, -near.value, aside[near.truth], near.found, rank))
    else:
        # The VOC devkit looks at the best object alone, the first of equal ones, whatever it is.
        order = np.lexsort((near.truth, -near.value, near.found, rank))
        found = near.found[order]
        order = order[np.concatenate([[True], found[1:] != found[:-1]])]
    return near.take(order), rank[order]


def _first_come(
    matched: NDArray[np.int32],
    ignored: NDArray[np.bool_],
    rank: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Leave each object to the surest detection that chose it; the others found nothing."""
    for line, hidden in zip(matched, ignored, strict=True):
        rows = np.flatnonzero((line >= 0) & ~hidden)
        rows = rows[np.lexsort((rank[rows], line[rows]))]
        late = rows[1:][line[rows[1:]] == line[rows[:-1]]]
        line[late] = -1
    return matched
