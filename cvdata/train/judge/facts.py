"""What a diagnosis needs to know of the dataset, besides the figures of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..report import ClassOutcome

if TYPE_CHECKING:
    from ...evaluate.report import EvalReport
    from ..data.part import Prepared

__all__ = ["Facts", "facts_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A dataset, as far as it explains how a run went.

    Attributes:
        train_images, val_images: pictures to learn from and to validate with.
        empty_images: pictures to learn from with nothing on them.
        leaks: validation pictures of which there is a copy, or nearly one, among those to learn from.
        outcomes: each class.
        interval: ends of the confidence interval of the metric; None where none was computed.
        maps: whether the labels are maps of classes, in a folder beside the pictures.
    """

    train_images: int
    val_images: int
    empty_images: int = 0
    leaks: int = 0
    outcomes: Sequence[ClassOutcome] = ()
    interval: tuple[float, float] | None = None
    maps: bool = False


def facts_of(prepared: Prepared, metric: str, report: EvalReport | None = None) -> Facts:
    """Return the facts of a dataset that was trained on.

    Args:
        metric: the figure that decides which epoch is best.
        report: evaluation of the validation pictures; its figures of each class and its interval are taken over.
    """
    empty = 0
    if prepared.train.maps is None and prepared.train.shown is None:
        empty = int((np.diff(prepared.train.dataset.offsets) == 0).sum())
    return Facts(
        train_images=len(prepared.train),
        val_images=len(prepared.val),
        empty_images=empty,
        leaks=prepared.leaks,
        outcomes=_outcomes(prepared, report),
        interval=None if report is None else _interval(report, metric),
        maps=prepared.train.maps is not None,
    )


def _outcomes(prepared: Prepared, report: EvalReport | None) -> list[ClassOutcome]:
    counts = dict(zip(prepared.classes, prepared.class_counts.tolist(), strict=True))
    if report is None:
        return [ClassOutcome(name=name, train=count) for name, count in counts.items()]
    from ...evaluate.words import class_metric

    metric = class_metric(report)
    rows = {row.name: row for row in report.classes}
    outcomes = []
    for name, count in counts.items():
        row = rows.get(name)
        number = None if row is None or metric is None else row.metrics.get(metric)
        # Of pixels a report counts the pictures of a class alone.
        seen = None if row is None or report.kind == "pixels" else row.objects
        value = None if number is None else number.value
        outcomes.append(ClassOutcome(name=name, train=count, val=seen, metric=metric, value=value))
    return outcomes


_SAME = {"accuracy": "top1"}
"""What a metric of a run is called in a report, where that is another name."""


def _interval(report: EvalReport, metric: str) -> tuple[float, float] | None:
    number = report.metrics.get(metric) or report.metrics.get(_SAME.get(metric, metric))
    if number is None or number.low is None or number.high is None:
        return None
    return number.low, number.high
