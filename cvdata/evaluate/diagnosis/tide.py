"""What each kind of error costs: the AP that mending it alone would bring (TIDE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..pair import Pair
from ..precision import COCO_RECALLS, ClassCurve, mean_of
from ..report import Number, TideKind
from .kinds import Faults, Verdict, first_of

__all__ = ["FALSE_NEGATIVE", "FALSE_POSITIVE", "NOW", "Tide", "World", "tide", "worlds_of"]

Name: TypeAlias = Literal["class", "location", "both", "duplicate", "background", "missed"]

_NAMES: tuple[tuple[Name, Verdict], ...] = (
    ("class", Verdict.WRONG_CLASS),
    ("location", Verdict.BADLY_PLACED),
    ("both", Verdict.BOTH),
    ("duplicate", Verdict.DUPLICATE),
    ("background", Verdict.BACKGROUND),
    ("missed", Verdict.MISSED),
)


NOW, FALSE_POSITIVE, FALSE_NEGATIVE = "now", "false positive", "false negative"
"""Names of the world as it is, and of those without any error of one side."""


@dataclass(frozen=True, slots=True)
class Tide:
    """AP50, and what it would gain if one kind of error did not happen.

    Attributes:
        ap: None where no object counts.
        kinds: the six, in the order of the paper's table 1.
        false_positive: gain if all false detections were less sure than all true ones.
        false_negative: gain if all objects that no detection found were not there.
    """

    ap: float | None
    kinds: list[TideKind]
    false_positive: Number
    false_negative: Number


def tide(worlds: dict[str, World]) -> Tide:
    """Cost each kind of error as tidecv 1.0.1 does (`TIDERun.fix_errors`; Bolya et al., ECCV 2020).

    A detection of the wrong class, or badly placed, becomes true where no detection found its object and it is the
    surest that points there, else it goes; the others go; objects that nothing points to are left out of recall. A
    gain is never below 0.

    AP is COCO's AP50, so that the costs add to the figure of the report. tidecv's own differs in details: it takes the
    surest 100 detections of a picture, not of a picture and class; a class with detections and without objects has an
    AP of 0 there and is left out here; it reads precision at i / 100, which is not always the last bit of COCO's
    recalls; a crowd region covers what lies in it by more than 0.5, not from 0.5 on; and of detections of equal
    confidence the false ones come first there once anything is mended. A class whose objects are all mended away has
    an AP of 0 where detections are left, else none, as there.

    Args:
        worlds: see `worlds_of`.
    """
    tables = {name: world.precision() for name, world in worlds.items()}
    counted = worlds[NOW].object_counts > 0
    values = {name: mean_of(table[:, counted]) for name, table in tables.items()}
    base = values[NOW]

    def gain(name: str) -> Number:
        mended = values[name]
        return Number(None if base is None or mended is None else max(mended - base, 0.0))

    kinds = [TideKind(name=name, count=worlds[name].count, cost=gain(name)) for name, _ in _NAMES]
    return Tide(base, kinds, gain(FALSE_POSITIVE), gain(FALSE_NEGATIVE))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The detections and objects that there would be if one kind of error did not happen.

    Attributes:
        found: int32, shape (n,), rows of the detections that are left, by their class there, the surest first, equal
            ones as COCO has them; `true`: bool, shape (n,); those of class c stand at `ends[c]:ends[c + 1]`.
        objects: int32, shape (m,), rows of the objects that count, by class; `object_ends` likewise.
        count: how often the error happened: detections, or objects that were missed.
    """

    found: NDArray[np.int32]
    true: NDArray[np.bool_]
    ends: NDArray[np.int64]
    objects: NDArray[np.int32]
    object_ends: NDArray[np.int64]
    count: int = 0

    @property
    def object_counts(self) -> NDArray[np.int64]:
        """Number of objects that count of each class, int64, shape (classes,)."""
        return np.diff(self.object_ends)

    def precision(self) -> NDArray[np.float64]:
        """Return precision at COCO's recalls, float64, shape (recalls, classes)."""
        return _precision_table(self.ends, self.true, self.object_counts)


def worlds_of(pair: Pair, matches: Matches, faults: Faults, curves: list[ClassCurve]) -> dict[str, World]:
    """Return the world as it is (`NOW`), that without each kind of error, and those without any error of one side.

    Args:
        matches: at the threshold 0.5 alone; `faults` and `curves`: made of them.
    """
    scene = _scene(pair, matches, faults, curves)
    true, judged, counted = matches.true[0], matches.kept & ~matches.ignored[0], matches.counted
    objects = scene.objects(counted)
    worlds = {NOW: scene.world(judged, true, objects)}
    for name, verdict in _NAMES:
        if verdict == Verdict.MISSED:
            left = scene.objects(counted & ~scene.missed)
            worlds[name] = scene.world(judged, true, left, count=int(scene.missed.sum()))
            continue
        of_kind = faults.failed & (faults.kind == verdict)
        right = true | (scene.mendable & of_kind)
        relabelled, count = verdict == Verdict.WRONG_CLASS, int(of_kind.sum())
        worlds[name] = scene.world((judged & ~of_kind) | right, right, objects, relabelled=relabelled, count=count)
    worlds[FALSE_POSITIVE] = scene.world(true, true, objects)
    worlds[FALSE_NEGATIVE] = scene.world(judged, true, scene.objects(faults.used))
    return worlds


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What worlds are made of.

    Attributes:
        found: rows of the detections, by class, the surest first, equal ones as COCO has them.
        relabelled: the same with each detection that can be mended in the class of its object.
        mendable: detections that are the surest to point to an object that none found.
        missed: objects that no detection found or points to.
        by_class: rows of all objects, by class.
        truth_category, found_category: class of each object and detection; `mended_category`: of each detection once
            it is mended.
        classes: number of classes.
    """

    found: NDArray[np.int64]
    relabelled: NDArray[np.int64]
    mendable: NDArray[np.bool_]
    missed: NDArray[np.bool_]
    by_class: NDArray[np.int64]
    truth_category: NDArray[np.int64]
    found_category: NDArray[np.int64]
    mended_category: NDArray[np.int64]
    classes: int

    def objects(self, counted: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the rows of some objects by class, and where each class begins and ends."""
        rows = self.by_class[counted[self.by_class]]
        return rows.astype(np.int32), self._ends(self.truth_category[rows])

    def world(
        self,
        rows: NDArray[np.bool_],
        true: NDArray[np.bool_],
        objects: tuple[NDArray[np.int32], NDArray[np.int64]],
        *,
        relabelled: bool = False,
        count: int = 0,
    ) -> World:
        """Return the world of some detections, of which some are true, and some objects."""
        order = self.relabelled if relabelled else self.found
        kept = order[rows[order]]
        category = self.mended_category if relabelled else self.found_category
        # Nine worlds of a million detections are in memory together: 32 bits each will do.
        return World(kept.astype(np.int32), true[kept], self._ends(category[kept]), *objects, count)

    def _ends(self, category: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(category, np.arange(self.classes + 1))


def _scene(pair: Pair, matches: Matches, faults: Faults, curves: list[ClassCurve]) -> _Scene:
    truth_category = pair.truth.annotations.category.astype(np.int64)
    found_category = pair.found.annotations.category.astype(np.int64)
    rows = _mendable(pair, faults)
    mendable = np.zeros(len(found_category), np.bool_)
    mendable[rows] = True
    mended_category = found_category.copy()
    mended_category[rows] = truth_category[faults.truth[rows]]
    missed = matches.counted & ~faults.used
    missed[faults.truth[rows]] = False
    order = np.lexsort((pair.order[pair.found.annotations.image], -pair.score))
    order = order[_by_class(mended_category[order], len(pair.classes))]
    return _Scene(
        found=np.concatenate([np.zeros(0, np.int64), *(curve.found for curve in curves)]),
        relabelled=order[matches.kept[order]],
        mendable=mendable,
        missed=missed,
        by_class=_by_class(truth_category, len(pair.classes)),
        truth_category=truth_category,
        found_category=found_category,
        mended_category=mended_category,
        classes=len(pair.classes),
    )


def _by_class(category: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return the order that sorts by class and leaves the rest as it is."""
    # NumPy sorts 16 bits by radix, ten times as fast.
    narrow = category.astype(np.int16) if classes < 1 << 15 else category
    return np.argsort(narrow, kind="stable")


def _mendable(pair: Pair, faults: Faults) -> NDArray[np.int64]:
    """Return the surest of the detections that point to each object that none found."""
    points = faults.failed & ((faults.kind == Verdict.WRONG_CLASS) | (faults.kind == Verdict.BADLY_PLACED))
    rows = np.flatnonzero(points)
    rows = rows[~faults.used[faults.truth[rows]]]
    rows = rows[np.lexsort((rows, -pair.score[rows], faults.truth[rows]))]
    return rows[first_of(faults.truth[rows])]


def _precision_table(
    ends: NDArray[np.int64], true: NDArray[np.bool_], objects: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Read precision at COCO's recalls, float64, shape (recalls, classes), from detections sorted by class and score.

    The same bits as `precision.coco_precision`, for all classes at once. Only true detections are looked at: precision
    falls at every other, so that the envelope never starts there.

    Args:
        ends: int64, shape (classes + 1,), where the detections of each class begin, and end.
    """
    at = np.flatnonzero(true)
    hits = np.searchsorted(at, ends)
    category = np.repeat(np.arange(len(objects)), np.diff(hits))
    so_far = np.arange(len(at)) - hits[category] + 1
    precision = so_far / (at - ends[category] + 1 + np.spacing(1))

    table = np.where((objects > 0) | (np.diff(ends) > 0), 0.0, np.nan) * np.ones((len(COCO_RECALLS), 1))
    rows = np.flatnonzero(np.diff(hits) > 0)
    if len(rows):
        place = _places(objects[rows])
        last = np.diff(hits)[rows] - 1
        start = hits[rows] + np.minimum(place, last)
        # Each stretch from one recall to the next, the last one to where the next class starts.
        highest = np.maximum.reduceat(precision, start.T.ravel()).reshape(len(rows), -1).T
        envelope = np.maximum.accumulate(highest[::-1])[::-1]
        table[:, rows] = np.where(place <= last, envelope, 0.0)
    return table


def _places(objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many true detections come before the one that reaches each recall, int64, shape (recalls, classes).

    That is `searchsorted(k / objects, COCO_RECALLS)` for k from 1 on, to the same bit.
    """
    wanted = COCO_RECALLS[:, None]
    true = np.maximum(np.ceil(wanted * objects), 1)
    true += true / objects < wanted
    true -= (true > 1) & ((true - 1) / objects >= wanted)
    return (true - 1).astype(np.int64)
