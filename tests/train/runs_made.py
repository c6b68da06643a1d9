"""A run folder without the training: the dataset, and what a network that needs none finds in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from cvdata import __version__, save
from cvdata.dataset import Dataset
from cvdata.engine import Silent
from cvdata.models.run_folder import RunInfo
from cvdata.models.spec import ModelSpec, Task
from cvdata.train.data.part import Prepared
from cvdata.train.data.prepare import prepare
from cvdata.train.folder import RunFolder
from cvdata.train.judge.final import Judged, evaluate_best
from cvdata.train.judge.validate import Validation
from cvdata.train.open import open_source
from cvdata.train.settings import TrainSettings

from .colour_finder import ColourFinder
from .shapes import draw_classes, draw_shapes

__all__ = ["make_run", "prepared", "save_shapes"]

SIDE = 96
_ARCHITECTURES: dict[Task, str] = {"detector": "nano", "classifier": "resnet18", "segmenter": "unet"}


def save_shapes(folder: Path, task: Task, images: int = 16, val: float = 0.5) -> Path:
    """Draw pictures for a task and save them as a dataset."""
    if task == "classifier":
        dataset: Dataset = draw_classes(folder / "drawn", images, SIDE, val=val)
    else:
        dataset = draw_shapes(folder / "drawn", images, SIDE, val=val)
    save(dataset, folder / "shapes", "imagefolder" if task == "classifier" else "coco")
    return folder / "shapes"


def prepared(source: Path, task: Task, **more: Any) -> tuple[Prepared, TrainSettings]:
    settings = TrainSettings(task=task, architecture=_ARCHITECTURES[task], workers=0, **more)
    return prepare(open_source(source, task), settings), settings


def make_run(source: Path, run: Path, task: Task, *, masks: bool = False, **more: Any) -> Judged:
    """Judge a network as at the end of a training, and write the run folder."""
    ready, settings = prepared(source, task, **more)
    spec = ModelSpec(
        task=task, architecture="colours", classes=ready.classes, size=(SIDE, SIDE), several=ready.several, masks=masks
    )
    folder = RunFolder(run)
    with folder:
        folder.clear()
        judged = evaluate_best(ColourFinder(spec), ready, settings, folder, progress=Silent())
        folder.write_info(
            RunInfo(
                cvdata=__version__,
                name=run.name,
                status="done",
                spec=spec,
                settings=msgspec.to_builtins(settings),
                dataset=ready.info,
                environment={},
                parameters=9,
                trainable=9,
                began="2026-01-01T00:00:00+00:00",
                metric=Validation(ready.val, spec).metric,
            )
        )
    return judged
