"""`cvdata restore SRC VERSION`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import show
from .app import app, examples, guarded
from .source import JsonOption, QuietOption, print_json

if TYPE_CHECKING:
    from ..curate.history import RestoreReport

__all__ = ["restore"]


@app.command(
    epilog=examples(
        "cvdata restore pets 2",
        "cvdata restore pets 0002-1a2b3c4d",
        then="Nothing is deleted: the state before is a version, too, and cvdata restore brings it back.",
    )
)
@guarded
def restore(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A cvdata dataset.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Number, id, or the beginning of an id.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go back to an earlier version of a cvdata dataset.

    A new version gets its content; nothing is deleted, and no picture is touched.
    """
    from ..curate.history import restore as run

    report = run(source, version)
    if as_json:
        print_json(report)
    elif not quiet:
        _print(report, source)


def _print(report: RestoreReport, source: Path) -> None:
    from .changes import counts_in_words, pictures_in_words, plain_console

    console = plain_console()
    name = show(report.dataset)
    if not report.changed:
        console.print(f"{name} is what it was in {report.restored} already; no version was added")
        return
    console.print(f"{name} is what it was in {report.restored} again, as version {report.version}", style="bold")
    console.print(f"  pictures     {pictures_in_words(report.pictures)}")
    console.print(f"  annotations  {counts_in_words(report.counts)}")
    console.print(f"to undo: cvdata restore {shlex.quote(show(source))} {report.before}")
