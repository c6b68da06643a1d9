"""Evaluate what a model found: `cvdata eval`, from two datasets to the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..engine import Progress, Silent
from ..files import Finding
from .coco import coco_numbers, engine_of, lvis_numbers, openimages_numbers, overlaps_of
from .judging import as_seen, counted_objects, matches_of
from .numbers import Numbers
from .objects import Kind, kind_of, sized_by_boxes
from .overlaps import Overlaps
from .pair import Pair, align, is_classification
from .report import ClassResult, EvalReport, Names, Number
from .second import errors_of_second, findings_of_second
from .settings import EvalSettings, check_kind, check_settings

if TYPE_CHECKING:
    from .diagnosis import Diagnosis, Verdicts
    from .uncertainty import Sure

__all__ = ["Evaluation", "evaluate"]

_ENGINES = {"voc07": "cvdata", "voc12": "cvdata", "lvis": "hotcoco", "openimages": "hotcoco"}
"""What computes the figures of the protocols that leave no choice."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A report and what it was made of, for whoever draws pictures or opens them.

    Attributes:
        report: the figures.
        pair: truth and detections on the same rows.
        kind: of the shapes that were compared; `labels` for whole-picture labels.
        verdicts: on each object and detection; None where `details` was off, and for whole-picture labels.
    """

    report: EvalReport
    pair: Pair
    kind: Kind | None
    verdicts: Verdicts | None


def evaluate(
    truth: Dataset,
    found: Dataset,
    settings: EvalSettings | None = None,
    *,
    second: Dataset | None = None,
    several: bool = False,
    names: Names | None = None,
    findings: tuple[Finding, ...] = (),
    progress: Progress | None = None,
) -> Evaluation:
    """Hold what a model found against the truth.

    Args:
        second: what another model found on the same pictures, to compare with the first.
        several: labels of whole pictures: judge class by class, though here no picture may have several.
        findings: what the readers had to say, for the report.

    Raises:
        UsageError: settings make no sense, or no picture is in the split.
        EvaluationError: truth and detections do not belong together, or lack what the protocol needs.
    """
    settings, names, progress = settings or EvalSettings(), names or Names(), progress or Silent()
    check_settings(settings)
    pair = align(truth, found, settings.split)
    other = None
    if second is not None:
        with errors_of_second(names.second):
            other = align(truth, second, settings.split)
    told = () if other is None else findings_of_second(other.findings, pair.findings)
    pair = replace(pair, findings=(*findings, *pair.findings))
    if is_classification(pair.truth):
        from .classify import label_report

        evaluation = Evaluation(label_report(pair, other, settings, names, several=several), pair, None, None)
    else:
        evaluation = _objects(pair, other, settings, names, progress)
    report = evaluation.report
    return replace(evaluation, report=msgspec.structs.replace(report, findings=[*report.findings, *told]))


def _objects(pair: Pair, other: Pair | None, settings: EvalSettings, names: Names, progress: Progress) -> Evaluation:
    kind: Kind = kind_of(pair) if settings.kind == "auto" else settings.kind
    check_kind(kind, settings)
    if not settings.details:
        numbers = _numbers(pair, kind, settings, None)
        return Evaluation(_report(pair, kind, settings, names, numbers), pair, kind, None)
    from .classify import calibration_of_detections  # not before: the numbers alone are there before these are loaded
    from .diagnosis import diagnose
    from .diagnosis.kinds import BACKGROUND_BELOW
    from .protocols import explain
    from .uncertainty import compare, slices, sure_costs, sure_numbers

    if kind == "masks" and settings.protocol in ("coco", "lvis"):
        pair = replace(pair, findings=(*pair.findings, *sized_by_boxes(pair, settings.areas)))
    given, pair = pair, as_seen(pair, settings.protocol)
    overlaps = overlaps_of(pair, kind, least=min(BACKGROUND_BELOW, *settings.thresholds), pixel=settings.pixel)
    parts = slices(pair, kind, settings, overlaps)  # before anything that takes long: a column may be mistyped
    comparison = None
    if other is not None:  # likewise: it may be refused
        rival = as_seen(other, settings.protocol)
        with errors_of_second(names.second):
            comparison = compare(pair, rival, kind, settings, (names.found, names.second), progress=progress)
    matches = matches_of(pair, kind, settings, overlaps)
    diagnosis = diagnose(pair, overlaps, matches, kind)
    numbers = _with_diagnosis(_numbers(pair, kind, settings, overlaps), diagnosis)
    sure, errors = None, diagnosis.errors
    if settings.resamples != 0:
        sure = sure_numbers(pair, kind, settings, overlaps, numbers, progress=progress)
        errors = sure_costs(pair, settings, errors, diagnosis.worlds, progress=progress)
    plain = overlaps if given is pair and not settings.pixel else None
    report = msgspec.structs.replace(
        _report(pair, kind, settings, names, numbers, diagnosis, sure),
        errors=errors,
        calibration=calibration_of_detections(pair, matches),
        slices=parts,
        explanation=explain(given, kind, settings, plain) if settings.explain else [],
        comparison=comparison,
    )
    return Evaluation(report, pair, kind, diagnosis.verdicts)


def _with_diagnosis(numbers: Numbers, diagnosis: Diagnosis) -> Numbers:
    """Add what is known at the operating point, and how well matched pairs overlap, to a protocol's own figures."""
    point = diagnosis.operating_points[0]
    whole = {
        "F1": point.f1,
        "precision": point.precision,
        "recall": point.recall,
        "mean_IoU": diagnosis.overlaps[0].mean,
    }
    classes = [{**one, **more} for one, more in zip(numbers.classes, diagnosis.classes, strict=True)]
    return Numbers({**numbers.metrics, **whole}, classes)


def _numbers(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps | None) -> Numbers:
    """Return the protocol's own figures."""
    if settings.protocol in ("voc07", "voc12"):
        from .protocols import voc_numbers

        year = 2007 if settings.protocol == "voc07" else 2012
        return voc_numbers(pair, kind, year, overlaps, thresholds=settings.voc_thresholds, pixel=settings.pixel)
    if settings.protocol == "lvis":
        return lvis_numbers(pair, kind, settings)
    if settings.protocol == "openimages":
        return openimages_numbers(pair, kind, settings)
    return coco_numbers(pair, kind, settings)


def _report(
    pair: Pair,
    kind: Kind,
    settings: EvalSettings,
    names: Names,
    numbers: Numbers,
    diagnosis: Diagnosis | None = None,
    sure: Sure | None = None,
) -> EvalReport:
    counted = counted_objects(pair, kind, settings.protocol)
    report = EvalReport(
        truth=names.truth,
        found=names.found,
        truth_format=names.truth_format,
        found_format=names.found_format,
        task="detection",
        kind=kind,
        protocol=settings.protocol,
        engine=_ENGINES.get(settings.protocol) or engine_of(pair, kind, settings),
        images=len(pair.truth.images),
        objects=int(counted.sum()),
        detections=len(pair.found.annotations),
        metrics=_plain(numbers.metrics) if sure is None else sure.metrics,
        classes=_class_results(pair, counted, numbers, sure),
        findings=list(pair.findings),
        settings=msgspec.to_builtins(settings),
    )
    if diagnosis is None:
        return report
    return msgspec.structs.replace(
        report,
        intervals=None if sure is None else sure.intervals,
        curves=diagnosis.curves,
        operating_points=diagnosis.operating_points,
        overlaps=diagnosis.overlaps,
        confusion=diagnosis.confusion,
        label_errors=diagnosis.label_errors,
        worst=diagnosis.worst,
    )


def _plain(values: dict[str, float | None]) -> dict[str, Number]:
    return {name: Number(value) for name, value in values.items()}


def _class_results(pair: Pair, counted: NDArray[np.bool_], numbers: Numbers, sure: Sure | None) -> list[ClassResult]:
    table, classes = pair.truth.annotations, len(pair.classes)
    category = table.category[counted].astype(np.int64)
    objects = np.bincount(category, minlength=classes).tolist()
    detections = np.bincount(pair.found.annotations.category, minlength=classes).tolist()
    key = np.sort(table.image[counted].astype(np.int64) * max(classes, 1) + category)
    first = np.concatenate([[True], key[1:] != key[:-1]])[: len(key)]  # each picture of a class once
    images = np.bincount(key[first] % max(classes, 1), minlength=classes).tolist()
    return [
        ClassResult(
            name=name,
            images=images[row],
            objects=objects[row],
            detections=detections[row],
            metrics=_plain(numbers.classes[row]) if sure is None else sure.classes[row],
        )
        for row, name in enumerate(pair.classes)
    ]
