"""`cvdata sample SRC [DST]`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Media, Verify
from .output import (
    ExitZeroOption,
    MediaOption,
    Output,
    ReplaceOption,
    SeedOption,
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
    from ..curate.sample import ClassShare, Part, Sampled

__all__ = ["sample"]

_MOST_CLASSES = 20
_LONGEST_NAME = 40
_MOST_NAMED = 10


class By(str, Enum):
    """Shares that a sample keeps."""

    classes = "classes"
    splits = "splits"
    nothing = "nothing"


class Groups(str, Enum):
    """What becomes of groups."""

    whole = "whole"
    free = "free"


@app.command(
    epilog=examples(
        "cvdata sample ./coco ./coco-500 -n 500",
        "cvdata sample ./voc ./tenth --fraction 0.1 --seed 1",
        "cvdata sample pets ./few -n 50 --by nothing",
        then="The choice hangs on the names of the pictures and the seed, so that pictures which come later change "
        "little of it.",
    )
)
@guarded
def sample(
    source: SourceArgument,
    target: TargetArgument = None,
    number: Annotated[
        int | None, typer.Option("-n", "--number", metavar="N", help="Pictures to draw.", show_default=False)
    ] = None,
    fraction: Annotated[
        float | None,
        typer.Option("--fraction", metavar="F", help="Part of the pictures to draw, such as 0.1.", show_default=False),
    ] = None,
    by: Annotated[
        By,
        typer.Option(
            help="Shares to keep: those of classes, splits and empty pictures, with each class once at least; those of "
            "splits and empty pictures; or none: every picture has the same chance."
        ),
    ] = By.classes,
    groups: Annotated[
        Groups,
        typer.Option(help="Draw groups of pictures that belong together whole, or each picture on its own."),
    ] = Groups.free,
    seed: SeedOption = 0,
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
    """Draw some of the pictures so that they look like all of them.

    Each class, split and kind of empty picture keeps its share.
    """
    import msgspec

    from ..curate.sample import SampleReport, SampleSettings, check_sample
    from ..curate.sample import sample as run
    from .progress import progress_for

    settings = SampleSettings(
        number=number, fraction=fraction, by=by.value, whole_groups=groups is Groups.whole, seed=seed
    )
    check_sample(settings)
    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    output.check()
    with progress_for(quiet=quiet) as progress:
        reading = read_source(
            source, from_format, images, verify, workers, progress, outlines_as_text=output.keeps_format
        )
        outcome = run(reading.dataset, settings)
        written = output.write_part(reading, "sample", settings, outcome.dataset, progress)
    report = SampleReport(**msgspec.structs.asdict(written), sample=outcome.sampled)
    finish(report, _lines(outcome.sampled), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _lines(done: Sampled) -> list[str]:
    """Return what was drawn, for people: the share of each class wished and reached."""
    from ..errors import show

    lines = [f"{done.drawn:,} picture{'s' * (done.drawn != 1)} drawn"]
    if done.drawn < done.wished:
        lines[0] += f", {done.wished - done.drawn:,} fewer than wished: no whole group fits any more"
    lines += _class_lines(done.classes)
    if len(done.splits) > 1:
        lines.append(f"splits: {_parts(done.splits, 'in none')}")
    if len(done.states) > 1:
        lines.append(f"pictures: {_parts(done.states, '')}")
    if done.missing:
        named = [show(name, _LONGEST_NAME) for name in done.missing[:_MOST_NAMED]]
        classes = "1 class" if len(done.missing) == 1 else f"{len(done.missing):,} classes"
        more = ", …" if len(done.missing) > _MOST_NAMED else ""
        lines.append(f"note: nothing was drawn of {classes}: {', '.join(named)}{more}")
    if done.torn_groups:
        groups = "1 group was" if done.torn_groups == 1 else f"{done.torn_groups:,} groups were"
        lines.append(f"note: {groups} drawn in part (--groups whole keeps them together)")
    return lines


def _class_lines(classes: list[ClassShare]) -> list[str]:
    from ..errors import show

    rows = []
    for row in sorted(classes, key=lambda row: -row.annotations)[:_MOST_CLASSES]:
        numbers = (row.annotations, row.annotations_after)
        shares = (row.share, row.share_after, row.image_share, row.image_share_after)
        rows.append([show(row.name, _LONGEST_NAME), *(f"{n:,}" for n in numbers), *map(_percent, shares)])
    lines = table_lines(["class", "annotations", "drawn", "share", "reached", "of pictures", "reached"], rows)
    more = len(classes) - _MOST_CLASSES
    return [*lines, f"and {more:,} more (--json has all)"] if more > 0 else lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _parts(parts: list[Part], nameless: str) -> str:
    from ..errors import show

    return ", ".join(
        f"{part.images_after:,} of {part.images:,} {nameless if part.name is None else show(part.name, 40)}"
        for part in parts
    )
