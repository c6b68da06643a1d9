"""How often each training picture is to be there: repeat factors, oversampling, a least number of objects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .count import Census

__all__ = ["default_threshold", "oversample", "reach_target", "repeat_factors", "rounded"]


def default_threshold(census: Census) -> float:
    """Return the share of pictures below which a class is rare: that of the average class in use.

    Where each picture shows one class, this is 1 / classes. LVIS chose 0.001 for its 1,203 classes, most of which are
    shown by hardly any of its 100,000 pictures (Gupta et al. 2019); for a few classes that would repeat nothing.
    """
    shown = census.pictures()
    return float(shown.sum()) / len(census) / max(int(np.count_nonzero(shown)), 1)


def repeat_factors(census: Census, threshold: float, limit: int) -> NDArray[np.float64]:
    """Return how often to draw each picture: r = max over its classes of max(1, sqrt(threshold / f)), up to `limit`.

    f is the share of the training pictures that show a class. Source: Gupta et al., LVIS, CVPR 2019, section 5; the
    same as detectron2's `RepeatFactorTrainingSampler`. A picture without objects is drawn once.

    Returns:
        float64, shape (m,), with fractions; `rounded` makes whole numbers of them.
    """
    share = np.maximum(census.pictures(), 1) / len(census)  # a class that no picture shows repeats none
    of_class = np.maximum(1.0, np.sqrt(threshold / share))
    factors = np.ones(len(census))
    np.maximum.at(factors, census.image, of_class[census.category])
    return np.minimum(factors, float(limit))


def rounded(factors: NDArray[np.float64], draw: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn repeat factors into whole numbers: 2.3 becomes 3 for three pictures of ten, by a draw of each one's own."""
    whole = np.floor(factors)
    return (whole + (draw < factors - whole)).astype(np.int64)


def reach_target(census: Census, target: int, limit: int) -> NDArray[np.int64]:
    """Repeat pictures until each class has at least `target` objects, with as little of all others as possible.

    The rarest class comes first. Those of its pictures that show no class that has enough are repeated in turn, as
    often as they may be, before any other; then the others, those first whose objects are needed most.

    Returns:
        How often each picture is there, int64, shape (m,), from 1 to `limit`.
    """
    times = np.ones(len(census), np.int64)
    now = census.objects()
    by_class = np.argsort(census.category, kind="stable")
    first = np.searchsorted(census.category[by_class], np.arange(census.classes + 1))
    for row in np.argsort(now, kind="stable").tolist():
        pairs = by_class[first[row] : first[row + 1]]
        for chosen in _purest_first(census, pairs, now < target):
            if now[row] < target:
                now = _raise_class(census, pairs[chosen], target - now[row], times, now, limit)
    return times


def _purest_first(census: Census, pairs: NDArray[np.int64], needed: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the pictures of a class that hold only what is needed, and the others; the best first, then by lot."""
    images = census.image[pairs]
    held = census.pairs_of(images)
    owner = np.repeat(np.arange(len(images)), np.diff(census.offsets)[images])
    useful = np.bincount(owner, weights=census.count[held] * needed[census.category[held]], minlength=len(images))
    total = np.bincount(owner, weights=census.count[held], minlength=len(images))
    order = np.lexsort((census.draw[images], -useful / total))
    pure = (useful == total)[order]
    return [order[pure], order[~pure]]


def _raise_class(
    census: Census,
    pairs: NDArray[np.int64],
    missing: int,
    times: NDArray[np.int64],
    now: NDArray[np.int64],
    limit: int,
) -> NDArray[np.int64]:
    """Repeat pictures of a class, in rounds, until nothing is missing; return the objects that are there then."""
    images, count = census.image[pairs], census.count[pairs]
    for level in range(1, limit):
        free = times[images] <= level
        enough = int(np.searchsorted(np.cumsum(count[free]), missing)) + 1
        chosen = images[free][:enough]
        times[chosen] += 1
        now = now + census.objects_in(chosen)
        missing -= int(count[free][:enough].sum())
        if missing <= 0:
            break
    return now


_MOST_STEPS = 150
_STILL = 1e-3  # a change of a repeat factor that is none


def oversample(census: Census, limit: int) -> NDArray[np.int64]:
    """Repeat pictures so that every class comes as near as possible to the largest.

    A picture of a rare class often shows a common one, too, so the classes are looked at together. What is made
    smallest is Pearson's chi-squared, the sum over the classes of (objects - wanted)² / wanted, where each is wanted as
    often as the largest, or as often as `limit` allows: a surplus counts like a lack.

    Returns:
        How often each picture is there, int64, shape (m,), from 1 to `limit`.
    """
    objects = census.objects()
    wanted = np.minimum(objects * limit, objects.max(initial=0))
    weight = 1 / np.maximum(wanted, 1)
    factors = _relaxed(census, wanted, weight, limit)
    return _improved(census, _rounded_evenly(census, factors, limit), wanted, weight, limit)


def _relaxed(census: Census, wanted: NDArray[np.int64], weight: NDArray[np.float64], limit: int) -> NDArray[np.float64]:
    """Return the best factors where fractions are allowed: convex least squares in the box from 1 to `limit`.

    Accelerated projected gradient (Beck and Teboulle 2009). The step of each picture is its own: for a matrix A of no
    negative entries the diagonal of A Aᵀ 1 lies above A Aᵀ (De Pierro 1995), so pictures of rare classes move far.
    """
    step = 1 / np.maximum(_per_picture(census, census.objects() * weight), 1e-12)
    here = there = np.ones(len(census))
    momentum = 1.0
    for _ in range(_MOST_STEPS):
        totals = np.bincount(census.category, weights=census.count * there[census.image], minlength=census.classes)
        new = np.clip(there - step * _per_picture(census, (totals - wanted) * weight), 1, limit)
        following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        there = new + (momentum - 1) / following * (new - here)
        moved = float(np.abs(new - here).max(initial=0))
        here, momentum = new, following
        if moved < _STILL:
            break
    return here


def _per_picture(census: Census, of_class: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over each picture's objects of a number of their class, float64, shape (m,)."""
    weights = census.count * of_class[census.category]
    return np.asarray(np.bincount(census.image, weights=weights, minlength=len(census)), np.float64)


def _rounded_evenly(census: Census, factors: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Turn factors into whole numbers; their sum over the pictures of each rarest class changes by less than 1."""
    whole = np.floor(factors)
    rank = np.empty(census.classes, np.int64)
    rank[np.argsort(census.objects(), kind="stable")] = np.arange(census.classes)
    rarest = np.full(len(census), census.classes)
    np.minimum.at(rarest, census.image, rank[census.category])
    order = np.lexsort((census.draw, rarest))
    along = np.floor(np.cumsum((factors - whole)[order]) + 0.5)
    times = whole.astype(np.int64)
    times[order] += np.diff(along, prepend=0.0).astype(np.int64)
    return np.clip(times, 1, limit)


_MOST_WORK = 30_000_000  # pairs looked at: large datasets gain nothing from single pictures
_MOST_CHANGES = 20_000
_NOTHING = 1e-9  # a gain that is none


def _improved(
    census: Census, times: NDArray[np.int64], wanted: NDArray[np.int64], weight: NDArray[np.float64], limit: int
) -> NDArray[np.int64]:
    """Change one picture by one time as long as that brings the classes nearer to what is wanted, best change first."""
    squares = np.bincount(census.image, weights=census.count**2 * weight[census.category], minlength=len(census))
    totals = census.objects(times)
    for _ in range(min(_MOST_CHANGES, _MOST_WORK // max(len(census.image), 1))):
        lack = 2 * _per_picture(census, (wanted - totals) * weight)
        more = np.where(times < limit, lack - squares, -np.inf)
        less = np.where(times > 1, -lack - squares, -np.inf)
        up, down = int(np.argmax(more)), int(np.argmax(less))
        image, change = (up, 1) if more[up] >= less[down] else (down, -1)
        if max(more[up], less[down]) <= _NOTHING:
            break
        times[image] += change
        totals = totals + change * census.objects_in(np.array([image]))
    return times
