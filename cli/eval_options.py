"""Options of `cvdata eval` that are more than one word: thresholds, sizes and numbers of detections."""

from __future__ import annotations

import math

from ..errors import UsageError, show

__all__ = ["areas_in", "counts_in", "thresholds_in"]

_MOST_THRESHOLDS = 1000


def thresholds_in(text: str) -> tuple[float, ...]:
    """Read `0.5,0.75` or `0.5:0.95:0.05`, both ends included.

    Raises:
        UsageError: it is neither.
    """
    if ":" not in text:
        return tuple(_number(part, "--iou", "0.5,0.75") for part in text.split(","))
    parts = [_number(part, "--iou", "0.5:0.95:0.05") for part in text.split(":")]
    if len(parts) != 3 or parts[2] <= 0 or parts[1] < parts[0]:
        raise UsageError(f"--iou {show(text)} is no range", hint="give START:STOP:STEP, such as 0.5:0.95:0.05")
    first, last, step = parts
    steps = round((last - first) / step)
    if steps >= _MOST_THRESHOLDS or abs(first + steps * step - last) > 1e-9:
        raise UsageError(
            f"--iou {show(text)} does not go from {first:g} to {last:g} in whole steps", hint="such as 0.5:0.95:0.05"
        )
    import numpy as np

    # By linspace, as pycocotools has them: adding up steps gives other last digits.
    return tuple(np.linspace(first, last, steps + 1).tolist())


def areas_in(text: str) -> dict[str, tuple[float, float]]:
    """Read `small=0:1024,large=1024:inf`; all sizes together come first, whether they are named or not.

    Raises:
        UsageError: it is not of that form, or a name is there twice.
    """
    from ..evaluate.settings import AREAS

    example, form = "small=0:1024,large=1024:inf", "NAME=LOW:HIGH in square pixels"
    areas: dict[str, tuple[float, float]] = {"all": AREAS["all"]}
    named: set[str] = set()
    for part in text.split(","):
        name, equals, bounds = part.partition("=")
        low, colon, high = bounds.partition(":")
        name = name.strip()
        if not name or not equals or not colon:
            raise UsageError(f"--areas: '{show(part)}' is not {form}", hint=f"such as {example}")
        if name in named:
            raise UsageError(f"--areas names '{show(name)}' twice", hint="give each its own name")
        named.add(name)
        most = AREAS["all"][1] if high.strip().casefold() in ("", "inf") else _number(high, "--areas", example)
        areas[name] = (_number(low, "--areas", example), most)
    return areas


def counts_in(text: str) -> tuple[int, ...]:
    """Read `1,10,100`.

    Raises:
        UsageError: one is no whole number.
    """
    counts = [_number(part, "--max-detections", "1,10,100") for part in text.split(",")]
    for count in counts:
        if count != int(count):
            raise UsageError(f"--max-detections: {count:g} is no whole number", hint="such as 1,10,100")
    return tuple(int(count) for count in counts)


def _number(text: str, option: str, example: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{option}: '{show(text)}' is no number", hint=f"such as {option} {example}")
    return number
