"""What stands before FiftyOne's server: it answers this machine alone, and shows pictures of the dataset alone.

FiftyOne 1.22 by itself serves any file that the user can read to whoever asks under whatever name of a host. Any page
on the web can have a browser ask, under a name of its own that leads to 127.0.0.1 (DNS rebinding); it cannot change
the Host and Origin that the browser says.

Whoever opens a picture large gets all of it, see `whole`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping, Set
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from .whole import ask_for_whole

__all__ = ["Guard"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_FILE_OPERATORS = frozenset({"@voxel51/operators/list_files"})
"""Operators that come with FiftyOne 1.22 and look at the disk: this one lists any folder that the user can read."""

_MOST_BYTES = 64 * 2**20
"""Of a request that is looked into before it is passed on; the App's own are a few kilobytes."""


class Guard:
    """An ASGI application that passes on what may be answered, and counts the browsers that look on.

    Args:
        inner: the application behind.
        shown: absolute paths of the files that may be shown.
        watched: told of the number of browsers that are connected, whenever it changes.
        added: tells of a path that is not in `shown` whether it may be shown since; it may take its time.
    """

    def __init__(
        self,
        inner: Application,
        shown: Set[str],
        watched: Callable[[int], None],
        added: Callable[[str], bool] | None = None,
    ) -> None:
        self._inner = inner
        self._shown = shown
        self._watched = watched
        self._added = added
        self._browsers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        path = str(scope.get("path", "")).rstrip("/")
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
        elif scope["type"] != "http" or not _is_local(scope) or _is_foreign_fetch(scope):
            await _refuse(scope, send, 403, b"this server answers localhost alone")
        elif path == "/media" and not await self._may_show(scope):
            await _refuse(scope, send, 403, b"not a picture of this dataset")
        elif path == "/events":
            await self._look_on(scope, receive, send)
        elif path.startswith("/operators/"):
            await self._operate(scope, receive, send)
        elif path == "/graphql" and scope["method"] == "POST":
            await self._ask(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _may_show(self, scope: Scope) -> bool:
        """Tell whether everything that is asked for is a picture of the dataset, by the very path that it has there."""
        asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("filepath", [])
        unknown = [path for path in asked if path not in self._shown]
        if unknown and self._added is None:
            return False
        return bool(asked) and all([await asyncio.to_thread(self._added, path) for path in unknown if self._added])

    async def _operate(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request to run an operator, unless that looks at files outside the dataset."""
        body = await _whole(receive)
        if body is None or _operator(body) in _FILE_OPERATORS:
            await _refuse(scope, send, 403, b"this server looks at no other files")
            return
        await self._inner(scope, _again(body, receive), send)

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a question about the dataset; one for a picture to look at is for the whole picture."""
        body = await _whole(receive)
        if body is None:
            await _refuse(scope, send, 413, b"too much was asked at once")
            return
        asked = ask_for_whole(body)
        headers = [pair for pair in scope["headers"] if pair[0].lower() != b"content-length"]
        length = (b"content-length", str(len(asked)).encode())
        await self._inner({**scope, "headers": [*headers, length]}, _again(asked, receive), send)

    async def _look_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that lasts as long as the App is open in a browser."""
        self._browsers += 1
        self._watched(self._browsers)
        try:
            await self._inner(scope, receive, send)
        finally:
            self._browsers -= 1
            self._watched(self._browsers)


def _is_local(scope: Scope) -> bool:
    """Tell whether a request is made to this machine, and by a page that came from this very server."""
    headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    hosts = [value for name, value in headers if name == b"host"]
    origins = [value for name, value in headers if name == b"origin"]
    return len(hosts) == 1 and _host(hosts[0]) in _HOSTS and all(origin == f"http://{hosts[0]}" for origin in origins)


def _is_foreign_fetch(scope: Scope) -> bool:
    """Tell whether a page that came from elsewhere asks for more than to be left for this one.

    A page of another server may not embed the App in a frame, where a person would click unaware, nor show a picture of
    the dataset; a link to it may be followed. For `Sec-Fetch-*`, which no page can change, see W3C's Fetch Metadata.
    """
    headers = {name.lower(): value for name, value in scope["headers"]}
    if headers.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none"):
        return False
    follows = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    return not follows or scope["method"] != "GET"


async def _whole(receive: Receive) -> bytes | None:
    """Return the body of a request; None for one that is too long, or that ended on the way."""
    parts, length = [], 0
    while length <= _MOST_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if not message.get("more_body", False):
            return b"".join(parts)
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already, and then what follows it."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return messages.pop() if messages else await receive()

    return again


def _operator(body: bytes) -> str | None:
    """Return the operator that a request names, as FiftyOne reads it."""
    try:
        wish = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = wish.get("operator_uri") if isinstance(wish, dict) else None
    return name if isinstance(name, str) else None


def _host(address: str) -> str | None:
    try:
        return urlsplit(f"//{address}").hostname
    except ValueError:
        return None


async def _refuse(scope: Scope, send: Send, status: int, words: bytes) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})
