"""What stands before FiftyOne's server, without FiftyOne."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest

from cvdata.browse.guard import Guard

SHOWN = frozenset({"/data/a b.jpg"})


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"answered"})


def status(
    path: str,
    *,
    query: str = "",
    host: str | None = "localhost:5151",
    origin: str | None = None,
    method: str = "GET",
    body: Sequence[bytes] = (b"",),
    added: frozenset[str] = frozenset(),
    **more: str,
) -> int:
    """Return what the guard answers."""
    headers = [] if host is None else [(b"host", host.encode())]
    headers += [] if origin is None else [(b"origin", origin.encode())]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    sent: list[Any] = []
    parts = [
        {"type": "http.request", "body": part, "more_body": place + 1 < len(body)} for place, part in enumerate(body)
    ]

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    asyncio.run(Guard(_inner, SHOWN, lambda browsers: None, added.__contains__)(scope, receive, send))
    return int(sent[0]["status"])


def test_a_question_for_one_picture_reaches_fiftyone_without_the_view_and_with_its_new_length() -> None:
    question = {
        "query": "{ sample(dataset: $d) { id } }",
        "variables": {"view": [{"_cls": "F"}], "filter": {"id": "6"}},
    }
    body = json.dumps(question).encode()
    headers = [(b"host", b"localhost"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    parts = [
        {"type": "http.request", "body": part, "more_body": more}
        for part, more in ((body[:9], True), (body[9:], False))
    ]
    got: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        got.append((dict(scope["headers"]), await receive(), await receive()))

    async def receive() -> Any:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(Guard(inner, SHOWN, lambda browsers: None)(scope, receive, send))
    [(said, message, after)] = got
    assert json.loads(message["body"]) == question | {"variables": {"view": [], "filter": {"id": "6"}}}
    assert not message["more_body"]
    assert int(said[b"content-length"]) == len(message["body"])
    assert after["type"] == "http.disconnect"


@pytest.mark.parametrize("host", ["localhost:5151", "127.0.0.1:5151", "[::1]:5151", "localhost", "LOCALHOST:5151"])
def test_this_machine_is_answered(host: str) -> None:
    assert status("/fiftyone", host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5151", "localhost.evil.example", "192.168.0.7:5151", "[bad", "", None]
)
def test_another_host_is_refused(host: str | None) -> None:
    assert status("/fiftyone", host=host) == 403


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        ("http://localhost:5151", 200),
        ("http://localhost:8888", 403),  # another program of this machine, such as a notebook
        ("https://localhost:5151", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ],
)
def test_only_a_page_of_this_server_may_ask(origin: str, wanted: int) -> None:
    assert status("/graphql", origin=origin) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (f"filepath={quote('/data/a b.jpg')}", 200),
        ("filepath=/data/a+b.jpg", 200),
        ("filepath=/etc/passwd", 403),
        ("filepath=/data/../etc/passwd", 403),
        ("filepath=/data/%2e%2e/data/a%20b.jpg", 403),  # of the dataset, by another path
        ("filepath=/data/A%20B.JPG", 403),
        ("filepath=/data/a%2520b.jpg", 403),
        ("filepath=/data/a b.jpg%00.png", 403),
        ("FILEPATH=/data/a+b.jpg", 403),
        ("filepath=/etc/passwd;filepath=/data/a+b.jpg", 403),
        (f"filepath={quote('/data/a b.jpg')}&filepath=/etc/passwd", 403),
        ("filepath=", 403),
        ("", 403),
    ],
)
def test_only_pictures_of_the_dataset_are_shown(query: str, wanted: int) -> None:
    assert status("/media", query=query) == wanted
    assert status("/media/", query=query) == wanted


def test_a_picture_that_was_added_meanwhile_is_shown() -> None:
    added = frozenset({"/data/c.jpg"})

    assert status("/media", query="filepath=/data/c.jpg", added=added) == 200
    assert status("/media", query="filepath=/data/c.jpg&filepath=/etc/passwd", added=added) == 403
    assert status("/media", query="filepath=/data/c.jpg") == 403


@pytest.mark.parametrize(
    ("site", "mode", "dest", "wanted"),
    [
        ("same-origin", "cors", "empty", 200),
        ("none", "navigate", "document", 200),  # typed by the person
        ("cross-site", "navigate", "document", 200),  # a link
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "no-cors", "image", 403),  # another server of this machine
    ],
)
def test_a_foreign_page_may_be_left_for_the_app_but_not_hold_it(site: str, mode: str, dest: str, wanted: int) -> None:
    asked = status("/fiftyone", sec_fetch_site=site, sec_fetch_mode=mode, sec_fetch_dest=dest)

    assert asked == wanted


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("@voxel51/operators/list_files", 403),
        ("@voxel51/operators/list_saved_views", 200),
    ],
)
@pytest.mark.parametrize("path", ["/operators/execute", "/operators/execute/generator", "/operators/resolve-type"])
def test_no_operator_looks_at_other_files(path: str, operator: str, wanted: int) -> None:
    body = json.dumps({"operator_uri": operator}).encode()

    assert status(path, method="POST", body=[body]) == wanted
    assert status(path, method="POST", body=[body[:9], body[9:]]) == wanted


def test_no_websocket_is_opened() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost:5151")]}
    asyncio.run(Guard(_inner, SHOWN, lambda browsers: None)(scope, receive, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_browsers_that_look_on_are_counted() -> None:
    counted: list[int] = []

    async def looked_at() -> None:
        opened, closing = asyncio.Event(), asyncio.Event()

        async def stream(scope: Any, receive: Any, send: Any) -> None:
            opened.set()
            await closing.wait()

        guard = Guard(stream, SHOWN, counted.append)
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/events",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }

        async def nothing(*_: Any) -> Any:
            return None

        tabs = [asyncio.create_task(guard(dict(scope), nothing, nothing)) for _ in range(2)]
        await opened.wait()
        closing.set()
        await asyncio.gather(*tabs)

    asyncio.run(looked_at())

    assert counted == [1, 2, 1, 0]
