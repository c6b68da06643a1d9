"""`cvdata eval TRUTH FOUND [SECOND]` and `cvdata eval RUN [RUN2]`."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .app import app, examples, guarded
from .eval_options import areas_in, counts_in, thresholds_in
from .grouped import GroupedHelp
from .options import names_in
from .output import SeedOption
from .source import JsonOption, OverwriteOption, QuietOption, WorkersOption, print_json

if TYPE_CHECKING:
    from ..evaluate.gates import Gate, Judgement
    from ..evaluate.report import EvalReport
    from ..evaluate.settings import EvalSettings
    from .eval_inputs import Sources
    from .eval_outputs import Outputs

__all__ = ["eval_"]

_WHAT, _RULES, _SURE, _OUTPUT, _INPUT = "What to evaluate", "Rules", "How sure", "Output", "Input"


class Kind(str, Enum):
    """Shapes that are compared."""

    auto = "auto"
    boxes = "boxes"
    masks = "masks"
    keypoints = "keypoints"


class Protocol(str, Enum):
    """Whose rules give the main figures."""

    coco = "coco"
    voc07 = "voc07"
    voc12 = "voc12"
    lvis = "lvis"
    openimages = "openimages"


class Resample(str, Enum):
    """What is drawn for the intervals."""

    auto = "auto"
    pictures = "pictures"
    groups = "groups"


class Program(str, Enum):
    """Which program computes COCO's figures."""

    hotcoco = "hotcoco"
    pycocotools = "pycocotools"


@app.command(
    name="eval",
    cls=GroupedHelp,
    epilog=examples(
        "cvdata eval ./val predictions.json",
        "cvdata eval ./pets predictions.json --split val --html report.html",
        "cvdata eval labels.json model-a.json model-b.json",
        "cvdata eval labels.json predictions.json --by size --explain",
        "cvdata eval labels.json predictions.json --quick --fail-under mAP=0.4,AP50.cat=0.6",
        "cvdata eval pets pets/predictions/first",
        "cvdata eval ./photos scores.csv --json",
        "cvdata eval runs/detector-1 runs/detector-2",
        then="FOUND is a COCO result list, a folder of YOLO predictions (.txt with confidences), predictions/NAME of a "
        "cvdata dataset, any dataset with scores, a table of class scores (.csv: image,label,score), or label maps. "
        "Pictures are matched by name, classes by name. A run is held against the dataset that it "
        "was trained on, by its validation pictures. "
        "Exit codes: 0 done; 1 a figure is under --fail-under, or an input is refused; 2 wrong usage.",
    ),
)
@guarded
def eval_(
    truth: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH", help="The right labels: any dataset. Its format is detected. Or a run of cvdata train."
        ),
    ],
    found: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOUND]",
            help="What the model found; of a run it is known. A second run is compared with the first.",
            show_default=False,
        ),
    ] = None,
    second: Annotated[
        Path | None,
        typer.Argument(metavar="[SECOND]", help="What another model found, to compare.", show_default=False),
    ] = None,
    kind: Annotated[
        Kind,
        typer.Option(help="Shapes to compare; auto takes masks or keypoints if both have them.", rich_help_panel=_WHAT),
    ] = Kind.auto,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="NAME", help="Only this split of TRUTH, such as val.", rich_help_panel=_WHAT),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", metavar="A,B", help="Also the figures by size, split or any attribute.", rich_help_panel=_WHAT
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Also by COCO, VOC and Ultralytics rules, and what differs.", rich_help_panel=_WHAT
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="The main figures alone: no errors, no intervals.", rich_help_panel=_WHAT)
    ] = False,
    protocol: Annotated[
        Protocol, typer.Option(help="Whose rules give the main figures.", rich_help_panel=_RULES)
    ] = Protocol.coco,
    iou: Annotated[
        str | None,
        typer.Option(
            "--iou",
            metavar="A,B|A:B:STEP",
            help="Overlaps from which an object is found.",
            show_default="0.5:0.95:0.05",
            rich_help_panel=_RULES,
        ),
    ] = None,
    areas: Annotated[
        str | None,
        typer.Option(
            "--areas",
            metavar="NAME=LOW:HIGH,..",
            help="Size classes in square pixels.",
            show_default="COCO's small, medium, large",
            rich_help_panel=_RULES,
        ),
    ] = None,
    max_detections: Annotated[
        str | None,
        typer.Option(
            "--max-detections",
            metavar="A,B,C",
            help="Detections that count per picture and class, surest first.",
            show_default="1,10,100",
            rich_help_panel=_RULES,
        ),
    ] = None,
    pixel: Annotated[
        int,
        typer.Option(
            "--pixel",
            metavar="0|1",
            min=0,
            max=1,
            help="voc07, voc12: added to widths and heights, for boxes whose last pixel is x + width.",
            rich_help_panel=_RULES,
        ),
    ] = 0,
    engine: Annotated[
        Program, typer.Option(help="Program that computes COCO's figures; both give the same.", rich_help_panel=_RULES)
    ] = Program.hotcoco,
    intervals: Annotated[
        int | None,
        typer.Option(
            "--intervals",
            metavar="N",
            help="Resamples behind each interval; 0 for no intervals.",
            show_default="1000, fewer where there is much data",
            rich_help_panel=_SURE,
        ),
    ] = None,
    level: Annotated[
        float, typer.Option("--level", metavar="L", help="Confidence of the intervals.", rich_help_panel=_SURE)
    ] = 0.95,
    resample: Annotated[
        Resample,
        typer.Option(help="What is drawn: whole groups where TRUTH has any, or one of the two.", rich_help_panel=_SURE),
    ] = Resample.auto,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under", metavar="AP=X,..", help="Exit 1 if a figure is lower; AP50.cat=X.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", help="Write a page: curves, errors, worst pictures.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Write report.json, report.html and verdicts.parquet.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    truth_format: Annotated[
        str | None,
        typer.Option(
            "--truth-format",
            "--from",
            metavar="FORMAT",
            help="Format of TRUTH; also label-maps, panoptic.",
            show_default="detected",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    found_format: Annotated[
        str | None,
        typer.Option(
            "--found-format",
            metavar="FORMAT",
            help="Format of FOUND: results, scores, yolo-txt, or that of a dataset.",
            show_default="detected",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", help="Folder of the pictures, for the page.", rich_help_panel=_INPUT),
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option("--classes", metavar="FILE", help="Label maps: the list of classes.", rich_help_panel=_INPUT),
    ] = None,
    void: Annotated[
        list[int] | None,
        typer.Option(
            "--void",
            metavar="N",
            min=0,
            help="Label maps: a value that is of no class.",
            show_default="255",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    seed: SeedOption = 0,
    overwrite: OverwriteOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score what a model found against the truth, and say where the errors are.

    COCO's figures to the last digit, each with how sure it is; the kinds of error and what each costs; the worst
    pictures and the labels that are probably wrong. With SECOND, whether that model is better.
    """
    from ..evaluate.gates import parse_gates
    from ..evaluate.matching import COCO_THRESHOLDS
    from ..evaluate.settings import AREAS, EvalSettings
    from .eval_inputs import Sources
    from .eval_outputs import Outputs
    from .eval_run import sides_of

    truth, found, second = sides_of(truth, found, second)
    settings = EvalSettings(
        kind=kind.value,
        protocol=protocol.value,
        engine=engine.value,
        thresholds=COCO_THRESHOLDS if iou is None else thresholds_in(iou),
        pixel=1 if pixel else 0,
        areas=AREAS if areas is None else areas_in(areas),
        max_detections=(1, 10, 100) if max_detections is None else counts_in(max_detections),
        resamples=0 if quick else intervals,
        resample=resample.value,
        level=level,
        by=names_in(by, "--by", "size,split"),
        split=split,
        details=not quick,
        explain=explain,
        seed=seed,
    )
    _check(settings, quick=quick, intervals=intervals, second=second, html=html, out=out)
    gates = parse_gates(fail_under or [])
    sources = Sources(
        truth=truth,
        found=found,
        second=second,
        truth_format=truth_format,
        found_format=found_format,
        images=images,
        workers=workers,
        classes=classes,
        void=None if void is None else tuple(void),
    )
    _run(sources, settings, gates, Outputs(sources, html, out, overwrite=overwrite), as_json=as_json, quiet=quiet)


def _check(
    settings: EvalSettings,
    *,
    quick: bool,
    intervals: int | None,
    second: Path | None,
    html: Path | None,
    out: Path | None,
) -> None:
    """Refuse what contradicts itself, before any file is read.

    Raises:
        UsageError: it does.
    """
    from ..evaluate.settings import check_settings

    check_settings(settings)
    asked = {
        "SECOND": second is not None,
        "--by": bool(settings.by),
        "--explain": settings.explain,
        "--intervals": bool(intervals),
        "--html": html is not None,
        "--out": out is not None,
    }
    wanted = [name for name, given in asked.items() if given]
    if quick and wanted:
        raise UsageError(f"--quick gives the main figures alone, without {wanted[0]}", hint="leave out one of the two")


def _run(
    sources: Sources, settings: EvalSettings, gates: tuple[Gate, ...], outputs: Outputs, *, as_json: bool, quiet: bool
) -> None:
    """Evaluate, write, show, and fail where a gate does."""
    from ..evaluate.gates import judge
    from .eval_inputs import evaluate_sources
    from .progress import progress_for

    outputs.check()
    with progress_for(quiet=quiet) as progress:
        outcome = evaluate_sources(sources, settings, progress, gates)
        judged = judge(outcome.report, gates)
        outputs.write(outcome, progress)
    _show(outcome.report, judged, as_json=as_json, quiet=quiet, page=bool(outputs.paths))
    if not quiet:
        sys.stderr.writelines(f"written: {path}\n" for path in outputs.paths)
    failed = [str(judgement) for judgement in judged if not judgement.passed]
    if failed:
        sys.stderr.writelines(f"failed: {what}\n" for what in failed)
        raise typer.Exit(1)


def _show(report: EvalReport, judged: list[Judgement], *, as_json: bool, quiet: bool, page: bool) -> None:
    if as_json:
        print_json(report)
    elif not quiet:
        from .eval_text import eval_text

        sys.stdout.write(eval_text(report, judged, page=page))
