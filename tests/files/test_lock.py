from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvdata.errors import LockedError, OutputError, UsageError
from cvdata.files import Staging
from cvdata.files.lock import OutputLock, is_busy
from tests.files.outputs import manifest

HOLD = """
import sys, time
from cvdata.files import Staging
with Staging(sys.argv[1]) as staging:
    staging.write("a.txt", b"a")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_run(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that is writing `out`."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "out")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def test_a_second_run_on_one_output_is_told_at_once(tmp_path: Path, other_run: subprocess.Popen[bytes]) -> None:
    with pytest.raises(LockedError, match="another cvdata run is writing"), Staging(tmp_path / "out"):
        pass

    [staging] = [p for p in tmp_path.iterdir() if p.is_dir()]  # the first run's folder is left alone
    assert (staging / "a.txt").read_bytes() == b"a"


def test_it_can_be_asked_whether_a_run_is_at_work_without_a_trace(
    tmp_path: Path, other_run: subprocess.Popen[bytes]
) -> None:
    target = str(tmp_path / "out")
    names = sorted(path.name for path in tmp_path.iterdir())

    assert is_busy(target)
    assert not is_busy(str(tmp_path / "another"))
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    other_run.send_signal(signal.SIGKILL)
    other_run.wait()
    assert not is_busy(target)


def test_the_lock_dies_with_its_process(tmp_path: Path, other_run: subprocess.Popen[bytes]) -> None:
    other_run.send_signal(signal.SIGKILL)
    other_run.wait()

    with Staging(tmp_path / "out") as staging:
        staging.commit(manifest(), [])

    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_run_that_waited_at_the_door_does_not_replace_what_the_first_wrote(tmp_path: Path) -> None:
    late = Staging(tmp_path / "out")  # checked while the output was not there
    with Staging(tmp_path / "out") as first:
        first.commit(manifest(), [])

    with pytest.raises(UsageError, match="is not empty"), late:
        pass


def test_two_locks_on_one_output_exclude_each_other_and_release_leaves_no_file(tmp_path: Path) -> None:
    first, second = OutputLock(str(tmp_path / "out")), OutputLock(str(tmp_path / "out"))
    first.acquire()
    with pytest.raises(LockedError):
        second.acquire()
    first.release()

    second.acquire()
    second.release()
    second.release()  # nothing left to do

    assert list(tmp_path.iterdir()) == []


def test_a_lock_of_a_removed_file_counts_for_nothing(tmp_path: Path) -> None:
    first, second = OutputLock(str(tmp_path / "out")), OutputLock(str(tmp_path / "out"))
    first.acquire()
    (tmp_path / ".out.cvdata-lock").unlink()
    second.acquire()

    assert (tmp_path / ".out.cvdata-lock").is_file()
    second.release()


def test_a_link_in_place_of_the_lock_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".out.cvdata-lock").symlink_to("elsewhere")

    with pytest.raises(OutputError):
        OutputLock(str(tmp_path / "out")).acquire()

    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(OutputError, match="cannot write beside"):
        OutputLock(str(tmp_path / "out")).acquire()
