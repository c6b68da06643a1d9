"""The running App's server on a dataset of `cvdata browse`: this machine alone, and pictures of the dataset alone."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from cvdata.browse.app import served

from ..cli.command import CVDATA, environment
from .conftest import free_port
from .fiftyone_app import ask
from .looked_at import Looked, looked_at

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]


@pytest.fixture(scope="module")
def looked(fiftyone_there: None, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return looked_at(tmp_path_factory.mktemp("looked"))


@pytest.fixture(scope="module")
def port(looked: Looked) -> Iterator[int]:
    """Serve the dataset; return the port."""
    port = free_port()
    with served(looked.name, port=port):
        yield port


def picture(looked: Looked) -> Path:
    return next(looked.source.rglob("0000.png"))


def media(path: object) -> str:
    return f"/media?filepath={quote(str(path))}"


def test_a_picture_of_the_dataset_is_shown(port: int, looked: Looked) -> None:
    assert ask(port, media(picture(looked))) == (200, picture(looked).read_bytes())


def test_no_file_outside_the_dataset_is_shown(port: int, looked: Looked, tmp_path: Path) -> None:
    shown = picture(looked)
    beside = shown.with_name("beside.png")
    shutil.copy(shown, beside)
    link = tmp_path / "link.png"
    link.symlink_to(shown)
    tables = next(looked.source.rglob("*.parquet"))
    around = shown.parent / ".." / shown.parent.name / shown.name

    for path in ("/etc/passwd", beside, link, tables, looked.found, around, shown.parent, f"{shown}/../../../etc"):
        assert ask(port, media(path))[0] == 403, path
    assert ask(port, f"{media(shown)}&filepath=/etc/passwd")[0] == 403
    assert ask(port, "/media")[0] == 403


def test_no_folder_is_listed(port: int) -> None:
    wish = json.dumps({"operator_uri": "@voxel51/operators/list_files", "params": {"path": "/"}})

    assert ask(port, "/operators/execute", "POST", wish, Content_Type="application/json")[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5151", "localhost.evil.example", "192.168.0.1", ""])
def test_a_foreign_host_is_refused_whatever_it_asks_for(port: int, looked: Looked, host: str) -> None:
    for path in ("/", "/fiftyone", media(picture(looked)), f"/datasets/{looked.name}"):
        assert ask(port, path, Host=host)[0] == 403, path


def test_a_foreign_page_cannot_edit(port: int) -> None:
    wish = json.dumps({"query": "{ doNotTrack }"})

    assert ask(port, "/graphql", "POST", wish, Content_Type="application/json")[0] == 200
    assert ask(port, "/graphql", "POST", wish, Content_Type="application/json", Origin="http://evil.example")[0] == 403


def test_no_other_address_is_listened_on(port: int) -> None:
    import psutil  # type: ignore[import-untyped]

    # Of the processes of others the system may tell nothing.
    server = [
        process for process in psutil.Process().children(recursive=True) if "cvdata.browse.serving" in process.cmdline()
    ]
    listening = [
        (one.laddr.ip, one.laddr.port)
        for process in server
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    ]

    assert listening == [("127.0.0.1", port)]


def test_two_commands_at_once_show_each_its_own_dataset_and_end_alone(looked: Looked, tmp_path: Path) -> None:
    second = looked_at(tmp_path, images=4)
    ports = [free_port(), free_port()]
    commands = [opens(one.source, port) for one, port in zip((looked, second), ports, strict=True)]
    try:
        addresses = [address_of(command) for command in commands]
        mine, other = media(picture(looked)), media(picture(second))

        assert addresses == [
            f"http://localhost:{port}/datasets/{one.name}" for one, port in zip((looked, second), ports, strict=True)
        ]
        assert [ask(ports[0], path)[0] for path in (mine, other)] == [200, 403]
        assert [ask(ports[1], path)[0] for path in (mine, other)] == [403, 200]
        commands[0].send_signal(signal.SIGINT)
        assert commands[0].wait(60) == 0
        assert ask(ports[1], other)[0] == 200
    finally:
        for command in commands:
            command.send_signal(signal.SIGINT)
            command.communicate(timeout=60)


def opens(source: Path, port: int) -> subprocess.Popen[str]:
    """Start `cvdata browse` as on a machine without a screen."""
    without_screen = {
        name: value for name, value in environment().items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    return subprocess.Popen(
        [CVDATA, "browse", str(source), "--labels-only", "--port", str(port), "--workers", "1"],
        stderr=subprocess.PIPE,
        text=True,
        env=without_screen,
    )


def address_of(command: subprocess.Popen[str]) -> str:
    """Wait until the command says where the App is."""
    assert command.stderr is not None
    said = []
    for line in command.stderr:
        said.append(line)
        if found := re.search(r"http://\S+", line):
            return found[0]
    pytest.fail("".join(said))
