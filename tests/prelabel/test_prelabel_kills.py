"""A run of `cvdata prelabel` that is killed: nothing is lost, nothing is there twice, the end is the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cvdata import ingest
from cvdata.formats.predictions import prediction_names, read_prediction

from ..cli.command import CVDATA, environment
from ..kills import interrupted
from .lookers import pictures

_COUNT = 40
_PLUGIN = '''
"""Finds in each picture one object as wide as its first pixel is red."""
import time


class Reds:
    classes = ("wide",)
    sha256 = "1" * 64

    def __init__(self, what):
        pass

    def __call__(self, picture):
        time.sleep(0.01)
        return [("wide", 0.5, 0.0, 0.0, float(picture[0, 0, 0]), 2.0)]
'''


@pytest.fixture
def reds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a model of a package of its own, and take pictures into a dataset."""
    packages = tmp_path / "packages"
    about = packages / "reds-1.dist-info"
    about.mkdir(parents=True)
    (packages / "reds.py").write_text(_PLUGIN, "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: reds\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text("[cvdata.predictors]\nreds = reds:Reds\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    pictures(tmp_path / "pictures", _COUNT)
    ingest([tmp_path / "pictures"], tmp_path / "pets")
    return tmp_path / "pets"


def command(pets: Path) -> list[str]:
    return ["prelabel", str(pets), "--model", "plugin:reds", "--batch", "2", "--workers", "1", "--quiet"]


def start(pets: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([CVDATA, *command(pets)], stderr=subprocess.PIPE, env=environment())


def finish(pets: Path) -> None:
    process = start(pets)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()


def content(pets: Path) -> dict[str, bytes]:
    """Return every file of the predictions, with their names."""
    folder = pets / "predictions"
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
def test_killed_at_fifty_moments_it_ends_as_if_it_had_not_been(reds: Path) -> None:
    began = time.monotonic()
    finish(reds)
    whole_run, whole = time.monotonic() - began, content(reds)
    rng = random.Random(0)
    kills = 0
    shutil.rmtree(reds / "predictions")
    while kills < 50:
        process = start(reds)
        try:
            process.communicate(timeout=rng.uniform(0.2, 1) * whole_run)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
        if prediction_names(reds):  # it is whole, or not there
            assert len(read_prediction(reds, "plugin-reds").dataset.annotations) == _COUNT
            assert process.returncode == -signal.SIGKILL or content(reds) == whole
            shutil.rmtree(reds / "predictions")
    finish(reds)

    assert content(reds) == whole
    assert len(whole) == 4  # tables, what is said of them, and the manifest: no journal is left


@pytest.mark.slow
def test_after_ctrl_c_the_same_command_goes_on(reds: Path) -> None:
    code, _, errors = interrupted(command(reds), reds / "predictions" / ".plugin-reds.cvdata-journal")
    done = subprocess.run(
        [CVDATA, *command(reds)[:-1], "--json"], capture_output=True, text=True, check=True, env=environment()
    )

    assert code == 130
    assert "Traceback" not in errors
    assert '"resumed": 0' not in done.stdout
    assert not os.path.lexists(reds / "predictions" / ".plugin-reds.cvdata-journal")
    assert len(read_prediction(reds, "plugin-reds").dataset.annotations) == _COUNT
