"""Several processes that train together: the same figures, one voice, and no process left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cvdata.models.run_folder import Epoch

from .small import start, train

pytestmark = pytest.mark.slow


def left_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the processes of its group that live on after it, once they had a moment to end."""
    for _ in range(100):
        found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        alive = [pid for pid in found if _group(pid) == process.pid]
        if not alive:
            return []
        time.sleep(0.1)
    return alive


def _group(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, _, group = text.rpartition(")")[2].split()[:3]
    return None if state == "Z" else int(group)


def epochs(run: Path) -> list[Epoch]:
    return [msgspec.json.decode(line, type=Epoch) for line in (run / "metrics.jsonl").read_bytes().splitlines()]


def test_two_processes_bring_what_one_brings(tmp_path: Path) -> None:
    # Without norms in training mode, whose statistics are of each process's own share, and without dropout, the mean of
    # the gradients over two equal shares is the gradient of the batch: what is left are roundings of 32-bit sums, which
    # grow from step to step.
    more: dict[str, Any] = {"epochs": 3, "still": True, "recipe": "none"}
    alone = start(tmp_path / "pictures", tmp_path / "one", **more)
    alone.communicate(timeout=240)
    both = start(tmp_path / "pictures", tmp_path / "two", devices=2, **more)
    _, err = both.communicate(timeout=240)

    assert (alone.returncode, both.returncode) == (0, 0), err
    one, two = epochs(tmp_path / "one"), epochs(tmp_path / "two")
    assert [epoch.step for epoch in one] == [epoch.step for epoch in two] == [3, 6, 9]
    for a, b in zip(one, two, strict=True):
        assert b.losses["loss"] == pytest.approx(a.losses["loss"], rel=1e-4)
        assert b.val_losses["loss"] == pytest.approx(a.val_losses["loss"], rel=1e-4)
        assert b.metrics == a.metrics
    assert left_of(both) == []
    assert err.count("epoch 1 of 3") == 1  # the other process is silent


def test_a_run_of_two_processes_goes_on_with_one(tmp_path: Path) -> None:
    more: dict[str, Any] = {"epochs": 3, "freeze": "1", "unfreeze_every": 1, "accelerator": "cpu"}
    both = start(tmp_path / "pictures", tmp_path / "run", devices=2, failing=["kill", 0], **more)
    both.communicate(timeout=240)

    fitted = train(tmp_path / "pictures", tmp_path / "run", resume=True, **more)

    assert both.returncode == -signal.SIGKILL
    assert left_of(both) == []
    assert [epoch.epoch for epoch in fitted.history] == [1, 2, 3]


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        (("raise", 1), "error: another process of the training ended: this rank alone cannot go on\n"),
        (("raise", 0), "error: this rank alone cannot go on\n"),
        (("kill", 1), "error: another process of the training ended: it said nothing: it was killed, or the memory"),
        (("nan", 1), "error: the loss is not finite in epoch 2, step 1: class nan; pictures of the batch: "),
    ],
)
def test_an_error_of_one_process_ends_both_with_one_message(
    failing: tuple[str, int], told: str, tmp_path: Path
) -> None:
    both = start(tmp_path / "pictures", tmp_path / "run", devices=2, failing=failing)
    _, err = both.communicate(timeout=240)

    assert both.returncode == 1
    assert err.count("error: ") == 1
    assert told in err
    assert "Traceback" not in err
    assert left_of(both) == []


def test_a_process_whose_first_one_is_gone_before_they_meet_ends(tmp_path: Path) -> None:
    code = "from cvdata.train.loop.company import follow_the_first; import time; follow_the_first(); time.sleep(60)"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment = {**os.environ, "CVDATA_FIRST_PROCESS": str(gone.pid)}

    helper = subprocess.run([sys.executable, "-c", code], env=environment, timeout=50, check=False)

    assert helper.returncode == 1


def test_ctrl_c_ends_both(tmp_path: Path) -> None:
    both = start(tmp_path / "pictures", tmp_path / "run", devices=2, failing=["wait", 0])
    assert both.stderr is not None
    while "epoch 2" not in (line := both.stderr.readline()):
        assert line
    os.killpg(both.pid, signal.SIGINT)
    _, err = both.communicate(timeout=240)

    assert (both.returncode, err.rpartition("\n")[0].splitlines()[-1:]) == (130, ["interrupted"])
    assert left_of(both) == []
    assert json.loads((tmp_path / "run/metrics.jsonl").read_text())["epoch"] == 1
