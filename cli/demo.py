"""`cvdata demo [DST]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import app, examples, guarded

__all__ = ["demo"]


@app.command(epilog=examples("cvdata demo", "cvdata demo ./tour --seed 7 --no-training"))
@guarded
def demo(
    target: Annotated[Path, typer.Argument(metavar="DST", help="Folder to make.")] = Path("cvdata-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Other shapes for every number.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier demo in DST.")] = False,
    training: Annotated[
        bool, typer.Option("--training/--no-training", help="Also train a detector, which takes a minute.")
    ] = True,
    fiftyone: Annotated[
        bool, typer.Option("--fiftyone/--no-fiftyone", help="Also put the errors into FiftyOne, where it is installed.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON on stdout.")] = False,
) -> None:
    """See cvdata at work on a small generated dataset.

    It draws pictures, checks their labels, puts a bad box aside, makes a dataset of them, shows what is in it, divides,
    balances and augments it, converts to other formats and back, evaluates, shows the errors, and trains a small
    detector that proposes labels. Nothing is downloaded.
    """
    from ..demo import run_demo
    from .tour import show_tour

    steps = run_demo(target, seed=seed, overwrite=overwrite, training=training, fiftyone=fiftyone)
    show_tour(steps, target, as_json=as_json)
