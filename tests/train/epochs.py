"""Histories and run folders written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cvdata.models.run_folder import INFO, METRICS, DatasetInfo, Epoch, RunInfo
from cvdata.models.spec import ModelSpec
from cvdata.train.settings import TrainSettings

__all__ = ["dataset_info", "epochs", "settings_of", "write_run"]


def epochs(
    losses: Sequence[float],
    val: Sequence[float | None] = (),
    ap: Sequence[float | None] = (),
    *,
    metric: str = "AP",
    seconds: float = 2.0,
) -> list[Epoch]:
    """Return an epoch for each loss; a `val` of None, or none at all, is an epoch without validation."""
    history, best = [], -1.0
    for at, loss in enumerate(losses):
        seen = val[at] if at < len(val) else None
        value = ap[at] if at < len(ap) else None
        better = value is not None and value > best
        best = value if better and value is not None else best
        history.append(
            Epoch(
                epoch=at + 1,
                step=10 * (at + 1),
                seconds=seconds,
                images_per_s=100.0,
                rate=0.001,
                losses={"loss": loss},
                val_losses={} if seen is None else {"loss": seen},
                metrics={} if at >= len(ap) else {metric: value},
                best=better,
            )
        )
    return history


def settings_of(**changes: Any) -> TrainSettings:
    """Return settings of a detector, some of them changed."""
    return TrainSettings(**{"task": "detector", "architecture": "nano", "rate": 0.001, **changes})


def dataset_info(**changes: Any) -> DatasetInfo:
    """Return what a run remembers of 300 pictures and 60 to validate with."""
    known: dict[str, Any] = {
        "path": "/data/pets",
        "format": "coco",
        "sha256": "a" * 64,
        "images": {"train": 300, "val": 60},
        "objects": {"train": 900, "val": 180},
    }
    return DatasetInfo(**(known | changes))


def write_run(
    folder: Path,
    history: Sequence[Epoch],
    settings: TrainSettings | None = None,
    dataset: DatasetInfo | None = None,
    **changes: Any,
) -> Path:
    """Write the two files that say what a run is, and how it went."""
    settings = settings or settings_of(epochs=len(history))
    best = next((epoch for epoch in reversed(history) if epoch.best), None)
    spec = ModelSpec(task=settings.task, architecture=settings.architecture, classes=("cat", "dog"), size=(160, 160))
    known: dict[str, Any] = {
        "cvdata": "0.1.0",
        "name": folder.name,
        "status": "done",
        "spec": spec,
        "settings": msgspec.to_builtins(settings),
        "dataset": dataset or dataset_info(),
        "environment": {"torch": "2.15"},
        "parameters": 1_234_567,
        "trainable": 1_234_567,
        "began": "2026-11-20T10:00:00+00:00",
        "seconds": sum(epoch.seconds for epoch in history),
        "epochs": len(history),
        "metric": "AP",
        "best": None if best is None else best.metrics["AP"],
        "best_epoch": None if best is None else best.epoch,
    }
    folder.mkdir(parents=True)
    (folder / INFO).write_bytes(msgspec.json.encode(RunInfo(**(known | changes))))
    (folder / METRICS).write_bytes(b"".join(msgspec.json.encode(epoch) + b"\n" for epoch in history))
    return folder
