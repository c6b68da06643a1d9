"""What a run folder says of a trained model.

run.json                 what was trained, on what, how: `RunInfo`
metrics.jsonl            a line per epoch: `Epoch`
weights/best.safetensors, weights/last.safetensors
state.safetensors        what `--resume` goes on from
logs/                    metrics.csv, and events for TensorBoard
curves.png, samples/, confusion.png, report.html, report.json
found/                   what the best weights find in the validation pictures
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .spec import ModelSpec

__all__ = [
    "BEST",
    "INFO",
    "LAST",
    "METRICS",
    "STATE",
    "DatasetInfo",
    "Epoch",
    "RunInfo",
]

INFO = "run.json"
METRICS = "metrics.jsonl"
STATE = "state.safetensors"
BEST = "weights/best.safetensors"
LAST = "weights/last.safetensors"


class DatasetInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dataset that a run saw.

    Attributes:
        path: as it was given; `images_path`: where its pictures are, where that was given.
        format: `cvdata`, `coco`, ...; `label-maps` for pictures with a map of classes each.
        version: id of the version of a cvdata dataset; None for other formats.
        sha256: of everything that training sees of it: names, splits, labels, classes.
        images, objects: counts by split.
        held_out: share of the pictures that cvdata held out for validation; None where the dataset has splits.
    """

    path: str
    images_path: str | None = None
    format: str
    version: str | None = None
    sha256: str
    images: dict[str, int]
    objects: dict[str, int]
    held_out: float | None = None


class Epoch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of metrics.jsonl.

    Attributes:
        epoch: from 1; `step`: optimiser steps until its end.
        seconds: of the epoch with its validation; `images_per_s`: of its training.
        rate: learning rate at its end.
        losses: mean over the training pictures, by part, and `loss`, their sum.
        val_losses: of the validation pictures, likewise; empty where nothing was validated.
        metrics: of the validation pictures; None where not defined. Empty where nothing was validated.
        best: whether it is the best one so far.
    """

    epoch: int
    step: int
    seconds: float
    images_per_s: float
    rate: float
    losses: dict[str, float]
    val_losses: dict[str, float] = {}
    metrics: dict[str, float | None] = {}
    best: bool = False


class RunInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """run.json: what was trained, on what, how, and what came of it.

    Attributes:
        cvdata: version that wrote it.
        status: `running` also where the process was killed; `stopped` by early stopping or a person.
        spec: the network; `settings`: as resolved (`TrainSettings`).
        environment: versions of the packages, the machine, the device.
        parameters: of the network; `trainable`: those that were not frozen at the end.
        began: UTC, ISO 8601; `seconds`: of all epochs.
        epochs: done; `best_epoch`: with the best value of `metric`, which is `best`; None before any.
        weights: SHA-256 of each file under weights/.
        resumed: how often it went on after it was cut off.
    """

    schema: Literal["cvdata/run/1"] = "cvdata/run/1"
    cvdata: str
    name: str
    status: Literal["running", "done", "stopped"]
    spec: ModelSpec
    settings: dict[str, Any]
    dataset: DatasetInfo
    environment: dict[str, str]
    parameters: int
    trainable: int
    began: str
    seconds: float = 0.0
    epochs: int = 0
    metric: str
    best: float | None = None
    best_epoch: int | None = None
    weights: dict[str, str] = {}
    resumed: int = 0
