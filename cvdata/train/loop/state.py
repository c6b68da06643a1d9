"""What `--resume` goes on from: one file, whose writing is the moment in which an epoch is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from torch import Tensor

from ...errors import Place, TrainingError, UsageError
from ...models.run_folder import STATE, Epoch
from ...models.spec import ModelSpec
from ...models.weights.reading import encode_weights
from ..settings import TrainSettings

__all__ = ["State", "check_same", "deciding", "encode_state", "read_head", "read_state"]

# Settings that another machine, or more patience, may change without making it another run. Several devices share the
# same batches among them, so they are no others either.
_FREE = {"accelerator", "devices", "nodes", "workers", "cache", "patience"}
_KEY = "cvdata"


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is no tensor.

    Attributes:
        epoch: done; `step`: optimiser steps done; `updates`: that the moving average saw.
        metric: that `history` speaks of.
        scaler: of 16-bit training.
        resumed: how often the run was gone on with until then.
        weights: SHA-256 of each file of weights, by its place in the run folder.
        spec, settings: those that decide the outcome; another run has others.
    """

    schema: str = "cvdata/train-state/1"
    epoch: int
    step: int
    updates: int
    metric: str
    history: list[Epoch]
    scaler: dict[str, float | int] = {}
    resumed: int
    weights: dict[str, str]
    spec: ModelSpec
    settings: dict[str, Any]


def deciding(settings: TrainSettings) -> dict[str, Any]:
    """Return the settings that decide the outcome.

    How many epochs there are is one of them where the rate falls until the last one.
    """
    free = _FREE | ({"epochs"} if settings.schedule == "constant" else set())
    every: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))  # lists for tuples, as the file has it
    return {name: value for name, value in every.items() if name not in free}


def check_same(state: State, spec: ModelSpec, settings: TrainSettings, metric: str) -> None:
    """Refuse to go on with a run as if it were another one.

    Raises:
        UsageError: a setting that decides the outcome, the network or the metric differ.
    """
    now = deciding(settings)
    for name in sorted(state.settings.keys() | now.keys()):
        before, after = state.settings.get(name), now.get(name)
        if before != after:
            option = "--" + name.replace("_", "-")
            raise UsageError(
                f"the run was begun with {option} {before}, and is to go on with {after}",
                hint="give the same settings (all but devices, workers, cache and patience decide the outcome), "
                "or begin another run" + (" (--schedule constant lets epochs change)" if name == "epochs" else ""),
            )
    if state.spec != spec or state.metric != metric:
        raise UsageError(
            "the run was begun with another network or other classes", hint="begin another run in another folder"
        )


def encode_state(state: State, tensors: dict[str, Tensor]) -> bytes:
    """Return the file's bytes: the same state, the same bytes."""
    return encode_weights(tensors, {_KEY: msgspec.json.encode(state).decode("utf-8")})


def read_head(folder: Path) -> State | None:
    """Return what a run left behind but its tensors, which take longest to read; None where it had nothing.

    Raises:
        TrainingError: the file is not whole, or of another version.
    """
    found = _read(folder, tensors=False)
    return None if found is None else found[0]


def read_state(folder: Path) -> tuple[State, dict[str, Tensor]] | None:
    """Return what a run left behind at the end of its last whole epoch; None where it had none.

    Raises:
        TrainingError: the file is not whole, or of another version.
    """
    return _read(folder, tensors=True)


def _read(folder: Path, *, tensors: bool) -> tuple[State, dict[str, Tensor]] | None:
    from safetensors import SafetensorError, safe_open

    path = folder / STATE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            state = msgspec.json.decode((file.metadata() or {}).get(_KEY, ""), type=State)
            names = file.keys() if tensors else []
            return state, {name: file.get_tensor(name) for name in names}
    except (SafetensorError, msgspec.MsgspecError, OSError) as error:
        raise TrainingError(
            "is not the state of a run, or not all of it",
            at=Place(path),
            hint="begin another run (--overwrite replaces this one)",
        ) from error
