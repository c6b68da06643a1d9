"""`cvdata check SRC`."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import UsageError, show
from .app import app, examples, guarded
from .choices import Media, Verify
from .options import names_in
from .repair import Repair
from .source import (
    FormatOption,
    ImagesOption,
    JsonOption,
    OverwriteOption,
    QuietOption,
    SourceArgument,
    WorkersOption,
    print_json,
    read_source,
    refuse_outputs,
)

if TYPE_CHECKING:
    from ..curate.check.findings import CheckReport

__all__ = ["check"]


class Trainer(str, Enum):
    """Programs whose reading of a dataset is known."""

    ultralytics = "ultralytics"
    torchvision = "torchvision"
    detectron2 = "detectron2"


class FailOn(str, Enum):
    """From which severity on a check fails."""

    error = "error"
    warning = "warning"
    info = "info"
    never = "never"


@app.command(
    epilog=examples(
        "cvdata check ./dataset",
        "cvdata check labels.json --images ./photos --html report.html",
        "cvdata check ./coco --labels-only --fail-on warning",
        "cvdata check ./yolo --trainer ultralytics --fix ./yolo-fixed",
        then="Exit codes: 0 nothing as bad as --fail-on; 1 the check failed, or SRC is refused; 2 wrong usage.",
    )
)
@guarded
def check(
    source: SourceArgument,
    trainer: Annotated[
        Trainer | None,
        typer.Option(help="Also say exactly what this trainer would drop, misread or rewrite."),
    ] = None,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="Open no picture; else every picture is decoded once.")
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option("--fix", metavar="DST", help="Write a repaired dataset; SRC stays as it is."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FORMAT", help="Format of DST.", show_default="that of SRC")
    ] = None,
    media: Annotated[
        Media, typer.Option(help="Pictures in DST: hard links (or copies), copies, symbolic links, none.")
    ] = Media.link,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit with 1 if there is a finding as bad as this.")
    ] = FailOn.error,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CODE,..", help="Keep these findings alone.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="CODE,..", help="Leave these out.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the report as one page.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every place, not the first three, and why it matters.")
    ] = False,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    overwrite: OverwriteOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find what is wrong with a dataset before training on it.

    Broken pictures and boxes, duplicates, leaks between splits, suspicious and rare classes; each with its places and
    its cure.
    """
    from ..curate.check import check as run
    from ..curate.check import check_codes, pictures_of
    from ..curate.check.findings import CheckSettings
    from ..engine import start, worker_count
    from .progress import progress_for

    settings = CheckSettings(
        labels_only=labels_only,
        trainer=None if trainer is None else trainer.value,
        only=names_in(only, "--only", "broken-image,tiny-box") or None,
        ignore=names_in(ignore, "--ignore", "broken-image,tiny-box"),
    )
    if to is not None and fix is None:
        raise UsageError("--to names the format of a repaired dataset, and none is written", hint="give --fix DST, too")
    check_codes([*(settings.only or ()), *settings.ignore])
    refuse_outputs([html], source, images, overwrite=overwrite)
    sources = [source, *([images] if images is not None else [])]
    repair = None if fix is None else Repair(fix, to, media, overwrite, workers, sources)
    if repair is not None:
        repair.refuse()
        if html is not None and repair.holds(html):
            raise UsageError(f"the output '{show(html)}' lies inside that of --fix", hint="give a file outside it")
    verify = Verify.none if labels_only else Verify.sizes
    with progress_for(quiet=quiet) as progress:
        sidecar: Literal["auto", "none"] = "auto" if trainer is None else "none"  # a trainer sees the label files alone
        reading = read_source(source, from_format, images, verify, workers, progress, sidecar=sidecar)
        with start(worker_count(workers)) as engine:
            pictures = None if labels_only else pictures_of(reading.dataset.images, engine, progress)
            report = run(
                reading.dataset,
                reading.intake,
                settings,
                source_format=reading.format,
                source=source,
                pictures=pictures,
                engine=engine,
                progress=progress,
            )
            sheets = {}
            if html is not None and not labels_only:
                from ..curate.check.page import finding_sheets

                sheets = finding_sheets(report, reading.dataset, engine, progress)
        if repair is not None:
            report = repair.run(reading, pictures, report, settings, progress)
    if html is not None:
        from ..curate.check.page import check_page
        from ..files import write_single

        write_single(html, check_page(report, sheets))
    _show(report, verbose=verbose, as_json=as_json, quiet=quiet)
    _leave(report, fail_on.value)


def _show(report: CheckReport, *, verbose: bool, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(report)
    elif not quiet:
        from .check_text import check_text

        sys.stdout.write(check_text(report, verbose=verbose))


def _leave(report: CheckReport, fail_on: str) -> None:
    """Fail where something is as bad as that; after a repair, where something still is."""
    from ..curate.check.findings import ORDER

    left = [f.severity for f in report.findings]
    if report.fix is not None:
        left = [row.severity for row in report.fix.findings if row.after]
    if fail_on != "never" and any(ORDER[severity] <= ORDER[fail_on] for severity in left):
        raise typer.Exit(1)
