"""What `cvdata eval` reads: the truth, and what one or two models found, each in whatever form it comes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from ..errors import DetectionError, EvaluationError, Place, QuarantineError, UsageError, nearest_of, show
from .choices import Verify
from .eval_findings import input_findings
from .source import read_source

if TYPE_CHECKING:
    from ..convert import Reading
    from ..dataset import Dataset
    from ..engine import Progress
    from ..evaluate.gates import Gate
    from ..evaluate.report import EvalReport
    from ..evaluate.run import Evaluation
    from ..evaluate.settings import EvalSettings
    from ..files import Finding

__all__ = ["FoundRead", "Outcome", "Sources", "evaluate_sources", "read_found"]

RESULTS, SCORES, YOLO_TXT = "results", "scores", "yolo-txt"
LABEL_MAPS, PANOPTIC = "label-maps", "panoptic"
_HEAD = 1 << 16
_FORMS = (
    "FOUND is a COCO result list, a table image,label,score, predictions/NAME of a cvdata dataset, or a dataset with "
    "scores; see --found-format"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything is read from.

    Attributes:
        truth, found, second: paths; `truth_format`, `found_format`: names of formats, None to detect them.
        images: folder of the pictures, if they are not beside the labels.
        classes, void: of label maps: file with the list of classes, and values that are of none.
    """

    truth: Path
    found: Path
    second: Path | None = None
    truth_format: str | None = None
    found_format: str | None = None
    images: Path | None = None
    workers: int | None = None
    classes: Path | None = None
    void: tuple[int, ...] | None = None

    @property
    def paths(self) -> list[Path]:
        """Everything that is only read."""
        return [path for path in (self.truth, self.found, self.second, self.images, self.classes) if path is not None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        report: as it is shown.
        evaluation: what it was made of; None for label maps.
        reading: of the truth; None for label maps.
    """

    report: EvalReport
    evaluation: Evaluation | None = None
    reading: Reading | None = None


def evaluate_sources(
    sources: Sources, settings: EvalSettings, progress: Progress, gates: Sequence[Gate] = ()
) -> Outcome:
    """Read everything and evaluate it.

    Args:
        gates: on classes that must be there, which shows before anything is computed.

    Raises:
        CvdataError: an input is refused, or the inputs do not belong together.
    """
    from ..models.run_folder import is_run

    for path in sources.paths:
        _refuse_missing(path)
    if is_run(sources.truth):
        from .eval_run import evaluate_runs

        return evaluate_runs(sources, settings, progress, gates)
    _refuse_unknown(sources.truth_format, (LABEL_MAPS, PANOPTIC))
    _refuse_unknown(sources.found_format, (RESULTS, SCORES, YOLO_TXT))
    maps = _maps(sources)
    if maps is not None:
        _refuse_for_maps(sources)
        return _of_maps(sources, maps, settings, progress)
    if sources.classes is not None or sources.void is not None:
        option = "--void" if sources.classes is None else "--classes"
        raise UsageError(f"{option} is for label maps, and '{show(sources.truth)}' is none", hint=f"leave out {option}")
    return _of_labels(sources, settings, progress, gates)


def _maps(sources: Sources) -> Literal["segmentation", "panoptic"] | None:
    """Say which kind of maps with a class or a segment a pixel the truth is; None where it is a dataset."""
    given = sources.truth_format
    if given == LABEL_MAPS:
        return "segmentation"
    if given is not None:
        return "panoptic" if given == PANOPTIC else None
    from ..formats.panoptic_files import looks_panoptic

    if looks_panoptic(sources.truth):
        return "panoptic"
    if not (os.path.isdir(sources.truth) and os.path.isdir(sources.found)):
        return None  # grey pictures of classes look like label maps, too; what was found in them is a file
    from ..formats.label_maps import looks_like_label_maps

    return "segmentation" if looks_like_label_maps(sources.truth) else None


def _of_maps(
    sources: Sources, task: Literal["segmentation", "panoptic"], settings: EvalSettings, progress: Progress
) -> Outcome:
    from ..engine import start, worker_count
    from ..evaluate.pixels import evaluate_pixels

    with start(worker_count(sources.workers)) as engine:
        report = evaluate_pixels(
            sources.truth,
            sources.found,
            settings,
            second=sources.second,
            task=task,
            classes=sources.classes,
            void=sources.void,
            engine=engine,
            progress=progress,
        )
    return Outcome(msgspec.structs.replace(report, truth=show(sources.truth), found=show(sources.found)))


def _of_labels(sources: Sources, settings: EvalSettings, progress: Progress, gates: Sequence[Gate]) -> Outcome:
    from ..evaluate.gates import check_classes
    from ..evaluate.report import Names
    from ..evaluate.run import evaluate

    outlines = settings.kind == "masks" or (settings.kind == "auto" and _may_have_masks(sources))
    reading, found, second = _read(sources, outlines, progress)
    if not outlines and _needs_outlines(reading, [found, second], settings):
        reading, found, second = _read(sources, True, progress)
    check_classes(gates, reading.dataset.categories.names)
    names = Names(
        truth=show(sources.truth),
        found=show(sources.found),
        second="" if sources.second is None else show(sources.second),
        truth_format=reading.format,
        found_format=found.format,
    )
    notes = {"FOUND": found.findings, "SECOND": [] if second is None else second.findings}
    evaluation = evaluate(
        reading.dataset,
        found.dataset,
        settings,
        second=None if second is None else second.dataset,
        names=names,
        findings=input_findings(reading, found.dataset, notes, settings.split),
        progress=progress,
    )
    return Outcome(evaluation.report, evaluation, reading)


@dataclass(frozen=True, slots=True)
class FoundRead:
    """What a model found, as it was read.

    Attributes:
        format: in words; `lists_hits`: its pictures are those in which something was found.
    """

    dataset: Dataset
    format: str
    findings: list[Finding]
    lists_hits: bool = False


def read_found(path: Path, sources: Sources, truth: Dataset, progress: Progress) -> FoundRead:
    """Read what a model found for a command other than this one.

    Raises:
        CvdataError: it is refused.
    """
    _refuse_missing(path)
    _refuse_unknown(sources.found_format, (RESULTS, SCORES, YOLO_TXT))
    return _read_found(path, sources, truth, None, progress)


def _read(sources: Sources, outlines: bool, progress: Progress) -> tuple[Reading, FoundRead, FoundRead | None]:
    from ..dataset import COLUMNS

    wanted = None if outlines else frozenset(COLUMNS) - {"polygons"}
    reading = _read_truth(sources, wanted, progress)
    found = _read_found(sources.found, sources, reading.dataset, wanted, progress)
    second = None if sources.second is None else _read_found(sources.second, sources, reading.dataset, wanted, progress)
    return reading, found, second


def _read_truth(sources: Sources, wanted: frozenset[str] | None, progress: Progress) -> Reading:
    from ..formats.results import looks_like_results

    if sources.truth_format is None and looks_like_results(sources.truth):
        message = f"TRUTH, '{show(sources.truth)}', is a list of results, which says nothing of the right labels"
        raise UsageError(message, hint="the labels come first: cvdata eval TRUTH FOUND")
    return read_source(
        sources.truth,
        sources.truth_format,
        sources.images,
        Verify.none,
        workers=sources.workers,
        progress=progress,
        wanted=wanted,
    )


def _read_found(
    path: Path, sources: Sources, truth: Dataset, wanted: frozenset[str] | None, progress: Progress
) -> FoundRead:
    """Read what a model found; anything wrong in it is refused, for its figures would be those of something else."""
    from ..formats._other_versions import with_namesakes
    from ..formats.results import looks_like_results, read_results

    given = sources.found_format
    if given == RESULTS or (given is None and looks_like_results(path)):
        whole, clashes = _with_other_versions(sources, truth)
        listed = with_namesakes(read_results(path, whole, clashes), truth)
        return FoundRead(listed, "COCO results", [], lists_hits=True)
    from ..convert import place_in, read  # the usual case does not wait for the others to be loaded
    from ..formats.predictions import is_prediction, read_prediction
    from ..formats.score_table import looks_like_scores, read_scores
    from ..formats.yolo_results import looks_like_yolo_results, read_yolo_results

    if given in (None, "cvdata") and is_prediction(path):
        folder = Path(os.path.realpath(path))
        return FoundRead(read_prediction(folder.parent.parent, folder.name).dataset, "cvdata predictions", [])
    if given == SCORES or (given is None and looks_like_scores(path)):
        return FoundRead(read_scores(path), "class scores", [], lists_hits=True)
    if given == YOLO_TXT or (given is None and looks_like_yolo_results(path)):
        whole, _ = _with_other_versions(sources, truth)
        listed = with_namesakes(read_yolo_results(path, whole), truth)
        return FoundRead(listed, "YOLO predictions", [], lists_hits=True)
    try:
        reading = read(
            path, given, verify="none", on_bad="fail", workers=sources.workers, progress=progress, wanted=wanted
        )
    except DetectionError as error:
        raise DetectionError(error.message, hint=_FORMS) from error
    except QuarantineError as error:
        at = None if error.at is None else Place(place_in(path, error.at.file), error.at.line, error.at.field)
        raise EvaluationError(error.message, at=at, hint="correct it: no detection is left out") from error
    if reading.format == "images":
        raise EvaluationError(f"'{show(path)}' holds pictures, and nothing that was found in them", hint=_FORMS)
    return FoundRead(reading.dataset, reading.format, reading.intake.findings)


def _with_other_versions(sources: Sources, truth: Dataset) -> tuple[Dataset, Mapping[int | str, str]]:
    """Return the truth with the pictures that a cvdata dataset had, and ids that mean another picture elsewhere.

    What was found in a picture that was dropped since stays with that picture, rather than with one of its file name.
    """
    from ..formats._other_versions import with_other_versions

    return with_other_versions(sources.truth, truth) if sources.truth_format in (None, "cvdata") else (truth, {})


def _refuse_missing(path: Path) -> None:
    from ..formats.store import split_version

    if not os.path.exists(split_version(path)[0]):
        raise UsageError(f"'{show(path)}' does not exist", hint="check the path")


def _refuse_unknown(given: str | None, own: tuple[str, ...]) -> None:
    """Refuse the name of a format that is none; those of this command stand beside those of datasets."""
    from ..formats import format_names

    names = (*own, *format_names())
    if given is not None and given not in names:
        raise UsageError(f"'{show(given)}' is not a format", hint=nearest_of(given, names))


def _refuse_for_maps(sources: Sources) -> None:
    """Refuse options without effect, rather than pass over them."""
    for given, option in ((sources.found_format, "--found-format"), (sources.images, "--images")):
        if given is not None:
            what = f"{option} is not for maps of pixels, and '{show(sources.truth)}' holds such"
            raise UsageError(what, hint=f"leave out {option}")


def _may_have_masks(sources: Sources) -> bool:
    """Guess whether a model gave masks; outlines of the truth, which take longest to read, are of no use without."""
    from ..formats.results import looks_like_results

    given = sources.found_format
    for path in (sources.found, sources.second):
        if path is None or given == SCORES:
            continue
        if given == RESULTS or (given is None and looks_like_results(path)):
            with path.open("rb") as file:
                if b'"segmentation"' not in file.read(_HEAD):
                    continue
        elif given is None:
            from ..formats.score_table import looks_like_scores

            if looks_like_scores(path):
                continue
        return True
    return False


def _needs_outlines(reading: Reading, found: list[FoundRead | None], settings: EvalSettings) -> bool:
    """Tell whether outlines that were passed over would change a figure: masks come late, or areas rest on them."""
    import numpy as np

    if not reading.intake.unread.get("polygons"):
        return False
    tables = [one.dataset.annotations for one in found if one is not None]
    if settings.kind == "auto" and any(t.has("masks").any() or t.has("polygons").any() for t in tables):
        return True
    area = reading.dataset.annotations.area
    return area is None or bool(np.isnan(area).any())
