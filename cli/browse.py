"""`cvdata browse SRC [--found P]` and `cvdata browse SRC --pull`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .app import app, examples, guarded
from .choices import Media
from .grouped import GroupedHelp
from .options import names_in
from .output import ExitZeroOption, MediaOption, ReplaceOption
from .source import FormatOption, ImagesOption, JsonOption, QuietOption, WorkersOption

__all__ = ["browse"]

_LOOK, _APP, _PULL, _STATIC = "What to look at", "FiftyOne", "Bring edits back", "Without FiftyOne"

_LOOKING = ("found", "found_format", "predictions", "split", "labels_only", "embeddings", "heat", "heat_most")
_OPENING = ("port", "no_app", "view")
_PULLING = ("target", "to", "media", "dry_run", "limit", "exit_zero")


@app.command(
    cls=GroupedHelp,
    epilog=examples(
        "cvdata browse pets --found predictions.json",
        "cvdata browse pets --predictions first --split val",
        "cvdata browse ./VOC2012 --labels-only",
        "cvdata browse pets --pull",
        "cvdata browse ./voc-labels ./corrected --pull",
        "cvdata browse pets --found predictions.json --static ./for-the-team",
        then="In FiftyOne, views such as 'missed: small bolt' wait in the list above the pictures, worst first. Draw, "
        "move, relabel and delete labels there; tag pictures or labels drop, fix or accept. Nothing changes in SRC "
        "before --pull, which shows the differences and makes a new version.",
    ),
)
@guarded
def browse(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="Any dataset; never changed but by --pull, as a new version.")
    ],
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DST]",
            help="With --pull: folder to make. Without it SRC, a cvdata dataset, gets a new version.",
            show_default=False,
        ),
    ] = None,
    found: Annotated[
        list[Path] | None,
        typer.Option(
            "--found",
            metavar="P",
            help="What a model found: all that cvdata eval takes, or a run. Errors are those of the first.",
            show_default=False,
            rich_help_panel=_LOOK,
        ),
    ] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions",
            metavar="NAME",
            help="Proposals of cvdata prelabel that SRC keeps.",
            show_default=False,
            rich_help_panel=_LOOK,
        ),
    ] = None,
    found_format: Annotated[
        str | None,
        typer.Option(
            "--found-format",
            metavar="FORMAT",
            help="Format of --found, as in cvdata eval.",
            show_default="detected",
            rich_help_panel=_LOOK,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="NAME", help="Judge only this split of SRC.", rich_help_panel=_LOOK),
    ] = None,
    labels_only: Annotated[
        bool,
        typer.Option("--labels-only", help="Open no picture: no search for copies and leaks.", rich_help_panel=_LOOK),
    ] = False,
    embeddings: Annotated[
        str | None,
        typer.Option(
            "--embeddings",
            metavar="FILE|MODEL",
            help="Show which pictures are alike: a Parquet file of cvdata similar, colour, a run, or timm:NAME.",
            show_default=False,
            rich_help_panel=_LOOK,
        ),
    ] = None,
    heat: Annotated[
        Path | None,
        typer.Option(
            "--heat",
            metavar="RUN",
            help="Show where this run looked, on the worst pictures.",
            show_default=False,
            rich_help_panel=_LOOK,
        ),
    ] = None,
    heat_most: Annotated[
        int,
        typer.Option("--heat-most", metavar="N", min=1, help="Pictures that get a heat map.", rich_help_panel=_LOOK),
    ] = 50,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port of FiftyOne's App.", rich_help_panel=_APP)
    ] = 5151,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="View to begin with.", rich_help_panel=_APP)
    ] = None,
    no_app: Annotated[
        bool, typer.Option("--no-app", help="Put everything into FiftyOne, but do not open it.", rich_help_panel=_APP)
    ] = False,
    pull: Annotated[
        bool, typer.Option("--pull", help="Bring back what was changed in FiftyOne.", rich_help_panel=_PULL)
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the differences, and write nothing.", rich_help_panel=_PULL)
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Differences to list in the text.", rich_help_panel=_PULL)
    ] = 20,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="FORMAT", help="Format of DST.", show_default="that of SRC", rich_help_panel=_PULL
        ),
    ] = None,
    media: MediaOption = Media.link,
    static: Annotated[
        Path | None,
        typer.Option(
            "--static",
            metavar="DIR",
            help="Write the same views as pages for any browser.",
            show_default=False,
            rich_help_panel=_STATIC,
        ),
    ] = None,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Open FiftyOne on what a person should look at, worst first, and bring back what they change there.

    With --found every object and detection carries its verdict from cvdata eval, findings of cvdata check are tags, and
    views lead to missed objects, confused classes, probable label errors, copies across splits.
    """
    _check_mode(context, static, pull=pull)
    if pull:
        from .browse_pull import run_pull

        run_pull(
            source,
            target,
            from_format=from_format,
            images=images,
            to=to,
            media=media,
            overwrite=overwrite,
            workers=workers,
            dry_run=dry_run,
            limit=limit,
            as_json=as_json,
            quiet=quiet,
            exit_zero=exit_zero,
        )
        return
    from .browse_job import BrowseInputs
    from .browse_show import Showing

    inputs = BrowseInputs(
        source=source,
        from_format=from_format,
        images=images,
        found=tuple(found or ()),
        found_format=found_format,
        predictions=names_in(predictions, "--predictions", "first"),
        split=split,
        labels_only=labels_only,
        embeddings=embeddings,
        heat=heat,
        heat_most=heat_most,
        workers=workers,
    )
    showing = Showing(inputs=inputs, as_json=as_json, quiet=quiet)
    if static is not None:
        showing.as_pages(static, overwrite=overwrite)
    else:
        showing.in_fiftyone(port=port, view=view, opens=not no_app)


def _check_mode(context: typer.Context, static: Path | None, *, pull: bool) -> None:
    """Refuse options that the way in which the command was called has no use for.

    Raises:
        UsageError: one is given.
    """
    if pull and static is not None:
        raise UsageError("--pull and --static are two ways", hint="give one of them")
    useless: tuple[str, ...]
    if pull:
        way, useless = "--pull", (*_LOOKING, *_OPENING)
    elif static is not None:
        way, useless = "--static", (*_OPENING, *_PULLING, "embeddings")
    elif context.params["no_app"]:
        way, useless = "--no-app", (*_PULLING, "overwrite", "port", "view")
    else:
        way, useless = "opening FiftyOne", (*_PULLING, "overwrite")
    for parameter in context.command.params:
        if parameter.name in useless and _is_given(context, parameter.name):
            if parameter.name == "target":
                raise UsageError(f"DST has no use in {way}", hint="it is for --pull; --static DIR writes pages")
            raise UsageError(
                f"{parameter.opts[0]} has no use in {way}", hint="leave it out; --help says what it is for"
            )
    if context.params["heat"] is None and _is_given(context, "heat_most"):
        raise UsageError("--heat-most is for --heat, which is not given", hint="leave it out")


def _is_given(context: typer.Context, name: str | None) -> bool:
    given = context.get_parameter_source(name or "")
    return given is not None and given.name == "COMMANDLINE"
