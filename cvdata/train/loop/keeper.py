"""Checkpoints: what is written at the end of an epoch, in which order, and how a run goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import torch
from lightning.pytorch import Trainer
from torch import Tensor

from ...errors import TrainingError
from ...models.networks.network import Network
from ...models.run_folder import BEST, LAST, STATE, Epoch
from ...models.spec import ModelSpec
from ...models.weights.reading import SPEC, encode_weights
from ..folder import RunFolder
from ..settings import TrainSettings
from .average import Average, kept_tensors
from .history import is_over
from .logs import Logs
from .optimiser import parameter_names
from .state import State, check_same, deciding, encode_state, read_state

__all__ = ["Keeper"]


class Keeper:
    """Keeps a run: its history, and on the disk all that it takes to go on.

    At the end of an epoch the files are written in this order, each whole or not at all: logs, last.safetensors,
    best.safetensors if it is the best, state.safetensors, metrics.jsonl. With the state the epoch is done. A run that
    was killed before does that epoch again, which gives the same files; one that was killed after has only to write
    metrics.jsonl, which the state knows, too.

    Attributes:
        history: epochs done.
        step: optimiser steps done.
        weights: SHA-256 of each file of weights.
        resumed: how often the run was gone on with.
    """

    def __init__(self, folder: RunFolder, spec: ModelSpec, settings: TrainSettings, metric: str) -> None:
        self._folder, self._spec, self._settings, self._metric = folder, spec, settings, metric
        self._logs = Logs(folder)
        self._tensors: dict[str, Tensor] = {}
        self._state: State | None = None
        self.history: list[Epoch] = []
        self.step = 0
        self.weights: dict[str, str] = {}
        self.resumed = 0

    def go_on(self) -> None:
        """Take up the run where the last whole epoch left it; at the beginning where there is none.

        Raises:
            UsageError: it was begun with settings that make it another run.
            TrainingError: its state cannot be read.
        """
        self._folder.sweep()
        found = read_state(self._folder.path)
        if found is None:
            return
        self._state, self._tensors = found
        check_same(self._state, self._spec, self._settings, self._metric)
        self.history, self.step = list(self._state.history), self._state.step
        self.weights, self.resumed = dict(self._state.weights), self._state.resumed + 1
        self._logs.write_table(self.history)
        self._folder.write_epochs(self.history)

    @property
    def path(self) -> Path:
        """Return the run folder."""
        return self._folder.path

    @property
    def finished(self) -> bool:
        """Tell whether there is nothing left to do."""
        return len(self.history) >= self._settings.epochs or self.stopped

    @property
    def stopped(self) -> bool:
        """Tell whether patience is at its end."""
        return is_over(self.history, self._settings.patience)

    def restore(self, network: Network, average: Average, optimiser: torch.optim.Optimizer, trainer: Trainer) -> None:
        """Put a run that goes on back into the state that it was in.

        Raises:
            TrainingError: the state does not fit the network.
        """
        if self._state is None:
            return
        _put(kept_tensors(network), _below("weights", self._tensors))
        _put(average.tensors, _below("average", self._tensors))
        average.updates = self._state.updates
        held = optimiser.state_dict()
        names = parameter_names(network, optimiser)
        by_name: dict[str, dict[str, Tensor]] = {}
        for key, tensor in _below("optimizer", self._tensors).items():
            kind, _, name = key.partition("/")
            by_name.setdefault(name, {})[kind] = tensor
        held["state"] = {number: by_name[name] for number, name in enumerate(names) if name in by_name}
        optimiser.load_state_dict(held)
        if self._state.scaler:
            trainer.precision_plugin.load_state_dict(self._state.scaler)
        self._tensors = {}

    def save(self, network: Network, average: Average, optimiser: torch.optim.Optimizer, trainer: Trainer) -> None:
        """Write the checkpoint of the last epoch of `history`.

        Raises:
            OutputError: the disk refused; the run can go on from the epoch before.
        """
        self._logs.write(self.history)
        own = kept_tensors(network)
        with average.swapped():
            validated = encode_weights(network.state_dict(), {SPEC: msgspec.json.encode(self._spec).decode("utf-8")})
        self.weights[LAST] = self._folder.write(LAST, validated)
        if self.history[-1].best or BEST not in self.weights:
            self.weights[BEST] = self._folder.write(BEST, validated)
        tensors = {f"weights/{name}": tensor for name, tensor in own.items()}
        tensors |= {f"average/{name}": tensor for name, tensor in average.tensors.items()}
        names = parameter_names(network, optimiser)
        for number, values in optimiser.state_dict()["state"].items():
            tensors |= {f"optimizer/{kind}/{names[number]}": v for kind, v in values.items() if v is not None}
        self._folder.write(STATE, encode_state(self._now(average, trainer), tensors))
        self._folder.write_epochs(self.history)

    def close(self) -> None:
        """Write what the logs hold back."""
        self._logs.close()

    def _now(self, average: Average, trainer: Trainer) -> State:
        scaler: dict[str, Any] = trainer.precision_plugin.state_dict()
        return State(
            epoch=len(self.history),
            step=self.step,
            updates=average.updates,
            metric=self._metric,
            history=self.history,
            scaler=scaler,
            resumed=self.resumed,
            weights=self.weights,
            spec=self._spec,
            settings=deciding(self._settings),
        )


def _below(kind: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(kind) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(f"{kind}/")}


def _put(into: dict[str, Tensor], tensors: dict[str, Tensor]) -> None:
    if into.keys() != tensors.keys():
        raise TrainingError("the state of the run does not fit the network", hint="begin another run")
    for name, tensor in into.items():
        tensor.copy_(tensors[name])
