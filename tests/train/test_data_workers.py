"""Worker processes end with their parent, whatever ends it; and real datasets pass through them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cvdata.models.spec import ModelSpec
from cvdata.train.data.loading import train_loader
from cvdata.train.data.prepare import prepare
from cvdata.train.open import open_source
from cvdata.train.settings import TrainSettings

LOADING = """
import sys
from pathlib import Path
from cvdata.models.spec import ModelSpec
from cvdata.train.data.loading import train_loader
from cvdata.train.data.prepare import prepare
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source
from tests.train.shapes import draw_shapes

settings = TrainSettings(task="detector", architecture="nano", batch=2, workers=2, recipe="none")
found = prepare(Source(dataset=draw_shapes(Path(sys.argv[1]), 8, 64)), settings)
spec = ModelSpec(task="detector", architecture="nano", classes=found.classes, size=(64, 64))
loader = train_loader(found.train, spec, settings)
for epoch in range(1_000_000):
    for batch in loader:
        if epoch == 1:
            print("ready", flush=True)
"""


def children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path: Path, how: signal.Signals) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", LOADING, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        workers = children(process.pid)
        os.killpg(process.pid, how) if how == signal.SIGINT else os.kill(process.pid, how)
        process.stdout.read()
        said = process.stderr.read()  # its end comes when no process holds it any more
    deadline = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert len(workers) >= 2
    assert not any(map(alive, workers))
    assert "worker" not in said.lower() or how == signal.SIGINT
    assert said.count("Traceback") <= 1  # the parent's own KeyboardInterrupt


REAL: list[tuple[str, Any, dict[str, Any], int]] = [
    ("bccd_voc", "detector", {}, 205),
    ("bccd_voc", "classifier", {"crops": True}, 2804),
    ("clothing_cls", "classifier", {"train": "test", "val": "train"}, 372),
]


@pytest.mark.parametrize(("name", "task", "more", "pictures"), REAL)
def test_real_datasets_make_batches(shared: Path, name: str, task: Any, more: dict[str, Any], pictures: int) -> None:
    architecture = "nano" if task == "detector" else "any"
    settings = TrainSettings(task=task, architecture=architecture, batch=8, workers=0, **more)

    found = prepare(open_source(shared / "data" / name, task), settings)
    spec = ModelSpec(task=task, architecture=architecture, classes=found.classes, size=(64, 96))
    loader = train_loader(found.train, spec, settings)
    batch = next(iter(loader))

    assert len(found.train) == pictures
    assert len(loader) == -(-pictures // 8)
    assert batch.images.shape == (8, 3, 64, 96)
    assert (batch.target is None) == (task == "detector")
