"""What a run folder says of a trained model.

run.json                 what was trained, on what, how: `RunInfo`
metrics.jsonl            a line per epoch: `Epoch`
weights/best.safetensors, weights/last.safetensors
state.safetensors        what `--resume` goes on from
logs/                    metrics.csv, and events for TensorBoard
curves.png, samples/, confusion.png, report.html, report.json
val.txt, found/          the validation pictures, and what the best weights find in them
eval.html, eval.json     all that `cvdata eval` says of it; verdicts.parquet: what became of each detection
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from ..errors import ModelError, Place, UsageError, show
from .packages import check_packages
from .spec import ModelSpec

if TYPE_CHECKING:
    from .networks.network import Network

__all__ = [
    "BEST",
    "INFO",
    "LAST",
    "METRICS",
    "STATE",
    "DatasetInfo",
    "Epoch",
    "RunInfo",
    "is_run",
    "load_network",
    "read_epochs",
    "read_run",
    "weights_file",
]

T = TypeVar("T")

_LARGEST = 64 << 20

INFO = "run.json"
METRICS = "metrics.jsonl"
STATE = "state.safetensors"
BEST = "weights/best.safetensors"
LAST = "weights/last.safetensors"

_OF_RUN = {"best": BEST, "last": LAST}


class DatasetInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dataset that a run saw.

    Attributes:
        path: as it was given; `images_path`: where its pictures are, where that was given.
        format: `cvdata`, `coco`, ...; `label-maps` for pictures with a map of classes each.
        version: id of the version of a cvdata dataset; None for other formats.
        sha256: of everything that training sees of it: names, splits, labels, classes.
        images, objects: counts by split; `objects` is empty for maps of classes, which have none to count.
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


def is_run(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a run folder; never raises."""
    return os.path.isfile(os.path.join(path, INFO))


def read_run(path: str | os.PathLike[str]) -> RunInfo:
    """Read what a run folder says of its model.

    Raises:
        UsageError: there is no run.
        ModelError: run.json is broken, or a newer cvdata wrote it.
    """
    if not is_run(path):
        missing = "does not exist" if not os.path.lexists(path) else f"is no run folder: it has no {INFO}"
        raise UsageError(f"'{show(path)}' {missing}", hint="give the folder that cvdata train made")
    file = Path(path, INFO)
    return _decoded(_bytes(file), RunInfo, file)


def read_epochs(path: str | os.PathLike[str]) -> list[Epoch]:
    """Read the epochs of a run, none where it has not come to the end of its first.

    Raises:
        ModelError: metrics.jsonl is broken.
    """
    file = Path(path, METRICS)
    if not file.is_file():
        return []
    lines = _bytes(file).splitlines()
    return [_decoded(line, Epoch, file, number) for number, line in enumerate(lines, start=1) if line.strip()]


def weights_file(path: str | os.PathLike[str], weights: str = "best") -> Path:
    """Return the file of a run's weights.

    Args:
        weights: `best`, `last`, or the path of a file.

    Raises:
        ModelError: the run has none yet.
    """
    if weights not in _OF_RUN:
        return Path(weights)
    file = Path(path, _OF_RUN[weights])
    if not file.is_file():
        other = ", or give --weights last" if Path(path, LAST).is_file() else ""
        message = f"the run has no {weights} weights"
        raise ModelError(message, at=Place(path), hint=f"let it train an epoch{other}")
    return file


def load_network(path: str | os.PathLike[str], weights: str = "best") -> Network:
    """Return the network of a run, or of a file of weights that a run wrote, ready to look at pictures.

    Args:
        path: a run folder, or a file that says what network its weights are for.
        weights: of a run: `best`, `last`, or the path of a file.

    Raises:
        UsageError: there is no run.
        ModelError: its files are broken, are not those that it wrote, or do not fit.
        MissingExtraError: a package is not installed.
    """
    check_packages("running a network", "torch", "torchvision", "safetensors")
    from .weights.reading import read_spec, read_weights

    if os.path.isfile(path):
        file, spec, known = Path(path), read_spec(path), None
    else:
        info = read_run(path)
        file, spec = weights_file(path, weights), info.spec
        known = info.weights.get(_OF_RUN.get(weights, ""))
    tensors = read_weights(file, sha256=known)  # before torch is loaded, which takes seconds
    if spec is None:
        hint = "give the folder of the run, or a file that cvdata train wrote"
        raise ModelError("does not say what network its weights are for", at=Place(file), hint=hint)
    from .networks.catalogue import build
    from .weights.loading import put_in

    network = build(spec)
    put_in(network, tensors, file)
    return network.eval()


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST:
            raise ModelError(f"has more than {_LARGEST:,} bytes", at=Place(file), hint="this is no file of cvdata")
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", at=Place(file)) from error


def _decoded(data: bytes, kind: type[T], file: Path, line: int | None = None) -> T:
    """Return a struct from JSON text.

    Raises:
        ModelError: it is not what it should be.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        newer = _newer_schema(data)
        if newer:
            message, hint = f"its schema is '{show(newer)}', which this cvdata does not know", "update cvdata"
            raise ModelError(message, at=Place(file), hint=hint) from error
        # msgspec says where: "Expected `int`, got `str` - at `$.spec.size[0]`"
        found, _, place = str(error).partition(" - at ")
        at = Place(file, line=line, field=place.strip("`").removeprefix("$.") or None)
        hint = "this is not what cvdata wrote; restore the file, or train again"
        raise ModelError(show(found), at=at, hint=hint) from error


def _newer_schema(data: bytes) -> str | None:
    """Return the schema that a document names, where it is one of a run but another version."""
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return schema if schema.startswith("cvdata/run/") and schema != "cvdata/run/1" else None


class _Schema(msgspec.Struct):
    schema: str
