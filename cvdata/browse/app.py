"""FiftyOne's App on a review: a server of this machine, for this machine, until the person is done."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlencode

from ..errors import BrowseError, UsageError, nearest_of, show
from .session import fiftyone, opened, quiet_settings

__all__ = ["PORT", "open_app", "served"]

PORT = 5151
"""Where FiftyOne's App is by itself."""

_SERVER = {
    "FIFTYONE_SERVER": "1",
    # It tells several servers on one database of each other, and takes seconds to end.
    "FIFTYONE_EXECUTION_STORE_NOTIFICATION_SERVICE_DISABLED": "true",
}
_START_S = 180
_END_S = 8
_POLL_S = 0.2


def open_app(
    name: str,
    *,
    port: int = PORT,
    view: str | None = None,
    browser: bool = True,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Show a dataset of FiftyOne in its App, until the person closes the last page of it or presses Ctrl-C.

    The App answers this machine alone and shows the pictures of this dataset alone; nothing stays running afterwards.

    Args:
        name: of FiftyOne's dataset, see `review_name`.
        port: of this machine, 1 to 65535.
        view: name of a saved view to begin with.
        browser: whether to open the address in the person's browser, where there is a screen.
        ready: told of the address once the App answers there.

    Raises:
        MissingExtraError: FiftyOne, or its database, is not installed.
        BrowseError: there is no such dataset or view, or the App does not start.
        UsageError: the port is taken, or is none.
    """
    with served(name, port=port, view=view) as (address, server):
        try:
            if ready is not None:
                ready(address)
            if browser and _has_screen():
                webbrowser.open(address)
            server.wait()
        except KeyboardInterrupt:  # the way to end it
            return


@contextmanager
def served(name: str, *, port: int = PORT, view: str | None = None) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the App of `open_app` and yield its address and its process, which ends with the block.

    Raises:
        MissingExtraError, BrowseError, UsageError: as `open_app`.
    """
    _check_port(port)
    address = _address(name, port, view)
    server = subprocess.Popen(
        [sys.executable, "-m", "cvdata.browse.serving"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **quiet_settings(), **_SERVER},
        start_new_session=True,  # Ctrl-C is for this process: the server ends when it is told to
    )
    said: deque[str] = deque(maxlen=20)
    listener = threading.Thread(target=lambda: said.extend(server.stderr or ()), daemon=True)
    listener.start()
    try:
        _tell(server, {"name": name, "port": port})
        _wait(server, port, said)
        yield address, server
    finally:
        _end(server)
        listener.join()
        for pipe in (server.stdin, server.stderr):
            if pipe is not None:
                pipe.close()


def _has_screen() -> bool:
    """Tell whether a browser can open a window: without a screen Python would open one of text, in this terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _check_port(port: int) -> None:
    """Refuse a port that cannot be had.

    Raises:
        UsageError: something else listens there, or it is no port, or not for everyone.
    """
    if not 1 <= port <= 65535:
        raise UsageError(f"the port is {port}", hint="ports are 1 to 65535")
    with socket.socket() as probe:
        # As servers do: a port that a server left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                found, cure = "is in use", "another App may be open there: close it, or give another --port"
            else:
                found, cure = "cannot be used", "give another --port, above 1023"
            raise UsageError(f"port {port} {found}", hint=cure) from error


def _address(name: str, port: int, view: str | None) -> str:
    """Return the address of a dataset, or of a view of it.

    Raises:
        MissingExtraError, BrowseError: as `open_app`.
    """
    samples = opened(name)
    address = f"http://localhost:{port}/datasets/{quote(name, safe='')}"
    if view is None:
        return address
    known = samples.list_saved_views()
    if view not in known:
        raise BrowseError(f"there is no view '{show(view)}'", hint=nearest_of(view, known))
    return f"{address}?{urlencode({'view': fiftyone().core.utils.to_slug(view)})}"


def _tell(server: subprocess.Popen[str], wish: dict[str, object]) -> None:
    if server.stdin is None:
        return
    try:
        server.stdin.write(json.dumps(wish) + "\n")
        server.stdin.flush()
    except BrokenPipeError:  # it ended already: `_wait` says how
        return


def _wait(server: subprocess.Popen[str], port: int, said: deque[str]) -> None:
    """Wait until the server answers.

    Raises:
        BrowseError: it ended, or it takes minutes.
    """
    until = time.monotonic() + _START_S
    while not _answers(port):
        if server.poll() is not None:
            last = next((line.strip() for line in reversed(said) if line.strip()), "nothing was said")
            raise BrowseError(f"FiftyOne's App does not start: {show(last)}", hint="give another --port, or try again")
        if time.monotonic() > until:
            raise BrowseError(f"FiftyOne's App did not start within {_START_S} s", hint="the machine may be too busy")
        time.sleep(_POLL_S)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/fiftyone")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _end(server: subprocess.Popen[str]) -> None:
    """End the server: it is asked by closing its input, then less politely."""
    if server.stdin is not None and not server.stdin.closed:
        server.stdin.close()
    try:
        server.wait(_END_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
