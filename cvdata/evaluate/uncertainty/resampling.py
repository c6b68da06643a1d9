"""Drawing pictures again: how often each is in each of many data sets that might have been collected instead.

Pictures are drawn, not objects: objects of one picture are found or missed together. Where the truth groups its
pictures (frames of a video, copies of one photo) whole groups are drawn, for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...errors import UsageError
from ..report import Intervals, Number
from ..settings import EvalSettings
from .intervals import METHOD, interval

__all__ = ["Units", "described", "draws", "resampled", "resamples_for", "units_of"]

_FULL, _LEAST = 1000, 200
_SIZE = 100_000
"""Up to so many detections or pictures there are 1,000 resamples; from there on fewer, so that the work stays the same,
but never fewer than 200. Of 200 the ends of a 95 % interval still stand on five resamples each."""

_BLOCK = 1 << 22
"""Counts made at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is drawn: pictures, or groups of them.

    Attributes:
        kind: name of the thing; `count`: how many there are.
        of: int64, shape (pictures,), unit of each picture.
    """

    kind: Literal["pictures", "groups"]
    count: int
    of: NDArray[np.int64]

    @staticmethod
    def pictures(count: int) -> Units:
        """Draw every picture by itself."""
        return Units("pictures", count, np.arange(count))

    def weights(self, counts: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return how often each picture is there where each unit is so often, int32, shape (..., pictures)."""
        return counts if self.kind == "pictures" else counts[..., self.of]


def units_of(images: Images, settings: EvalSettings) -> Units:
    """Return what is drawn: groups where the truth has any, pictures elsewhere, or what the settings say.

    A picture in no group is a group of its own.

    Raises:
        UsageError: groups are asked for, and no picture of the truth is in one.
    """
    group = images.group
    grouped = group is not None and bool((group >= 0).any())
    if settings.resample == "groups" and not grouped:
        hint = "datasets of cvdata know groups; leave out --resample groups to draw pictures"
        raise UsageError("the truth has no groups of pictures to draw", hint=hint)
    if group is None or not grouped or settings.resample == "pictures":
        return Units.pictures(len(images))
    own = group.max() + 1 + np.arange(len(group))
    _, of = np.unique(np.where(group >= 0, group, own), return_inverse=True)
    return Units("groups", int(of.max()) + 1, of.astype(np.int64))


def resamples_for(settings: EvalSettings, size: int) -> int:
    """Return how many resamples are made where there are `size` detections, or pictures where nothing is detected."""
    if settings.resamples is not None:
        return settings.resamples
    return int(min(_FULL, max(_LEAST, _FULL * _SIZE // max(size, 1))))


def draws(units: int, resamples: int, seed: int, *, block: int | None = None) -> Iterator[NDArray[np.int32]]:
    """Yield how often each unit is in each resample, int32, in blocks of shape (some resamples, units).

    The same on every machine and with every version of NumPy, however large the blocks are: the bits of PCG64 are
    promised to stay (NEP 19), and a unit is drawn from 32 of them by multiplication (Lemire 2019), whose bias, below
    `units` / 2**32, nobody can measure.
    """
    bits = np.random.PCG64(seed)
    size = max(1, _BLOCK // max(units, 1)) if block is None else block
    for first in range(0, resamples, size):
        counts = np.empty((min(size, resamples - first), units), np.int32)
        for row in counts:
            drawn = ((bits.random_raw(units) >> np.uint64(32)) * np.uint64(units)) >> np.uint64(32)
            row[:] = np.bincount(drawn.astype(np.int64), minlength=units)
        yield counts


def resampled(
    metrics: Callable[[NDArray[np.int32]], Mapping[str, float | None]],
    units: int | Units,
    settings: EvalSettings,
    *,
    among: Callable[[str], int] | None = None,
) -> dict[str, Number]:
    """Compute figures with their intervals, from a function of how often each picture is there.

    Args:
        metrics: figures by name for weights, int32, shape (pictures,); all 1 are the figures themselves. A figure that
            is not defined is None or NaN.
        units: what is drawn, or the number of pictures.
        among: number of units that a figure rests on, by its name; None where each rests on all.
    """
    drawn = Units.pictures(units) if isinstance(units, int) else units
    values = metrics(np.ones(len(drawn.of), np.int32))
    samples: dict[str, list[float]] = {name: [] for name in values}
    if drawn.count:
        for block in draws(drawn.count, resamples_for(settings, len(drawn.of)), settings.seed):
            for counts in block:
                for name, value in metrics(drawn.weights(counts)).items():
                    samples[name].append(np.nan if value is None else value)
    return {
        name: interval(np.array(samples[name]), value, settings.level, among=among(name) if among else drawn.count)
        for name, value in values.items()
    }


def described(units: Units, settings: EvalSettings, resamples: int) -> Intervals:
    """Say how the intervals were made."""
    return Intervals(
        resamples=resamples,
        level=settings.level,
        unit=units.kind,
        units=units.count,
        method=METHOD,
        seed=settings.seed,
    )
