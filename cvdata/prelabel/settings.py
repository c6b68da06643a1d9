"""What `cvdata prelabel` is asked for."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import msgspec

from ..errors import UsageError, show
from .given import BOXES

__all__ = ["OTHERS", "Flips", "Merge", "PrelabelSettings", "check_settings"]

Flips: TypeAlias = Literal["none", "horizontal", "both"]
Merge: TypeAlias = Literal["nms", "wbf"]

_OVERLAP = 0.2

OTHERS = ""
"""Stands in `PrelabelSettings.score` for all classes that are not named."""


class PrelabelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How models propose labels.

    Attributes:
        models: as `--model` names them; what several find is put together. `boxes` are those that the dataset has.
        then: second stage: a classifier that names the boxes, or a model that outlines what is in them.
        weights, layout, prompt, device: see `ModelOptions`; they are for `models`.
        score: least score of what is proposed, by class of the dataset; `OTHERS` for all that are not named. Where
            nothing is said it is 0.25 for detections and 0.5 for labels where a picture may have several; where it
            has one, the surest is proposed, however sure.
        map: class of the dataset for a class of a model; None leaves it out.
        new_classes: classes that the dataset does not have are proposed, too; else they are left out.
        every: look also at pictures that have labels, or were found empty; `splits`: at those of these splits alone.
        tile: side in pixels of the parts in which large pictures are looked at; `overlap`: share that neighbours have
            in common; `whole`: look at the whole picture, too.
        flips: look at mirrored pictures, too: `horizontal`, or `both` ways.
        merge: how what was found twice in tiles becomes one: `nms` keeps the surest, `wbf` takes the weighted mean.
        iou: from which overlap on two detections of a class are one object.
        batch: pictures that are looked at together, and that a kill costs at most.
    """

    models: tuple[str, ...]
    then: str | None = None
    weights: str | None = None
    layout: str | None = None
    prompt: tuple[str, ...] = ()
    device: str = "auto"
    score: dict[str, float] = {}
    map: dict[str, str | None] = {}
    new_classes: bool = False
    every: bool = False
    splits: tuple[str, ...] = ()
    tile: int | None = None
    overlap: float = _OVERLAP
    whole: bool = False
    flips: Flips = "none"
    merge: Merge = "nms"
    iou: float = 0.55
    batch: int = 16


def check_settings(settings: PrelabelSettings) -> None:
    """Refuse what makes no sense before anything is read.

    Raises:
        UsageError: no model is named, one is named twice, an option has nothing to act on, or a number is out of its
            range.
    """
    models = settings.models
    if not models:
        raise UsageError("no model is named", hint="name one: --model runs/cells, or --model opencv:faces")
    if len(set(models)) < len(models):
        raise UsageError("a model is named twice", hint="name each once")
    for option, value in (("--weights", settings.weights), ("--layout", settings.layout)):
        if value is not None and len(models) > 1:
            raise UsageError(f"{option} is for one model, and there are {len(models)}", hint="look with one at a time")
    if BOXES in models:
        _check_boxes(settings)
    for option, given in (
        ("--whole", settings.whole),
        ("--merge", settings.merge != "nms"),
        ("--overlap", settings.overlap != _OVERLAP),
    ):
        if settings.tile is None and given:
            raise UsageError(f"{option} is about tiles, and there are none", hint="give --tile, or leave it out")
    for name, least in settings.score.items():
        if not 0 <= least <= 1:  # NaN is none either
            raise UsageError(f"the least score{f' of {show(name)!r}' * bool(name)} is {least}, expected 0 to 1")
    _between("--overlap", settings.overlap, 0.05, 0.75)
    _between("--iou", settings.iou, 0.01, 1)
    if settings.batch < 1:
        raise UsageError(f"--batch is {settings.batch}, expected 1 or more")
    if settings.tile is not None and settings.tile < _LEAST_TILE:
        raise UsageError(f"--tile is {settings.tile}, expected {_LEAST_TILE} pixels or more")


_LEAST_TILE = 16


def _check_boxes(settings: PrelabelSettings) -> None:
    if len(settings.models) > 1 or settings.then is None:
        raise UsageError(
            f"--model {BOXES} means the boxes that are there, for a second stage alone", hint="give --then sam:FOLDER"
        )
    for option, given in (
        ("--tile", settings.tile is not None),
        ("--flips", settings.flips != "none"),
        ("--weights", settings.weights is not None),
    ):
        if given:
            raise UsageError(
                f"{option} is about how a model looks, and --model {BOXES} looks at nothing", hint="leave it out"
            )


def _between(option: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise UsageError(f"{option} is {value}, expected {low} to {high}")
