"""`cvdata train detector|classifier|segmenter SRC [RUN]`."""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError, show
from .app import app, examples, guarded
from .choices import Verify
from .grouped import GroupedHelp
from .output import SeedOption
from .source import FormatOption, ImagesOption, JsonOption, QuietOption, SourceArgument, VerifyOption, print_json

if TYPE_CHECKING:
    from ..train.report import TrainReport

__all__ = ["train"]

_WHAT, _DATA, _LOOP, _MACHINE, _OUTPUT, _INPUT = "What to train", "Data", "Loop", "Machine", "Output", "Input"
_MODELS = {"detector": "nano", "classifier": "resnet18", "segmenter": "unet"}
_INTERRUPTED = 130


class Task(str, Enum):
    """What a network does."""

    detector = "detector"
    classifier = "classifier"
    segmenter = "segmenter"


class Optimizer(str, Enum):
    """What moves the weights."""

    adamw = "adamw"
    sgd = "sgd"


class Schedule(str, Enum):
    """What the learning rate does after its warm-up."""

    cosine = "cosine"
    constant = "constant"


class Precision(str, Enum):
    """Numbers that the network computes in."""

    full = "32"
    half = "16"
    brain = "bf16"


class Balance(str, Enum):
    """How rare classes are helped."""

    none = "none"
    sampling = "sampling"
    loss = "loss"


class Cache(str, Enum):
    """Where decoded pictures are kept."""

    none = "none"
    ram = "ram"
    disk = "disk"


@app.command(
    cls=GroupedHelp,
    epilog=examples(
        "cvdata train detector ./pets",
        "cvdata train detector ./voc runs/first --model faster-rcnn --weights default --freeze backbone",
        "cvdata train classifier ./clothing --model resnet50 --epochs 30 --balance sampling",
        "cvdata train segmenter ./cells --model unet --loss ce+dice --size 256",
        "cvdata train detector ./pets runs/first --resume",
        then="A run that was cut off goes on with the same command and --resume, and ends with the same weights. "
        "`cvdata runs` lists and compares runs, `cvdata eval RUN` says more about one, `cvdata predict RUN` uses it.",
    ),
)
@guarded
def train(
    task: Annotated[Task, typer.Argument(metavar="TASK", help="detector, classifier or segmenter.")],
    source: SourceArgument,
    run: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="Folder of the run.", show_default="the next runs/TASK-N"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Architecture; `cvdata train TASK SRC --model ?` lists them.",
            show_default="nano, resnet18 or unet",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            metavar="none|default|PATH",
            help="Start from random weights, from those its publisher offers (a download), or from a file or run.",
            rich_help_panel=_WHAT,
        ),
    ] = "none",
    freeze: Annotated[
        str,
        typer.Option(
            metavar="none|backbone|N", help="What keeps its weights; N stages from the input on.", rich_help_panel=_WHAT
        ),
    ] = "none",
    unfreeze_every: Annotated[
        int, typer.Option(metavar="EPOCHS", help="Free the last frozen stage so often; 0 never.", rich_help_panel=_WHAT)
    ] = 0,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="S|HxW",
            help="Height and width of what the network sees, in pixels.",
            show_default="what suits the model",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss",
            metavar="A+B",
            help="Segmenters: ce, dice, focal or sums of them.",
            show_default="ce+dice",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any option of the model, such as backbone=resnet18 or encoder=resnet34.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    train_split: Annotated[
        str, typer.Option("--train-split", metavar="NAME", help="Split to learn from.", rich_help_panel=_DATA)
    ] = "train",
    val_split: Annotated[
        str, typer.Option("--val-split", metavar="NAME", help="Split to validate with.", rich_help_panel=_DATA)
    ] = "val",
    hold_out: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Without such a split: part of the pictures to validate with; near copies stay together.",
            rich_help_panel=_DATA,
        ),
    ] = 0.2,
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE|none", help="Augmentation: see `cvdata augment --help`.", rich_help_panel=_DATA
        ),
    ] = "light",
    balance: Annotated[
        Balance,
        typer.Option(
            help="Draw pictures of rare classes more often, or let the loss weigh classes.", rich_help_panel=_DATA
        ),
    ] = Balance.none,
    multi_scale: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Vary the size from batch to batch by up to so much.", rich_help_panel=_DATA
        ),
    ] = 0.0,
    crops: Annotated[
        bool, typer.Option("--crops", help="Classifiers: cut each box out, learn its class.", rich_help_panel=_DATA)
    ] = False,
    crop_margin: Annotated[
        float, typer.Option(metavar="SHARE", help="Around each crop, of its sides.", rich_help_panel=_DATA)
    ] = 0.1,
    cache: Annotated[Cache, typer.Option(help="Keep decoded pictures.", rich_help_panel=_DATA)] = Cache.none,
    epochs: Annotated[int, typer.Option(metavar="N", help="At most.", rich_help_panel=_LOOP)] = 50,
    patience: Annotated[
        int, typer.Option(metavar="N", help="Stop after so many without a better one; 0 never.", rich_help_panel=_LOOP)
    ] = 0,
    batch: Annotated[
        int, typer.Option(metavar="N", help="Pictures a step, over all processes.", rich_help_panel=_LOOP)
    ] = 16,
    optimizer: Annotated[Optimizer, typer.Option(help="What moves the weights.", rich_help_panel=_LOOP)] = (
        Optimizer.adamw
    ),
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="R",
            help="Learning rate.",
            show_default="what suits the model and the batch",
            rich_help_panel=_LOOP,
        ),
    ] = None,
    backbone_rate: Annotated[
        float, typer.Option(metavar="F", help="Times the rate, for the backbone.", rich_help_panel=_LOOP)
    ] = 1.0,
    weight_decay: Annotated[
        float | None,
        typer.Option(
            "--weight-decay", metavar="D", help="As usual.", show_default="by optimizer", rich_help_panel=_LOOP
        ),
    ] = None,
    warmup: Annotated[
        float, typer.Option(metavar="EPOCHS", help="In which the rate rises from 0.", rich_help_panel=_LOOP)
    ] = 1.0,
    schedule: Annotated[Schedule, typer.Option(help="Of the rate after that.", rich_help_panel=_LOOP)] = (
        Schedule.cosine
    ),
    ema: Annotated[
        float,
        typer.Option(
            metavar="DECAY", help="Of the moving average that is validated and kept; 0 none.", rich_help_panel=_LOOP
        ),
    ] = 0.999,
    clip: Annotated[
        float, typer.Option(metavar="NORM", help="Shorten gradients beyond it; 0 never.", rich_help_panel=_LOOP)
    ] = 10.0,
    validate_every: Annotated[int, typer.Option(metavar="EPOCHS", help="So often.", rich_help_panel=_LOOP)] = 1,
    seed: SeedOption = 0,
    precision: Annotated[
        Precision, typer.Option(help="Numbers to compute in; 16 and bf16 are mixed with 32.", rich_help_panel=_MACHINE)
    ] = Precision.full,
    accelerator: Annotated[
        str, typer.Option(metavar="auto|cpu|gpu|mps|..", help="As Lightning names them.", rich_help_panel=_MACHINE)
    ] = "auto",
    devices: Annotated[int, typer.Option(metavar="N", help="To train on; 0 all.", rich_help_panel=_MACHINE)] = 1,
    nodes: Annotated[int, typer.Option(metavar="N", help="Machines.", rich_help_panel=_MACHINE)] = 1,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            metavar="N",
            help="Processes that prepare pictures.",
            show_default="by machine",
            rich_help_panel=_MACHINE,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was cut off.", rich_help_panel=_OUTPUT)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier run.", rich_help_panel=_OUTPUT)
    ] = False,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    verify: VerifyOption = Verify.sizes,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a network on a dataset, and say how good it is and what would make it better.

    RUN gets the weights (best and last), the figures of every epoch, curves, samples and a report.
    """
    from ..train.open import open_source
    from ..train.ranks import is_first
    from ..train.run import free_run, train_network
    from ..train.settings import TrainSettings, check_settings
    from .progress import progress_for

    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # remarks of processes that train together
    if model == "?":
        _list_models(task)
        return
    if resume and run is None:
        raise UsageError("--resume: which run?", hint="name its folder after SRC")
    settings = TrainSettings(
        task=task.value,
        architecture=model or _MODELS[task.value],
        options=_options(options or []),
        size=_size(size),
        weights=weights,
        freeze=freeze,
        unfreeze_every=unfreeze_every,
        epochs=epochs,
        patience=patience,
        batch=batch,
        optimizer=optimizer.value,
        rate=rate,
        backbone_rate=backbone_rate,
        weight_decay=weight_decay,
        warmup=warmup,
        schedule=schedule.value,
        ema=ema,
        clip=clip,
        precision=precision.value,
        accelerator=accelerator,
        devices=devices,
        nodes=nodes,
        recipe=recipe,
        balance=balance.value,
        multi_scale=multi_scale,
        cache=cache.value,
        crops=crops,
        crop_margin=crop_margin,
        loss=loss,
        train=train_split,
        val=val_split,
        hold_out=hold_out,
        validate_every=validate_every,
        workers=workers,
        seed=seed,
    )
    check_settings(settings)
    folder = run or free_run(Path("runs"), task.value)
    silent = quiet or not is_first()
    try:
        with progress_for(quiet=silent) as progress:
            opened = open_source(source, task.value, from_format, images, verify.value, progress=progress)
            report = train_network(opened, folder, settings, resume=resume, overwrite=overwrite, progress=progress)
    except KeyboardInterrupt as error:
        if is_first():
            sys.stderr.write(f"interrupted; {_what_is_kept(folder)}\n")
        raise typer.Exit(_INTERRUPTED) from error
    if report is not None:
        _tell(report, as_json=as_json, quiet=quiet)


def _what_is_kept(folder: Path) -> str:
    """Say what an interrupted training left, and how it goes on."""
    from ..models.run_folder import STATE, is_run

    if not is_run(folder):
        return "nothing was written"
    if not (folder / STATE).is_file():
        return f"no epoch was whole yet; --resume begins '{show(folder)}' again"
    return f"--resume goes on with the last whole epoch of '{show(folder)}'"


def _tell(report: TrainReport, *, as_json: bool, quiet: bool) -> None:
    from .train_text import train_lines

    if as_json:
        print_json(report)
    elif not quiet:
        sys.stdout.write("\n".join(train_lines(report)) + "\n")


def _list_models(task: Task) -> None:
    from ..models.packages import check_packages

    check_packages("the list of networks", "torch", "torchvision", "timm")
    from ..models.networks.catalogue import architectures

    sys.stdout.write("\n".join(architectures(task.value)) + "\n")


def _size(text: str | None) -> tuple[int, int] | None:
    """Read `320` or `240x320`, height first."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and 8 <= int(part) <= 8192 for part in parts):
        raise UsageError(f"--size is '{show(text)}', expected pixels from 8 to 8192", hint="such as 320, or 240x320")
    return int(parts[0]), int(parts[-1])


def _options(given: list[str]) -> dict[str, str | int | float | bool]:
    """Read `key=value` options of a model; a value is a number or a truth value where it can be, else text."""
    import msgspec

    found: dict[str, str | int | float | bool] = {}
    for setting in given:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {show(setting)} is not of the form KEY=VALUE", hint="such as backbone=resnet18")
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        found[key] = value if isinstance(value, (str, int, float, bool)) else text
    return found
