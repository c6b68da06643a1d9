"""The figures of `cvdata eval` as an evaluation run of FiftyOne, for its Model Evaluation panel."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evaluate.report import EvalReport
from ..names import EVAL, FOUND, TRUTH, list_of
from ..subject import Found, Subject
from .matches import Match, counts_of, matches_of
from .places import label_ids_of, rows_of_samples

__all__ = ["precision_table", "put_evaluation", "recall_table"]

_RECALLS = np.linspace(0, 1, 101)
"""COCO's, at which precision is read."""

_THRESHOLDS = np.round(np.arange(0.5, 1.0, 0.05), 2)
"""COCO's overlaps, over which AP is the mean."""

_UNDEFINED = -1.0
"""What FiftyOne has in place of AP where there is none: such a class is left out of the mean."""

_COUNTS = (f"{EVAL}_tp", f"{EVAL}_fp", f"{EVAL}_fn")


def put_evaluation(samples: Any, subject: Subject) -> None:
    """Put what was judged as the run `eval`, in place of the one before; without any, take that one away.

    Nothing is evaluated anew: the figures are those of the report, the counts those of the verdicts. The run lists

    - true detections with their objects: the diagonal of the confusion matrix;
    - an object and the detection of another class right on it (verdict `wrong class`): beside the diagonal;
    - all other detections that count as objects of nothing, all other objects that count as not found.

    What this is not: FiftyOne's own matrix of a run with `classwise=False`, nor the matrix of `cvdata eval`'s page,
    where detections are matched whatever their class, so that a detection may go to an object of another class though
    one of its own is near. Here each label stands where its verdict says. In the panel, a cell beside the diagonal
    opens the pictures with an object of the one class and a detection of the other (FiftyOne asks no more), and that of
    the background all false detections, or all objects not found, of the class.
    """
    found = subject.found[0] if subject.found else None
    boxed = samples.has_sample_field(list_of(TRUTH)) and samples.has_sample_field(list_of(FOUND))
    if found is None or found.judged is None or found.report is None or not boxed:
        _take_away(samples)
        return
    ids, pictures = rows_of_samples(samples, subject.dataset)
    truth_ids = label_ids_of(samples, subject.dataset, TRUTH, pictures)
    found_ids = label_ids_of(samples, found.dataset, FOUND, pictures)
    matches = matches_of(subject.dataset, found.dataset, found.judged, truth_ids, found_ids)
    run = _registered(samples, found.report)
    _count(samples, ids, counts_of(subject.dataset, found.dataset, found.judged)[pictures], pictures)
    results = _results(samples, run, subject, found, matches)
    run.save_run_results(samples, EVAL, results, cache=False)
    run.add_fields_to_sidebar_group(samples, EVAL, omit_fields=(FOUND, TRUTH))


def _take_away(samples: Any) -> None:
    """Take away the run of a time when there were detections, but not the attributes, which are not of this module."""
    if EVAL in samples.list_evaluations():
        run = samples.get_evaluation_info(EVAL).config.build()
        run.delete_run(samples, EVAL, cleanup=False)
    fields = [field for field in _COUNTS if samples.has_sample_field(field)]
    if fields:
        samples.delete_sample_fields(fields)


def _registered(samples: Any, report: EvalReport) -> Any:
    """Register the run and the fields that the panel asks, and return FiftyOne's method of evaluation."""
    coco = importlib.import_module("fiftyone.utils.eval.coco")
    config = coco.COCOEvaluationConfig(
        FOUND,
        TRUTH,
        iou=0.5,
        classwise=True,
        iscrowd="crowd",
        use_masks=report.kind == "masks",
        compute_mAP=True,
        iou_threshs=_thresholds(report).tolist(),
    )
    run = config.build()
    if EVAL in samples.list_evaluations():
        # FiftyOne would also delete the verdicts, which were put a moment ago.
        run.delete_run(samples, EVAL, cleanup=False)
    run.register_run(samples, EVAL, cleanup=False)
    run.register_samples(samples, EVAL)
    return run


def _count(samples: Any, ids: list[str], counts: NDArray[np.int64], pictures: NDArray[np.int64]) -> None:
    """Write the true and false detections and the objects not found of each sample, where they changed."""
    before = samples.values(list(_COUNTS))
    for column, field in enumerate(_COUNTS):
        after = np.where(pictures < 0, 0, counts[:, column]).tolist()
        changed = {one: new for one, new, old in zip(ids, after, before[column], strict=True) if new != old}
        if changed:
            samples.set_values(field, changed, key_field="id")


def _results(samples: Any, run: Any, subject: Subject, found: Found, matches: list[Match]) -> Any:
    coco = importlib.import_module("fiftyone.utils.eval.coco")
    report, classes = found.report, list(subject.dataset.categories.names)
    if report is None:
        return None
    return coco.COCODetectionResults(
        samples,
        run.config,
        EVAL,
        matches,
        precision_table(report, classes),
        _RECALLS,
        _thresholds(report),
        classes,
        recall_sweep=recall_table(report, classes),
        missing="(none)",
        backend=run,
    )


def _thresholds(report: EvalReport) -> NDArray[np.float64]:
    return _THRESHOLDS if "AP" in report.metrics and "AP50" in report.metrics else _THRESHOLDS[:1]


def precision_table(report: EvalReport, classes: list[str]) -> NDArray[np.float64]:
    """Return precision by overlap, class and recall, as FiftyOne holds it, from which it takes AP and curves.

    A report has the curve at IoU 0.5 alone, and it stands in the first row. Of the thresholds above it, where AP is
    their mean, it has the mean AP, and each of their rows is that, level: FiftyOne's AP is the report's, its curve at
    `iou_thresh=0.5` too, while a curve over all thresholds is not to be had from it.
    """
    curves = {curve.name: curve for curve in report.curves if curve.name is not None}
    figures = {one.name: one.metrics for one in report.classes}
    thresholds = len(_thresholds(report))
    table = np.full((thresholds, len(classes), len(_RECALLS)), _UNDEFINED)
    for place, name in enumerate(classes):
        curve = curves.get(name)
        if curve is None:
            continue
        table[0, place] = np.interp(_RECALLS, curve.recall, curve.precision)
        if thresholds > 1:
            whole = figures[name]["AP"].value if name in figures and "AP" in figures[name] else None
            first = float(table[0, place].mean())
            table[1:, place] = _UNDEFINED if whole is None else (whole * thresholds - first) / (thresholds - 1)
    return table


def recall_table(report: EvalReport, classes: list[str]) -> NDArray[np.float64] | None:
    """Return COCO's AR100 of each class as FiftyOne holds it, shape (1, classes); None where the rules have none."""
    figures = {one.name: one.metrics["AR100"].value for one in report.classes if "AR100" in one.metrics}
    if not figures:
        return None
    values = [figures.get(name) for name in classes]
    return np.array([[_UNDEFINED if value is None else value for value in values]])
