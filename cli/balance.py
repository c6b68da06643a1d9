"""`cvdata balance SRC [DST]`."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .balance_job import Job
from .balance_text import difference_lines, plan_lines
from .choices import Media
from .options import names_in
from .output import ExitZeroOption, MediaOption, Output, SeedOption, ToOption, finish
from .show import finding_lines, quarantine_lines
from .source import (
    FormatOption,
    ImagesOption,
    JsonOption,
    OverwriteOption,
    QuietOption,
    SourceArgument,
    WorkersOption,
    print_json,
)

if TYPE_CHECKING:
    from ..curate.balance import BalancePlanReport, BalanceReport

__all__ = ["balance"]


class Strategy(str, Enum):
    """How the classes are evened out."""

    repeat_factor = "repeat-factor"
    oversample = "oversample"
    undersample = "undersample"
    target = "target"
    copy_paste = "copy-paste"
    augment = "augment"


class Form(str, Enum):
    """What is written."""

    copies = "copies"
    weights = "weights"
    list = "list"


class Method(str, Enum):
    """How the pictures to leave out are found."""

    greedy = "greedy"
    exact = "exact"


@app.command(
    epilog=examples(
        "cvdata balance ./pets --plan",
        "cvdata balance ./pets ./pets-even --strategy target --target 500",
        "cvdata balance ./pets ./pets-even --strategy augment --recipe light --plot plan.png",
        "cvdata balance ./pets weights.csv --strategy repeat-factor --as weights",
        "cvdata balance ./yolo train.txt --strategy oversample --as list",
        then="Strategies: repeat-factor draws pictures of rare classes more often, as LVIS does; oversample repeats "
        "pictures until every class comes as near as possible to the largest; undersample leaves pictures out, down to "
        "--target objects of each class and never below; target repeats pictures until each class has --target "
        "objects; copy-paste pastes objects of rare classes into new pictures; augment repeats, and the copies pass "
        "through --recipe. Only training pictures are touched: those of the split train (or --train), or all where "
        "there are no splits. Reachable is the most that a class could have by itself, all its pictures repeated "
        "--limit times. Weights are relative: 1 draws a picture as often as it is there. A list names each picture's "
        "file, as darknet and Ultralytics read it, as often as it is to be drawn.",
    )
)
@guarded
def balance(
    source: SourceArgument,
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DST]",
            help="Folder to make, or the file of --as. Without it SRC, a cvdata dataset, gets a new version.",
            show_default=False,
        ),
    ] = None,
    strategy: Annotated[Strategy, typer.Option(help="How to even out the classes.")] = Strategy.oversample,
    goal: Annotated[
        int | None,
        typer.Option("--target", metavar="N", help="Objects of each class.", show_default="500; augment: the largest"),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            metavar="T",
            help="repeat-factor: share of the pictures below which a class is rare.",
            show_default="that of the average class",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="R", help="Times that a picture may be there, at most.", show_default="10"),
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option(help="undersample: exact is for small datasets.", show_default="greedy"),
    ] = None,
    per_picture: Annotated[
        int | None,
        typer.Option(
            "--per-picture", metavar="N", help="copy-paste: objects pasted into one picture.", show_default="3"
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME|FILE",
            help="augment, copy-paste: what new pictures pass through.",
            show_default="augment: standard",
        ),
    ] = None,
    train: Annotated[
        list[str] | None,
        typer.Option("--train", metavar="SPLIT", help="Split to learn from.", show_default="train or training"),
    ] = None,
    form: Annotated[
        Form, typer.Option("--as", help="Write a dataset with copies, sampling weights, or a list of files.")
    ] = Form.copies,
    only_plan: Annotated[bool, typer.Option("--plan", help="Print what would be done, and write no dataset.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the plan as bars: .png, .svg, or .html with all numbers."),
    ] = None,
    seed: SeedOption = 0,
    to: ToOption = None,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    media: MediaOption = Media.link,
    overwrite: OverwriteOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Even out the classes of the training pictures.

    With --plan, say first what that would do. Pictures show several classes, so each strategy looks at all classes at
    once. Validation and test are never touched.
    """
    from ..curate.balance import BalanceSettings, check_settings, plan
    from .progress import progress_for

    settings = check_settings(
        BalanceSettings(
            strategy=strategy.value,
            output=form.value,
            target=goal,
            threshold=threshold,
            limit=limit,
            method=None if method is None else method.value,
            per_picture=per_picture,
            recipe=recipe,
            splits=names_in(train, "--train", "train,extra"),
            seed=seed,
        )
    )
    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    job = Job(source, output, settings, only_plan, plot)
    job.check()
    with progress_for(quiet=quiet) as progress:
        reading = job.read(from_format, progress)
        chosen = plan(reading.dataset, settings)
        job.plot(chosen)
        if only_plan or form is not Form.copies:
            report: BalanceReport | BalancePlanReport = job.write_file(reading, chosen)
        else:
            report = job.write_dataset(reading, chosen, progress)
    if plot is not None and not quiet:
        sys.stderr.write(f"written: {plot}\n")
    _show(report, plan_lines(report.balance), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _show(
    report: BalanceReport | BalancePlanReport, lines: list[str], *, as_json: bool, quiet: bool, exit_zero: bool
) -> None:
    from ..curate.balance import BalanceReport

    if isinstance(report, BalanceReport):
        if report.made is not None:
            lines += difference_lines(report.balance, report.made, report.objects)
        finish(report, lines, as_json=as_json, quiet=quiet, exit_zero=exit_zero)
        return
    lines += [*finding_lines(report.findings)]
    if report.quarantine:
        lines += quarantine_lines(report.quarantine)[:-1]  # there is no output to look them up in
    if as_json:
        print_json(report)
    elif report.written is None and not quiet:
        sys.stdout.write("\n".join(lines) + "\n")
    elif not quiet:
        sys.stderr.write("\n".join([*lines, f"written: {report.written}"]) + "\n")
    if report.written is not None and report.quarantine and not exit_zero:
        raise typer.Exit(3)
