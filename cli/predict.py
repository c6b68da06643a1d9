"""`cvdata predict MODEL PICTURES DST`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Media
from .options import names_in
from .output import ExitZeroOption, MediaOption, Output, ReplaceOption, finish
from .source import ImagesOption, JsonOption, QuietOption, WorkersOption
from .table import table_lines

if TYPE_CHECKING:
    from ..models.predict import ModelPart

__all__ = ["predict"]

_MOST_CLASSES = 20
_LONGEST_NAME = 40


@app.command(
    epilog=examples(
        "cvdata predict runs/cells ./photos ./found",
        "cvdata predict cells.onnx ./photos ./found --score 0.5 --to yolo",
        "cvdata predict runs/cells ./coco/val ./found --score 0.01 && cvdata eval ./coco/val ./found",
        then="Average precision counts unsure detections, too: for `cvdata eval` give a low --score. "
        "Exit codes: 0 done; 1 failed, nothing was written; 2 wrong usage; 3 done, but pictures were put aside.",
    )
)
@guarded
def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Run folder of cvdata train, or ONNX file of cvdata export.")
    ],
    pictures: Annotated[
        Path,
        typer.Argument(metavar="PICTURES", help="Folder of pictures, or any dataset, whose labels do not count."),
    ],
    target: Annotated[Path, typer.Argument(metavar="DST", help="Folder to make; it appears whole or not at all.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Format of DST; segmenters write a label map for each picture.",
            show_default="coco for detectors, cvdata for classifiers",
        ),
    ] = None,
    score: Annotated[
        float | None,
        typer.Option(
            "--score",
            metavar="S",
            help="Keep what has at least this score.",
            show_default="0.25 for detections, 0.5 where pictures may have several labels",
        ),
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--classes", metavar="A,B", help="Keep these classes, in this order.")
    ] = None,
    weights: Annotated[str, typer.Option("--weights", metavar="best|last|PATH", help="Weights of a run.")] = "best",
    batch: Annotated[int, typer.Option("--batch", min=1, help="Pictures to look at together.")] = 16,
    device: Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    from_format: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Format of PICTURES.", show_default="detected")
    ] = None,
    images: ImagesOption = None,
    media: MediaOption = Media.link,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Let a trained model label pictures.

    DST becomes a dataset with scores, whose classes are those of the model. The manifest in it names the model by the
    hash of its weights.
    """
    from ..models.predict import PredictSettings, check_predict
    from ..models.predictor import load_predictor
    from .predict_job import Job
    from .progress import progress_for

    settings = PredictSettings(
        weights=weights, score=score, classes=names_in(classes, "--classes", "cat,dog") or None, batch=batch
    )
    output = Output(
        sources=[pictures], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    output.check()
    with progress_for(quiet=quiet) as progress:
        predictor = load_predictor(model, weights=weights, device=device)
        check_predict(settings, predictor.spec)
        report = Job(pictures, from_format, output, predictor, settings, progress).run()
    finish(report, _lines(report.model), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _lines(model: ModelPart) -> list[str]:
    """Return what the model found, for people."""
    from ..errors import show

    lines = [f"{show(model.name)}: {model.task} {model.architecture}, {model.sha256[:12]}"]
    found = sorted(model.found.items(), key=lambda item: -item[1])
    total = sum(model.found.values())
    rows = [
        [show(name, _LONGEST_NAME), f"{count:,}", f"{100 * count / total:.1f} %" if total else "-"]
        for name, count in found[:_MOST_CLASSES]
    ]
    lines += table_lines(["class", "pixels" if model.task == "segmenter" else "found", "share"], rows)
    if len(found) > _MOST_CLASSES:
        lines.append(f"and {len(found) - _MOST_CLASSES:,} more (--json has all)")
    if model.empty:
        lines.append(f"nothing was found in {model.empty:,} picture{'s' * (model.empty != 1)}")
    return lines
