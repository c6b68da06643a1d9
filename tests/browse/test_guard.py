"""What stands before FiftyOne's server, without FiftyOne."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from cvdata.browse.guard import Guard

SHOWN = frozenset({"/data/a b.jpg"})


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"answered"})


def status(path: str, *, query: str = "", host: str | None = "localhost:5151", origin: str | None = None) -> int:
    """Return what the guard answers."""
    headers = [] if host is None else [(b"host", host.encode())]
    headers += [] if origin is None else [(b"origin", origin.encode())]
    scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": headers}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    asyncio.run(Guard(_inner, SHOWN, lambda browsers: None)(scope, receive, send))
    return int(sent[0]["status"])


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
        (f"filepath={quote('/data/a b.jpg')}&filepath=/etc/passwd", 403),
        ("filepath=", 403),
        ("", 403),
    ],
)
def test_only_pictures_of_the_dataset_are_shown(query: str, wanted: int) -> None:
    assert status("/media", query=query) == wanted
    assert status("/media/", query=query) == wanted


def test_the_browsers_that_look_on_are_counted() -> None:
    counted: list[int] = []

    async def looked_at() -> None:
        opened, closing = asyncio.Event(), asyncio.Event()

        async def stream(scope: Any, receive: Any, send: Any) -> None:
            opened.set()
            await closing.wait()

        guard = Guard(stream, SHOWN, counted.append)
        scope = {"type": "http", "path": "/events", "query_string": b"", "headers": [(b"host", b"localhost")]}

        async def nothing(*_: Any) -> Any:
            return None

        tabs = [asyncio.create_task(guard(dict(scope), nothing, nothing)) for _ in range(2)]
        await opened.wait()
        closing.set()
        await asyncio.gather(*tabs)

    asyncio.run(looked_at())

    assert counted == [1, 2, 1, 0]
