"""`cvdata explain RUN PICTURES DST`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .output import ExitZeroOption, ReplaceOption
from .source import ImagesOption, JsonOption, QuietOption
from .table import table_lines

if TYPE_CHECKING:
    from ..convert import Reading
    from ..files import Manifest
    from ..models.explain.run import ExplainReport

__all__ = ["explain"]

_MOST_ROWS = 20
_LONGEST_NAME = 40


@app.command(
    epilog=examples(
        "cvdata explain runs/cells ./photos ./looked",
        "cvdata explain runs/pets ./photos ./looked --class cat",
        "cvdata explain runs/cells ./photos ./looked --most 5 --score 0.5",
        then="Bright places speak for the class or the detection. A network that looks beside the object has learnt "
        "something else than the object: a background, a watermark, a scale bar.",
    )
)
@guarded
def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that cvdata train made.")],
    pictures: Annotated[
        Path, typer.Argument(metavar="PICTURES", help="Folder of pictures, or any dataset, whose labels do not count.")
    ],
    target: Annotated[Path, typer.Argument(metavar="DST", help="Folder to make; it appears whole or not at all.")],
    label: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="Explain this class.", show_default="what the network finds"),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--most", metavar="N", help="Classes or detections of a picture.", show_default="1 class, 3 detections"
        ),
    ] = None,
    score: Annotated[float, typer.Option("--score", metavar="S", help="Leave out detections below this score.")] = 0.25,
    weights: Annotated[str, typer.Option("--weights", metavar="best|last|PATH", help="Weights of the run.")] = "best",
    device: Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    from_format: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Format of PICTURES.", show_default="detected")
    ] = None,
    images: ImagesOption = None,
    overwrite: ReplaceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Draw where a classifier or a detector looked, as heat maps (Grad-CAM).

    DST gets a PNG for each picture and an overview, explain.png.
    """
    from ..errors import show
    from ..files import Staging
    from ..models.crops import crop_findings
    from ..models.explain.run import ExplainReport, ExplainSettings, check_settings, draw_all
    from ..models.run_folder import load_network, read_run
    from ..models.torch_predictor import device_of
    from .progress import progress_for
    from .source import print_json

    info = read_run(run)
    settings = check_settings(ExplainSettings(weights=weights, label=label, most=most, score=score), info.spec)
    with (
        progress_for(quiet=quiet) as progress,
        Staging(target, sources=_sources(pictures, images), overwrite=overwrite) as staging,
    ):
        reading = _read(pictures, from_format, images)
        network = load_network(run, weights).to(device_of(device))
        done, bad = draw_all(network, reading.dataset.images, staging, settings, model=info.name, progress=progress)
        _put_aside(reading, bad)
        report = ExplainReport(
            run=show(run),
            target=show(target),
            task=info.spec.task,
            architecture=info.spec.architecture,
            images=done,
            quarantine=reading.intake.quarantine,
            findings=[*reading.intake.findings, *crop_findings(info.spec)],
            settings=settings,
        )
        staging.write("explain.json", _encoded(report))
        staging.commit(_manifest(reading, report), reading.intake.quarantine)
    if as_json:
        print_json(report)
    if not quiet:
        sys.stderr.write("\n".join(_lines(report)) + "\n")
    if report.quarantine and not exit_zero:
        raise typer.Exit(3)


def _sources(pictures: Path, images: Path | None) -> list[Path]:
    from ..formats.store import split_version

    return [split_version(pictures)[0], *([images] if images is not None else [])]


def _read(pictures: Path, from_format: str | None, images: Path | None) -> Reading:
    """Read which pictures there are.

    Raises:
        UsageError: there is none.
    """
    from ..errors import UsageError, show
    from .choices import Verify
    from .source import read_source

    reading = read_source(pictures, from_format, images, Verify.sizes, wanted=frozenset(), sidecar="none")
    if not (reading.dataset.images.folder >= 0).any():
        raise UsageError(
            f"the pictures of '{show(pictures)}' are nowhere to be found", hint="say with --images where they lie"
        )
    return reading


def _put_aside(reading: Reading, bad: dict[int, str]) -> None:
    """Take note of pictures that cannot be read.

    Raises:
        UsageError: no picture is left.
    """
    import numpy as np

    from ..errors import Place, UsageError

    names = reading.dataset.images.names
    if len(bad) == len(names):
        raise UsageError("no picture could be read", hint="give other pictures")
    had = np.diff(reading.dataset.offsets)
    for row, problem in bad.items():
        reading.intake.bad_image(Place(names[row]), problem, "a picture that can be read", names[row], int(had[row]))


def _encoded(report: ExplainReport) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _manifest(reading: Reading, report: ExplainReport) -> Manifest:
    """Return what the folder says about itself; labels do not count, so they are all filtered."""
    import msgspec

    from ..files import Account, Counts, Manifest

    intake, count = reading.intake, len(report.images)
    written = Counts(count)
    left = Counts(
        intake.read.images - count - intake.quarantined.images,
        intake.read.annotations - intake.quarantined.annotations,
    )
    account = Account(read=intake.read, written=written, quarantined=intake.quarantined, filtered=left)
    settings = {"run": report.run, **msgspec.to_builtins(report.settings)}
    return Manifest(command="explain", format="heat-maps", settings=settings, account=account, losses=[], renamed={})


def _lines(report: ExplainReport) -> list[str]:
    """Return what was drawn, for people."""
    from ..errors import show
    from ..models.explain.run import SHEET
    from .show import finding_lines, quarantine_lines

    count = len(report.images)
    lines = [f"{count:,} picture{'s' * (count != 1)} -> {show(report.target)} (overview: {SHEET})", ""]
    rows = []
    for one in report.images:
        for looked in one.looked:
            inside = "-" if looked.inside is None else f"{100 * looked.inside:.0f} %"
            rows.append(
                [show(one.image, _LONGEST_NAME), show(looked.label, _LONGEST_NAME), f"{looked.score:.2f}", inside]
            )
    heads = ["picture", "class", "score"] + (["heat in its box"] if report.task == "detector" else [])
    lines += table_lines(heads, [row[: len(heads)] for row in rows[:_MOST_ROWS]], left=2)
    if len(rows) > _MOST_ROWS:
        lines.append(f"and {len(rows) - _MOST_ROWS:,} more (explain.json has all)")
    empty = sum(not one.looked for one in report.images)
    if empty:
        lines.append(f"note: nothing was found in {empty:,} picture{'s' * (empty != 1)}; a lower --score finds more")
    return [*lines, *finding_lines(report.findings), *quarantine_lines(report.quarantine)]
