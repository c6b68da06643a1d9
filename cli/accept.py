"""`cvdata accept SRC [DST] --predictions NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .accept_text import accept_lines
from .app import app, examples, guarded
from .choices import Media, Verify
from .options import names_in
from .output import ExitZeroOption, MediaOption, Output, ReplaceOption, TargetArgument, ToOption, finish
from .source import ImagesOption, JsonOption, QuietOption, VerifyOption, WorkersOption, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..prelabel.accept.offers import Opinions

__all__ = ["accept"]


@app.command(
    epilog=examples(
        "cvdata accept pets --predictions first",
        "cvdata accept pets --predictions first --above car=0.71,person=0.6",
        "cvdata accept pets --predictions first --above 0.8 --whole-pictures --empty-below 0.3",
        "cvdata accept pets --predictions first --tagged",
        "cvdata accept pets --predictions masks --above 0 --outlines",
        then="What a person decided in cvdata review overrules the scores. Each new label says in its attribute "
        "`origin` where it comes from. cvdata diff shows what came in; cvdata restore takes it back. "
        "Exit codes: 0 done; 1 failed, nothing was written; 2 wrong usage; 3 done, but bad items were put aside.",
    )
)
@guarded
def accept(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A cvdata dataset with proposals of cvdata prelabel.")],
    target: TargetArgument = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions",
            metavar="NAME",
            help="Which proposals; of several (A,B) that have the same object, the first counts.",
            show_default=False,
        ),
    ] = None,
    above: Annotated[
        list[str] | None,
        typer.Option(
            "--above",
            metavar="S|CLASS=S,...",
            help="Take what has at least this score: of all classes, or of those named.",
            show_default="what the review promises",
        ),
    ] = None,
    only_reviewed: Annotated[
        bool, typer.Option("--only-reviewed", help="Take nothing but what a person decided in the review.")
    ] = False,
    tagged: Annotated[
        bool,
        typer.Option(
            "--tagged", help="Take what is tagged `accept` in FiftyOne, and never what is tagged `reject` or deleted."
        ),
    ] = False,
    whole_pictures: Annotated[
        bool,
        typer.Option(
            "--whole-pictures",
            help="Take only pictures of which all proposals can be taken: in others training would learn the rest as "
            "background.",
        ),
    ] = False,
    empty_below: Annotated[
        float | None,
        typer.Option(
            "--empty-below",
            metavar="S",
            help="Call pictures empty in which nothing is proposed with this score.",
            show_default="they stay unlabelled",
        ),
    ] = None,
    iou: Annotated[
        float, typer.Option("--iou", metavar="IOU", help="Overlap with a label of its class from which it is that one.")
    ] = 0.5,
    outlines: Annotated[
        bool,
        typer.Option(
            "--outlines",
            help="Give labels that have neither mask nor outline that of the proposal over them, of their class.",
        ),
    ] = False,
    to: ToOption = None,
    images: ImagesOption = None,
    media: MediaOption = Media.link,
    verify: VerifyOption = Verify.sizes,
    overwrite: ReplaceOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Turn proposals into truth, as a new version.

    By default it takes what the review promises: of each class what is at least as sure as its threshold. Objects that
    are labelled already are left out, so that the same can be accepted again.
    """
    import msgspec

    from ..convert import Edit
    from ..files import Counts
    from ..formats.store import split_version
    from ..prelabel.accept import AcceptReport, AcceptSettings, check_accept, offers_of
    from ..prelabel.accept import accept as run
    from .class_scores import class_scores
    from .progress import progress_for

    root = split_version(source)[0]
    by_class = class_scores(above, "--above")
    every = by_class.pop("", None)
    settings = AcceptSettings(
        predictions=_names(root, predictions),
        above=every,
        above_class=by_class,
        only_reviewed=only_reviewed,
        tagged=tagged,
        whole_pictures=whole_pictures,
        iou=iou,
        empty_below=empty_below,
        outlines=outlines,
    )
    check_accept(settings)
    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    output.check()
    with progress_for(quiet=quiet) as progress:
        offers = offers_of(root, settings, _tags(root, settings.predictions) if tagged else None)
        reading = read_source(source, "cvdata", images, verify, workers, progress)
        outcome = run(reading.dataset, offers, settings)
        edit = Edit(
            command="accept",
            settings=msgspec.to_builtins(settings),
            dataset=outcome.dataset,
            added=Counts(0, outcome.part.accepted),
        )
        written = output.write([reading], edit, progress)
    report = AcceptReport(
        **msgspec.structs.asdict(written) | {"findings": [*written.findings, *outcome.findings]}, accept=outcome.part
    )
    finish(report, accept_lines(outcome.part), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _names(root: Path, given: list[str] | None) -> tuple[str, ...]:
    """Return the predictions that were named.

    Raises:
        UsageError: none was.
    """
    from ..errors import UsageError
    from ..formats.predictions import prediction_names

    if given is None:
        known = ", ".join(prediction_names(root)) or "none; make some first: cvdata prelabel"
        hint = f"name them with --predictions; there are: {known}"
        raise UsageError("which proposals are to be accepted?", hint=hint)
    return names_in(given, "--predictions", "first")


def _tags(root: Path, predictions: tuple[str, ...]) -> Mapping[str, Opinions]:
    """Return what people decided in FiftyOne, by prediction."""
    from ..browse.review import read_review, review_name
    from ..formats.predictions import read_prediction
    from ..formats.store import open_store
    from ..prelabel.accept import opinions_of_tags
    from ..prelabel.review.draw import proposals_hash

    opinions = {}
    for name in predictions:
        stored = read_prediction(root, name)
        pulled = read_review(review_name(open_store(root).name, name), identity=proposals_hash(stored))
        opinions[name] = opinions_of_tags(
            stored,
            pulled.dataset,
            pulled.rows,
            touched=pulled.touched,
            tags=pulled.tags,
            image_tags=pulled.image_tags,
            deleted=pulled.deleted,
            problems=pulled.problems,
        )
    return opinions
