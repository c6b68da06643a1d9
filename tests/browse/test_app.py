"""The App's server on a real review: whom it answers, what it shows, how it ends, and what is edited through it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cvdata.browse import open_app, put_review, read_review
from cvdata.browse.app import served
from cvdata.browse.review.views import EVERYTHING
from cvdata.browse.session import opened
from cvdata.dataset import Dataset
from cvdata.errors import BrowseError, UsageError
from cvdata.reports.palette import class_colour, rgb

from .chromium import WAIT_S, browser
from .conftest import free_port
from .fiftyone_app import ask, show
from .reviews import numbers, proposals

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]


@pytest.fixture(scope="module")
def review(fiftyone_there: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Dataset]:
    """Return a review that is in FiftyOne."""
    given = proposals(tmp_path_factory.mktemp("pictures"), 4)
    name = f"cvdata-review-app-{uuid4().hex[:8]}"
    put_review(given, numbers(given), name)
    return name, given


@pytest.fixture(scope="module")
def port(review: tuple[str, Dataset]) -> Iterator[int]:
    """Serve the review; return the port."""
    port = free_port()
    with served(review[0], port=port):
        yield port


def test_a_picture_of_the_review_is_shown(port: int, review: tuple[str, Dataset]) -> None:
    path = review[1].images.file(0)
    assert path is not None

    assert ask(port, f"/media?filepath={quote(path)}") == (200, Path(path).read_bytes())


def test_no_other_file_is_shown(port: int, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("a secret")

    assert ask(port, f"/media?filepath={quote(str(other))}")[0] == 403
    assert ask(port, "/media?filepath=/etc/passwd")[0] == 403


def test_a_foreign_host_and_a_foreign_page_are_refused(port: int) -> None:
    assert ask(port, "/fiftyone")[0] == 200
    assert ask(port, "/fiftyone", Host="evil.example")[0] == 403
    assert ask(port, "/graphql", "POST", "{}", Origin="http://evil.example")[0] == 403


def test_no_other_address_is_listened_on(port: int) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in sorted(str(other) for other in others if not str(other).startswith("127.")):
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection((address, port), timeout=5)


def test_nothing_is_reported_to_the_makers_of_fiftyone(port: int) -> None:
    wish = json.dumps({"query": "{ doNotTrack }"})

    status, body = ask(port, "/graphql", "POST", wish, Content_Type="application/json")

    assert status == 200
    assert json.loads(body)["data"] == {"doNotTrack": True}


def test_what_is_edited_through_the_server_comes_back(port: int, review: tuple[str, Dataset]) -> None:
    name, _ = review
    samples = opened(name)
    samples.reload()
    sample = next(s for s in samples if len(s.proposals.detections) > 1)
    moved, removed = sample.proposals.detections[:2]
    patch = [
        {"op": "replace", "path": "/proposals/detections/0/bounding_box", "value": [0.25, 0.25, 0.5, 0.5]},
        {"op": "remove", "path": "/proposals/detections/1"},
    ]

    status, body = ask(
        port,
        f"/dataset/{samples._doc.id}/sample/{sample.id}",
        "PATCH",
        json.dumps(patch),
        Content_Type="application/json-patch+json",
        If_Match=str(sample.last_modified_at.isoformat()),
        Origin=f"http://127.0.0.1:{port}",
    )

    assert status == 200, body
    pulled = read_review(name)
    size = np.array([sample.metadata.width, sample.metadata.height])
    wanted = [*(size * 0.25), *(size * 0.5)]
    assert pulled.deleted.tolist() == [removed.number]
    assert pulled.rows[pulled.touched].tolist() == [moved.number]
    assert pulled.dataset.annotations.box[pulled.touched].tolist() == [wanted]


def test_a_port_in_use_is_named(review: tuple[str, Dataset]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(UsageError, match=rf"port {port} is in use\n  hint: .*--port"):
            open_app(review[0], port=port, browser=False)


def test_an_unknown_review_or_view_is_named(review: tuple[str, Dataset]) -> None:
    with pytest.raises(BrowseError, match="no dataset 'cvdata-review-none'"):
        open_app("cvdata-review-none", port=free_port(), browser=False)
    with pytest.raises(BrowseError, match="no view 'the best ones'"):
        open_app(review[0], port=free_port(), view="the best ones", browser=False)


def test_the_app_ends_with_the_last_browser(review: tuple[str, Dataset]) -> None:
    port, addresses = free_port(), []
    events = json.dumps({"initializer": None, "events": ["state_update"], "subscription": uuid4().hex})

    def look(address: str) -> None:
        addresses.append(address)

        def come_and_go() -> None:
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", "/events", events, {"Content-Type": "application/json"})
            connection.getresponse().close()
            connection.close()

        threading.Thread(target=come_and_go).start()

    open_app(review[0], port=port, view=EVERYTHING, browser=False, ready=look)

    assert addresses == [f"http://localhost:{port}/datasets/{review[0]}?view=everything-least-sure-first"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_app_ends_with_the_command(review: tuple[str, Dataset], number: signal.Signals) -> None:
    port = free_port()
    code = (
        "from cvdata.browse import open_app\n"
        f"open_app({review[0]!r}, port={port}, browser=False, ready=lambda address: print('ready', flush=True))\n"
        "print('done')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        command.send_signal(number)
        rest = command.stdout.read()

    assert (rest, command.returncode) == (("done\n", 0) if number == signal.SIGINT else ("", -signal.SIGKILL))
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and _listens(port):
        time.sleep(0.1)
    assert not _listens(port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_app_shows_pictures_with_their_boxes_in_a_browser(
    port: int, review: tuple[str, Dataset], tmp_path: Path
) -> None:
    picture = tmp_path / "app.png"

    with browser(tmp_path) as page:
        show(page, f"http://localhost:{port}/datasets/{review[0]}?view=box-by-box-least-sure-first")
        page.photograph(picture)

    shown = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    for colour in ((210, 60, 50), (60, 160, 70), (60, 90, 210)):  # of the drawn shapes
        assert _pixels(shown, colour) > 500
    for row in range(3):  # the classes' names are on their colours
        assert _pixels(shown, rgb(class_colour(row))) > 100


def _pixels(shown: NDArray[np.int64], colour: tuple[int, int, int]) -> int:
    """Return how many pixels have nearly a colour."""
    return int((np.abs(shown - colour).max(axis=2) < 5).sum())
