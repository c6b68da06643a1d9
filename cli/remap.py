"""`cvdata remap SRC [DST]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Media, Verify
from .options import names_in
from .output import (
    ExitZeroOption,
    MediaOption,
    Output,
    ReplaceOption,
    TargetArgument,
    ToOption,
    finish,
)
from .source import (
    FormatOption,
    ImagesOption,
    JsonOption,
    QuietOption,
    SourceArgument,
    VerifyOption,
    WorkersOption,
    read_source,
)
from .table import table_lines

if TYPE_CHECKING:
    from ..curate.remap import Remapped, RemapSettings
    from ..errors import Place

__all__ = ["remap"]

_MOST_CLASSES = 40
_LONGEST_NAME = 40


@app.command(
    epilog=examples(
        "cvdata remap pets --map cat=animal --map dog=animal",
        "cvdata remap ./voc ./vehicles --map bus=car --drop person,cow --to coco",
        "cvdata remap ./coco ./two --file classes.yaml --only-mapped",
        then="The file has a line for each class, 'old: new', or 'old: null' to drop it. All names change at once: "
        "--map a=b --map b=a swaps two classes. Flags count more than the file.",
    )
)
@guarded
def remap(
    source: SourceArgument,
    target: TargetArgument = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW", help="Rename a class, or join it to another. May be repeated."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="CLASS,..", help="Drop these classes with their annotations; pictures stay."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="YAML", help="Read the map from a file.", show_default=False)
    ] = None,
    only_mapped: Annotated[
        bool, typer.Option("--only-mapped", help="Drop every class that the map does not name, old or new.")
    ] = False,
    to: ToOption = None,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    media: MediaOption = Media.link,
    verify: VerifyOption = Verify.sizes,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Rename, join and drop classes.

    Pictures that lose all their annotations with a class count as pictures with nothing in them.
    """
    import msgspec

    from ..curate.remap import RemapReport
    from ..curate.remap import remap as run
    from .progress import progress_for

    settings, places = _settings(pairs, drop, file, only_mapped=only_mapped)
    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    output.check()
    with progress_for(quiet=quiet) as progress:
        reading = read_source(
            source, from_format, images, verify, workers, progress, outlines_as_text=output.keeps_format
        )
        outcome = run(reading.dataset, settings, places)
        written = output.write_part(reading, "remap", settings, outcome.dataset, progress)
    report = RemapReport(**msgspec.structs.asdict(written), remap=outcome.remapped)
    report = msgspec.structs.replace(report, findings=[*report.findings, *outcome.findings])
    finish(report, _lines(outcome.remapped), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _settings(
    pairs: list[str] | None, drop: list[str] | None, file: Path | None, *, only_mapped: bool
) -> tuple[RemapSettings, dict[str, Place]]:
    """Return what to do, and where a file says so.

    Raises:
        UsageError: nothing is to be done, or it makes no sense.
        FormatError: the file cannot be read.
    """
    from ..curate.remap import RemapSettings, check_remap
    from ..curate.remap.file import parse_map, read_map
    from ..errors import UsageError

    flags = parse_map(pairs or (), names_in(drop, "--drop", "cat,dog"))
    given, places = ({}, {}) if file is None else read_map(file)
    if not flags and not given:
        raise UsageError("no class is to change", hint="give --map OLD=NEW, --drop CLASS or --file YAML")
    places = {name: place for name, place in places.items() if name not in flags}
    settings = RemapSettings(map=given | flags, only_mapped=only_mapped)
    check_remap(settings, places)
    return settings, places


def _lines(done: Remapped) -> list[str]:
    """Return what became of each class that changed, for people."""
    from ..errors import show

    members: dict[str | None, int] = {}
    for row in done.mapped:
        members[row.new] = members.get(row.new, 0) + 1
    changed = [row for row in done.mapped if row.new != row.old or members[row.new] > 1]
    rows = [
        [
            show(row.old, _LONGEST_NAME),
            "(dropped)" if row.new is None else show(row.new, _LONGEST_NAME),
            f"{row.annotations:,}",
            f"{row.images:,}",
        ]
        for row in changed[:_MOST_CLASSES]
    ]
    lines = table_lines(["class", "becomes", "annotations", "pictures"], rows, left=2)
    if len(changed) > _MOST_CLASSES:
        lines.append(f"and {len(changed) - _MOST_CLASSES:,} more (--json has all)")
    joined = [one for one in done.classes if members[one.name] > 1]
    lines += [
        f"joined: {show(one.name, _LONGEST_NAME)}, of {members[one.name]} classes: {one.annotations:,} annotations, "
        f"{one.images:,} pictures"
        for one in joined[:_MOST_CLASSES]
    ]
    if len(joined) > _MOST_CLASSES:
        lines.append(f"and {len(joined) - _MOST_CLASSES:,} more joined (--json has all)")
    lines.append(f"classes: {len(done.mapped):,} before, {len(done.classes):,} now")
    if done.emptied == 1:
        lines.append("1 picture lost all its annotations and counts as one with nothing in it")
    elif done.emptied:
        lines.append(f"{done.emptied:,} pictures lost all their annotations and count as pictures with nothing in them")
    return lines
