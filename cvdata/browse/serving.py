"""The server of FiftyOne's App in a process of its own, behind the guard; started by `app.open_app`.

It is told what to serve in one line of JSON on its standard input, and ends when that is closed - so also when the
process that started it was killed - or when every browser that had been looking on is gone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import mimetypes
import os
import sys
import threading
from typing import Any

from .guard import Guard
from .panels import bring_panels
from .session import opened

__all__ = ["GRACE_S", "main"]

GRACE_S = 10.0
"""Seconds without a browser after which nobody is coming back: a page that is loaded anew is gone for one or two."""


def main() -> None:
    """Serve what standard input says, until it is closed or the last browser is gone."""
    wish = json.loads(sys.stdin.readline())
    pictures = _Pictures(opened(wish["name"]))
    asyncio.run(_serve(int(wish["port"]), pictures))
    gc.freeze()  # see `session.fiftyone`: the server brought more


async def _serve(port: int, pictures: _Pictures) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    ending = asyncio.Event()
    _end_with_input(asyncio.get_running_loop(), ending)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.graceful_timeout = 0.3  # the App's stream of events never ends by itself
    application: Any = Guard(_application(port), pictures.shown, _Watch(ending), pictures.added)
    await serve(application, config, shutdown_trigger=ending.wait)


def _application(port: int) -> Any:
    """Return FiftyOne's own application."""
    bring_panels()  # the application looks for plugins when it is made
    from fiftyone.server.app import app
    from fiftyone.server.events import set_port

    set_port(port)
    return app


def _end_with_input(loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
    """Set the event once standard input is closed."""

    def wait() -> None:
        while sys.stdin.read(1024):
            pass
        loop.call_soon_threadsafe(ending.set)

    threading.Thread(target=wait, daemon=True).start()


class _Pictures:
    """The files of a dataset that may be shown: those that it has now, and those added later beside them.

    What the App writes into the database cannot let out other files: one added later counts only if it is a picture in
    a folder, by its real path, that has pictures of the dataset now.
    """

    def __init__(self, samples: Any) -> None:
        self.shown = frozenset(samples.values("filepath"))
        self._samples = samples
        self._folders = frozenset(os.path.realpath(folder) for folder in {os.path.dirname(p) for p in self.shown})

    def added(self, path: str) -> bool:
        """Tell whether a file was added since, as the picture of a sample."""
        mime, _ = mimetypes.guess_type(path)
        if mime is None or not mime.startswith("image/") or "\0" in path:
            return False
        real = os.path.realpath(path)
        if os.path.dirname(real) not in self._folders or mimetypes.guess_type(real)[0] != mime:
            return False
        # FiftyOne keeps an index of `filepath`.
        return self._samples._sample_collection.find_one({"filepath": path}, {"_id": 1}) is not None


class _Watch:
    """Ends the server some time after the last browser went."""

    def __init__(self, ending: asyncio.Event) -> None:
        self._ending = ending
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, browsers: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not browsers:
            self._timer = asyncio.get_running_loop().call_later(GRACE_S, self._ending.set)


if __name__ == "__main__":
    main()
