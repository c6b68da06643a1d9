"""The steps that make a dataset worth training on: divide it, even out its classes, make more pictures of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import msgspec

from ..augment.parents import choose_parents
from ..augment.preview import preview
from ..augment.recipe import load_recipe
from ..augment.run import make
from ..augment.settings import AugmentSettings
from ..convert import Edit, read, write_edit
from ..curate.balance import BalanceSettings, apply, plan
from ..curate.split import SplitSettings, split
from ..engine import InProcess, Silent
from ..errors import MissingExtraError
from ..files import DatasetReport, write_single
from ..reports.sheet import encode
from .tour import Look, Step, Tour

__all__ = ["augment_pictures", "divide", "even_out"]

_SOURCE, _DIVIDED, _BALANCED, _AUGMENTED = "shapes", "divided", "balanced", "augmented"
_SHARES = {"train": 0.7, "val": 0.3}
_TARGET, _COPIES = 40, 2


def divide(tour: Tour) -> Step:
    """Divide the dataset into training and validation, and say what that is worth."""
    source, target = tour.folder / _SOURCE, tour.folder / _DIVIDED
    reading = read(source, workers=1)
    settings = SplitSettings(train=_SHARES["train"], val=_SHARES["val"], test=0.0)
    outcome = split(reading.dataset, settings)
    edit = Edit(command="split", settings=msgspec.to_builtins(settings), dataset=outcome.dataset)
    report = write_edit([reading], [source], edit, target, settings=tour.settings())
    made = outcome.certificate
    shares = [word for name, share in _SHARES.items() for word in (f"--{name}", share)]
    return Step(
        title="Divide it: every class in its share, and what looks alike on one side",
        commands=[_command("split", source, target, *shares)],
        report=report,
        lines=[
            *(f"{part.name:<6}{part.images:>4} pictures{part.objects:>5} objects" for part in made.splits),
            f"groups kept whole: {made.whole_groups} of {made.groups}; leaks: {made.leaks}; "
            f"no class is off by more than {made.worst_off or 0.0:.1f} points",
        ],
        looks=[Look(f"{target}", "the same dataset, divided into train and val")],
    )


def even_out(tour: Tour) -> Step:
    """Repeat pictures until each class has a number of objects."""
    source, target = tour.folder / _DIVIDED, tour.folder / _BALANCED
    reading = read(source, workers=1)
    chosen = plan(reading.dataset, BalanceSettings(strategy="target", target=_TARGET))
    balanced = apply(reading.dataset, chosen)
    edit = Edit(
        command="balance",
        settings=msgspec.to_builtins(chosen.settings),
        dataset=balanced.dataset,
        added=balanced.added,
        filtered=balanced.filtered,
    )
    report = write_edit([reading], [source], edit, target, settings=tour.settings())
    return Step(
        title=f"Even out the classes: at least {_TARGET} objects of each to learn from",
        commands=[_command("balance", source, target, "--strategy", "target", "--target", _TARGET)],
        report=report,
        lines=[
            f"{one.name:<9}{one.objects.now:>4} objects now{one.objects.after:>5} after" for one in chosen.part.classes
        ],
        looks=[Look(f"{target}", "with some training pictures repeated; val is as it was")],
    )


def augment_pictures(tour: Tour) -> Step:
    """Make new pictures of those for training, and a sheet that shows them."""
    source, target, sheet = tour.folder / _DIVIDED, tour.folder / _AUGMENTED, tour.folder / "augmented.png"
    commands = [
        _command("augment", source, "--preview", sheet),
        _command("augment", source, target, "--copies", _COPIES),
    ]
    title = "Make more of the training pictures: boxes and outlines follow"
    try:
        report = _augment(tour, source, target, sheet)
    except MissingExtraError as error:
        return Step(title=title, commands=commands, lines=[f"left out: {error}"])
    return Step(
        title=title,
        commands=commands,
        report=report,
        looks=[
            Look(f"{target}", "each copy knows its parent, and what was done to it"),
            Look(f"{sheet}", "some pictures beside their copies"),
        ],
    )


def _augment(tour: Tour, source: Path, target: Path, sheet: Path) -> DatasetReport:
    reading = read(source, workers=1)
    settings, engine, progress = AugmentSettings(copies=_COPIES), InProcess(), Silent()
    recipe = load_recipe(settings.recipe)
    parents = choose_parents(reading.dataset, settings)
    drawn = preview(reading.dataset, parents.rows, settings, recipe, engine=engine, progress=progress)
    write_single(sheet, encode(drawn))
    more: dict[str, Any] = {"recipe": recipe, "target": target, "engine": engine, "progress": progress}
    with make(reading.dataset, parents.copies, settings, **more) as made:
        edit = Edit(
            command="augment",
            settings={**msgspec.to_builtins(settings), "digest": recipe.digest},
            dataset=made.dataset,
            added=made.added,
            made=made.made,
        )
        return write_edit([reading], [source], edit, target, settings=tour.settings())


def _command(*words: object) -> str:
    return shlex.join(["cvdata", *map(str, words)])
