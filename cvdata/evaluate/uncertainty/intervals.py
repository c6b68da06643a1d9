"""From the figures of many resamples to the ends of an interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..report import Number

__all__ = ["ENVELOPE", "METHOD", "PAIRED", "SMOOTH", "Bias", "Spread", "interval", "spread_of", "two_sided"]

METHOD = "expanded percentile bootstrap (Hesterberg 2015), corrected for bias"


_ROUNDING = 1e-6
"""Figures of resamples that differ by less are equal: they are float32."""


@dataclass(frozen=True, slots=True)
class Bias:
    """How far a figure lies from the truth on average, as a multiple of how far resamples lie from the figure.

    Attributes:
        multiple: 1 for smooth figures; `doubt`: standard uncertainty of the bias, as a share of it.
        wider: how much more the figure varies once its estimated bias is taken off.
    """

    multiple: float = 1.0
    doubt: float = 0.0
    wider: float = 1.0


SMOOTH = Bias()
"""Shares, means and sums, and what is made of them."""

PAIRED = Bias(-1.0)
"""Differences of two models: both have the same bias, which cancels out, so the resamples stay where they are."""

ENVELOPE = Bias(2.0, 0.3, 1.05)
"""Average precision is read off the upper envelope of a ragged curve, and so is too high on few objects: the more
classes it is the mean of, the more this counts beside its spread. Such envelopes come close with the cube root of the
number of objects (Grenander 1956), not with the square root, and there a resample shows only part of the bias (Kosorok
2008, "Bootstrapping the Grenander estimator"). The three numbers are from simulated detectors with 12 to 600 objects a
class: the bias is about twice what resamples show, give or take a third."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Where the truth behind a figure lies, as far as resamples tell.

    Attributes:
        centre: the figure without its bias; `error`: standard error of it.
        around: the resamples, float64, ascending, moved to lie around the centre.
    """

    centre: float
    error: float
    around: NDArray[np.float64]


def spread_of(samples: NDArray[np.float64], value: float, bias: Bias) -> Spread | None:
    """Return where the truth lies, or None where resamples do not tell.

    That is where the figure is not defined in half of them, and where all agree: then nothing is known of how far it
    may lie from the truth, and an interval without width would claim that everything is.
    """
    defined = np.sort(samples[~np.isnan(samples)]).astype(np.float64)
    if len(defined) < max(2, len(samples) / 2) or defined[-1] - defined[0] <= _ROUNDING:
        return None
    mean, deviation = float(defined.mean()), float(defined.std())
    off = bias.multiple * (mean - value)
    wider = float(np.hypot(bias.wider, bias.doubt * off / deviation))
    return Spread(value - off, deviation * wider, value - off + (defined - mean) * wider)


def interval(
    samples: NDArray[np.float64],
    value: float | None,
    level: float,
    *,
    bias: Bias = SMOOTH,
    bounds: tuple[float, float] = (0.0, 1.0),
    among: int | None = None,
) -> Number:
    """Put an interval around a figure.

    It holds the truth, which is what the same model would score on endlessly many such pictures. Where the figure is
    biased, as AP is on few objects, it need not hold the figure. It is too narrow for an AP close to 1, where all
    depends on whether the last of COCO's recalls are reached, and of fewer than some 10 objects.

    Args:
        samples: the figure in each resample, shape (resamples,); NaN where it is not defined.
        value: the figure itself; None or NaN where it is not defined.
        level: share of such intervals that hold the truth.
        bounds: least and greatest value that the figure can have.
        among: number of things that the figure rests on. Of few, resamples spread too little: the level is raised by
            Student's distribution (Hesterberg, "What teachers should know about the bootstrap", 2015).

    Returns:
        The figure alone where `spread_of` has nothing to say.
    """
    if value is None or np.isnan(value):
        return Number(None)
    spread = spread_of(samples, float(value), bias)
    if spread is None:
        return Number(float(value))
    reach = _reach((1 - level) / 2, among)
    beyond = NormalDist().cdf(-reach)
    # Of B resamples the p (B + 1)-th is meant (Davison and Hinkley 1997, chapter 5): other quantiles lie too far in.
    ends = np.quantile(spread.around, [beyond, 1 - beyond], method="weibull")
    if beyond * (len(spread.around) + 1) < 1:
        # No resample lies so far out, and those of five things cannot: there the ends are those of Student's interval.
        ends = spread.centre + np.array([-reach, reach]) * spread.error
    low, high = np.clip(ends, *bounds)
    return Number(float(value), float(low), float(high))


def _reach(beyond: float, among: int | None) -> float:
    """Return how many deviations of the resamples each end lies out for a share of the truth to lie beyond it."""
    normal = -NormalDist().inv_cdf(beyond)
    if among is None:
        return normal
    many = max(among, 2)
    return _student(normal, many - 1) * float(np.sqrt(many / (many - 1)))


def two_sided(spread: Spread, among: int) -> float:
    """Return the probability of a figure at least so far from 0 where the truth is 0.

    By Student's distribution with a fourth as many degrees of freedom as the figure rests on things. Counting resamples
    beyond 0 cannot tell probabilities below 1 / resamples, which a correction for many classes asks for. In simulations
    of equal models with 5 to 80 objects a class, thresholds from the normal distribution were passed up to three times
    as often as stated, these never.
    """
    return 2 * NormalDist().cdf(-_as_normal(abs(spread.centre) / spread.error, max(among / 4, 1.0)))


def _as_normal(t: float, freedom: float) -> float:
    """Return the normal deviate that is as improbable as a deviate of Student's distribution (Wallace 1959)."""
    return float(np.sqrt(freedom * np.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3))


def _student(z: float, freedom: float) -> float:
    """Return the deviate of Student's distribution that is as improbable as a normal one; inverse of `_as_normal`."""
    share = z * (8 * freedom + 3) / (8 * freedom + 1)
    return float(np.sqrt(freedom * np.expm1(min(share * share / freedom, 700.0))))
