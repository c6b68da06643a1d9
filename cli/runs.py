"""`cvdata runs [FOLDER | RUN RUN...]`."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError, show
from .app import app, examples, guarded
from .source import JsonOption, OverwriteOption, QuietOption, print_json

__all__ = ["runs"]


class Sort(str, Enum):
    """What runs are listed by."""

    began = "began"
    name = "name"
    best = "best"
    epochs = "epochs"
    time = "time"


@app.command(
    epilog=examples(
        "cvdata runs",
        "cvdata runs ./experiments --sort best",
        "cvdata runs runs/detector-1 runs/detector-2 --html compared.html",
        then="A run that was cut off goes on with cvdata train ... --resume. Whether one run is better than another by "
        "more than chance: cvdata eval RUN RUN2.",
    )
)
@guarded
def runs(
    places: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER | RUN RUN...]",
            help="A folder with runs in it, to list; or two to seven runs, to compare.",
            show_default="runs",
        ),
    ] = None,
    sort: Annotated[Sort, typer.Option(help="What to list by; the greatest comes last.")] = Sort.began,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the comparison as a page, with all curves.")
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the runs of a folder, or say what differs between some of them."""
    from ..train.judge.runs import list_runs
    from .runs_text import list_lines

    places = places or [Path("runs")]
    if len(places) > 1:
        _compare(places, html, overwrite=overwrite, as_json=as_json, quiet=quiet)
        return
    if html is not None:
        raise UsageError("--html is for a comparison", hint="name two runs or more: cvdata runs RUN RUN2 --html FILE")
    report = list_runs(places[0], sort.value)
    if as_json:
        print_json(report)
    elif not quiet:
        sys.stdout.write("\n".join(list_lines(report)) + "\n")


def _compare(paths: list[Path], html: Path | None, *, overwrite: bool, as_json: bool, quiet: bool) -> None:
    from ..files import check_single, write_single
    from ..train.judge.versus import compare_runs
    from .runs_text import comparison_lines

    if html is not None:
        check_single(html, sources=paths, overwrite=overwrite)
    compared = compare_runs(paths)
    if html is not None:
        from ..train.judge.versus_page import versus_page

        write_single(html, versus_page(compared).encode())
    if as_json:
        print_json(compared.report)
    elif not quiet:
        said = [] if html is None else ["", f"the curves: {show(html)}"]
        sys.stdout.write("\n".join([*comparison_lines(compared.report, page=html is not None), *said]) + "\n")
