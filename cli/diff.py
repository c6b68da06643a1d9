"""`cvdata diff A [B]`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Verify
from .options import check_png, names_in
from .source import JsonOption, OverwriteOption, QuietOption, WorkersOption, print_json, read_source, refuse_outputs

if TYPE_CHECKING:
    from ..convert import Reading
    from ..curate.diff import Comparison, DiffReport, DiffSide
    from ..engine import Engine, Progress

__all__ = ["diff"]


class Match(str, Enum):
    """How pictures are paired."""

    auto = "auto"
    name = "name"
    content = "content"


@app.command(
    epilog=examples(
        "cvdata diff pets",
        "cvdata diff pets@1 pets@3 --picture changes.png",
        "cvdata diff ./labels-anna ./labels-ben --tolerance 1",
        "cvdata diff ./VOC2012 ./voc-yolo --tolerance 0.01 --ignore difficult,extra",
        then="Lines begin with + for added, - for removed, > for moved, ~ for another class, * for other differences.",
    )
)
@guarded
def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="Any dataset, or a version of one: pets@2.")],
    after: Annotated[
        Path | None,
        typer.Argument(metavar="[B]", help="What to hold against it.", show_default="A against the version before it"),
    ] = None,
    match: Annotated[
        Match, typer.Option(help="Pair pictures by name, by content, or by name and what is left by content.")
    ] = Match.auto,
    iou: Annotated[float, typer.Option(help="Boxes that overlap so much may be one object.")] = 0.5,
    tolerance: Annotated[
        float, typer.Option(metavar="PIXELS", help="Coordinates that differ by less are equal.")
    ] = 1e-6,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Columns not to compare, such as area,extra.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the pictures that changed most.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Changes to list in the text; --json has all.")] = 20,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 if anything differs, as git diff does.")
    ] = False,
    from_a: Annotated[
        str | None, typer.Option("--from-a", metavar="FORMAT", help="Format of A.", show_default="detected")
    ] = None,
    from_b: Annotated[
        str | None, typer.Option("--from-b", metavar="FORMAT", help="Format of B.", show_default="detected")
    ] = None,
    images_a: Annotated[Path | None, typer.Option("--images-a", help="Folder of the pictures of A.")] = None,
    images_b: Annotated[Path | None, typer.Option("--images-b", help="Folder of the pictures of B.")] = None,
    verify: Annotated[
        Verify, typer.Option(help="Hold labels against their pictures before they are compared, or trust them.")
    ] = Verify.none,
    overwrite: OverwriteOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what changed between two datasets, annotation by annotation.

    Any dataset can be held against any other: versions of one, the work of two people, the same labels in two formats.
    Pictures are paired by name or content, classes by name, annotations by class and box.
    """
    from ..curate.diff import DiffSettings, compare, report_of
    from ..engine import start, worker_count
    from .changes import print_changes
    from .progress import progress_for

    ignored = names_in(ignore, "--ignore", "area,extra")
    settings = DiffSettings(match=match.value, iou=iou, tolerance=tolerance, ignore=ignored)
    sources = _sources(before, after)
    check_png("--picture", picture)
    for source, images in zip(sources, (images_a, images_b), strict=True):
        refuse_outputs([picture], source, images, overwrite=overwrite)
    with progress_for(quiet=quiet) as progress:
        one = read_source(sources[0], from_a, images_a, verify, workers, progress)
        two = read_source(sources[1], from_b, images_b, verify, workers, progress)
        with start(worker_count(workers)) as engine:
            comparison = compare(one.dataset, two.dataset, settings, engine=engine, progress=progress)
            sides = _side(sources[0], one), _side(sources[1], two)
            report = report_of(comparison, *sides, None if as_json else limit)
            if picture is not None:
                _draw(comparison, report, picture, engine, progress)
    if as_json:
        print_json(report)
    elif not quiet:
        print_changes(report, limit)
    if exit_code and not report.same:
        raise typer.Exit(1)


def _sources(before: Path, after: Path | None) -> tuple[Path, Path]:
    """Return what to compare: two datasets, or a version of one and the version before it."""
    from ..errors import UsageError, show
    from ..formats.store import find_version, is_store, open_store, split_version

    if after is not None:
        return before, after
    root, text = split_version(before)
    if not root.exists():
        raise UsageError(f"'{show(root)}' does not exist", hint="check the path")
    if not is_store(root):
        raise UsageError(
            f"'{show(before)}' is not a cvdata dataset, so it has no version to compare with",
            hint="name a second dataset: cvdata diff A B",
        )
    store = open_store(root)
    version = store.current if text is None else find_version(store, text)
    if version.parent is None:
        raise UsageError(f"'{show(before)}' has no version before {version.id}", hint="name a second dataset")
    return Path(f"{root}@{version.parent}"), Path(f"{root}@{version.id}")


def _side(source: Path, reading: Reading) -> DiffSide:
    from ..curate.diff import DiffSide
    from ..errors import show

    return DiffSide(name=show(source), format=reading.format, left_out=len(reading.intake.quarantine))


def _draw(comparison: Comparison, report: DiffReport, path: Path, engine: Engine, progress: Progress) -> None:
    from ..curate.diff import draw_changes
    from ..files import write_single
    from ..reports.sheet import encode

    title = f"{report.before.name} -> {report.after.name}"
    write_single(path, encode(draw_changes(comparison, title, engine, progress)))
