"""What a training is asked for."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from ..errors import UsageError
from ..models.spec import Option, Task

__all__ = ["TrainSettings", "check_settings"]


class TrainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to train; None for what suits the architecture.

    Attributes:
        task, architecture: what to train, such as `detector` and `nano`.
        options: of the architecture's family, such as `backbone`.
        size: height and width of the pictures that the network sees, in pixels.
        weights: `none` starts from random ones, `default` from those that the publisher offers, else the path of a
            file or of a run folder.
        freeze: what keeps its weights: `none`, `backbone`, or the number of stages from the input on.
        unfreeze_every: epochs after which the last frozen stage becomes free; 0 never.
        epochs: to train at most; `patience`: of them without a better metric, after which it stops; 0 for never.
        batch: pictures a step, over all processes.
        optimizer, rate, weight_decay: as usual; `backbone_rate`: times the rate for the backbone.
        warmup: epochs in which the rate rises from 0; `schedule`: what it does then.
        ema: decay of the moving average of the weights, which is what is validated and kept; 0 for none.
        clip: norm of gradients beyond which they are shortened; 0 for never.
        precision: of the numbers; 16 and bf16 are mixed with 32.
        accelerator, devices, nodes: as Lightning has them; `devices` 0 takes all.
        recipe: augmentation: the name of a ready recipe, a file, or `none`.
        balance: `sampling` draws pictures of rare classes more often, `loss` weighs classes.
        multi_scale: share by which the size of a batch may differ from `size`, such as 0.25; 0 for none.
        cache: keep decoded pictures in memory (`ram`) or on the disk (`disk`).
        crops: classifiers: cut each box out and learn its class; `crop_margin`: added around, as a share of its sides.
        loss: segmenters: `ce`, `dice`, `focal`, or a sum such as `ce+dice`.
        train, val: names of the splits to learn from and to validate with.
        hold_out: share of the pictures to validate with where the dataset has no such split.
        validate_every: epochs.
        workers: processes that prepare pictures; None for what suits the machine.
        seed: another one, other weights, order and augmentation.
    """

    task: Task
    architecture: str
    options: dict[str, Option] = {}
    size: tuple[int, int] | None = None
    weights: str = "none"
    freeze: str = "none"
    unfreeze_every: int = 0
    epochs: int = 50
    patience: int = 0
    batch: int = 16
    optimizer: Literal["adamw", "sgd"] = "adamw"
    rate: float | None = None
    backbone_rate: float = 1.0
    weight_decay: float | None = None
    warmup: float = 1.0
    schedule: Literal["cosine", "constant"] = "cosine"
    ema: float = 0.999
    clip: float = 10.0
    precision: Literal["32", "16", "bf16"] = "32"
    accelerator: str = "auto"
    devices: int = 1
    nodes: int = 1
    recipe: str = "light"
    balance: Literal["none", "sampling", "loss"] = "none"
    multi_scale: float = 0.0
    cache: Literal["none", "ram", "disk"] = "none"
    crops: bool = False
    crop_margin: float = 0.1
    loss: str | None = None
    train: str = "train"
    val: str = "val"
    hold_out: float = 0.2
    validate_every: int = 1
    workers: int | None = None
    seed: int = 0


_AT_LEAST = {
    "unfreeze_every": 0, "epochs": 1, "patience": 0, "batch": 1, "devices": 0, "nodes": 1, "warmup": 0, "clip": 0,
    "weight_decay": 0, "backbone_rate": 0, "multi_scale": 0, "crop_margin": 0, "validate_every": 1, "workers": 0,
    "seed": 0,
}  # fmt: skip
_BELOW_ONE = ("ema", "multi_scale", "hold_out")


def check_settings(settings: TrainSettings) -> None:
    """Refuse what makes no sense, whatever the dataset.

    Raises:
        UsageError: a number is out of its range, or an option does not belong to the task.
    """
    for name in ("rate", *_AT_LEAST):
        if getattr(settings, name) == math.inf:
            raise UsageError(f"{_option(name)} is inf, expected a finite number")
    for name, least in _AT_LEAST.items():
        value = getattr(settings, name)
        if value is not None and not value >= least:
            raise UsageError(f"{_option(name)} is {value}, expected {least} or more")
    for name in _BELOW_ONE:
        value = getattr(settings, name)
        if not 0 <= value < 1:
            raise UsageError(f"{_option(name)} is {value}, expected 0 or more and less than 1")
    if settings.rate is not None and not settings.rate > 0:
        raise UsageError(f"--rate is {settings.rate}, expected more than 0")
    processes = settings.devices * settings.nodes
    if settings.batch < processes:
        raise UsageError(f"--batch {settings.batch} is less than a picture for each of {processes} processes")
    if settings.freeze not in ("none", "backbone") and not settings.freeze.isdecimal():
        raise UsageError(f"--freeze is '{settings.freeze}', expected none, backbone or a number of stages")
    if settings.unfreeze_every and settings.freeze in ("none", "0"):
        raise UsageError("--unfreeze-every: nothing is frozen", hint="say what with --freeze")
    if settings.crops and settings.task != "classifier":
        raise UsageError("--crops is for classifiers")
    if settings.loss is not None and settings.task != "segmenter":
        raise UsageError("--loss is for segmenters")
    if settings.train == settings.val:
        raise UsageError(f"--train-split and --val-split are both '{settings.train}'", hint="name two splits")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
