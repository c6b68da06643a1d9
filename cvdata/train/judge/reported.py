"""Everything that `cvdata eval` says, of what a network found in a part of a dataset."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from ...dataset import Dataset
from ...engine import Progress
from ...evaluate.pixels.arrays import Segmented, evaluate_segmented
from ...evaluate.report import EvalReport, Names
from ...evaluate.run import Evaluation, evaluate
from ...evaluate.settings import EvalSettings
from ...models.spec import ModelSpec
from ..data.part import Part
from .figures import kind_of

__all__ = ["report_on"]


def report_on(
    part: Part,
    spec: ModelSpec,
    found: Dataset | Segmented,
    names: Names,
    settings: EvalSettings | None = None,
    *,
    second: Dataset | Segmented | None = None,
    progress: Progress | None = None,
) -> tuple[EvalReport, Evaluation | None]:
    """Hold what was found against the labels.

    Args:
        settings: by default everything is said; shapes are compared that a network of this kind finds.
        second: what another network found in the same pictures, to compare with the first.

    Returns:
        The report and what it was made of; of maps of classes the report alone.

    Raises:
        UsageError: settings make no sense, or ask for what these labels do not have.
        EvaluationError: no picture has a label.
    """
    settings = settings or EvalSettings()
    if isinstance(found, Segmented):
        other = second if isinstance(second, Segmented) else None
        titles = (names.truth, names.found, names.second)
        report = evaluate_segmented(found, settings, second=other, names=titles)
        formats = {"truth_format": names.truth_format, "found_format": names.found_format}
        return msgspec.structs.replace(report, **formats), None
    if spec.task == "detector" and settings.kind == "auto":
        settings = msgspec.structs.replace(settings, kind=kind_of(spec))
    rival = second if isinstance(second, Dataset) else None
    truth = part.dataset
    if part.crop is not None:  # their files show more than the network saw, so none is drawn
        images = replace(truth.images, folder=np.full(len(part), -1, np.int32))
        truth = replace(truth, images=images)
    evaluation = evaluate(truth, found, settings, second=rival, several=spec.several, names=names, progress=progress)
    return evaluation.report, evaluation
