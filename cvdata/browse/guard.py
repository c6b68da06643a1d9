"""What stands before FiftyOne's server: it answers this machine alone, and shows pictures of the dataset alone.

FiftyOne 1.22 by itself serves any file that the user can read to whoever asks under whatever name of a host. Any page
on the web can have a browser ask, under a name of its own that leads to 127.0.0.1 (DNS rebinding); it cannot change
the Host and Origin that the browser says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Set
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

__all__ = ["Guard"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """An ASGI application that passes on what may be answered, and counts the browsers that look on.

    Args:
        inner: the application behind.
        shown: absolute paths of the files that may be shown.
        watched: told of the number of browsers that are connected, whenever it changes.
    """

    def __init__(self, inner: Application, shown: Set[str], watched: Callable[[int], None]) -> None:
        self._inner = inner
        self._shown = shown
        self._watched = watched
        self._browsers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
        elif not _is_local(scope):
            await _refuse(scope, send, 403, b"this server answers localhost alone")
        elif scope["path"].rstrip("/") == "/media" and not self._may_show(scope):
            await _refuse(scope, send, 403, b"not a picture of this dataset")
        elif scope["path"].rstrip("/") == "/events":
            await self._look_on(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    def _may_show(self, scope: Scope) -> bool:
        """Tell whether everything that is asked for is a picture of the dataset, by the very path that it has there."""
        asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("filepath", [])
        return bool(asked) and all(path in self._shown for path in asked)

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
