"""Whether one model is better than another on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...engine import Progress, Silent
from ...errors import UsageError
from ...reports.scales import plural
from ..coco import overlaps_of
from ..objects import Kind
from ..pair import Pair
from ..report import Comparison, ComparisonRow, Intervals, Number
from ..settings import EvalSettings
from .ap_bootstrap import Evidence
from .figures import (
    ClassFigures,
    Part,
    evidence_by_name,
    figures_once,
    figures_resampled,
    means_of,
    names_of,
    parts_of,
    units_with_objects,
    work_of,
)
from .intervals import PAIRED, interval, spread_of, two_sided
from .resampling import Units, described, resamples_for, units_of

__all__ = ["Paired", "compare", "comparison_of", "holm"]

Verdict: TypeAlias = Literal["better", "worse", "too few objects to say"]

_LEAST_OBJECTS = 10
"""A class with fewer objects gets no verdict: resamples of so few cannot tell what another ten would show."""


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """A figure of two models, and the same of both in every resample.

    Attributes:
        name: of the class; None for all classes together; `metric`: name of the figure.
        objects: that the figure rests on; `among`: number of pictures or groups with any of them.
        first, second: the figures, NaN where they are not defined.
        difference: second minus first in each resample, shape (resamples,), NaN likewise.
    """

    name: str | None
    metric: str
    objects: int
    among: int
    first: float
    second: float
    difference: NDArray[np.float64]

    def number(self, level: float) -> Number:
        """Return the difference with its interval."""
        value = self.second - self.first
        return interval(self.difference, value, level, bias=PAIRED, bounds=(-1.0, 1.0), among=self.among)

    def chance(self) -> float | None:
        """Return the probability of such a difference between two equals, None where resamples do not tell."""
        value = self.second - self.first
        spread = None if np.isnan(value) else spread_of(self.difference, value, PAIRED)
        return None if spread is None or self.objects < _LEAST_OBJECTS else two_sided(spread, self.among)

    def row(self, level: float, verdict: Verdict) -> ComparisonRow:
        """Return what the report says."""
        return ComparisonRow(
            name=self.name,
            metric=self.metric,
            objects=self.objects,
            first=None if np.isnan(self.first) else self.first,
            second=None if np.isnan(self.second) else self.second,
            difference=self.number(level),
            verdict=verdict,
        )


def compare(
    first: Pair,
    second: Pair,
    kind: Kind,
    settings: EvalSettings,
    names: tuple[str, str] = ("first", "second"),
    *,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two models on the same truth; every resample draws the same pictures for both.

    What both find hard, or easy, cancels out in the difference, so that it is known far better than either figure.

    Raises:
        UsageError: the protocol cannot be resampled, or no resamples were asked for.
    """
    units = units_of(first.truth.images, settings)
    resamples = resamples_for(settings, max(len(first.found.annotations), len(second.found.annotations)))
    if not resamples:
        raise UsageError("two models cannot be compared without resamples", hint="leave out --intervals 0")
    both = [_parts(pair, kind, settings) for pair in (first, second)]
    progress = progress or Silent()
    progress.start("compare", sum(work_of(parts, units, resamples) for parts in both))
    values = [figures_once(parts, len(first.truth.images)) for parts in both]
    samples = [figures_resampled(parts, units, resamples, settings.seed, progress.advance) for parts in both]
    whole = [means_of(parts, figures) for parts, figures in zip(both, values, strict=True)]
    drawn = [means_of(parts, figures) for parts, figures in zip(both, samples, strict=True)]
    evidence = evidence_by_name(both[0])
    metrics = [
        Paired(
            name=None,
            metric=name,
            objects=sum(len(one.objects) for one in evidence[name]),
            among=units_with_objects(evidence[name], units),
            first=float(whole[0][name][0]),
            second=float(whole[1][name][0]),
            difference=drawn[1][name] - drawn[0][name],
        )
        for name in names_of(both[0])
    ]
    classes = _classes(first.classes, names_of(both[0])[0], evidence, units, values, samples)
    return comparison_of(metrics, classes, names, described(units, settings, resamples))


def _parts(pair: Pair, kind: Kind, settings: EvalSettings) -> list[Part]:
    overlaps = overlaps_of(pair, kind, least=min(settings.thresholds), same_class=True)
    parts = parts_of(pair, kind, settings, overlaps)
    if not parts:
        message = f"two models cannot be compared under the protocol '{settings.protocol}'"
        raise UsageError(message, hint="compare them with --protocol coco, lvis, voc07 or voc12")
    return parts


def _classes(
    classes: Sequence[str],
    metric: str,
    evidence: dict[str, list[Evidence]],
    units: Units,
    values: list[ClassFigures],
    samples: list[ClassFigures],
) -> list[Paired]:
    difference = samples[1][metric] - samples[0][metric]
    return [
        Paired(
            name=name,
            metric=metric,
            objects=len(evidence[metric][row].objects),
            among=units_with_objects([evidence[metric][row]], units),
            first=float(values[0][metric][0, row]),
            second=float(values[1][metric][0, row]),
            difference=difference[:, row],
        )
        for row, name in enumerate(classes)
    ]


def comparison_of(
    metrics: list[Paired], classes: list[Paired], names: tuple[str, str], intervals: Intervals
) -> Comparison:
    """Judge figures of two models.

    A figure over all classes is better or worse where the interval of its difference leaves out 0. Of the classes many
    are judged at once: there the probability of such a difference between two equals (see `intervals.two_sided`) is
    held against a threshold that Holm's method makes stricter, so that with the stated level not one of them is wrong.
    A class without an object is left out.
    """
    classes = [one for one in classes if one.objects]
    level = intervals.level
    firm = holm([one.chance() for one in classes], 1 - level)
    tried = sum(one.chance() is not None for one in classes)
    of_classes = f"Holm's method over {plural(tried, 'verdict')}" if tried else "no verdict"
    return Comparison(
        first=names[0],
        second=names[1],
        metrics=[one.row(level, _verdict(one, _leaves_out_0(one.number(level)))) for one in metrics],
        classes=[one.row(level, _verdict(one, sure)) for one, sure in zip(classes, firm, strict=True)],
        intervals=intervals,
        correction=f"classes: {of_classes}; figures over all classes: none",
    )


def _leaves_out_0(number: Number) -> bool:
    return number.low is not None and number.high is not None and not number.low <= 0 <= number.high


def _verdict(one: Paired, firm: bool) -> Verdict:
    if not firm:
        return "too few objects to say"
    return "better" if one.second > one.first else "worse"


def holm(chances: Sequence[float | None], wrong: float) -> list[bool]:
    """Tell which of several findings stand, so that none of them is wrong but with the given probability.

    From the least probable one on, each is held against a threshold that shares the probability among those left
    (Holm 1979); the first that fails takes all after it along.

    Args:
        chances: probability of each finding if there were nothing; None for one that cannot stand.
    """
    stands = [False] * len(chances)
    known = sorted((chance, place) for place, chance in enumerate(chances) if chance is not None)
    for done, (chance, place) in enumerate(known):
        if chance > wrong / (len(known) - done):
            break
        stands[place] = True
    return stands
