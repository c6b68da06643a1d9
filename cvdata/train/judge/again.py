"""`cvdata eval RUN`: what a run found in its validation pictures, held again against the dataset that it saw."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ...dataset import Dataset
from ...engine import Progress, Silent
from ...errors import EvaluationError, FormatError, Place, UsageError, show
from ...evaluate.pixels.arrays import Segmented, meetings_of, segmented
from ...evaluate.report import EvalReport, Names
from ...evaluate.run import Evaluation
from ...evaluate.second import errors_of_second
from ...evaluate.settings import EvalSettings
from ...formats.store import split_version
from ...models.run_folder import INFO, RunInfo, read_run
from ..data.part import Part
from ..data.prepare import prepare
from ..data.reading import read_pixels
from ..open import open_source
from ..settings import TrainSettings
from .found_files import FOUND, PICTURES, encode_names, map_files, read_found, read_found_map
from .reported import report_on

__all__ = ["JudgedAgain", "judge_again"]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedAgain:
    """A report on a run, and what it was made of.

    Attributes:
        evaluation: None for maps of classes.
    """

    report: EvalReport
    evaluation: Evaluation | None


def judge_again(
    run: Path,
    settings: EvalSettings | None = None,
    *,
    second: Path | None = None,
    progress: Progress | None = None,
) -> JudgedAgain:
    """Evaluate what the best weights of a run found, as the run did at its end, with any settings.

    Args:
        second: another run on the same dataset, to compare with the first.

    Raises:
        UsageError: settings make no sense, or ask for other pictures than those that the run validated with.
        EvaluationError: the dataset is gone or has changed, or the runs do not belong together.
        FormatError: the run is not whole.
    """
    settings, progress = settings or EvalSettings(), progress or Silent()
    info = read_run(run)
    settings = _of_its_split(info, settings)
    part = _validation_part(run, info, progress)
    found = _found(run, info, part, progress)
    names = Names(
        truth=show(info.dataset.path),
        found=show(run),
        second="" if second is None else show(second),
        truth_format=info.dataset.format,
        found_format="run",
    )
    other = None
    if second is not None:
        with errors_of_second(names.second):
            other = _other(second, run, info, part, progress)
    report, evaluation = report_on(part, info.spec, found, names, settings, second=other, progress=progress)
    return JudgedAgain(report, evaluation)


def _of_its_split(info: RunInfo, settings: EvalSettings) -> EvalSettings:
    """Take the split that the run validated with for what it is; there is nothing of any other."""
    val = str(info.settings.get("val", "val"))
    if settings.split not in (None, val):
        split = show(settings.split or "", 40)
        raise UsageError(
            f"a run keeps what it found in its validation pictures, and nothing of the split '{split}'",
            hint=f"cvdata predict RUN PICTURES DST, then cvdata eval TRUTH DST --split {split}",
        )
    return msgspec.structs.replace(settings, split=None)


def _validation_part(run: Path, info: RunInfo, progress: Progress) -> Part:
    """Read the dataset of a run, and choose the pictures that it validated with.

    Raises:
        EvaluationError: it is gone, or it is not what it was.
    """
    before, path = info.dataset, _path_of(info)
    if not os.path.exists(split_version(path)[0]):
        raise EvaluationError(
            f"the dataset of the run, '{show(before.path)}', is not there",
            hint=f"go to where it was trained, or give the labels: cvdata eval TRUTH {_found_path(run, info)}",
        )
    settings = _settings_of(run, info)
    given = None if before.format == "cvdata" else before.format
    source = open_source(path, info.spec.task, given, before.images_path, "none", progress=progress)
    prepared = prepare(source, settings, progress=progress)
    if prepared.info.sha256 != before.sha256:
        raise EvaluationError(
            f"the dataset '{show(before.path)}' is not what it was when the run was trained",
            hint=f"give the labels as they are now: cvdata eval TRUTH {_found_path(run, info)}",
        )
    names = prepared.val.dataset.images.names
    if encode_names(names) != _read(run / PICTURES):
        raise EvaluationError(
            "other pictures are held out now than those that the run validated with",
            at=Place(run / PICTURES),
            hint=f"give the labels of those: cvdata eval TRUTH {_found_path(run, info)}",
        )
    return prepared.val


def _path_of(info: RunInfo) -> str:
    """Return the path of the dataset; of a cvdata dataset with the version that the run saw."""
    path, version = info.dataset.path, info.dataset.version
    if version is None or split_version(path)[1] is not None:
        return path
    return f"{path}@{version}"


def _settings_of(run: Path, info: RunInfo) -> TrainSettings:
    try:
        return msgspec.convert(info.settings, TrainSettings)
    except msgspec.ValidationError as error:
        raise FormatError(
            f"holds settings that this version does not know: {error}",
            at=Place(run / INFO, field="settings"),
            hint=f"evaluate it with cvdata {show(info.cvdata)}",
        ) from error


def _found(run: Path, info: RunInfo, part: Part, progress: Progress) -> Dataset | Segmented:
    """Read what the best weights of a run found in its validation pictures."""
    if info.spec.task != "segmenter":
        return read_found(run, info.spec.task, part.dataset.images.names)
    names = part.dataset.images.names
    progress.start("comparing label maps", len(names))
    meetings, seen = [], []
    for row, (name, file) in enumerate(zip(names, map_files(names), strict=True)):
        truth = read_pixels(part, row)
        if truth is not None:
            meetings.append(meetings_of(truth, read_found_map(run, file), name=name))
            seen.append(name)
        progress.advance(1)
    return segmented(seen, info.spec.classes, meetings)


def _other(second: Path, run: Path, info: RunInfo, part: Part, progress: Progress) -> Dataset | Segmented:
    """Read what a second run found in the same pictures."""
    other = read_run(second)
    if other.spec.task != info.spec.task:
        raise EvaluationError(f"it is a {other.spec.task}, and the first is a {info.spec.task}")
    if other.dataset.sha256 != info.dataset.sha256 or _read(second / PICTURES) != _read(run / PICTURES):
        raise EvaluationError(
            "it was validated with other pictures or labels than the first",
            hint=f"cvdata predict {show(second)} PICTURES DST, then cvdata eval TRUTH FOUND DST",
        )
    return _found(second, other, part, progress)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(
            "is not there", at=Place(path), hint="the run was cut off: cvdata train ... --resume ends it"
        ) from error


def _found_path(run: Path, info: RunInfo) -> str:
    return show(run / FOUND[info.spec.task])
