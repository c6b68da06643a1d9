"""Which class was taken for which."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset
from ..matching import Matches, match
from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..report import Confusion
from .kinds import FOUND_FROM

__all__ = ["confusion"]

_MOST_SHOWN = 1500
"""Classes in the table, which has the square of them; LVIS has 1,203."""


def confusion(pair: Pair, overlaps: Overlaps, matches: Matches, kind: Kind, score: float) -> Confusion:
    """Count which class was taken for which, with the background as the last row and column.

    Detections at least as sure as `score` are matched whatever their class: the surest of a picture first, each to the
    free object that it overlaps most, from IoU 0.5 on. That is the rule of pycocotools without classes (`useCats` 0),
    of hotcoco and of FiftyOne (`classwise=False`); Ultralytics takes pairs by falling overlap instead, whatever their
    confidence. Of objects that overlap alike, one of its own class comes first. Crowd regions are no objects, and
    detections on them, of whatever class, are not counted. Of more than 1,500 classes those in most mistakes are shown.

    Args:
        overlaps: pairs of all classes.
        matches: tells by which rules, and which detections are among the surest of a picture and class.
    """
    truth, found = pair.truth.annotations, pair.found.annotations
    taken = matches.kept & (pair.score >= score)
    rows = np.flatnonzero(taken)
    near = overlaps.take(taken[overlaps.found] & (overlaps.value >= FOUND_FROM))
    # A last bit more decides between equal overlaps.
    same = found.category[near.found] == truth.category[near.truth]
    value = np.where(same, np.nextafter(near.value, 2), near.value)
    place = np.cumsum(taken) - 1
    rules = msgspec.structs.replace(matches.rules, thresholds=(FOUND_FROM,), max_detections=None, second_choice=True)
    matched = match(_without_classes(pair, rows), Overlaps(place[near.found], near.truth, value), rules, kind)

    size = len(pair.classes) + 1
    # What counts neither way though it met nothing, such as detections of classes that LVIS does not label throughout.
    aside = matches.ignored[0] & (matches.truth[0] < 0)
    shown = ~matched.ignored[0] & ~(aside[rows] & (matched.truth[0] < 0))
    on, category = matched.truth[0, shown], found.category[rows[shown]].astype(np.int64)
    truth_class = np.append(truth.category, size - 1).astype(np.int64)[on]
    lost = matched.counted.copy()
    lost[on[on >= 0]] = False
    missed = truth.category[lost].astype(np.int64)
    told, guess = np.append(truth_class, missed), np.append(category, np.full(len(missed), size - 1))
    chosen = _shown(told, guess, size - 1)
    at = np.full(size, -1)
    at[np.append(chosen, size - 1)] = np.arange(len(chosen) + 1)
    inside = (at[told] >= 0) & (at[guess] >= 0)
    size = len(chosen) + 1
    counts = np.bincount(at[told[inside]] * size + at[guess[inside]], minlength=size * size).reshape(size, size)
    names = [pair.classes[row] for row in chosen.tolist()]
    return Confusion(names=names, counts=counts.tolist(), score=score, iou=FOUND_FROM, background=True)


def _shown(truth: NDArray[np.int64], found: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return the classes in the table, int64, ascending: all, or those that are in most mistakes."""
    if classes <= _MOST_SHOWN:
        return np.arange(classes)
    wrong = truth != found
    mistakes = sum(np.bincount(side[wrong], minlength=classes + 1)[:classes] for side in (truth, found))
    return np.sort(np.argsort(-mistakes, kind="stable")[:_MOST_SHOWN])


def _without_classes(pair: Pair, rows: NDArray[np.int64]) -> Pair:
    """Return the pair with some of the detections, everything of one class."""
    truth, found = pair.truth.annotations, pair.found.annotations
    objects = Annotations(
        image=truth.image,
        category=np.zeros_like(truth.category),
        box=truth.box,
        crowd=truth.crowd,
        difficult=truth.difficult,
        keypoints=truth.keypoints,
    )
    detections = Annotations(
        image=found.image[rows],
        category=np.zeros(len(rows), np.int32),
        box=found.box[rows],
        score=pair.score[rows],
    )
    return Pair(
        Dataset(images=pair.truth.images, annotations=objects, categories=pair.truth.categories),
        Dataset(images=pair.found.images, annotations=detections, categories=pair.truth.categories),
        pair.order,
    )
