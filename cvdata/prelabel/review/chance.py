"""What a simple random sample says of a finite set: exact chances and bounds, by counting (hypergeometric).

A set of `size` things of which `bad` are wrong is drawn from without putting back. The bounds are those of Clopper and
Pearson (Biometrika 1934) with the hypergeometric in place of the binomial (Buonaccorsi, Statistics & Probability
Letters 1987), so that they are exact for small sets, too, and certain where everything was seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["allowed_wrong", "at_most", "interval", "needed", "promise_of"]


def at_most(wrong: int, seen: int, bad: int, size: int) -> float:
    """Return the chance that at most `wrong` of `seen` drawn ones are bad."""
    least, most = max(0, seen - (size - bad)), min(seen, bad)
    if wrong < least:
        return 0.0
    if wrong >= most:
        return 1.0
    at = np.arange(least, wrong, dtype=np.float64)
    # From one count to the next the chance changes by this factor; logarithms, since it may be very small.
    ratio = np.log(bad - at) + np.log(seen - at) - np.log(at + 1) - np.log(size - bad - seen + at + 1)
    first = _log_ways(bad, least) + _log_ways(size - bad, seen - least) - _log_ways(size, seen)
    return min(1.0, float(np.exp(first + np.concatenate([[0.0], np.cumsum(ratio)])).sum()))


def _log_ways(size: int, drawn: int) -> float:
    return math.lgamma(size + 1) - math.lgamma(drawn + 1) - math.lgamma(size - drawn + 1)


def allowed_wrong(seen: int, size: int, promise: float, level: float) -> int:
    """Return how many of those seen may be wrong so that the promise can be made; -1 where too few were seen.

    The promise "at least this share of the set is right" is made where, if it were false, so few wrong ones would be
    seen with a chance of `level` at most. It is false from a certain number of bad ones on; more make it less likely.
    """
    bad = _least_bad(size, promise)
    if at_most(0, seen, bad, size) > level:
        return -1
    return _last(lambda wrong: at_most(wrong, seen, bad, size) <= level, 0, seen)


def needed(wrong: int, size: int, promise: float, level: float) -> int | None:
    """Return how many must be seen so that the promise can be made with so many wrong among them.

    None where that is more than the promise bears even if all others are right.
    """
    bad = _least_bad(size, promise)
    if wrong >= bad:
        return None
    return size - _last(lambda fewer: at_most(wrong, size - fewer, bad, size) <= level, 0, size)


def promise_of(wrong: int, seen: int, size: int, level: float) -> float:
    """Return the largest share of right ones that could have been promised."""
    return 1 - _most_bad(wrong, seen, size, level) / size


def interval(wrong: int, seen: int, size: int, confidence: float) -> tuple[float, float]:
    """Return the two-sided interval of the share of the set that is right."""
    level = (1 - confidence) / 2
    right = seen - wrong
    # The other end is the same question asked of the right ones.
    return 1 - _most_bad(wrong, seen, size, level) / size, _most_bad(right, seen, size, level) / size


def _least_bad(size: int, promise: float) -> int:
    """Return from how many bad ones on the share of right ones lies below the promise."""
    return math.floor(size * (1 - promise) + 1e-9) + 1


def _most_bad(wrong: int, seen: int, size: int, level: float) -> int:
    """Return the largest number of bad ones with which so few wrong ones are seen with a chance above `level`."""
    return _last(lambda bad: at_most(wrong, seen, bad, size) > level, wrong, size - (seen - wrong))


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the last number from `low` to `high` for which something holds that holds for `low`, and then no more."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
