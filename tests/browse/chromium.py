"""A real browser without a screen, driven as a person would: it looks, waits, clicks and types.

Chromium is spoken to in its DevTools protocol through two pipes (`--remote-debugging-pipe`: JSON, each message ended by
a zero byte; https://chromedevtools.github.io/devtools-protocol/), so nothing but Chromium itself is needed.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["WAIT_S", "Page", "browser"]

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--use-gl=swiftshader",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
WAIT_S = 60.0
"""How long a busy machine may take for what a person waits a second for."""

_POLL_S = 0.1


@contextmanager
def browser(folder: Path, size: tuple[int, int] = (1600, 1000)) -> Iterator[Page]:
    """Start Chromium with a profile in a folder and yield its page; nothing of it stays running."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed")
    (read_there, write_here), (read_here, write_there) = os.pipe(), os.pipe()
    flags = [*_FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={size[0]},{size[1]}"]
    process = subprocess.Popen(
        # Chromium reads from 3 and writes to 4.
        ["bash", "-c", f'exec "$@" 3<&{read_there} 4>&{write_there}', "bash", program, *flags, "about:blank"],
        pass_fds=(read_there, write_there),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(read_there)
    os.close(write_there)
    line = _Line(read_here, write_here)
    try:
        page = Page(line)
        page.resize(*size)
        yield page
        line.ask("Browser.close")
        process.wait(20)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        line.close()


class _Line:
    """Questions to Chromium and its answers; what it tells unasked is kept in `told`."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)
        self._answers: dict[int, dict[str, Any]] = {}
        self._news = threading.Condition()
        self._ended = False
        self._asked = 0
        self.told: list[dict[str, Any]] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a question."""
        self._asked += 1
        question = {"id": self._asked, "method": method, "params": parameters}
        question |= {} if session is None else {"sessionId": session}
        left = memoryview(json.dumps(question).encode() + b"\0")
        while left:
            left = left[self._write.write(left) or 0 :]
        with self._news:
            there = self._news.wait_for(lambda: self._ended or question["id"] in self._answers, WAIT_S)
            answer = self._answers.pop(self._asked, None)
        assert there, f"Chromium does not answer {method}"
        if answer is None and method == "Browser.close":
            return {}
        assert answer is not None, f"Chromium ended at {method}"
        assert "error" not in answer, f"{method}: {answer}"
        return dict(answer["result"])

    def close(self) -> None:
        self._write.close()
        self._listener.join(WAIT_S)
        self._read.close()

    def _listen(self) -> None:
        rest = b""
        while part := self._read.read(1 << 16):
            *whole, rest = (rest + part).split(b"\0")
            for message in map(json.loads, whole):
                with self._news:
                    if "id" in message:
                        self._answers[message["id"]] = message
                    else:
                        self.told.append(message)
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


class Page:
    """A page of the browser, and what a person does there."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        target = line.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = line.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Network"):
            self._ask(f"{part}.enable")

    def resize(self, width: int, height: int) -> None:
        """Give the page a size in pixels."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, address: str) -> None:
        """Go to an address."""
        self._ask("Page.navigate", url=address)

    def value(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait(self, expression: str, wait_s: float = WAIT_S) -> Any:
        """Wait until an expression is true, and return its value."""
        until = time.monotonic() + wait_s
        while True:
            try:
                value = self.value(expression)
            except AssertionError:  # the page is being changed for another
                value = None
            if value:
                return value
            if time.monotonic() > until:
                pytest.fail(f"the page never came to: {expression}\nit says: {self.text()[:3000]}")
            time.sleep(_POLL_S)

    def text(self) -> str:
        """Return the words on the page."""
        return str(self.value("document.body ? document.body.innerText : ''"))

    def click(self, element: str, corner: float | None = None) -> None:
        """Click in the middle of an element, given as an expression of JavaScript, once it is there and at rest.

        With `corner` it is so many pixels from the upper left corner.
        """
        x, y = ("r.width / 2", "r.height / 2") if corner is None else (str(corner), str(corner))
        middle = (
            f"(() => {{ const e = {element}; if (!e) return null; e.scrollIntoView({{block: 'nearest'}});"
            f"const r = e.getBoundingClientRect(); return r.width ? [r.x + {x}, r.y + {y}] : null; }})()"
        )
        place = None
        while (now := self.wait(middle)) != place:
            place = now
            time.sleep(_POLL_S)  # what opens or comes in moves on from one look to the next
        at = {"x": place[0], "y": place[1]}
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", **at)
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._ask("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """Press a key, such as Enter, 13."""
        for kind in ("rawKeyDown", "char", "keyUp") if key == "Enter" else ("rawKeyDown", "keyUp"):
            text = {"text": "\r"} if kind == "char" else {}
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that the page made so far: `url`, `method`, `postData`."""
        mine = [told for told in list(self._line.told) if told.get("sessionId") == self._session]
        return [told["params"]["request"] for told in mine if told["method"] == "Network.requestWillBeSent"]

    def picture(self, path: Path) -> None:
        """Write what is to be seen as a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._line.ask(method, self._session, **parameters)
