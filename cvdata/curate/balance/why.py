"""Why a class does not become what was wanted, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ...reports.scales import plural
from .count import Census
from .report import Shortfall

__all__ = ["left_behind", "left_over"]

_NEAR = 0.95
"""Of the wanted number of objects: a class that comes so far is no matter for a warning, nor is one as far beyond."""


def left_behind(
    census: Census,
    names: tuple[str, ...],
    goal: int,
    reachable: NDArray[np.int64],
    after: NDArray[np.int64],
    limit: int,
    usable: NDArray[np.int64] | None,
) -> Iterator[Shortfall]:
    """Yield the classes that stay below the goal.

    Args:
        reachable, after: int64, shape (classes,), objects.
        usable: objects that can be cut out, where they are pasted.
    """
    now, pictures = census.objects().tolist(), census.pictures().tolist()
    first = np.searchsorted(np.sort(census.category), np.arange(census.classes + 1))
    by_class = np.argsort(census.category, kind="stable")
    for row in np.flatnonzero(after < _NEAR * goal).tolist():
        held = f"{plural(now[row], 'object')} in {plural(pictures[row], 'picture')}"
        if not now[row]:
            yield Shortfall(names[row], goal, 0, "absent", "no training picture shows it")
        elif after[row] < _NEAR * min(goal, reachable[row]):
            images = census.image[by_class[first[row] : first[row + 1]]]
            yield Shortfall(names[row], goal, int(after[row]), "beside", _companion(census, names, images, row))
        elif usable is not None and usable[row] < now[row]:
            why = (
                f"{usable[row]:,} of {plural(now[row], 'object')} can be cut out "
                f"(not crowds, difficult, cut off, tiny or overlarge ones), each up to {limit} times in all"
            )
            yield Shortfall(names[row], goal, int(after[row]), "unusable", why)
        else:
            why = f"{held}, each used up to {limit} times (--limit)"
            yield Shortfall(names[row], goal, int(after[row]), "limit", why)


def _companion(census: Census, names: tuple[str, ...], images: NDArray[np.int64], row: int) -> str:
    """Name the class that a class comes with most: repeating one repeats the other."""
    beside = np.bincount(census.category[census.pairs_of(images)], minlength=census.classes)
    beside[row] = 0
    other = int(np.argmax(beside))
    if not beside[other]:
        return "its pictures are not repeated more often"
    which = f"{beside[other]:,} of its {len(images):,} pictures show"
    if beside[other] == len(images):
        which = f"all of its {len(images):,} pictures show" if len(images) > 1 else "its only picture shows"
    return f"{which} '{show(names[other], 40)}', too, which would grow with it"


def left_over(census: Census, names: tuple[str, ...], target: int, times: NDArray[np.int64]) -> list[Shortfall]:
    """Return the classes that stay above the target, because their pictures show others that must not shrink."""
    after = census.objects(times)
    found = []
    scarce = census.objects(times) <= np.minimum(census.objects(), target)
    for row in np.flatnonzero(after * _NEAR > target).tolist():
        mine = np.unique(census.image[(census.category == row) & (times[census.image] > 0)])
        pairs = census.pairs_of(mine)
        beside = np.bincount(census.category[pairs], minlength=census.classes) * scarce
        beside[row] = 0
        other = int(np.argmax(beside))
        why = f"its pictures show other classes, too, such as '{show(names[other], 40)}' in {beside[other]:,} of them"
        if not beside[other]:
            why = "no picture of it can go without another class falling below its floor"
        found.append(Shortfall(names[row], target, int(after[row]), "beside", f"{why}; none may fall below its floor"))
    return found
