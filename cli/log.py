"""`cvdata log SRC`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import show
from ..reports.scales import plural
from .app import app, examples, guarded
from .source import JsonOption, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from ..curate.history import LogEntry, LogPrediction, LogReport

__all__ = ["log"]


@app.command(
    epilog=examples(
        "cvdata log pets",
        "cvdata log pets -n 5",
        then="Every command reads a version by number or id: cvdata stats pets@2. What the last one changed: "
        "cvdata diff pets. Proposals are what cvdata prelabel found; cvdata accept makes labels of them, "
        "and cvdata eval pets pets/predictions/NAME holds them against the labels.",
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
    """List the versions of a cvdata dataset and what models propose for it, newest first."""
    from ..curate.history import log as run

    report = run(source, most)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report.damaged:
        raise typer.Exit(1)


def _print(report: LogReport) -> None:
    from rich.text import Text

    from .changes import plain_console

    console = plain_console()
    title = f"{show(report.dataset)}: {plural(report.total, 'version')}"
    if count := len(report.predictions) + len(report.damaged):
        title += f", {plural(count, 'prediction')}"
    console.print(f"{title}\n", style="bold")
    widths = _widths([_counts(entry) for entry in report.versions])
    for entry in report.versions:
        mark = Text("* " if entry.current else "  ", "bold green")
        command = (_command(entry), "cyan")
        console.print(Text.assemble(mark, (entry.id, "bold"), f"  {_moment(entry.time)}  ", command))
        console.print(_numbers(entry, widths))
    if len(report.versions) < report.total:
        console.print(f"... and {report.total - len(report.versions):,} older")
    if count:
        console.print("\nproposals", style="bold")
    widths = _widths([_found(one) for one in report.predictions])
    for one in report.predictions:
        models = " + ".join(show(model.name, 40) for model in one.models)
        about = Text.assemble("  ", (show(one.name), "bold"), f"  {_moment(one.time)}  ", (models, "cyan"))
        console.print(about.append(f" of {show(one.version)}"))
        console.print(_said(one, widths))
    for lost in report.damaged:
        console.print(Text.assemble("  ", (show(lost.name), "bold"), "  cannot be read"))
        console.print(Text(f"    {lost.problem}", "red"))
        if lost.hint is not None:
            console.print(f"    hint: {lost.hint}", markup=False)


def _moment(time: str) -> str:
    return time.replace("T", " ").rstrip("Z")


def _widths(rows: Sequence[tuple[int, ...]]) -> list[int]:
    """Return how wide each column of numbers is."""
    return [max(len(f"{count:,}") for count in column) for column in zip(*rows, strict=True)]


def _found(one: LogPrediction) -> tuple[int, int]:
    return one.images, one.annotations


def _said(one: LogPrediction, widths: list[int]) -> Text:
    """Return how many pictures were looked at and objects found, and what became of them."""
    from rich.text import Text

    columns = zip(_found(one), widths, ("pictures", "objects"), strict=True)
    words = [f"{count:>{width},} {word}" for count, width, word in columns]
    line = Text("   ".join(["  " + words[0], *words[1:]]))
    if one.bad:
        line.append(f"   {plural(one.bad, 'picture')} unreadable", "red")
    if one.reviewed:
        line.append("   reviewed")
    if one.accepted:
        line.append(f"   accepted in {', '.join(map(show, one.accepted))}", "green")
    return line


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
