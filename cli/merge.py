"""`cvdata merge SRC SRC... DST`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CvdataError, UsageError, show
from .app import app, examples, guarded
from .choices import Media, Verify
from .output import ExitZeroOption, MediaOption, Output, ReplaceOption, finish
from .source import JsonOption, QuietOption, VerifyOption, WorkersOption, read_source
from .table import table_lines

if TYPE_CHECKING:
    from ..convert import Reading
    from ..curate.merge import MergeReport, MergeTally
    from ..files import DatasetReport, Finding

__all__ = ["merge"]


class Duplicates(str, Enum):
    """What becomes of pictures that several sources have."""

    merge = "merge"
    keep = "keep"


class OnConflict(str, Enum):
    """What happens where sources disagree."""

    fail = "fail"
    first = "first"
    last = "last"
    union = "union"
    keep = "keep"


@app.command(
    epilog=examples(
        "cvdata merge ./anna ./ben ./both",
        "cvdata merge ./batch-1 ./batch-2 ./batch-3 ./all --on-conflict union --to coco",
        "cvdata merge a.json b.json ./both --images ./photos",
        "cvdata merge pets ./new-pictures --in-place",
        then="A name is a class: those of the first SRC stay in front, with their ids. Exit codes: 0 done; 1 failed, "
        "or sources disagree, and nothing was written; 2 wrong usage; 3 done, but bad items were put aside.",
    )
)
@guarded
def merge(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="SRC SRC... DST",
            help="Any datasets, never changed, and the folder to make, which appears whole or not at all.",
            show_default=False,
        ),
    ],
    in_place: Annotated[
        bool, typer.Option("--in-place", help="There is no DST: the first SRC, a cvdata dataset, gets a new version.")
    ] = False,
    duplicates: Annotated[
        Duplicates, typer.Option(help="Make one of pictures with the same content, or compare none and keep all.")
    ] = Duplicates.merge,
    on_conflict: Annotated[
        OnConflict,
        typer.Option(
            "--on-conflict",
            help="Where sources disagree on a picture or class: stop, believe the first or the last, take the labels "
            "of all, or keep such pictures apart.",
        ),
    ] = OnConflict.fail,
    from_format: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Format of every SRC.", show_default="detected")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FORMAT", help="Format of DST.", show_default="that of the first SRC")
    ] = None,
    images: Annotated[
        list[Path] | None,
        typer.Option(
            "--images",
            metavar="DIR",
            help="Folder of the pictures, if not beside the labels: one for all SRC, or each.",
        ),
    ] = None,
    media: MediaOption = Media.link,
    verify: VerifyOption = Verify.sizes,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Make one dataset of several.

    The same name is the same class, the same picture (by content) is there once, and pictures of one name stay two.
    Where sources disagree, nothing is written until you say who is right.
    """
    from ..convert import Edit, place_in
    from ..curate.merge import MergeSettings, Part
    from ..curate.merge import merge as run
    from ..engine import start, worker_count
    from ..formats import format_again
    from .progress import progress_for

    settings = MergeSettings(duplicates=duplicates.value, on_conflict=on_conflict.value)
    sources, target = _sources(paths, in_place=in_place)
    folders = _folders(images or [], len(sources))
    output = Output(
        sources=sources, target=target, to=to, media=media, overwrite=overwrite, workers=workers, joins=True
    )
    for output.images in dict.fromkeys(folders):
        output.check()
    with progress_for(quiet=quiet) as progress:
        readings: list[Reading] = []
        for source, folder in zip(sources, folders, strict=True):
            # Outlines may stay text where the output is of the format of all that have some.
            written = readings[0].format if readings and to is None else to
            as_text = target is not None and written in (None, "coco")
            try:
                one = read_source(source, from_format, folder, verify, workers, progress, outlines_as_text=as_text)
            except CvdataError as error:
                if error.at is not None:  # readers name files by their place in the source, and there are several
                    error.at = replace(error.at, file=place_in(source, error.at.file))
                raise
            readings.append(one)
        parts = [Part(name, one.dataset) for name, one in zip(_names(sources), readings, strict=True)]
        with start(worker_count(workers)) as engine:
            outcome = run(parts, settings, engine=engine, progress=progress)
        if target is not None and to is None:  # boxes and outlines together: the first source says which they are to be
            output.to = format_again(readings[0].dataset, readings[0].format)
        made = _others(readings) if in_place and media == Media.link else frozenset()
        edit = Edit(
            command="merge",
            settings={"duplicates": settings.duplicates, "on_conflict": settings.on_conflict},
            dataset=outcome.dataset,
            filtered=outcome.filtered,
            made=made,
        )
        report = _report(output.write(readings, edit, progress), outcome.tally, outcome.findings)
    finish(report, _lines(report), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _sources(paths: Sequence[Path], *, in_place: bool) -> tuple[list[Path], Path | None]:
    """Split the arguments into what is read and what is made."""
    sources, target = (list(paths), None) if in_place else (list(paths[:-1]), paths[-1])
    if len(sources) < 2:
        hint = "cvdata merge SRC SRC --in-place" if in_place else "cvdata merge SRC SRC DST; the last one is made"
        raise UsageError(f"{len(sources)} dataset to merge, expected two or more", hint=hint)
    known: set[str] = set()
    for source in sources:
        place = os.path.realpath(source)
        if place in known:
            raise UsageError(f"'{show(source)}' is named twice", hint="name each dataset once")
        known.add(place)
    return sources, target


def _folders(images: Sequence[Path], count: int) -> list[Path | None]:
    """Return the folder of pictures of each source."""
    if len(images) in (0, 1):
        return [images[0] if images else None] * count
    if len(images) != count:
        hint = "give --images once for all, or once for each SRC, in order"
        raise UsageError(f"{len(images)} folders of pictures for {count} datasets", hint=hint)
    return list(images)


def _names(sources: Sequence[Path]) -> list[str]:
    """Call each source by its folder or file, with as many of the folders above as tell them apart."""
    from ..formats.store import split_version

    parts = []
    for source in sources:
        root, version = split_version(source)
        whole = Path(os.path.abspath(root))
        last = whole.stem if whole.is_file() else whole.name
        parts.append([*whole.parts[1:-1], last if version is None else f"{last}@{version}"])
    longest = max(map(len, parts))
    for depth in range(1, longest + 1):
        names = ["-".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [part[-1] for part in parts]


def _others(readings: Sequence[Reading]) -> frozenset[str]:
    """Return the folders that hold pictures of the other sources, and none of the first."""
    own, *others = (reading.dataset.images.folders for reading in readings)
    return frozenset(folder for folders in others for folder in folders) - frozenset(own)


def _report(written: DatasetReport, tally: MergeTally, findings: Sequence[Finding]) -> MergeReport:
    from ..curate.merge import MergeReport

    fields = {name: getattr(written, name) for name in type(written).__struct_fields__}
    return MergeReport(**fields | {"findings": [*written.findings, *findings]}, merge=tally)


def _lines(report: MergeReport) -> list[str]:
    """Return what became of each source, as a table."""
    head = ("source", "pictures", "annotations", "merged", "renamed", "classes", "new")
    rows = [
        (
            show(one.name, 40),
            f"{one.images:,}",
            f"{one.annotations:,}",
            f"{one.duplicates:,}",
            f"{one.renamed:,}",
            f"{one.classes:,}",
            f"{one.new_classes:,}",
        )
        for one in report.merge.sources
    ]
    return table_lines(head, rows)
