"""`cvdata review SRC --predictions NAME [DST]`."""

from __future__ import annotations

import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError, show
from .app import app, examples, guarded
from .choices import Media
from .options import names_in
from .output import ExitZeroOption, MediaOption, Output, ReplaceOption, finish
from .source import JsonOption, QuietOption, WorkersOption

if TYPE_CHECKING:
    from ..prelabel.review import ReviewReport
    from .review_job import Proposals

__all__ = ["review"]


_DRAWING = ("per_class", "bands", "seed", "classes", "again")
_TOOLS = ("to", "media", "overwrite", "exit_zero")
_APP = ("port", "no_app")
_JUDGING = ("from_format", "iou", "promise", "confidence", "missing")


class Missing(str, Enum):
    """What pictures mean that did not come back."""

    unseen = "unseen"
    removed = "removed"


@app.command(
    epilog=examples(
        "cvdata review pets --predictions first ./to-correct --to yolo",
        "cvdata review pets --predictions first --corrected ./to-correct",
        "cvdata review pets --predictions first",
        "cvdata review pets --predictions first --pull",
        "cvdata review pets --predictions first ./more --classes car --per-class 100",
        then="First a sample is drawn: with DST as a dataset to correct in any tool, without it into FiftyOne. Once it "
        "is corrected, --corrected or --pull judges it. What was found stays beside the proposals, for cvdata accept; "
        "a further sample adds to it. Nothing becomes truth here.",
    )
)
@guarded
def review(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A cvdata dataset with proposals of cvdata prelabel.")],
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DST]",
            help="Folder to make, with the sample to correct; without it the sample is opened in FiftyOne.",
            show_default=False,
        ),
    ] = None,
    predictions: Annotated[
        str, typer.Option("--predictions", metavar="NAME", help="Which proposals.", show_default=False)
    ] = "",
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="FORMAT", help="Format of DST.", show_default="coco; imagefolder for labels of pictures"
        ),
    ] = None,
    per_class: Annotated[
        int,
        typer.Option(
            "--per-class",
            metavar="N",
            min=1,
            help="Proposals of each class to look at behind each threshold that can come out, about 2 N in all. 63 are "
            "the fewest from which 95 % can be promised.",
        ),
    ] = 100,
    bands: Annotated[
        int | None,
        typer.Option(
            "--bands", metavar="B", min=1, max=100, help="Thresholds that can come out for a class.", show_default="4"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the random order of the proposals.", show_default="0")
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--classes", metavar="A,B", help="Draw from these classes.", show_default="all")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Draw another sample although the last one has not come back.")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of FiftyOne's App.")] = 5151,
    no_app: Annotated[bool, typer.Option("--no-app", help="Put the sample into FiftyOne, but do not open it.")] = False,
    corrected: Annotated[
        Path | None,
        typer.Option("--corrected", metavar="DIR", help="Judge the sample, as corrected here.", show_default=False),
    ] = None,
    from_format: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Format of --corrected.", show_default="detected")
    ] = None,
    pull: Annotated[bool, typer.Option("--pull", help="Judge the sample, as corrected in FiftyOne.")] = False,
    iou: Annotated[
        float, typer.Option("--iou", metavar="IOU", help="A box counts as not moved if it overlaps so much.")
    ] = 0.8,
    promise: Annotated[
        float, typer.Option("--promise", metavar="P", help="Share of what is accepted that is to be right, at least.")
    ] = 0.95,
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="C", help="How sure that is to be, for each class.")
    ] = 0.95,
    missing: Annotated[
        Missing,
        typer.Option(
            help="Pictures of the sample that did not come back: nobody looked at them, or the tool left them out "
            "since nothing was left in them."
        ),
    ] = Missing.unseen,
    media: MediaOption = Media.link,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Let a person look at a small random sample of proposals, and find out from which score on to accept them.

    What is drawn is to be corrected: delete what is wrong, move what is off, give another class where it is wrong, and
    leave the rest. From that follows, class by class, a threshold such as "car from 0.712: at least 95 % right".
    """
    from ..prelabel.review import ReviewSettings
    from .progress import progress_for
    from .review_job import Drawing, Judging, Proposals

    _check_mode(context, target, corrected, pull=pull)
    proposals = Proposals.of(source, predictions)
    with progress_for(quiet=quiet) as progress:
        if corrected is not None or pull:
            settings = ReviewSettings(iou=iou, promise=promise, confidence=confidence, missing=missing.value)
            judging = Judging(
                proposals=proposals,
                corrected=corrected,
                from_format=from_format,
                settings=settings,
                workers=workers,
                progress=progress,
            )
            _print(judging.run(), proposals, as_json=as_json, quiet=quiet)
            return
        drawing = Drawing(
            proposals=proposals,
            per_class=per_class,
            bands=bands,
            seed=seed,
            classes=names_in(classes, "--classes", "car,dog"),
            again=again,
            workers=workers,
            progress=progress,
        )
        if target is None:
            shown = drawing.for_app()
        else:
            output = Output(sources=[source], target=target, to=to, media=media, overwrite=overwrite, workers=workers)
            report, lines = drawing.for_tools(output)
    if target is not None:
        finish(report, lines, as_json=as_json, quiet=quiet, exit_zero=exit_zero)
        return
    shown.print(as_json=as_json, quiet=quiet)
    if not no_app:
        shown.open(port, quiet=quiet)


def _check_mode(context: typer.Context, target: Path | None, corrected: Path | None, *, pull: bool) -> None:
    """Refuse options that the way in which the command was called has no use for.

    Raises:
        UsageError: one is given.
    """
    if sum((target is not None, corrected is not None, pull)) > 1:
        raise UsageError("DST, --corrected and --pull are three ways", hint="give one of them, or none for FiftyOne")
    if corrected is not None or pull:
        way, useless = "judging a sample", (*_DRAWING, *_TOOLS, *_APP, *(("from_format",) if pull else ()))
    elif target is not None:
        way, useless = "writing a sample to DST", (*_JUDGING, *_APP)
    else:
        way, useless = "opening a sample in FiftyOne", (*_JUDGING, *_TOOLS)
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in useless and source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"{parameter.opts[0]} has no use in {way}", hint="leave it out; --help says what it is for"
            )


def _print(report: ReviewReport, proposals: Proposals, *, as_json: bool, quiet: bool) -> None:
    from .review_text import review_lines
    from .source import print_json

    if as_json:
        print_json(report)
    if not quiet:
        accept = f"cvdata accept {shlex.quote(show(proposals.source))} --predictions {proposals.stored.about.name}"
        again = f"{proposals.command} DST" if report.corrected_format != "fiftyone" else proposals.command
        lines = review_lines(report, accept=accept, again=again)
        sys.stderr.write("\n".join(lines) + "\n")
