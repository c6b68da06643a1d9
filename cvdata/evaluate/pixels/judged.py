"""What is known of one model's maps, whichever kind they are, and the figures of the report made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...files import Finding
from ..report import ClassResult, Confusion, Number, WorstPicture
from ..settings import EvalSettings
from ..uncertainty import draws, interval, resamples_for

__all__ = ["Judged", "Measure", "Samples", "class_key", "mean_defined", "numbers_of", "sampled"]

Measure: TypeAlias = Callable[[NDArray[np.int32]], dict[str, NDArray[np.float64]]]
"""Gives figures by name for weights of the pictures, how often each is there: from int32, shape (draws, pictures), to
float64, shape (draws,), NaN where a figure is not defined.

Figures over all classes go by their names, those of the classes by `class_key`.
"""


Samples: TypeAlias = dict[str, NDArray[np.float64]]
"""Each figure as it is, and then in every resample, float64, shape (1 + resamples,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A model's maps, held against those of the truth.

    Attributes:
        measure: the figures; `metrics`: names of those over all classes; `class_metrics`: of those of a class, the
            one that classes are compared by first.
        classes: names of the classes.
        images, objects, detections: int64, shape (classes,): pictures of the truth that a class is in, pixels or
            segments of it that count, and those found.
        pictures: number of pictures.
        confusion: of pixels; None for segments.
        worst: pictures with the most errors; `findings`: what is worth knowing about the inputs.
    """

    measure: Measure
    metrics: tuple[str, ...]
    class_metrics: tuple[str, ...]
    classes: tuple[str, ...]
    images: NDArray[np.int64]
    objects: NDArray[np.int64]
    detections: NDArray[np.int64]
    pictures: int
    confusion: Confusion | None
    worst: list[WorstPicture]
    findings: tuple[Finding, ...]


def class_key(metric: str, row: int) -> str:
    """Return the name of a class's figure among all that a `Measure` gives."""
    return f"{metric}.{row}"


def mean_defined(values: NDArray[np.float64], *, missing: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return the mean over classes, float64, shape (draws,); NaN where no class counts.

    Args:
        values: float64, shape (draws, classes).
        missing: bool, which count for nothing, and NaN elsewhere is 0; by default NaN counts for nothing.
    """
    there = ~(np.isnan(values) if missing is None else missing)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = np.where(there, np.nan_to_num(values), 0).sum(axis=1) / there.sum(axis=1)
    return mean


def sampled(judged: Judged, settings: EvalSettings) -> Samples:
    """Return every figure as it is, and in every resample; in none where no intervals are asked for."""
    once = np.ones((1, judged.pictures), np.int32)
    blocks = draws(judged.pictures, resamples_for(settings, judged.pictures) if settings.details else 0, settings.seed)
    parts = [judged.measure(block) for block in (once, *blocks)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def numbers_of(judged: Judged, samples: Samples, level: float) -> tuple[dict[str, Number], list[ClassResult]]:
    """Return the figures over all classes and those of each, with the intervals that the resamples give."""
    among = dict.fromkeys(judged.metrics, judged.pictures)
    among |= {
        class_key(metric, row): count
        for row, count in enumerate(judged.images.tolist())
        for metric in judged.class_metrics
    }
    numbers = {
        name: interval(values[1:], float(values[0]), level, among=among[name]) for name, values in samples.items()
    }
    classes = [
        ClassResult(
            name=name,
            images=int(judged.images[row]),
            objects=int(judged.objects[row]),
            detections=int(judged.detections[row]),
            metrics={metric: numbers[class_key(metric, row)] for metric in judged.class_metrics},
        )
        for row, name in enumerate(judged.classes)
    ]
    return {name: numbers[name] for name in judged.metrics}, classes
