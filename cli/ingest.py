"""`cvdata ingest PICTURES... DST`."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Media
from .source import JsonOption, QuietOption, WorkersOption, print_json

if TYPE_CHECKING:
    from ..ingest import IngestReport

__all__ = ["ingest"]

_MOST_LINES = 5


class Copies(str, Enum):
    """What happens to exact copies."""

    keep = "keep"
    skip = "skip"


class Masks(str, Enum):
    """What happens to label masks among the pictures."""

    skip = "skip"
    keep = "keep"


class Group(str, Enum):
    """What says that pictures belong together."""

    auto = "auto"
    folder = "folder"
    prefix = "prefix"
    sequence = "sequence"
    none = "none"


@app.command(
    epilog=examples(
        "cvdata ingest photos/ pets",
        "cvdata ingest photos/ holiday.zip list.txt 'more/**/*.jpg' pets",
        "cvdata ingest photos/ pets --labels coco:instances.json",
        "cvdata ingest video_frames/ film --group folder --copies skip",
        then="Run it again with the same DST to add what is new; after Ctrl-C or a crash the same command goes on "
        "where it ended. Exit codes: 0 done; 1 failed, nothing was written; 2 wrong usage; 3 done, but bad pictures "
        "were put aside; 5 another run is writing DST; 130 interrupted.",
    )
)
@guarded
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURES... DST",
            help="Folders, pictures, 'patterns', lists (.txt: a path a line) and archives (.zip, .tar, .tar.gz), never "
            "changed; and at the end the dataset, which is made or gets what is new.",
            show_default=False,
        ),
    ],
    labels: Annotated[
        list[str] | None,
        typer.Option("--labels", metavar="FORMAT:PATH", help="Labels that exist already, joined by name; repeatable."),
    ] = None,
    copies: Annotated[
        Copies, typer.Option(help="Keep exact copies of a picture, or skip them all but the first.")
    ] = Copies.keep,
    group: Annotated[
        Group,
        typer.Option(help="What keeps pictures in one split, besides looking alike: folder, name, number, or nothing."),
    ] = Group.auto,
    masks: Annotated[Masks, typer.Option(help="Leave label masks among the pictures out, or keep them.")] = Masks.skip,
    media: Annotated[
        Media, typer.Option(help="Pictures in DST: hard links (or copies), copies, symbolic links; none: they stay.")
    ] = Media.link,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the dataset.", show_default="that of its folder")
    ] = None,
    workers: WorkersOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew, in place of what cvdata wrote there.")
    ] = False,
    as_json: JsonOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name every picture that was put aside or is odd.")
    ] = False,
    quiet: QuietOption = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0, not 3, when bad pictures were put aside.")
    ] = False,
) -> None:
    """Take pictures into a dataset that can be trusted.

    Every picture is read to its last pixel and hashed; bad ones are put aside by name, copies and series are found, so
    that no split tears them apart.
    """
    from ..errors import UsageError
    from ..ingest import IngestSettings
    from ..ingest import ingest as run
    from .progress import progress_for

    if len(paths) < 2:
        raise UsageError("the dataset is missing", hint="cvdata ingest PICTURES... DST: the last path is the dataset")
    settings = IngestSettings(
        name=name,
        media=media.value,
        copies=copies.value,
        group=group.value,
        masks=masks.value,
        labels=tuple(labels or ()),
        overwrite=overwrite,
        workers=workers,
    )
    try:
        with progress_for(quiet=quiet) as progress:
            report = run(paths[:-1], paths[-1], settings=settings, progress=progress, every=verbose)
    except KeyboardInterrupt:
        sys.stderr.write("what was read is remembered: the same command goes on from there\n")
        raise
    if as_json:
        print_json(report)
    if not quiet:
        sys.stderr.write(summary(report, verbose=verbose))
    if report.quarantine and not exit_zero:
        raise typer.Exit(3)


def summary(report: IngestReport, *, verbose: bool = False) -> str:
    """Return the report as text: the account, what is new, what is alike, the findings, the bad pictures."""
    from .show import account_lines, finding_lines, quarantine_lines

    lines = [f"{report.target}: version {report.version}", *account_lines(report)]
    lines.append(f"pictures: {_counted(report, ('added', 'changed', 'unchanged', 'gone', 'labelled')) or 'none'}")
    if report.groups:
        lines.append(f"groups that no split may part: {report.groups:,}")
    if not verbose:
        lines += finding_lines(report.findings)
    for finding in report.findings if verbose else ():
        lines += [f"note: {finding.message}", *(f"  {example}" for example in finding.examples)]
    if report.renamed:
        lines.append(f"note: pictures stored under a file name that every system can hold: {report.renamed:,}")
    lines += quarantine_lines(report.quarantine, len(report.quarantine) if verbose else _MOST_LINES)
    return "\n".join(lines) + "\n"


def _counted(report: IngestReport, names: tuple[str, ...]) -> str:
    return ", ".join(f"{count:,} {name}" for name in names if (count := getattr(report, name)))
