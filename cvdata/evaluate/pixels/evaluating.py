"""Evaluate label maps and panoptic maps: from two paths to the report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from ...engine import Engine, InProcess, Progress, Silent
from ...errors import EvaluationError, UsageError, show
from ...formats.label_maps import looks_like_label_maps, open_label_maps, read_classes
from ...formats.panoptic_files import looks_panoptic, open_panoptic
from ..report import EvalReport, Intervals
from ..second import errors_of_second, findings_of_second
from ..settings import EvalSettings, check_settings, refuse_rules_of_objects
from ..uncertainty import Units, described
from .comparing import compare_judged
from .judged import Judged, Samples, numbers_of, sampled
from .panoptic import judge_segments, segment_panoptic
from .scores import judge_labels
from .segmentation import segment

__all__ = ["evaluate_pixels", "intervals_of", "looks_like_pixels", "refuse_for_maps", "report_of"]

Task: TypeAlias = Literal["segmentation", "panoptic"]


def looks_like_pixels(path: Path | str) -> Task | None:
    """Say what kind of maps with a class or a segment a pixel a path holds; None for neither. Reads little."""
    if looks_panoptic(path):
        return "panoptic"
    return "segmentation" if looks_like_label_maps(path) else None


def evaluate_pixels(
    truth: Path | str,
    found: Path | str,
    settings: EvalSettings | None = None,
    *,
    second: Path | str | None = None,
    task: Task | None = None,
    classes: Path | str | Sequence[str] | None = None,
    void: Sequence[int] | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> EvalReport:
    """Hold label maps, or panoptic maps, against those of the truth.

    Args:
        second: what another model found on the same pictures, to compare with the first.
        task: what the paths hold, where that is known already; else the truth is looked at.
        classes: file with the list of classes, or their names in the order of their values; for label maps.
        void: values that are of no class; None for 255, where it is no class's value; for label maps.

    Raises:
        UsageError: settings make no sense, or ask for what such maps do not have.
        EvaluationError: truth and found do not belong together.
        FormatError: a file is not what it should be.
    """
    settings, engine, progress = settings or EvalSettings(), engine or InProcess(), progress or Silent()
    check_settings(settings)
    refuse_for_maps(settings)
    task = task or looks_like_pixels(truth)
    if task is None:
        hint = "give a folder of PNG files with a class a pixel, or a COCO panoptic document"
        raise EvaluationError(f"'{show(truth)}' holds neither label maps nor panoptic maps", hint=hint)
    models = [found] if second is None else [found, second]
    if task == "segmentation":
        judged = _judged_labels(truth, models, classes, void, engine, progress)
    elif classes is None and void is None:
        judged = _judged_segments(truth, models, engine, progress)
    else:
        raise UsageError("a panoptic document says itself what its classes are, and void is 0", hint="leave it out")
    samples = [sampled(one, settings) for one in judged]
    report = report_of(judged[0], samples[0], task, settings, (truth, found))
    if second is None:
        return report
    sure, names = intervals_of(judged[0], samples[0], settings), (os.fspath(found), os.fspath(second))
    comparison = compare_judged((judged[0], judged[1]), (samples[0], samples[1]), sure, names)
    findings = [*report.findings, *findings_of_second(judged[1].findings, report.findings)]
    return msgspec.structs.replace(report, comparison=comparison, findings=findings)


def _judged_labels(
    truth: Path | str,
    models: Sequence[Path | str],
    classes: Path | str | Sequence[str] | None,
    void: Sequence[int] | None,
    engine: Engine,
    progress: Progress,
) -> list[Judged]:
    table = read_classes(classes) if isinstance(classes, (str, os.PathLike)) else classes
    maps = open_label_maps(truth, table)
    return _each(models, lambda m: judge_labels(segment(maps, open_label_maps(m, table), engine, progress, void=void)))


def _judged_segments(
    truth: Path | str, models: Sequence[Path | str], engine: Engine, progress: Progress
) -> list[Judged]:
    maps = open_panoptic(truth)
    return _each(
        models, lambda m: judge_segments(segment_panoptic(maps, open_panoptic(m, maps.classes), engine, progress))
    )


def _each(models: Sequence[Path | str], judge: Callable[[Path | str], Judged]) -> list[Judged]:
    judged = [judge(models[0])]
    for second in models[1:]:
        with errors_of_second(second):
            judged.append(judge(second))
    return judged


def refuse_for_maps(settings: EvalSettings) -> None:
    """Refuse what only objects have, rather than pass over it."""
    refuse_rules_of_objects(settings, "maps of pixels")
    for given, option in ((settings.by, "--by"), (settings.split, "--split")):
        if given:
            raise UsageError(f"{option} is for objects; maps of pixels have none", hint="give the folder of one part")
    if settings.resample == "groups":
        raise UsageError("maps of pixels know no groups of pictures", hint="draw pictures, with --resample pictures")


def report_of(
    judged: Judged, samples: Samples, task: Task, settings: EvalSettings, paths: tuple[Path | str, Path | str]
) -> EvalReport:
    """Return the report on one model's maps.

    Args:
        samples: its figures, as `sampled` gives them.
        paths: what the truth and the model are called.
    """
    metrics, classes = numbers_of(judged, samples, settings.level)
    labels = task == "segmentation"
    format_ = "label maps" if labels else "COCO panoptic"
    sure = intervals_of(judged, samples, settings)
    return EvalReport(
        truth=os.fspath(paths[0]),
        found=os.fspath(paths[1]),
        truth_format=format_,
        found_format=format_,
        task=task,
        kind="pixels" if labels else "segments",
        protocol="mmsegmentation" if labels else "panopticapi",
        engine="hotcoco",
        images=judged.pictures,
        objects=int(judged.objects.sum()),
        detections=int(judged.detections.sum()),
        metrics=metrics,
        classes=classes,
        intervals=sure if sure.resamples else None,
        confusion=judged.confusion if settings.details else None,
        worst=judged.worst if settings.details else [],
        findings=list(judged.findings),
        settings=msgspec.to_builtins(settings),
    )


def intervals_of(judged: Judged, samples: Samples, settings: EvalSettings) -> Intervals:
    """Say how the intervals of the figures were made."""
    resamples = len(samples[judged.metrics[0]]) - 1
    return described(Units.pictures(judged.pictures), settings, resamples)
