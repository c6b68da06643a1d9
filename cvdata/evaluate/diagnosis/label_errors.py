"""Places where the truth itself is probably wrong."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..objects import truth_area
from ..overlaps import Overlaps
from ..pair import Pair
from ..report import LabelError
from ..settings import AREAS
from .curves import ByScore
from .kinds import BACKGROUND_BELOW, FOUND_FROM, Verdict, first_of
from .verdicts import Verdicts

__all__ = ["label_errors"]

Name: TypeAlias = Literal["missing", "spurious", "swapped"]

_MOST = 200

_RIGHT_ON = 0.75
"""Overlap from which a detection of another class means this object and not one beside it."""

_LEAST_SURETY = 0.5
"""Below, the model is more often wrong than right, and says nothing about the truth."""

_SIZES = np.array([AREAS["small"][1], AREAS["medium"][1]])


def label_errors(
    pair: Pair,
    overlaps: Overlaps,
    matches: Matches,
    verdicts: Verdicts,
    classes: list[ByScore],
    most: int = _MOST,
) -> list[LabelError]:
    """Return the places where the truth is probably wrong, the surest first.

    - missing: a confident detection on the background, one for each place;
    - swapped: a confident detection of another class that overlaps an object by at least 0.75, while no detection of
      its own class, as sure as the operating point asks, found that object; the surest one;
    - spurious: an object that no detection of any class, at any confidence, overlaps by 0.1, on a picture where
      something was detected: where nothing was, the model may never have seen the picture.

    A detection is confident where it is at least as sure as true detections of its class are on average, the threshold
    of confident learning (Northcutt, Jiang, Chuang, JAIR 2021): it follows from the data, and a truth with many errors
    or a model with low scores does not silence it. Its surety is the share of right ones among the detections of its
    class at least so sure, the highest at this or any lower confidence.

    The surety of a spurious object is the share of the objects of its class and size that detections do come near,
    times the share of the untouched ones that blindness does not explain. Of real objects that the model hardly sees
    some are left without a detection because FOUND was cut at a confidence: about as many as have nothing surer than
    twice the lowest confidence in FOUND, if they are spread evenly below it.

    Shares count one right and one wrong case more than there are, so that three of three are not certain. Below a
    surety of 0.5 nothing is said.

    Args:
        overlaps: pairs of all classes; `matches`: at the threshold 0.5 alone; `classes`: at the same.
    """
    missing = _confident(pair, matches, np.flatnonzero(verdicts.found == Verdict.BACKGROUND))
    swapped = _confident(pair, matches, _right_on_others(verdicts))
    missing_surety = _surety(pair, classes, missing)
    missing, missing_surety = _apart(pair, missing, missing_surety, most)
    swapped_surety = _surety(pair, classes, swapped)
    swapped, swapped_surety = _one_each(pair, verdicts, swapped, swapped_surety)
    spurious, spurious_surety = _untouched(pair, overlaps, matches)

    names: tuple[Name, ...] = ("missing", "swapped", "spurious")
    name = np.repeat(np.arange(3), [len(missing), len(swapped), len(spurious)])
    row = np.concatenate([missing, swapped, spurious])
    surety = np.concatenate([missing_surety, swapped_surety, spurious_surety])
    order = np.lexsort((row, name, -surety))
    order = order[surety[order] >= _LEAST_SURETY][:most]
    return [_shown(pair, verdicts, names[name[i]], int(row[i]), float(surety[i])) for i in order.tolist()]


def _confident(pair: Pair, matches: Matches, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the detections that are as sure as true ones of their class are on average."""
    category, true = pair.found.annotations.category, np.flatnonzero(matches.true[0])
    classes = len(pair.classes)
    counts = np.bincount(category[true], minlength=classes)
    total = np.bincount(category[true], weights=pair.score[true], minlength=classes)
    least = np.divide(total, counts, out=np.full(classes, np.inf), where=counts > 0)
    return np.asarray(rows[pair.score[rows] >= least[category[rows]]])


def _right_on_others(verdicts: Verdicts) -> NDArray[np.int64]:
    """Return the detections of another class right on an object that none of its own class found."""
    rows = np.flatnonzero((verdicts.found == Verdict.WRONG_CLASS) & (verdicts.found_overlap >= _RIGHT_ON))
    return np.asarray(rows[verdicts.truth[verdicts.found_other[rows]] != Verdict.FOUND])


def _surety(pair: Pair, classes: list[ByScore], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of right ones among detections that are at least as sure as each of these, of its class."""
    category = pair.found.annotations.category[rows]
    order = np.argsort(category, kind="stable")
    heads = np.append(np.flatnonzero(first_of(category[order])), len(order)).tolist()
    surety = np.zeros(len(rows))
    for start, stop in pairwise(heads):
        here = order[start:stop]
        one = classes[category[here[0]]]
        share = (one.true + 1) / (one.true + one.false + 2)
        highest = np.maximum.accumulate(share[::-1])[::-1]
        surety[here] = highest[np.searchsorted(-one.score, -pair.score[rows[here]])]
    return surety


def _apart(
    pair: Pair, rows: NDArray[np.int64], surety: NDArray[np.float64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keep the surest of the detections on one place, of whatever class, and no more than `most` in all."""
    order = np.lexsort((rows, -pair.score[rows], -surety))
    image, box = pair.found.annotations.image, pair.found.annotations.box
    kept: list[int] = []
    on_image: dict[int, list[int]] = {}
    for place in order.tolist():
        row = int(rows[place])
        others = on_image.setdefault(int(image[row]), [])
        if not others or _overlap(box[row], box[others]).max() < FOUND_FROM:
            others.append(row)
            kept.append(place)
        if len(kept) == most:
            break
    chosen = np.array(kept, np.int64)
    return rows[chosen], surety[chosen]


def _overlap(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of a box with others, float64, shape (others,)."""
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.maximum(high - np.maximum(box[:2], others[:, :2]), 0).prod(axis=1)
    union = box[2:].prod() + others[:, 2:].prod(axis=1) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros(len(others)), where=union > 0))


def _one_each(
    pair: Pair, verdicts: Verdicts, rows: NDArray[np.int64], surety: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keep the surest detection of those that point to one object."""
    order = np.lexsort((rows, -pair.score[rows], -surety, verdicts.found_other[rows]))
    order = order[first_of(verdicts.found_other[rows[order]])]
    return rows[order], surety[order]


def _untouched(pair: Pair, overlaps: Overlaps, matches: Matches) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the objects that nothing comes near, and how sure it is that nothing is there."""
    table = pair.truth.annotations
    touching = overlaps.take(overlaps.value >= BACKGROUND_BELOW)
    near, bright = np.zeros((2, len(table)), np.bool_)
    near[touching.truth] = True
    bright[touching.truth[pair.score[touching.found] > 2 * pair.score.min(initial=np.inf)]] = True
    seen = matches.counted & (np.diff(pair.found.offsets)[table.image] > 0)
    rows = np.flatnonzero(seen & ~near)
    faint = int((seen & near & ~bright).sum())
    blind = min(1.0, (faint + 1) / (len(rows) + 2))

    group = table.category.astype(np.int64) * 3 + np.searchsorted(_SIZES, truth_area(pair.truth))
    groups = 3 * len(pair.classes)
    share = (np.bincount(group[seen & near], minlength=groups) + 1) / (np.bincount(group[seen], minlength=groups) + 2)
    return rows, share[group[rows]] * (1 - blind)


def _shown(pair: Pair, verdicts: Verdicts, name: Name, row: int, surety: float) -> LabelError:
    """Make the entry of an object (spurious) or of a detection."""
    truth, found, classes = pair.truth.annotations, pair.found.annotations, pair.classes
    names = pair.truth.images.names
    if name == "spurious":
        x, y, width, height = truth.box[row].tolist()
        return LabelError(
            kind=name,
            image=names[truth.image[row]],
            box=(x, y, width, height),
            truth=classes[truth.category[row]],
            found=None,
            score=None,
            iou=None,
            surety=surety,
        )
    on = int(verdicts.found_other[row])
    x, y, width, height = (found.box[row] if on < 0 else truth.box[on]).tolist()
    return LabelError(
        kind=name,
        image=names[found.image[row]],
        box=(x, y, width, height),
        truth=None if on < 0 else classes[truth.category[on]],
        found=classes[found.category[row]],
        score=float(pair.score[row]),
        iou=None if on < 0 else float(verdicts.found_overlap[row]),
        surety=surety,
    )
