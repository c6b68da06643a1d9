"""`cvdata log SRC`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import show
from .app import app, examples, guarded
from .source import JsonOption, print_json

if TYPE_CHECKING:
    from rich.text import Text

    from ..curate.history import LogEntry, LogReport

__all__ = ["log"]


@app.command(
    epilog=examples(
        "cvdata log pets",
        "cvdata log pets -n 5",
        then="Every command reads a version by number or id: cvdata stats pets@2. What the last one changed: "
        "cvdata diff pets.",
    )
)
@guarded
def log(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A cvdata dataset.")],
    most: Annotated[
        int | None, typer.Option("-n", "--limit", min=1, help="Versions to list.", show_default="all")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the versions of a cvdata dataset, newest first."""
    from ..curate.history import log as run

    report = run(source, most)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: LogReport) -> None:
    from rich.text import Text

    from .changes import plain_console

    console = plain_console()
    console.print(f"{show(report.dataset)}: {report.total:,} version{'s' * (report.total != 1)}\n", style="bold")
    widths = [
        max((len(f"{count:,}") for count in column), default=0)
        for column in zip(*(_counts(entry) for entry in report.versions), strict=True)
    ]
    for entry in report.versions:
        mark = Text("* " if entry.current else "  ", "bold green")
        when = entry.time.replace("T", " ").rstrip("Z")
        console.print(Text.assemble(mark, (entry.id, "bold"), f"  {when}  ", (_command(entry), "cyan")))
        console.print(_numbers(entry, widths))
    if len(report.versions) < report.total:
        console.print(f"... and {report.total - len(report.versions):,} older")


def _counts(entry: LogEntry) -> tuple[int, int, int]:
    return entry.images, entry.annotations, entry.classes


def _numbers(entry: LogEntry, widths: list[int]) -> Text:
    """Return how many pictures, annotations and classes there are, each with what the version changed."""
    from rich.text import Text

    line = Text("  ")
    removed, added = len(entry.classes_removed), len(entry.classes_added)
    changes = ((entry.images_more,), (entry.annotations_more,), (added, -removed))
    words = ("pictures", "annotations", "classes")
    for count, width, word, change in zip(_counts(entry), widths, words, changes, strict=True):
        line.append(f"{count:>{width},} {word}")
        for more in change:
            if more:
                line.append(f" {more:+,}", "green" if more > 0 else "red")
        line.append("   ")
    line.rstrip()
    return line


def _command(entry: LogEntry) -> str:
    """Say what made a version, and what from where that is another dataset."""
    command, source = show(entry.command, 20), entry.source
    if entry.command == "restore" and source.version is not None:
        return f"{command} {show(source.version)}"
    if source.format == "cvdata" and source.version == entry.parent:
        return command
    return f"{command} {show(source.name, 40)} ({show(source.format)})"
