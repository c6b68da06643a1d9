"""`cvdata prelabel SRC [DST]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .app import app, examples, guarded
from .choices import Verify
from .options import names_in
from .output import ExitZeroOption, ReplaceOption, finish
from .source import FormatOption, ImagesOption, JsonOption, QuietOption, SourceArgument, WorkersOption, read_source
from .table import table_lines

if TYPE_CHECKING:
    from ..prelabel.report import PrelabelReport

__all__ = ["prelabel"]

_MOST_CLASSES = 20
_LONGEST_NAME = 40


@app.command(
    epilog=examples(
        "cvdata prelabel pets --model runs/pets",
        "cvdata prelabel pets --model owlv2 --prompt 'hard hat, vest' --score 0.1",
        "cvdata prelabel ./aerial ./found.json --model cells.onnx --all --tile 640",
        "cvdata prelabel pets --model runs/a --model runs/b --then sam:./sam-vit-base",
        then="Models: a run folder, its weights, an ONNX file; torchvision:NAME (trained on COCO); owlv2, "
        "grounding-dino (words, with --prompt); opencv:faces, opencv:people (nothing to download); "
        "ultralytics:FILE; plugin:NAME (yours). As the second stage also sam. "
        "Exit codes: 0 done; 1 failed, nothing was written; 2 wrong usage; 3 done, but pictures were put aside.",
    )
)
@guarded
def prelabel(
    source: SourceArgument,
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DST]",
            help="found.json (COCO results), a folder (YOLO labels with scores) or scores.csv (a classifier). "
            "Without it they get into SRC, a cvdata dataset, as predictions/NAME.",
            show_default=False,
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="M", help="What looks; several are put together. See below."),
    ] = None,
    then: Annotated[
        str | None,
        typer.Option("--then", metavar="M", help="Second stage: a classifier names the boxes, or sam outlines them."),
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option("--prompt", metavar="'A, B'", help="What to look for, for models that take words."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="best|last|PATH", help="Weights of the model.")
    ] = None,
    layout: Annotated[
        Path | None,
        typer.Option("--layout", metavar="YAML", help="What an ONNX file of another program takes and gives."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the proposals in SRC.", show_default="that of the model")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Look at pictures with labels, too.")] = False,
    splits: Annotated[list[str] | None, typer.Option("--split", metavar="A,B", help="Look at these splits.")] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            "--score",
            metavar="S|CLASS=S,..",
            help="Propose what has at least this score.",
            show_default="0.25 for detections",
        ),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="THEIRS=OURS", help="Class of SRC for a class of the model. May be repeated."),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="CLASS,..", help="Leave these classes of the model out.")
    ] = None,
    new_classes: Annotated[
        bool, typer.Option("--new-classes", help="Propose classes that SRC does not have, too.")
    ] = False,
    tile: Annotated[
        int | None, typer.Option("--tile", metavar="PIXELS", help="Look at large pictures in tiles of this side.")
    ] = None,
    overlap: Annotated[float, typer.Option("--overlap", help="Share that neighbouring tiles have in common.")] = 0.2,
    whole: Annotated[bool, typer.Option("--whole", help="Look at whole pictures as well as at tiles.")] = False,
    merge: Annotated[
        Literal["nms", "wbf"],
        typer.Option(help="Found twice in tiles: keep the surest, or take the weighted mean of the boxes."),
    ] = "nms",
    iou: Annotated[float, typer.Option("--iou", help="From this overlap on, two detections are one object.")] = 0.55,
    flips: Annotated[
        Literal["none", "horizontal", "both"], typer.Option(help="Look at mirrored pictures, too.")
    ] = "none",
    batch: Annotated[int, typer.Option("--batch", min=1, help="Pictures to look at together.")] = 16,
    device: Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    from_format: FormatOption = None,
    images: ImagesOption = None,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Let models propose labels for the pictures that have none.

    Proposals never mix with labels: `cvdata review` checks them on a sample, `cvdata accept` makes labels of those that
    are good enough. A run that was cut off goes on where it ended.
    """
    from ..prelabel.run import Target, check_target
    from ..prelabel.run import prelabel as run
    from ..prelabel.settings import PrelabelSettings
    from .class_scores import class_scores
    from .progress import progress_for

    settings = PrelabelSettings(
        models=tuple(models or ()),
        then=then,
        weights=weights,
        layout=None if layout is None else str(layout),
        prompt=names_in(prompt, "--prompt", "'hard hat, vest'"),
        device=device,
        score=class_scores(score, "--score"),
        map=_mapping(pairs, drop),
        new_classes=new_classes,
        every=every,
        splits=names_in(splits, "--split", "train,val"),
        tile=tile,
        overlap=overlap,
        whole=whole,
        flips=flips,
        merge=merge,
        iou=iou,
        batch=batch,
    )
    place = Target(path=target, name=name, overwrite=overwrite)
    check_target(source, place, settings, images)
    with progress_for(quiet=quiet) as progress:
        reading = read_source(
            source, from_format, images, Verify.sizes, workers, progress, wanted=frozenset(), sidecar="none"
        )
        report = run(reading, source, settings, place, images=images, workers=workers, progress=progress)
    finish(report, _lines(report, source), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _mapping(pairs: list[str] | None, drop: list[str] | None) -> dict[str, str | None]:
    from ..curate.remap.file import parse_map

    return parse_map(pairs or (), names_in(drop, "--drop", "person,car"))


def _lines(report: PrelabelReport, source: Path) -> list[str]:
    """Return what was proposed, for people."""
    from ..errors import show
    from ..prelabel.given import BOXES

    part = report.prelabel
    lines = [f"{show(m.name)}: {m.task} {show(m.architecture)}, {m.sha256[:12]}" for m in part.models]
    if part.resumed:
        lines.append(f"{part.resumed:,} pictures were looked at before the last run was cut off")
    found = sorted((one for one in part.classes if one.proposals), key=lambda one: -one.proposals)
    rows = [
        [
            show(one.name, _LONGEST_NAME),
            f"{one.proposals:,}",
            f"{one.images:,}",
            "-" if one.median is None else f"{one.median:.2f}",
            f"{one.sure:,}",
        ]
        for one in found[:_MOST_CLASSES]
    ]
    if rows:
        lines += table_lines(["class", "proposals", "pictures", "median score", "0.9 and more"], rows)
    if len(found) > _MOST_CLASSES:
        lines.append(f"and {len(found) - _MOST_CLASSES:,} more classes (--json has all)")
    if part.empty:
        lines.append(f"nothing was found in {part.empty:,} of {part.images:,} pictures")
    if part.name is not None and found:
        outlines = report.settings["models"] == [BOXES] and part.models[-1].task == "outliner"
        then = "accept {} --predictions {} --above 0 --outlines" if outlines else "review {} --predictions {}"
        lines.append(f"next: cvdata {then.format(show(source), part.name)}")
    return lines
