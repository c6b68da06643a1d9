"""Round numbers for axes, and numbers in words."""

from __future__ import annotations

import math

__all__ = ["least_score", "log_ticks", "plural", "short", "ticks", "whole_ticks"]


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return about so many round values from `low` to `high`: steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.7)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


def whole_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return about so many round whole numbers from `low` to `high`, for an axis that counts."""
    return [value for value in ticks(low, high, wanted) if value == int(value)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten from `low` to `high`, with their double and quintuple where these are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    parts = (1, 2, 5) if len(decades) <= 5 else (1,)
    return [m * 10.0**d for d in decades for m in parts if low * 0.999 <= m * 10.0**d <= high * 1.001]


def short(value: float) -> str:
    """Write a number in a few letters: 950, 1.5k, 20k, 3M."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def least_score(value: float) -> float:
    """Round a threshold up to thousandths: written so, it never lets in more than it does."""
    return math.ceil(1000 * value - 1e-9) / 1000


def plural(count: int, noun: str) -> str:
    """Count things: 1 class, 2,000 classes."""
    ending = "" if count == 1 else "es" if noun.endswith(("s", "x")) else "s"
    return f"{count:,} {noun}{ending}"
