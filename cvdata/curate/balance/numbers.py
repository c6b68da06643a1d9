"""A plan in numbers: each class before and after, how even they are, how often pictures are repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset.copies import Copies
from .count import Census
from .paste import Pasting
from .report import BalancePart, ClassPlan, Evenness, Repeats, Shortfall, Steps, Times
from .settings import OPTIONS, BalanceSettings, given
from .why import left_behind, left_over

__all__ = ["Outcome", "copied", "part_of", "pasted"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a strategy decided, and what comes of it.

    Attributes:
        times: int64, shape (m,), how often each training picture is to be there.
        weights: float64, shape (m,), how often to draw each.
        copies: the pictures to make; `pasted`: objects pasted into them.
        objects, pictures: shape (classes,), how many there will be.
        reachable: shape (classes,), the most objects there can be; `reachable_pictures`: the most pictures.
        usable: shape (classes,), objects that can be cut out, where they are pasted.
    """

    times: NDArray[np.int64]
    weights: NDArray[np.float64]
    copies: Copies
    objects: NDArray[np.int64]
    pictures: NDArray[np.int64]
    reachable: NDArray[np.int64]
    reachable_pictures: NDArray[np.int64]
    pasted: int = 0
    usable: NDArray[np.int64] | None = None


def copied(
    census: Census, settings: BalanceSettings, times: NDArray[np.int64], weights: NDArray[np.float64], images: int
) -> Outcome:
    """Say what comes of pictures that are repeated or left out; `images` is the number of pictures of the dataset."""
    counts = np.zeros(images, np.int64)
    counts[census.rows] = np.maximum(times - 1, 0)
    most = given(settings.limit) if "limit" in OPTIONS[settings.strategy] else 1
    after = (census.objects(times), census.pictures(times))
    if settings.output == "weights":
        after = _expected(census, weights)
    reachable = (census.objects() * most, census.pictures() * most)
    return Outcome(times, weights, Copies.times(counts), *after, *reachable)


def pasted(census: Census, pasting: Pasting, images: int) -> Outcome:
    """Say what comes of objects that are pasted into new pictures."""
    times = 1 + np.bincount(pasting.copies.parent, minlength=images)[census.rows]
    reachable = np.maximum(pasting.reachable, pasting.objects)
    most = np.maximum(census.pictures() + reachable - census.objects(), pasting.pictures)
    count = 0 if pasting.copies.pasted is None else len(pasting.copies.pasted.values)
    after = (pasting.objects, pasting.pictures)
    return Outcome(times, times.astype(np.float64), pasting.copies, *after, reachable, most, count, pasting.usable)


def part_of(
    census: Census, names: tuple[str, ...], settings: BalanceSettings, outcome: Outcome, splits: tuple[str, ...] | None
) -> BalancePart:
    """Return the plan in numbers."""
    now = census.objects()
    objects = np.stack([now, outcome.reachable, outcome.objects], axis=1).tolist()
    pictures = np.stack([census.pictures(), outcome.reachable_pictures, outcome.pictures], axis=1).tolist()
    goal = None
    if settings.strategy != "repeat-factor":
        goal = settings.target or int(now.max(initial=0))
    return BalancePart(
        strategy=settings.strategy,
        splits=None if splits is None else list(splits),
        goal=goal,
        threshold=settings.threshold,
        classes=[ClassPlan(n, Steps(*o), Steps(*p)) for n, o, p in zip(names, objects, pictures, strict=True)],
        before=_evenness(now, now > 0),
        after=_evenness(outcome.objects, now > 0),
        repeats=_repeats(outcome.times),
        pasted=outcome.pasted,
        shortfalls=_shortfalls(census, names, settings, outcome, goal),
        notes=_notes(settings, now, outcome.times),
    )


def _expected(census: Census, weights: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return objects and pictures of each class in as many draws as the weights add up to, rounded."""
    of_pair = weights[census.image]
    objects = np.bincount(census.category, weights=census.count * of_pair, minlength=census.classes)
    pictures = np.bincount(census.category, weights=of_pair, minlength=census.classes)
    return np.rint(objects).astype(np.int64), np.rint(pictures).astype(np.int64)


def _evenness(objects: NDArray[np.int64], used: NDArray[np.bool_]) -> Evenness:
    counts = objects[used].tolist()
    if not counts or min(counts) == 0:
        return Evenness(None, None)
    total = sum(counts)
    entropy = -sum(n / total * float(np.log(n / total)) for n in counts)
    return Evenness(max(counts) / min(counts), entropy / float(np.log(len(counts))) if len(counts) > 1 else None)


def _repeats(times: NDArray[np.int64]) -> Repeats:
    values, counts = np.unique(times, return_counts=True)
    return Repeats(
        pictures=len(times),
        after=int(times.sum()),
        removed=int(np.count_nonzero(times == 0)),
        repeated=int(np.count_nonzero(times > 1)),
        most=int(times.max(initial=0)),
        times=[Times(value, count) for value, count in zip(values.tolist(), counts.tolist(), strict=True)],
    )


def _shortfalls(
    census: Census, names: tuple[str, ...], settings: BalanceSettings, outcome: Outcome, goal: int | None
) -> list[Shortfall]:
    if goal is None:
        return []
    if settings.strategy == "undersample":
        return left_over(census, names, goal, outcome.times)
    limit = given(settings.limit)
    return list(left_behind(census, names, goal, outcome.reachable, outcome.objects, limit, outcome.usable))


def _notes(settings: BalanceSettings, now: NDArray[np.int64], times: NDArray[np.int64]) -> list[str]:
    if not (times == 1).all():
        return []
    used = now[now > 0]
    if not len(used):
        return ["no training picture shows an object"]
    if settings.strategy == "copy-paste":
        enough = int(used.min()) >= given(settings.target)
        return ["nothing to paste: every class that is shown has as many objects as --target says"] if enough else []
    if settings.strategy == "undersample":
        return [
            f"no picture can be left out: --target {settings.target} is the floor of every class; "
            f"the smallest class has {int(used.min()):,}"
        ]
    if settings.strategy == "repeat-factor":
        return [f"no class is rarer than the threshold, {settings.threshold:.4g} of the pictures; give a larger one"]
    return ["no picture needs to be repeated"]
