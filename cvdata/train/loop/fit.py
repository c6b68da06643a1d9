"""Train a network: epochs, each with its validation and its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lightning.pytorch import Trainer

from ...engine import Progress, Silent
from ...models.networks.network import Network
from ...models.run_folder import Epoch
from ..data.part import Part
from ..folder import RunFolder
from ..ranks import is_first
from ..settings import TrainSettings
from .company import Helpers, end_together, follow_the_first
from .devices import deterministic, make_trainer
from .history import best_of
from .judge_protocol import Judge
from .keeper import Keeper
from .module import TrainingModule
from .optimiser import resolve_rates
from .quiet import quiet
from .signals import OwnSignals

__all__ = ["Fitted", "fit"]


@dataclass(frozen=True)
class Fitted:
    """What came of a training.

    Attributes:
        history: every epoch; `seconds`: of all of them.
        best_epoch, best: which was best, and its value of the judge's metric; None where nothing was validated.
        status: `stopped` where patience came to its end.
        resumed: how often the run was gone on with.
        weights: SHA-256 of each file of weights, by its place in the run folder.
    """

    history: list[Epoch]
    best_epoch: int | None
    best: float | None
    status: Literal["done", "stopped"]
    seconds: float
    resumed: int
    weights: dict[str, str]


def fit(
    network: Network,
    train: Part,
    val: Part,
    settings: TrainSettings,
    folder: RunFolder,
    judge: Judge,
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> Fitted:
    """Train a network, and keep in its run folder what it takes to go on after any kill.

    Where several processes train together each of them calls this with the same arguments; only the first one writes,
    and the others end with it.

    Args:
        folder: open; only the first process writes it.
        resume: go on from the last whole epoch, with the weights of an uninterrupted run in the end.

    Raises:
        UsageError: there are no such devices, or the run was begun with other settings.
        TrainingError: a loss or a weight is no longer finite, or another process failed.
        OutputError: the disk refused.
        KeyboardInterrupt: a person has enough; the last whole epoch is kept.
        SystemExit: in a process that helped another one, once that one knows of an error.
    """
    settings = resolve_rates(settings)
    keeper = Keeper(folder, network.spec, settings, judge.metric)
    if resume:
        keeper.go_on()
    if not keeper.finished:
        shown = progress if progress is not None and is_first() else Silent()
        module = TrainingModule(network, train, val, settings, judge=judge, keeper=keeper, progress=shown)
        _run(module, settings, folder, keeper)
    best_epoch, best = best_of(keeper.history, judge.metric)
    return Fitted(
        history=keeper.history,
        best_epoch=best_epoch,
        best=best,
        status="stopped" if keeper.stopped else "done",
        seconds=sum(epoch.seconds for epoch in keeper.history),
        resumed=keeper.resumed,
        weights=keeper.weights,
    )


def _run(module: TrainingModule, settings: TrainSettings, folder: RunFolder, keeper: Keeper) -> None:
    own, helpers = OwnSignals(), Helpers()
    try:
        with quiet(), deterministic():
            trainer = make_trainer(settings, folder, own, helpers)
            _begin_at(trainer, len(keeper.history), keeper.step)
            if not trainer.is_global_zero:
                follow_the_first()
            with end_together(trainer, helpers):
                trainer.fit(module)
    finally:
        keeper.close()
        own.put_back()


def _begin_at(trainer: Trainer, epochs: int, steps: int) -> None:
    """Let Lightning count from where the run is."""
    progress = trainer.fit_loop.epoch_progress
    for count in (progress.total, progress.current):
        count.ready = count.completed = epochs
        count.started = count.processed = epochs  # type: ignore[attr-defined]
    trainer.fit_loop.epoch_loop.automatic_optimization.optim_progress.optimizer.step.total.completed = steps
