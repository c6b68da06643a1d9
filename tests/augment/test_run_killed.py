"""Runs that are killed, interrupted or out of disk, and the runs that go on after them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cvdata.errors import LockedError, OutputError
from cvdata.files import disk
from cvdata.files.journal import Journal
from tests.augment.runs import augment, source
from tests.cli.command import CVDATA, environment
from tests.compare import tree
from tests.files.outputs import before_each_change, disk_full_at
from tests.ingestion import draw
from tests.kills import interrupted

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Twenty pictures, of which one is bad: two batches."""
    path = source(tmp_path / "src", [f"{n:02d}.jpg" for n in range(20)])
    (tmp_path / "src/images/07.jpg").write_bytes((tmp_path / "src/images/07.jpg").read_bytes()[:-150])
    return path


def run(number: int, origin: Path, target: Path, workers: int = 1) -> subprocess.CompletedProcess[bytes]:
    """Augment in a process that is killed before its n-th change to the disk."""
    command = [sys.executable, "-m", "tests.augment.runs", str(number), str(workers), str(origin), str(target)]
    return subprocess.run(command, cwd=REPO, check=False, capture_output=True)


@pytest.mark.slow
def test_a_run_killed_anywhere_is_finished_by_the_next_with_the_same_bytes(tmp_path: Path, origin: Path) -> None:
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        augment(origin, tmp_path / "whole/out")
    # Of changes of one kind in a row, such as many files, the first and the last.
    numbers = [n for n in range(1, len(kinds) + 1) if len(set(kinds[max(0, n - 2) : n + 1])) > 1]
    assert len(numbers) > 15

    for number in numbers:
        cut = tmp_path / f"cut{number}"
        assert run(number, origin, cut / "out").returncode == -signal.SIGKILL
        if not (cut / "out").exists():
            augment(origin, cut / "out")
        left = {name: data for name, data in tree(cut).items() if not name.startswith(".out.cvdata-")}
        assert left == tree(tmp_path / "whole"), f"killed at change {number}: {kinds[number - 1]}"


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_killed_at_any_time_is_finished_by_the_next_with_the_same_bytes(tmp_path: Path, workers: int) -> None:
    origin = source(tmp_path / "src", [f"{n:03d}.jpg" for n in range(200)])
    command = [CVDATA, "augment", str(origin), "--recipe", str(tmp_path / "src/recipe.yaml"), "--workers", str(workers)]
    whole = subprocess.run([*command, str(tmp_path / "whole/out")], check=True, capture_output=True, env=environment())
    assert b"200 new pictures" in whole.stderr

    for batches in (0, 1, 4, 8):
        cut = tmp_path / f"cut{batches}"
        process = subprocess.Popen([*command, str(cut / "out")], env=environment(), start_new_session=True)
        end = time.monotonic() + 30
        while process.poll() is None and _lines(cut / ".out.cvdata-journal") <= batches and time.monotonic() < end:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
        assert not (cut / "out").exists()
        subprocess.run([*command, str(cut / "out")], check=True, capture_output=True, env=environment())
        assert tree(cut) == tree(tmp_path / "whole"), f"killed after {batches} batches"


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def test_what_a_killed_run_has_made_is_not_made_again(tmp_path: Path, origin: Path) -> None:
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        augment(origin, tmp_path / "whole/out")
    last = len(kinds) - kinds[::-1].index("append")
    run(last + 1, origin, tmp_path / "cut/out")
    assert (tmp_path / "cut/.out.cvdata-journal").is_file()

    writes: list[str] = []
    disk.on_operation(lambda kind, path: writes.append(path) if kind == "write" and ".cvdata-made" in path else None)
    try:
        augment(origin, tmp_path / "cut/out")
    finally:
        disk.on_operation(None)

    assert writes == []
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


@pytest.mark.slow
def test_a_full_disk_at_any_moment_is_a_message_and_leaves_no_output(tmp_path: Path, origin: Path) -> None:
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        augment(origin, tmp_path / "whole/out")

    for number in range(1, len(kinds) + 1):
        try:
            with before_each_change(disk_full_at(number)):
                augment(origin, tmp_path / "out")
        except OutputError as error:
            assert "No space left on device" in str(error)
            assert not (tmp_path / "out").exists()
            augment(origin, tmp_path / "out")
        assert tree(tmp_path / "out") == tree(tmp_path / "whole/out"), f"full at change {number}: {kinds[number - 1]}"
        disk.remove(str(tmp_path / "out"))


def test_two_runs_of_one_output_do_not_meet(tmp_path: Path, origin: Path) -> None:
    with Journal(tmp_path / "out"), pytest.raises(LockedError, match="another cvdata run"):
        augment(origin, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_ends_at_once_and_the_next_goes_on(tmp_path: Path, workers: int) -> None:
    names = [f"{n}.jpg" for n in range(300)]
    for name in names:
        draw(tmp_path / "src/images" / name, 1, (48, 32))
    origin = source(tmp_path / "src", names)
    command = ["augment", origin, tmp_path / "out", "--copies", 20, "--workers", workers]

    code, seconds, errors = interrupted(command, tmp_path / ".out.cvdata-journal")

    assert code == 130
    assert seconds < 2
    assert "the same command goes on from there" in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == [".out.cvdata-journal", ".out.cvdata-made", "src"]
