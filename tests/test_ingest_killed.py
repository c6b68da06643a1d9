"""Runs that are killed, interrupted or out of disk, and the runs that go on after them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from cvdata._version import __version__
from cvdata.errors import OutputError
from cvdata.files import disk
from cvdata.formats.store import open_store
from tests.compare import tree
from tests.files.outputs import before_each_change, disk_full_at
from tests.ingestion import draw, take_in, version
from tests.kills import interrupted

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Nine pictures and a bad one: ten that are read, in three batches at one worker."""
    for seed in range(9):
        draw(tmp_path / "photos" / f"{seed}.jpg", seed)
    (tmp_path / "photos/bad.jpg").write_bytes(b"no picture")
    return tmp_path / "photos"


def killed_at(number: int, *paths: Path, workers: int = 1) -> int:
    """Take pictures in, in a process that is killed before its n-th change to the disk; return its exit code."""
    command = [sys.executable, "-m", "tests.ingestion", str(number), str(workers), *map(str, paths)]
    return subprocess.run(command, cwd=REPO, check=False, capture_output=True).returncode


def changes(*paths: Path) -> int:
    """Take pictures in and return how many changes to the disk that took."""
    command = [sys.executable, "-m", "tests.ingestion", "0", "1", *map(str, paths)]
    return int(subprocess.run(command, cwd=REPO, check=True, capture_output=True).stdout)


@pytest.mark.slow
def test_a_run_killed_anywhere_is_finished_by_the_next_with_the_same_bytes(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    total = changes(photos, tmp_path / "whole/pets")
    assert total > 20

    for number in range(1, total + 1):
        assert killed_at(number, photos, tmp_path / "cut/pets") == -signal.SIGKILL
        take_in(photos, tmp_path / "cut/pets")
        assert tree(tmp_path / "cut") == tree(tmp_path / "whole"), f"killed at change {number} of {total}"
        disk.remove(str(tmp_path / "cut/pets"))


@pytest.mark.slow
def test_an_addition_killed_anywhere_is_finished_by_the_next_with_the_same_tables(tmp_path: Path, photos: Path) -> None:
    for side in ("whole", "cut"):
        (tmp_path / side).mkdir()
        take_in(photos, tmp_path / side / "pets")
    old = open_store(tmp_path / "whole/pets").file.version
    draw(photos / "0.jpg", 70)
    draw(photos / "new.jpg", 71)
    total = changes(photos, tmp_path / "whole/pets")
    first = tree(tmp_path / "cut")

    for number in range(1, total + 1):
        assert killed_at(number, photos, tmp_path / "cut/pets") == -signal.SIGKILL
        assert open_store(tmp_path / "cut/pets").load() is not None  # always whole: the old version or the new one
        take_in(photos, tmp_path / "cut/pets")
        assert tree(tmp_path / "cut") == tree(tmp_path / "whole"), f"killed at change {number} of {total}"
        for name in tree(tmp_path / "cut").keys() - first.keys():
            (tmp_path / "cut" / name).unlink()
        (tmp_path / "cut/pets/cvdata.json").write_bytes(first["pets/cvdata.json"])
    assert open_store(tmp_path / "cut/pets").file.version == old


def test_what_a_killed_run_has_read_is_not_read_again(tmp_path: Path, photos: Path) -> None:
    whole = changes(photos, tmp_path / "whole")
    appended = [number for number in range(1, whole) if _kind_of(number, photos, tmp_path / "kinds") == "append"]
    killed_at(appended[-1] + 1, photos, tmp_path / "pets")
    assert (tmp_path / ".pets.cvdata-journal").is_file()
    for path in photos.iterdir():  # same size, same time, other bytes: reading one again would show
        status = path.stat()
        path.write_bytes(bytes(status.st_size))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    report = take_in(photos, tmp_path / "pets")

    assert (report.added, report.quarantined.images) == (9, 1)
    assert not (tmp_path / ".pets.cvdata-journal").exists()


@pytest.mark.parametrize("columns", [{}, {"width": "AA==", "height": "AA=="}])
def test_a_journal_with_other_columns_is_passed_over(tmp_path: Path, photos: Path, columns: dict[str, str]) -> None:
    entry = {"schema": "cvdata/ingest-journal/1", "cvdata": __version__, "paths": "AA==", "sizes": [1], "times": [1]}
    line = json.dumps(entry | {"columns": columns, "problems": {}, "oddities": {}}).encode()
    (tmp_path / ".pets.cvdata-journal").write_bytes(b"%08x %s\n" % (zlib.crc32(line), line))

    report = take_in(photos, tmp_path / "pets")

    assert (report.added, report.quarantined.images) == (9, 1)


def _kind_of(number: int, photos: Path, target: Path) -> str:
    kinds: list[str] = _KINDS.setdefault(str(photos), [])
    if not kinds:
        with before_each_change(lambda _, kind: kinds.append(kind)):
            take_in(photos, target)
    return kinds[number - 1]


_KINDS: dict[str, list[str]] = {}


def test_a_picture_that_changed_after_the_kill_is_read_again(tmp_path: Path, photos: Path) -> None:
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        take_in(photos, tmp_path / "whole")
    killed_at(len(kinds) - kinds[::-1].index("append") + 1, photos, tmp_path / "pets")
    draw(photos / "3.jpg", 90, (80, 60))

    take_in(photos, tmp_path / "pets")

    assert version(tmp_path / "pets").images.width.tolist() == [48, 48, 48, 80, 48, 48, 48, 48, 48]


def test_a_full_disk_at_any_moment_is_a_message_and_leaves_the_old_or_nothing(tmp_path: Path, photos: Path) -> None:
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        take_in(photos, tmp_path / "whole")

    for number in range(1, len(kinds) + 1):
        try:
            with before_each_change(disk_full_at(number)):
                take_in(photos, tmp_path / "pets")
        except OutputError:
            assert not (tmp_path / "pets").exists()
            take_in(photos, tmp_path / "pets")
        assert len(version(tmp_path / "pets").images) == 9
        disk.remove(str(tmp_path / "pets"))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.slow
def test_an_interrupted_run_ends_at_once_and_the_next_goes_on(tmp_path: Path, workers: int) -> None:
    for seed in range(300):
        draw(tmp_path / "photos" / f"{seed}.jpg", seed, (1600, 1200))
    command = ["ingest", tmp_path / "photos", tmp_path / "pets", "--workers", workers]

    code, seconds, errors = interrupted(command, tmp_path / ".pets.cvdata-journal")

    assert code == 130
    assert seconds < 2
    assert "the same command goes on from there" in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == [".pets.cvdata-journal", "photos"]
    take_in(tmp_path / "photos", tmp_path / "pets")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pets", "photos"]
    assert len(version(tmp_path / "pets").images) == 300
