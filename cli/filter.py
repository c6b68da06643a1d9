"""`cvdata filter SRC [DST]`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Media, Verify
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
from .table import class_lines, table_lines

if TYPE_CHECKING:
    from ..curate.filter import Filtered, FilterSettings

__all__ = ["filter_"]


class Of(str, Enum):
    """What is kept or dropped."""

    annotations = "annotations"
    pictures = "pictures"


class Emptied(str, Enum):
    """What becomes of pictures that lose all their annotations."""

    background = "background"
    unlabelled = "unlabelled"
    drop = "drop"


def _print_columns(wanted: bool) -> None:
    if wanted:
        import sys

        from ..curate.filter import columns_in_words

        lines = table_lines(["column", "of", "meaning"], columns_in_words(), left=3)
        sys.stdout.write("\n".join(lines) + "\n")
        raise typer.Exit


@app.command(
    "filter",
    epilog=examples(
        "cvdata filter pets --keep 'class in (cat, dog) and area > 1024 and not difficult'",
        "cvdata filter ./voc ./few --drop 'truncated or occluded' --emptied drop",
        "cvdata filter ./coco ./night --keep 'name like \"night/*\" and split == train'",
        "cvdata filter ./coco ./sharp --keep 'sharpness >= 100 or taken < 2024-05-01'",
        "cvdata filter ./voc ./cats --keep 'class == cat' --of pictures",
        "cvdata rank ./photos --embed colour --out first.txt && cvdata filter ./photos ./first --names first.txt",
        "cvdata filter pets to-fix --keep 'image.fix or extra.fix' --of pictures",
        then="Conditions: == != < <= > >=, in (a, b), like 'a*b?', is given, is missing, and, or, not, brackets. Names "
        "of several words go in quotes: 'hard hat'. What nobody measured neither fits nor does not; a mark that nobody "
        "made (difficult, image.fix, ...) is not there. An attribute that nothing in SRC has is refused as a mistake, "
        "except those that cvdata itself writes: --columns lists them.",
    ),
)
@guarded
def filter_(
    source: SourceArgument,
    target: TargetArgument = None,
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="EXPR", help="Keep what fits this expression, nothing else.")
    ] = None,
    drop: Annotated[
        str | None, typer.Option("--drop", metavar="EXPR", help="Drop what fits this expression, nothing else.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option("--names", metavar="FILE", help="Keep the pictures that this file names, one a line, no others."),
    ] = None,
    of: Annotated[
        Of | None,
        typer.Option(
            "--of",
            help="Keep or drop single annotations, or pictures with all that is in them, where one annotation fits. By "
            "default what the expression says of pictures alone chooses pictures, and the rest annotations.",
        ),
    ] = None,
    emptied: Annotated[
        Emptied,
        typer.Option(help="Pictures that lose all annotations: nothing is in them, nobody labelled them, or they go."),
    ] = Emptied.background,
    columns: Annotated[  # noqa: ARG001 - its callback has printed them
        bool,
        typer.Option("--columns", callback=_print_columns, is_eager=True, help="Print the columns that EXPR may name."),
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
    """Keep what fits an expression, or drop it.

    That is annotations, or pictures with all that is in them. Classes stay, also those that nothing uses any more.
    """
    import msgspec

    from ..curate.filter import FilterReport, FilterSettings, check_filter, filter_dataset, read_names
    from ..errors import UsageError
    from .progress import progress_for

    settings = FilterSettings(
        keep=keep,
        drop=drop,
        names=None if names is None else read_names(names),
        of=None if of is None else of.value,
        emptied=emptied.value,
    )
    checked = check_filter(settings)
    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    output.check()
    with progress_for(quiet=quiet) as progress:
        as_text = output.keeps_format and not (checked is not None and checked.of_outlines)
        reading = read_source(source, from_format, images, verify, workers, progress, outlines_as_text=as_text)
        outcome = filter_dataset(reading.dataset, settings)
        if outcome.filtered.silent and not len(outcome.dataset.images):
            raise UsageError("no picture is left", hint="; ".join(_silences(outcome.filtered)))
        written = output.write_part(reading, "filter", settings, outcome.dataset, progress)
    report = FilterReport(**msgspec.structs.asdict(written), filter=outcome.filtered)
    finish(report, _lines(settings, outcome.filtered), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _lines(settings: FilterSettings, done: Filtered) -> list[str]:
    """Return what the filter did, for people."""
    from ..errors import show

    what = "dropped" if settings.drop is not None else "kept"
    expression = show(settings.keep if settings.keep is not None else settings.drop or "")
    fit = "are named" if settings.names is not None else f"fit '{expression}'"
    lines = [f"{what}: {done.fitting:,} of {done.looked_at:,} {done.of} {fit}"]
    lines += class_lines(done.classes)
    if done.pictures_out:
        lines.append(
            f"pictures left out for what is said of pictures alone: {done.pictures_out:,} (else --of annotations)"
        )
    if done.emptied:
        one, many = _EMPTIED[settings.emptied]
        lost = f"1 picture {one}" if done.emptied == 1 else f"{done.emptied:,} pictures {many}"
        lines.append(f"{lost} (--emptied {settings.emptied})")
    if done.undecided:
        lines.append(
            f"note: {done.undecided:,} {done.of} neither fit nor do not: a value is missing; they were not {what}"
        )
    return [*lines, *(f"note: {silence}" for silence in _silences(done))]


def _silences(done: Filtered) -> list[str]:
    """Return why columns say nothing, for people."""
    return [_SILENT.get(name, _NOTHING).format(name=name) for name in done.silent]


_EMPTIED = {
    "background": (
        "lost all its annotations and counts as one with nothing in it",
        "lost all their annotations and count as pictures with nothing in them",
    ),
    "unlabelled": (
        "lost all its annotations and counts as not labelled",
        "lost all their annotations and count as not labelled",
    ),
    "drop": ("lost all its annotations and was left out", "lost all their annotations and were left out"),
}
_NOTHING = "'{name}' says nothing in this dataset"
_MEASURED = "nobody measured the {name} of these pictures; cvdata ingest does"
_SILENT = {
    **dict.fromkeys(("brightness", "contrast", "sharpness", "taken"), _MEASURED),
    "image.fix": "no picture is marked 'fix'; cvdata browse SRC --pull marks those that were tagged so",
    "extra.fix": "no annotation is marked 'fix'; cvdata browse SRC --pull marks those that were tagged so",
}
