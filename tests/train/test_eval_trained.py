"""A trained run says the same of itself in every place: in its epochs, at its end, and to `cvdata eval RUN`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.evaluate.settings import EvalSettings
from cvdata.models.run_folder import read_epochs
from cvdata.models.spec import Task
from cvdata.train.judge.again import judge_again
from cvdata.train.open import open_source
from cvdata.train.run import train_network
from cvdata.train.settings import TrainSettings

from .runs_made import save_shapes

TRAINED: list[tuple[Task, str, str]] = [
    ("detector", "nano", "AP"),
    ("classifier", "resnet18", "top1"),
    ("segmenter", "unet", "mIoU"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("task", "architecture", "name"), TRAINED)
def test_the_best_epoch_the_report_and_a_new_evaluation_agree(
    tmp_path: Path, task: Task, architecture: str, name: str
) -> None:
    source = open_source(save_shapes(tmp_path, task), task)
    settings = TrainSettings(task=task, architecture=architecture, size=(64, 64), epochs=3, workers=0, recipe="none")

    report = train_network(source, tmp_path / "run", settings)

    assert report is not None
    (best,) = [epoch for epoch in read_epochs(tmp_path / "run") if epoch.epoch == report.best_epoch]
    assert report.metrics == best.metrics
    assert judge_again(tmp_path / "run", EvalSettings(details=False)).report.metrics[name].value == report.best
