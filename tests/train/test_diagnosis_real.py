"""Real trainings of which the outcome is known beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cvdata.train.report import TrainReport
from cvdata.train.run import train_network
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

from .shapes import draw_classes

pytestmark = pytest.mark.slow


def trained(folder: Path, *, shuffled: bool, val: float, **changes: float) -> TrainReport:
    """Train a classifier on drawn shapes; `shuffled` gives the pictures labels that have nothing to do with them."""
    dataset = draw_classes(folder / "pictures", 32, 32, val=val)
    if shuffled:
        labels = np.random.default_rng(1).permutation(dataset.annotations.category)
        dataset = replace(dataset, annotations=replace(dataset.annotations, category=labels))
    source = Source(dataset=dataset, path=str(folder / "pictures"), format="memory")
    asked = TrainSettings(
        task="classifier", architecture="test_resnet", recipe="none", size=(32, 32), batch=8, workers=0
    )
    report = train_network(source, folder / "run", msgspec.structs.replace(asked, **changes))
    assert report is not None
    return report


def test_eight_pictures_with_random_labels_are_learnt_by_heart(tmp_path: Path) -> None:
    report = trained(tmp_path, shuffled=True, val=0.75, epochs=20)

    assert report.diagnosis.verdict == "over-fits strongly"
    advice = {one.code: one for one in report.diagnosis.advice}
    assert "more augmentation: --recipe light" in advice["over-fits"].cures
    assert "starved-classes" in advice


def test_one_epoch_at_a_tiny_rate_learns_nothing(tmp_path: Path) -> None:
    report = trained(tmp_path, shuffled=False, val=0.25, epochs=1, rate=1e-6)

    assert report.diagnosis.verdict == "under-fits"
    advice = {one.code: one for one in report.diagnosis.advice}
    assert advice["under-fits"].cures[0] == "train longer: --epochs 10"
    assert report.diagnosis.message.endswith("after 1 epoch only")
