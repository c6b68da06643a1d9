"""The report on labels of whole pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ..pair import Pair
from ..report import EvalReport, Names, Number
from ..settings import EvalSettings, refuse_rules_of_objects
from ..uncertainty import Units, described, resampled, resamples_for, units_of
from .calibration import calibration
from .classification import Classified, classify
from .figures import all_figures, class_results, confusion_of
from .parts import label_slices
from .suspects import suspect_labels, worst_pictures
from .versus import compare_classifiers

__all__ = ["label_report"]


def label_report(
    pair: Pair, other: Pair | None, settings: EvalSettings, names: Names, *, several: bool = False
) -> EvalReport:
    """Judge a classifier.

    Args:
        other: what a second model said of the same pictures, to compare with the first.
        several: judge class by class, though here no picture may have several labels.

    Raises:
        EvaluationError: no picture has a label.
        UsageError: something is asked for that only objects have.
    """
    refuse_rules_of_objects(settings, "labels of whole pictures")
    classified = classify(pair, several=several)
    slices = label_slices(pair, classified, settings)  # before anything that takes long: a column may be mistyped
    figures = _figures_of(classified)
    sure = settings.details and settings.resamples != 0
    units = units_of(pair.truth.images, settings)
    size = len(units.of) if classified.several is None else len(classified.several.picture)
    resamples = resamples_for(settings, size)
    if sure:
        among = _among(classified, units)
        numbers = resampled(figures, units, replace(settings, resamples=resamples), among=among)
    else:
        numbers = _plain(figures(np.ones(len(units.of), np.int32)))
    report = EvalReport(
        truth=names.truth,
        found=names.found,
        truth_format=names.truth_format,
        found_format=names.found_format,
        task="classification",
        kind="labels",
        protocol="several labels" if classified.several is not None else "one label",
        engine="cvdata",
        images=len(pair.truth.images),
        objects=len(pair.truth.annotations),
        detections=len(pair.found.annotations),
        metrics={name: number for name, number in numbers.items() if _SPLIT not in name},
        classes=class_results(classified, _by_class(numbers)),
        slices=slices,
        intervals=described(units, settings, resamples) if sure else None,
        findings=[*pair.findings, *classified.findings],
        settings=msgspec.to_builtins(settings),
    )
    if other is not None:
        comparison = compare_classifiers(pair, other, settings, (names.found, names.second), several=several)
        report = replace(report, comparison=comparison)
    if classified.several is not None:
        return report
    held = calibration(classified.score, classified.right, of="pictures")
    report = replace(report, metrics={**report.metrics, "ECE": Number(None) if held is None else held.ece})
    if not settings.details:
        return report
    return replace(
        report,
        confusion=confusion_of(classified),
        calibration=held,
        label_errors=suspect_labels(pair, classified),
        worst=worst_pictures(pair, classified),
    )


_SPLIT = "/"
"""Between the name of a figure and the row of its class, where figures of all classes stand in one table."""


def _figures_of(classified: Classified) -> Callable[[NDArray[Any]], dict[str, float]]:
    """Return the function that gives all figures for how often each picture of the pair was drawn."""

    def figures(weights: NDArray[Any]) -> dict[str, float]:
        values, columns = all_figures(classified, weights)
        for name, column in columns.items():
            values.update((f"{name}{_SPLIT}{row}", value) for row, value in enumerate(column.tolist()))
        return values

    return figures


def _among(classified: Classified, units: Units) -> Callable[[str], int]:
    """Return the function that tells on how many pictures, or groups at most, a figure rests, by its name."""
    support = [result.objects for result in class_results(classified)]

    def among(key: str) -> int:
        _, split, row = key.partition(_SPLIT)
        return min(support[int(row)], units.count) if split else units.count

    return among


def _plain(values: Mapping[str, float]) -> dict[str, Number]:
    return {name: Number(None if np.isnan(value) else value) for name, value in values.items()}


def _by_class(numbers: Mapping[str, Number]) -> dict[str, dict[int, Number]]:
    """Return the figures of classes by name and row."""
    found: dict[str, dict[int, Number]] = {}
    for key, number in numbers.items():
        name, split, row = key.partition(_SPLIT)
        if split:
            found.setdefault(name, {})[int(row)] = number
    return found
