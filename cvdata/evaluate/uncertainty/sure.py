"""The figures of a protocol with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine import Progress, Silent
from ..numbers import Numbers
from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..report import Intervals, Number
from ..settings import EvalSettings
from .figures import (
    ClassFigures,
    bias_of,
    end_to_end,
    figures_resampled,
    means_of,
    parts_of,
    weights_of,
    work_of,
)
from .intervals import interval
from .operating import operating_of
from .resampling import Units, described, resamples_for, units_of

__all__ = ["Sure", "sure_numbers"]


@dataclass(frozen=True, slots=True)
class Sure:
    """Figures with their intervals, by name.

    Attributes:
        metrics: over all classes; `classes`: of each class, by row.
        intervals: how they were made; None where none was.
    """

    metrics: dict[str, Number]
    classes: list[dict[str, Number]]
    intervals: Intervals | None


def sure_numbers(
    pair: Pair,
    kind: Kind,
    settings: EvalSettings,
    overlaps: Overlaps,
    numbers: Numbers,
    *,
    progress: Progress | None = None,
) -> Sure:
    """Put an interval around the figures of a protocol; those that it cannot resample stay without.

    Args:
        overlaps: at least the pairs of one class that reach the lowest threshold.
        numbers: the figures themselves.
    """
    progress = progress or Silent()
    units = units_of(pair.truth.images, settings)
    resamples = resamples_for(settings, len(pair.found.annotations))
    if not resamples or not units.count:
        return Sure(_plain(numbers.metrics), [_plain(values) for values in numbers.classes], None)
    classes, whole = _samples(pair, kind, settings, overlaps, units, resamples, progress)
    objects = np.bincount(pair.truth.annotations.category, minlength=len(pair.classes)).tolist()
    among = [min(units.count, count) for count in (sum(objects), *objects)]
    return Sure(
        metrics=_with_ends(numbers.metrics, whole, settings.level, among[0]),
        classes=[
            _with_ends(values, {name: table[:, row] for name, table in classes.items()}, settings.level, among[row + 1])
            for row, values in enumerate(numbers.classes)
        ],
        intervals=described(units, settings, resamples),
    )


def _samples(
    pair: Pair,
    kind: Kind,
    settings: EvalSettings,
    overlaps: Overlaps,
    units: Units,
    resamples: int,
    progress: Progress,
) -> tuple[ClassFigures, ClassFigures]:
    """Return the figures of every class, shape (resamples, classes), and of all, shape (resamples,), by name."""
    parts = parts_of(pair, kind, settings, overlaps)
    progress.start("resample", work_of(parts, units, resamples))
    classes = figures_resampled(parts, units, resamples, settings.seed, progress.advance) if parts else {}
    whole = means_of(parts, classes)
    del parts  # which are large
    operating = operating_of(pair, kind, settings, overlaps)
    blocks = [operating.figures(weights) for weights in weights_of(units, resamples, settings.seed)]
    whole |= end_to_end([block[1] for block in blocks])
    return classes | end_to_end([block[0] for block in blocks]), whole


def _plain(values: dict[str, float | None]) -> dict[str, Number]:
    return {name: Number(value) for name, value in values.items()}


def _with_ends(
    values: dict[str, float | None], samples: dict[str, NDArray[np.float64]], level: float, among: int
) -> dict[str, Number]:
    return {
        name: interval(samples[name], value, level, bias=bias_of(name), among=among)
        if name in samples
        else Number(value)
        for name, value in values.items()
    }
