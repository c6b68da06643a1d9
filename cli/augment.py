"""`cvdata augment SRC [DST]`."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .app import app, examples, guarded
from .augment_job import Job
from .augment_text import augment_lines
from .choices import Media, Verify
from .options import check_png, names_in
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
    refuse_outputs,
)

if TYPE_CHECKING:
    from ..augment.recipe import Recipe
    from ..augment.remnants import Remnants

__all__ = ["augment"]


def _list_recipes(wanted: bool) -> None:
    if wanted:
        from ..augment.recipe import ready_recipes, recipe_title
        from .table import table_lines

        lines = table_lines(["recipe", "for"], [(name, recipe_title(name)) for name in ready_recipes()], left=2)
        sys.stdout.write("\n".join(lines) + "\n")
        raise typer.Exit


@guarded
def _show_recipe(name: str | None) -> None:
    if name is not None:
        from ..augment.recipe import recipe_text

        sys.stdout.write(recipe_text(name).decode())
        raise typer.Exit


@app.command(
    epilog=examples(
        "cvdata augment ./pets ./pets-more --recipe standard --copies 2",
        "cvdata augment ./pets --preview sheet.png --recipe weather",
        "cvdata augment ./voc ./voc-more --only-classes cat,dog --mosaic 0.3",
        "cvdata augment --show-recipe standard > mine.yaml",
        then="A copy has the labels of its parent, moved with the pixels, and knows its parent and what was drawn. "
        "Pictures for validation and test are left alone. A run that was stopped goes on when the same command is "
        "given again.",
    )
)
@guarded
def augment(
    source: SourceArgument,
    target: TargetArgument = None,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME|FILE", help="A ready recipe, or the YAML file of one.")
    ] = "standard",
    copies: Annotated[
        int, typer.Option("--copies", metavar="N", min=1, max=1000, help="New pictures of each picture.")
    ] = 1,
    only_classes: Annotated[
        list[str] | None,
        typer.Option("--only-classes", metavar="A,B", help="Copy only pictures that show one of these."),
    ] = None,
    splits: Annotated[
        list[str] | None,
        typer.Option(
            "--splits",
            metavar="A,B",
            help="Copy only pictures of these; all for every picture.",
            show_default="train, if there are splits",
        ),
    ] = None,
    mosaic: Annotated[
        float | None,
        typer.Option("--mosaic", metavar="P", min=0, max=1, help="Share of the copies put together of four pictures."),
    ] = None,
    mixup: Annotated[
        float | None,
        typer.Option("--mixup", metavar="P", min=0, max=1, help="Share of the copies blended with another picture."),
    ] = None,
    min_visible: Annotated[
        float | None,
        typer.Option(
            "--min-visible",
            metavar="SHARE",
            min=0,
            max=1,
            help="Part of an object that must be left for it to keep its label.",
            show_default="as in the recipe, else 0.1",
        ),
    ] = None,
    min_side: Annotated[
        float | None,
        typer.Option(
            "--min-side",
            metavar="PIXELS",
            min=0,
            help="Shorter side that must be left.",
            show_default="as in the recipe, else 2",
        ),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of new JPEG files.")] = 95,
    seed: SeedOption = 0,
    preview: Annotated[
        Path | None,
        typer.Option(
            "--preview",
            metavar="PNG",
            help="Draw some pictures beside their copies, with labels; without DST nothing else is written.",
        ),
    ] = None,
    recipes: Annotated[  # noqa: ARG001 - its callback has printed them
        bool, typer.Option("--recipes", callback=_list_recipes, is_eager=True, help="List the ready recipes.")
    ] = False,
    shown: Annotated[  # noqa: ARG001 - its callback has printed it
        str | None,
        typer.Option(
            "--show-recipe",
            metavar="NAME",
            callback=_show_recipe,
            is_eager=True,
            help="Print a ready recipe, to be copied and edited.",
        ),
    ] = None,
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
    """Make new pictures of those for training, by a recipe.

    Boxes, outlines, masks, keypoints and rotated boxes follow. Recipes are Albumentations pipelines in YAML. The same
    seed makes the same pictures, at any number of workers, and
    pictures that are added later change none of them.
    """
    from ..augment.parents import choose_parents
    from ..augment.recipe import load_recipe
    from ..augment.settings import AugmentSettings
    from ..files.journal import remove_finished
    from .progress import progress_for

    _check_numbers({"mosaic": mosaic, "mixup": mixup, "min-visible": min_visible, "min-side": min_side})
    chosen = load_recipe(recipe)
    settings = AugmentSettings(
        recipe=recipe,
        copies=copies,
        only_classes=names_in(only_classes, "--only-classes", "cat,dog"),
        splits=names_in(splits, "--splits", "train,extra"),
        seed=seed,
        mosaic=mosaic,
        mixup=mixup,
        remnants=_remnants(chosen, min_visible, min_side),
        quality=quality,
    )
    job = Job(
        source,
        Output(
            sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
        ),
        settings,
        chosen,
    )
    writes = target is not None or preview is None
    check_png("--preview", preview)
    refuse_outputs([preview], source, images, overwrite=overwrite)
    if target is not None:
        remove_finished(target)
    if writes:
        job.output.check()
    with progress_for(quiet=quiet) as progress:
        reading = read_source(source, from_format, images, verify, workers, progress)
        parents = choose_parents(reading.dataset, settings)
        if preview is not None:
            job.preview(preview, reading, parents, progress)
        report = job.write(reading, parents, progress) if writes else None
    if preview is not None and not quiet:
        sys.stderr.write(f"written: {preview}\n")
    if report is not None:
        finish(report, augment_lines(report), as_json=as_json, quiet=quiet, exit_zero=exit_zero)


def _check_numbers(given: Mapping[str, float | None]) -> None:
    for option, value in given.items():
        if value is not None and not math.isfinite(value):  # nan is neither below the least nor above the most
            raise UsageError(f"--{option} is {value}", hint="give a number")


def _remnants(recipe: Recipe, visible: float | None, side: float | None) -> Remnants:
    """Return the rule for objects at the edge as the options say it, above the recipe."""
    from msgspec import structs

    rule = recipe.remnants
    return structs.replace(
        rule,
        min_visible=rule.min_visible if visible is None else visible,
        min_side=rule.min_side if side is None else side,
    )
