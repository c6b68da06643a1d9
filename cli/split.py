"""`cvdata split SRC [DST]`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .app import app, examples, guarded
from .choices import Media, Verify
from .options import names_in
from .output import ExitZeroOption, MediaOption, Output, ReplaceOption, SeedOption, TargetArgument, ToOption, finish
from .source import (
    FormatOption,
    ImagesOption,
    JsonOption,
    QuietOption,
    SourceArgument,
    WorkersOption,
    read_source,
)

if TYPE_CHECKING:
    from ..curate.split import SplitCertificate, SplitReport
    from ..files import DatasetReport

__all__ = ["split"]


class Group(str, Enum):
    """What keeps pictures together, besides looking alike."""

    auto = "auto"
    folder = "folder"
    prefix = "prefix"
    sequence = "sequence"
    none = "none"


@app.command(
    epilog=examples(
        "cvdata split ./dataset ./divided",
        "cvdata split ./dataset ./divided --train 0.7 --val 0.3",
        "cvdata split ./pets --keep test --train 0.9 --val 0.1",
        "cvdata split ./dataset ./fold1 --folds 5 --fold 1",
        then="Never in two splits: copies, pictures that look alike, bursts and frames of a film, augmented copies, "
        "and the groups that the dataset has. The certificate says what each split got of each class, and counts leaks "
        "anew. With --keep, a split that has a share is filled up to it; one that has none stays as it is.",
    )
)
@guarded
def split(
    source: SourceArgument,
    target: TargetArgument = None,
    train: Annotated[
        float | None, typer.Option(help="Share of the pictures and of each class.", show_default="0.8")
    ] = None,
    val: Annotated[float | None, typer.Option(help="The same for validation.", show_default="0.1")] = None,
    test: Annotated[
        float | None,
        typer.Option(help="The same for the test. If any share is given, those not given are 0.", show_default="0.1"),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", metavar="K", help="Make K equal parts fold1 to foldK instead.")
    ] = None,
    fold: Annotated[
        int | None, typer.Option("--fold", metavar="I", help="Of K parts make the I-th val, all others train.")
    ] = None,
    group: Annotated[
        Group,
        typer.Option(help="What keeps pictures together, besides looking alike: folder, name, number, or nothing."),
    ] = Group.auto,
    near: Annotated[bool, typer.Option("--near/--no-near", help="Keep pictures that look alike together.")] = True,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="Open no picture; copies are found only where they are known.")
    ] = False,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="SPLIT,..", help="Pictures of these splits stay in them.")
    ] = None,
    seed: SeedOption = 0,
    from_format: FormatOption = None,
    to: ToOption = None,
    images: ImagesOption = None,
    media: MediaOption = Media.link,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Divide a dataset into splits, without leaks.

    Each split gets its share of every class, objects and pictures alike, and pictures that belong together stay
    together.
    """
    import msgspec

    from ..convert import Edit
    from ..curate.split import SplitSettings, check_settings
    from ..curate.split import split as run
    from ..engine import start, worker_count
    from .progress import progress_for
    from .split_text import certificate_lines

    shares = _shares(train, val, test, folded=folds is not None)
    settings = SplitSettings(
        **shares,
        folds=folds,
        fold=fold,
        group=group.value,
        near=near,
        labels_only=labels_only,
        keep=names_in(keep, "--keep", "test,val"),
        seed=seed,
    )
    check_settings(settings)
    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    output.check()
    with progress_for(quiet=quiet) as progress:
        verify = Verify.none if labels_only else Verify.sizes
        reading = read_source(
            source, from_format, images, verify, workers, progress, outlines_as_text=output.keeps_format
        )
        _refuse_without_splits(output, to or reading.format)
        with start(worker_count(workers)) as engine:
            outcome = run(reading.dataset, settings, engine=engine, progress=progress)
        edit = Edit(command="split", settings=msgspec.to_builtins(settings), dataset=outcome.dataset)
        written = output.write([reading], edit, progress)
    report = _report(written, outcome.certificate)
    lines = certificate_lines(outcome.certificate, settings)
    finish(report, lines, as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _shares(train: float | None, val: float | None, test: float | None, *, folded: bool) -> dict[str, float]:
    """Return the shares as resolved: the usual ones where none is given, else 0 for those that are not.

    Raises:
        UsageError: shares are given for folds, which are all equal.
    """
    given = {"train": train, "val": val, "test": test}
    if all(share is None for share in given.values()):
        return {}
    if folded:
        names = " and ".join(f"--{name}" for name, share in given.items() if share is not None)
        raise UsageError(f"--folds makes equal parts, so {names} cannot be had", hint="leave out one or the other")
    return {name: share or 0.0 for name, share in given.items()}


def _refuse_without_splits(output: Output, name: str) -> None:
    """Refuse a format in which the whole division would be lost.

    Raises:
        UsageError: it has no place for splits.
    """
    from ..formats import format_of

    form = format_of(name)
    if output.target is not None and "splits" not in form.carries(form.WriteOptions()):
        raise UsageError(f"the format {name} has no place for splits", hint="choose another one, such as --to cvdata")


def _report(written: DatasetReport, certificate: SplitCertificate) -> SplitReport:
    from ..curate.split import SplitReport
    from ..files import DatasetReport

    return SplitReport(
        **{name: getattr(written, name) for name in DatasetReport.__struct_fields__}, certificate=certificate
    )
