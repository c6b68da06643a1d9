"""Whether one classifier is better than another on the same pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ..pair import Pair
from ..report import Comparison
from ..settings import EvalSettings
from ..uncertainty import described, draws, resamples_for, units_of
from ..uncertainty.compare import Paired, comparison_of
from .classification import Classified, classify
from .figures import all_figures, class_metrics, class_results

__all__ = ["compare_classifiers"]


def compare_classifiers(
    first: Pair, second: Pair, settings: EvalSettings, names: tuple[str, str], *, several: bool = False
) -> Comparison:
    """Compare two classifiers; every resample draws the same pictures for both.

    Over all classes the figures of `class_metrics`, of each class its F1, or where pictures have several labels its
    average precision. Of all these more is better.

    Args:
        several: judge class by class, though here no picture may have several labels.

    Raises:
        UsageError: no resamples were asked for.
        EvaluationError: no picture has a label.
    """
    units = units_of(first.truth.images, settings)
    resamples = resamples_for(settings, len(units.of))
    if not resamples:
        raise UsageError("two models cannot be compared without resamples", hint="leave out --intervals 0")
    both = classify(first, several=several), classify(second, several=several)
    of_class = "F1" if both[0].several is None else "AP"
    once = np.ones(len(units.of), np.int32)
    values = [_row(one, of_class, once) for one in both]
    samples = np.stack(
        [
            _row(both[1], of_class, units.weights(counts)) - _row(both[0], of_class, units.weights(counts))
            for block in draws(units.count, resamples, settings.seed)
            for counts in block
        ]
    )
    metrics = list(class_metrics(both[0], once))
    objects = [result.objects for result in class_results(both[0])]
    counts = [sum(objects)] * len(metrics) + objects
    paired = [
        Paired(
            name=None if at < len(metrics) else first.classes[at - len(metrics)],
            metric=metrics[at] if at < len(metrics) else of_class,
            objects=counts[at],
            among=min(counts[at], units.count),
            first=float(values[0][at]),
            second=float(values[1][at]),
            difference=samples[:, at],
        )
        for at in range(len(values[0]))
    ]
    intervals = described(units, settings, resamples)
    return comparison_of(paired[: len(metrics)], paired[len(metrics) :], names, intervals)


def _row(classified: Classified, of_class: str, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the figures over all classes, then one figure of each class, float64."""
    whole, columns = all_figures(classified, weights)
    return np.concatenate([list(whole.values()), columns[of_class]])
