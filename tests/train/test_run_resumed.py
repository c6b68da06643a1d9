"""What a run folder says of itself when the run is gone on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cvdata.errors import UsageError
from cvdata.train.open import open_source
from cvdata.train.run import train_network
from cvdata.train.settings import TrainSettings

from .runs_made import save_shapes

pytestmark = pytest.mark.slow


def train(folder: Path, *, resume: bool = False, **more: Any) -> None:
    usual: dict[str, Any] = {
        "task": "detector", "architecture": "nano", "size": (64, 64), "epochs": 1, "batch": 4, "workers": 0,
        "recipe": "none", "accelerator": "cpu",
    }  # fmt: skip
    if not resume:
        save_shapes(folder, "detector", 4)
    source = open_source(folder / "shapes", "detector")
    train_network(source, folder / "run", TrainSettings(**{**usual, **more}), resume=resume)


def test_a_run_that_cannot_be_gone_on_with_stays_as_it_was(tmp_path: Path) -> None:
    train(tmp_path)
    before = (tmp_path / "run/run.json").read_bytes()

    with pytest.raises(UsageError, match=r"and is to go on with 0\.5"):
        train(tmp_path, resume=True, rate=0.5)

    assert (tmp_path / "run/run.json").read_bytes() == before


def test_a_run_that_goes_on_says_how(tmp_path: Path) -> None:
    train(tmp_path, schedule="constant")

    train(tmp_path, resume=True, schedule="constant", epochs=2)

    info = json.loads((tmp_path / "run/run.json").read_text("utf-8"))
    assert (info["epochs"], info["settings"]["epochs"], info["resumed"]) == (2, 2, 1)
