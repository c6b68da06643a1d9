"""The network as Lightning wants it: what a step is, and what happens around epochs."""

from __future__ import annotations

import random
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from ...engine import Progress
from ...models.batch import Batch, Found
from ...models.networks.network import Network
from ...models.run_folder import Epoch
from ...models.weights.freezing import Frozen, freeze
from ..data.loading import PictureLoader, train_loader, val_loader
from ..data.part import Part
from ..settings import TrainSettings
from .average import Average
from .company import alone, from_first, gather, share_buffers
from .finite import loss_problem, refuse, weights_problem
from .history import beats, defined, title_of
from .judge_protocol import Judge
from .keeper import Keeper
from .losses import LossLog, mean_losses
from .optimiser import make_optimiser
from .schedule import Schedule

__all__ = ["TrainingModule"]

_LOOK_EVERY = 16  # steps between looks at the losses, where a look makes the device or other ranks wait


class _Share(TypedDict):
    rank: int
    world: int
    cache_folder: Path


class TrainingModule(LightningModule):
    """A network that learns from one part of a dataset and is judged on another.

    Args:
        settings: with the rates filled in.
    """

    def __init__(
        self,
        network: Network,
        train: Part,
        val: Part,
        settings: TrainSettings,
        *,
        judge: Judge,
        keeper: Keeper,
        progress: Progress,
    ) -> None:
        super().__init__()
        self.network = network
        self._train, self._val, self._settings = train, val, settings
        self._judge, self._keeper, self._progress = judge, keeper, progress
        self._loader: PictureLoader
        self._average: Average
        self._frozen: Frozen
        self._schedule: Schedule
        self._losses, self._val_losses = LossLog(1), LossLog(1)
        self._freed = 0
        self._metrics: dict[str, float | None] = {}
        self._began = self._trained = 0.0

    # --- what Lightning asks for

    def train_dataloader(self) -> PictureLoader:
        """Return this rank's share of the batches to learn from."""
        self._loader = train_loader(self._train, self.network.spec, self._settings, **self._share())
        self._set_epoch()  # Lightning starts the workers before it says which epoch begins
        return self._loader

    def val_dataloader(self) -> PictureLoader:
        """Return this rank's share of the pictures to validate with."""
        return val_loader(self._val, self.network.spec, self._settings, **self._share())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser."""
        return make_optimiser(self.network, self._settings, self.device)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:  # noqa: ARG002
        """Return a batch on the device, without waiting for it."""
        return batch.to(device, non_blocking=True)

    # --- the run

    def on_fit_start(self) -> None:
        """Freeze what is to be frozen, and put a run that goes on into its old state.

        Only here, on the device: processes that train together must know of every parameter that will ever learn.
        """
        self._frozen = freeze(self.network, self._settings.freeze)
        self._average = Average(self.network, self._settings.ema)
        self._keeper.restore(self.network, self._average, self._optimiser, self.trainer)

    def on_train_start(self) -> None:
        """Lay out the rates of all steps."""
        settings = self._settings
        self._schedule = Schedule.of(
            int(self.trainer.num_training_batches),
            epochs=settings.epochs,
            warmup=settings.warmup,
            kind=settings.schedule,
        )

    # --- an epoch

    def on_train_epoch_start(self) -> None:
        """Begin an epoch."""
        settings, epoch = self._settings, self.current_epoch
        self._free_stages(epoch // settings.unfreeze_every if settings.unfreeze_every else 0)
        self.network.train()
        self._frozen.keep_still()
        self._set_epoch()
        validates = (epoch + 1) % settings.validate_every == 0 or epoch + 1 == settings.epochs
        # Lightning asks this at the end of the epoch: each one, or none as far as it goes.
        self.trainer.check_val_every_n_epoch = 1 if validates else settings.epochs + 1
        at_once = self.device.type == "cpu" and alone()
        self._losses, self._val_losses = LossLog(1 if at_once else _LOOK_EVERY), LossLog(_LOOK_EVERY)
        self._metrics, self._trained = {}, 0.0
        steps = int(self.trainer.num_training_batches)
        if validates:
            steps += sum(map(int, self.trainer.num_val_batches))
        self._progress.start(title_of(self._keeper.history, settings.epochs, self._judge.metric), steps)
        self._began = time.monotonic()

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning names them
        """Set the rate of the step, and at the first one of an epoch all random numbers."""
        if batch_idx == 0:
            self._seed()
        share = self._schedule.share(self._keeper.step)
        for group in self._optimiser.param_groups:
            group["lr"] = group["full"] * share

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Return the loss of a batch.

        Raises:
            TrainingError: it is not finite; names the pictures.
        """
        losses = self.network.losses(batch)
        self._losses.add(losses, batch.rows)
        if self._losses.due:
            self._look()
        return torch.stack([value.float() for value in losses.values()]).sum()

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Take the new weights into the average."""
        self._average.follow()
        self._keeper.step += 1
        self._progress.advance(1)

    def on_train_epoch_end(self) -> None:
        """Write down what the epoch brought, and the checkpoint."""
        self._end_training()
        keeper = self._keeper
        epoch = from_first(self._epoch())
        keeper.history.append(epoch)
        if self.trainer.is_global_zero:
            with self._average.swapped(), torch.no_grad():
                self.network.eval()
                self._judge.epoch_done(keeper.history, self.network)
            keeper.save(self.network, self._average, self._optimiser, self.trainer)
        self.trainer.should_stop = keeper.stopped

    # --- a validation

    def on_validation_start(self) -> None:
        """Lend the average to the network."""
        self._end_training()
        self._average.swap()
        share_buffers(self.network)
        self._judge.start()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Judge a batch."""
        self._val_losses.add(self.network.losses(batch), batch.rows)
        if self._val_losses.due:
            self._val_losses.look()
        self._judge.add(_as_floats(self.network.found(batch.images)), batch.rows)
        self._progress.advance(1)

    def on_validation_end(self) -> None:
        """Work out the figures from what all ranks saw."""
        parts = gather(self._judge.parts())
        self._metrics = from_first(defined(self._judge.metrics(parts)) if self.trainer.is_global_zero else {})
        self._val_losses.look()
        self._average.swap()

    # --- parts of it

    @property
    def _optimiser(self) -> torch.optim.Optimizer:
        return self.trainer.optimizers[0]

    def _share(self) -> _Share:
        # Where nobody named the run, each rank would find a name of its own for it.
        folder = from_first(self._keeper.path)
        return {"rank": self.global_rank, "world": self.trainer.world_size, "cache_folder": folder}

    def _set_epoch(self) -> None:
        # Named by the data's own sampler: which pictures, in which order, augmented how.
        self._loader.batch_sampler.set_epoch(self.current_epoch)

    def _free_stages(self, due: int) -> None:
        while self._freed < due:
            self._frozen.free_next()
            self._freed += 1

    def _seed(self) -> None:
        # By epoch, so that a run that goes on draws the same numbers. After the first batch came, since starting the
        # workers draws from torch's numbers, too, and how often depends on how many there are.
        place = (self._settings.seed, self.current_epoch, self.global_rank)
        torch_seed, numpy_seed = np.random.SeedSequence(place).generate_state(2).tolist()
        torch.manual_seed(torch_seed)
        np.random.seed(numpy_seed)
        random.seed(numpy_seed)

    def _look(self) -> None:
        found = self._losses.look()
        names = self._train.dataset.images.names
        problem = loss_problem(found, [names[row] for row in found.rows], self.current_epoch + 1) if found else None
        refuse(problem, settings=self._settings, done=self.current_epoch)

    def _end_training(self) -> None:
        """Take the last look at the epoch's losses and at the weights; the validation is still to come."""
        if self._trained:
            return
        self._look()
        problem = weights_problem(self.network, self.current_epoch + 1)
        refuse(problem, settings=self._settings, done=self.current_epoch)
        self._trained = time.monotonic() - self._began

    def _epoch(self) -> Epoch:
        """Return the epoch's line; of use on the first rank only."""
        totals, val_totals = gather(self._losses.totals()), gather(self._val_losses.totals())
        return Epoch(
            epoch=self.current_epoch + 1,
            step=self._keeper.step,
            seconds=time.monotonic() - self._began,
            images_per_s=sum(pictures for _, pictures in totals) / self._trained,
            rate=max(group["lr"] for group in self._optimiser.param_groups),
            losses=mean_losses(totals),
            val_losses=mean_losses(val_totals),
            metrics=self._metrics,
            best=beats(self._metrics, self._keeper.history, self._judge.metric),
        )


def _as_floats(found: Found) -> Found:
    """Return what was found with numbers of 32 bits, whatever the network worked with."""
    columns = {field.name: getattr(found, field.name) for field in fields(found)}
    return Found(**{n: v.float() if v is not None and v.is_floating_point() else v for n, v in columns.items()})
