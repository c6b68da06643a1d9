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
    Part,
    bias_of,
    end_to_end,
    evidence_by_name,
    figures_resampled,
    means_of,
    parts_of,
    units_with_objects,
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
    parts = parts_of(pair, kind, settings, overlaps)
    among = {name: units_with_objects(evidence, units) for name, evidence in evidence_by_name(parts).items()}
    classes, whole = _samples(parts, units, settings, resamples, progress)
    del parts  # which are large
    operating = operating_of(pair, kind, settings, overlaps)
    blocks = [operating.figures(weights) for weights in weights_of(units, resamples, settings.seed)]
    classes |= end_to_end([block[0] for block in blocks])
    whole |= end_to_end([block[1] for block in blocks])
    of_class, of_all = _among(pair, units)
    return Sure(
        metrics=_with_ends(numbers.metrics, whole, settings.level, of_all, among),
        classes=[
            _with_ends(values, {name: table[:, row] for name, table in classes.items()}, settings.level, of_class[row])
            for row, values in enumerate(numbers.classes)
        ],
        intervals=described(units, settings, resamples),
    )


def _samples(
    parts: list[Part], units: Units, settings: EvalSettings, resamples: int, progress: Progress
) -> tuple[ClassFigures, ClassFigures]:
    """Return the figures of every class, shape (resamples, classes), and of all, shape (resamples,), by name."""
    progress.start("resample", work_of(parts, units, resamples))
    classes = figures_resampled(parts, units, resamples, settings.seed, progress.advance) if parts else {}
    return classes, means_of(parts, classes)


def _among(pair: Pair, units: Units) -> tuple[list[int], int]:
    """Return how many pictures or groups have an object, of each class and of any."""
    table, classes = pair.truth.annotations, max(len(pair.classes), 1)
    key = np.unique(units.of[table.image] * classes + table.category)
    return np.bincount(key % classes, minlength=classes).tolist(), len(np.unique(key // classes))


def _plain(values: dict[str, float | None]) -> dict[str, Number]:
    return {name: Number(value) for name, value in values.items()}


def _with_ends(
    values: dict[str, float | None],
    samples: dict[str, NDArray[np.float64]],
    level: float,
    among: int,
    of_some: dict[str, int] | None = None,
) -> dict[str, Number]:
    """Put the intervals around some figures.

    Args:
        among: number of things that they rest on; `of_some`: that of those that rest on fewer, by name.
    """
    rests = of_some or {}
    return {
        name: interval(samples[name], value, level, bias=bias_of(name), among=rests.get(name, among))
        if name in samples
        else Number(value)
        for name, value in values.items()
    }
