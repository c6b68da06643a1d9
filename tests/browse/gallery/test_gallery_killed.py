"""Galleries whose run is killed, interrupted or out of disk, and the runs that go on after them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cvdata.browse.gallery.copying import copy_pictures
from cvdata.convert import read
from cvdata.engine import InProcess, Silent
from cvdata.errors import LockedError, OutputError
from cvdata.files import Staging, disk
from cvdata.files.journal import Journal
from tests.cli.command import CVDATA, environment
from tests.compare import tree
from tests.files.outputs import before_each_change, disk_full_at
from tests.ingestion import draw
from tests.kills import interrupted
from tests.test_schemas import validate

from .runs import source, write_pages

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Ten pictures, of which one is bad: four batches."""
    folder = source(tmp_path / "src", 10)
    (folder / "007.jpg").write_bytes((folder / "007.jpg").read_bytes()[:-150])
    return folder


@pytest.fixture
def kinds(tmp_path: Path, origin: Path) -> list[str]:
    """Write `whole/out` and return the kinds of the changes to the disk that it took."""
    found: list[str] = []
    with before_each_change(lambda _, kind: found.append(kind)):
        write_pages(origin, tmp_path / "whole/out")
    return found


def killed_at(number: int, origin: Path, target: Path) -> int:
    """Write a gallery in a process that is killed before its n-th change to the disk; return its exit code."""
    command = [sys.executable, "-m", "tests.browse.gallery.runs", str(number), str(origin), str(target)]
    return subprocess.run(command, cwd=REPO, check=False, capture_output=True).returncode


def after_last_batch(kinds: list[str]) -> int:
    """Return the number of the change that follows the last line of the journal."""
    return len(kinds) - kinds[::-1].index("append") + 1


@contextmanager
def pictures_made() -> Iterator[list[str]]:
    """Gather the names of copies that are written."""
    made: list[str] = []
    disk.on_operation(lambda kind, path: made.append(path) if kind == "write" and ".cvdata-made" in path else None)
    try:
        yield made
    finally:
        disk.on_operation(None)


@pytest.mark.slow
def test_a_run_killed_anywhere_is_finished_by_the_next_with_the_same_bytes(
    tmp_path: Path, origin: Path, kinds: list[str]
) -> None:
    # Of changes of one kind in a row, such as many files, the first and the last.
    numbers = [n for n in range(1, len(kinds) + 1) if len(set(kinds[max(0, n - 2) : n + 1])) > 1]
    assert len(numbers) > 15

    for number in numbers:
        cut = tmp_path / f"cut{number}"
        assert killed_at(number, origin, cut / "out") == -signal.SIGKILL
        write_pages(origin, cut / "out")
        assert tree(cut) == tree(tmp_path / "whole"), f"killed at change {number}: {kinds[number - 1]}"
        assert [path.name for path in cut.iterdir()] == ["out"]


@pytest.mark.slow
def test_a_run_killed_at_any_time_is_finished_by_the_next_which_says_what_was_made(tmp_path: Path) -> None:
    origin = source(tmp_path / "src", 300)
    command = [CVDATA, "browse", str(origin), "--labels-only", "--workers", "2", "--static"]
    subprocess.run([*command, str(tmp_path / "whole/out")], check=True, capture_output=True, env=environment())

    for batches in (0, 2, 6):
        cut = tmp_path / f"cut{batches}"
        process = subprocess.Popen([*command, str(cut / "out")], env=environment(), start_new_session=True)
        end = time.monotonic() + 60
        while process.poll() is None and _lines(cut / ".out.cvdata-journal") <= batches and time.monotonic() < end:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
        assert not (cut / "out").exists()
        again = subprocess.run(
            [*command, str(cut / "out")], check=True, capture_output=True, text=True, env=environment()
        )
        said = re.search(r"^(\d+) pictures were made before the last run was cut off$", again.stderr, re.MULTILINE)
        assert said and 32 * (batches + 1) <= int(said[1]) <= 300
        assert tree(cut) == tree(tmp_path / "whole"), f"killed after {batches} batches"


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def test_what_a_killed_run_has_made_is_not_made_again(tmp_path: Path, origin: Path, kinds: list[str]) -> None:
    killed_at(after_last_batch(kinds), origin, tmp_path / "cut/out")
    with Journal(tmp_path / "cut/out") as journal:
        assert len(journal.entries) == 4
    for line in journal.entries:
        validate(json.loads(line), "browse-gallery-journal.json")

    with pictures_made() as made:
        write_pages(origin, tmp_path / "cut/out")

    assert made == []
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


def test_a_picture_that_changed_after_the_kill_is_made_anew(tmp_path: Path, origin: Path, kinds: list[str]) -> None:
    killed_at(after_last_batch(kinds), origin, tmp_path / "cut/out")
    draw(origin / "003.jpg", 90)
    os.utime(origin / "003.jpg")  # which was drawn long ago, as all are

    with pictures_made() as made:
        write_pages(origin, tmp_path / "cut/out")
    write_pages(origin, tmp_path / "fresh/out")

    assert len(made) == 2  # small and large
    assert tree(tmp_path / "cut") == tree(tmp_path / "fresh") != tree(tmp_path / "whole")


def test_a_picture_that_is_wanted_large_only_now_is_made_anew(tmp_path: Path, origin: Path) -> None:
    images = read(origin, workers=1).dataset.images
    copied = []
    for large in (set[int](), {1}):  # the first run is cut off: nobody discards its journal
        with Staging(tmp_path / "out") as staging, Journal(tmp_path / "out") as journal:
            part = copy_pictures(images, [1, 0], large, staging, journal, engine=InProcess(), progress=Silent())
            copied.append((part.sizes, part.resumed, len(staging.recorded)))

    assert copied == [({0: 1, 1: 1}, 0, 2), ({0: 2, 1: 1}, 1, 3)]


@pytest.mark.parametrize("spoil", [lambda data: data[:-9], lambda data: bytes(len(data))])
def test_a_copy_that_a_power_cut_spoiled_is_made_anew(
    tmp_path: Path, origin: Path, kinds: list[str], spoil: object
) -> None:
    killed_at(after_last_batch(kinds), origin, tmp_path / "cut/out")
    copy = min((tmp_path / "cut/.out.cvdata-made").iterdir())
    assert callable(spoil)
    copy.write_bytes(spoil(copy.read_bytes()))

    with pictures_made() as made:
        write_pages(origin, tmp_path / "cut/out")

    assert len(made) == 2
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


def test_a_journal_of_another_command_is_passed_over(tmp_path: Path, origin: Path, kinds: list[str]) -> None:
    with Journal(tmp_path / "cut/out") as journal:
        journal.append(b'{"schema":"cvdata/augment-journal/1","cvdata":"0","made":[]}')
    assert Path(journal.path).is_file()

    write_pages(origin, tmp_path / "cut/out")

    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


@pytest.mark.slow
def test_a_full_disk_at_any_moment_is_a_message_and_leaves_no_output(
    tmp_path: Path, origin: Path, kinds: list[str]
) -> None:
    for number in range(1, len(kinds) + 1):
        try:
            with before_each_change(disk_full_at(number)):
                write_pages(origin, tmp_path / "cut/out")
        except OutputError as error:
            assert "No space left on device" in str(error)
            assert not (tmp_path / "cut/out").exists()
            write_pages(origin, tmp_path / "cut/out")
        # A disk that refuses to remove what was kept refuses nothing of the output.
        assert tree(tmp_path / "cut/out") == tree(tmp_path / "whole/out"), f"full at {number}: {kinds[number - 1]}"
        disk.remove(str(tmp_path / "cut"))


def test_two_runs_of_one_gallery_do_not_meet(tmp_path: Path, origin: Path) -> None:
    with Journal(tmp_path / "out"), pytest.raises(LockedError, match="another cvdata run"):
        write_pages(origin, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_ends_at_once_and_says_that_the_next_goes_on(tmp_path: Path, workers: int) -> None:
    origin = source(tmp_path / "src", 600)
    command = ["browse", origin, "--labels-only", "--static", tmp_path / "out", "--workers", workers]

    code, _, errors = interrupted(command, tmp_path / ".out.cvdata-journal")

    assert code == 130
    assert "the pictures made so far are kept: the same command goes on from there" in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == [".out.cvdata-journal", ".out.cvdata-made", "src"]
