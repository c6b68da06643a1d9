"""Which devices train, and the Lightning trainer that drives them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.accelerators import CPUAccelerator

from ...errors import UsageError
from ..folder import RunFolder
from ..settings import TrainSettings
from .company import Several

__all__ = ["deterministic", "make_trainer"]

_PRECISION: dict[str, Literal["32-true", "16-mixed", "bf16-mixed"]] = {
    "32": "32-true",
    "16": "16-mixed",
    "bf16": "bf16-mixed",
}


def make_trainer(settings: TrainSettings, folder: RunFolder, *callbacks: Callback) -> Trainer:
    """Return the trainer for the devices that were asked for.

    Raises:
        UsageError: there are no such devices, or they cannot do what was asked for.
    """
    devices = settings.devices or _all_devices(settings.accelerator)
    several = devices * settings.nodes > 1
    if several:  # torch's remark that it looked for unused parameters in vain; the processes to be started inherit it
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    try:
        trainer = Trainer(
            default_root_dir=folder.path,
            accelerator=settings.accelerator,
            devices=devices,
            num_nodes=settings.nodes,
            # Detectors leave parts unused where a batch has no objects, and frozen parts are never used.
            strategy=Several(find_unused_parameters=True) if several else "auto",
            sync_batchnorm=several and torch.cuda.is_available(),
            precision=_PRECISION[settings.precision],
            max_epochs=settings.epochs,
            gradient_clip_val=settings.clip or None,
            deterministic="warn",
            num_sanity_val_steps=0,
            inference_mode=False,  # networks keep tensors, such as anchors, from one batch to the next
            use_distributed_sampler=False,
            callbacks=list(callbacks),
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        asked = f"--accelerator {settings.accelerator} --devices {settings.devices}"
        raise UsageError(f"{asked}: {str(error).strip().splitlines()[0]}") from error
    if settings.precision == "16" and isinstance(trainer.accelerator, CPUAccelerator):
        raise UsageError("--precision 16 needs a GPU", hint="--precision bf16 works on a CPU, too")
    return trainer


@contextmanager
def deterministic() -> Iterator[None]:
    """Put torch's choice of algorithms, which Lightning changes for the whole process, back at the end."""
    algorithms = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn, fill = torch.backends.cudnn.benchmark, algorithms.fill_uninitialized_memory  # type: ignore[attr-defined]
    algorithms.fill_uninitialized_memory = False  # type: ignore[attr-defined] # it makes mistakes show, and costs time
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.benchmark = cudnn
        algorithms.fill_uninitialized_memory = fill  # type: ignore[attr-defined]


def _all_devices(accelerator: str) -> int:
    takes_gpus = accelerator in ("auto", "gpu", "cuda")
    return max(1, torch.cuda.device_count()) if takes_gpus else 1
