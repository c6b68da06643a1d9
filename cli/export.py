"""`cvdata export RUN [FILE.onnx]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .options import check_onnx
from .source import JsonOption, OverwriteOption, QuietOption
from .table import table_lines

if TYPE_CHECKING:
    from ..models.export.report import Comparison, ExportReport, Port
    from ..models.run_folder import RunInfo

__all__ = ["export"]


@app.command(
    epilog=examples(
        "cvdata export runs/cells",
        "cvdata export runs/cells cells.onnx --score 0.25",
        "cvdata export runs/cells cells.onnx --pictures ./photos && cvdata predict cells.onnx ./photos ./found",
        then="The file takes a picture as it is (uint8, height x width x 3, RGB, any size) and gives what is found in "
        "its own pixels; the names of the classes are in its metadata, as JSON under `names`.",
    )
)
@guarded
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that cvdata train made.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE.onnx]", help="File to write.", show_default="RUN/model.onnx"),
    ] = None,
    weights: Annotated[
        str, typer.Option("--weights", metavar="best|last", help="Weights of the best epoch, or of the last one.")
    ] = "best",
    score: Annotated[float, typer.Option("--score", metavar="S", help="Leave out detections below this score.")] = 0.05,
    most: Annotated[int, typer.Option("--most", metavar="N", help="Detections of a picture, the surest.")] = 100,
    opset: Annotated[int, typer.Option("--opset", metavar="N", help="Set of ONNX operators, 17 to 20.")] = 17,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="DIR",
            help="Pictures to compare with, or any dataset.",
            show_default="validation pictures of the run",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a trained model as one ONNX file, ready to deploy.

    Resizing, non-maximum suppression and the way back to the picture's own pixels are inside. The file is written only
    after onnxruntime found in real pictures what torch finds.
    """
    from ..errors import UsageError
    from ..models.export.report import ExportSettings, check_settings
    from ..models.export.run import export_run
    from ..models.run_folder import read_run
    from .progress import progress_for
    from .source import print_json

    if weights not in ("best", "last"):
        raise UsageError(f"--weights is '{weights}', expected best or last")
    check_onnx(file)
    settings = ExportSettings(weights="best" if weights == "best" else "last", score=score, most=most, opset=opset)
    check_settings(settings)
    info = read_run(run)
    files = _pictures(pictures) if pictures is not None else _validation_pictures(info)
    with progress_for(quiet=quiet) as progress:
        report = export_run(run, file, pictures=files, settings=settings, overwrite=overwrite, progress=progress)
    if as_json:
        print_json(report)
    if not quiet:
        sys.stderr.write("\n".join(_lines(report)) + "\n")


def _pictures(source: Path) -> list[str]:
    """Return the files of the pictures of a folder or a dataset."""
    from .choices import Verify
    from .source import read_source

    images = read_source(source, verify=Verify.none, wanted=frozenset(), sidecar="none").dataset.images
    return [file for file in map(images.file, range(len(images))) if file is not None]


def _validation_pictures(info: RunInfo) -> list[str]:
    """Return the pictures that the run was validated with, or others of its dataset where it has no such split.

    Raises:
        UsageError: they are not where they were.
    """
    from ..errors import CvdataError, UsageError
    from .choices import Verify
    from .source import read_source

    place = info.dataset
    folder = None if place.images_path is None else Path(place.images_path)
    try:
        if place.format == "label-maps":
            from ..train.data.maps import read_maps

            images = read_maps(Path(place.path), folder).dataset.images
        else:
            images = read_source(Path(place.path), place.format, folder, Verify.none, wanted=frozenset()).dataset.images
    except CvdataError as error:
        raise UsageError(
            f"the dataset of the run cannot be read, so there is no picture to compare with: {error.message}",
            hint="--pictures DIR: a folder with some pictures like those it was trained on",
        ) from error
    split = images.splits.index(name) if (name := info.settings.get("val")) in images.splits else None
    rows = [row for row in range(len(images)) if split is None or images.split[row] == split]
    return [file for file in map(images.file, rows) if file is not None]


# --- the report as text


def _lines(report: ExportReport) -> list[str]:
    """Return what was written and how well it agrees, for people."""
    from ..errors import show

    size = f"{report.size / 2**20:.1f} MiB"
    lines = [f"{show(report.run)} -> {show(report.path)} ({size}, {report.task} {report.architecture})", ""]
    ports = [("in", report.input), *(("out", port) for port in report.outputs)]
    rows = [[way, port.name, _kind(port), port.meaning] for way, port in ports]
    lines += table_lines(["", "name", "numbers", "meaning"], rows, left=4)
    lines += ["", "compared with torch"]
    for one in report.comparisons:
        lines.append(f"  {_AGAINST[one.against]}: {_agreement(one)}")
    lines.append(
        f"time for a picture on this CPU: {report.onnx_ms:.0f} ms in onnxruntime, {report.torch_ms:.0f} in torch"
    )
    return lines + [f"note: {finding.message}" for finding in report.findings]


_AGAINST = {"network": "the network", "predictor": "cvdata predict RUN"}
_WORDS = {
    "box": "boxes differ by {:.2g} pixels",
    "score": "scores by {:.2g}",
    "keypoint": "keypoints by {:.2g} pixels",
    "mask": "masks by {:.2%} of their pixels",
    "map": "maps by {:.2%} of the pixels",
}


def _kind(port: Port) -> str:
    return f"{port.kind} [{', '.join(map(str, port.shape))}]"


def _agreement(one: Comparison) -> str:
    pictures = f"{one.pictures} picture{'s' * (one.pictures != 1)}"
    if one.matched is not None:
        pictures += f", {one.matched:,} of {one.detections:,} detections matched"
    words = [text.format(value) for name, text in _WORDS.items() if (value := one.largest.get(name)) is not None]
    return f"{pictures}; {', '.join(words)} at most" if words else pictures
