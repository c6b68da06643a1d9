"""A real browser without a screen, driven as a person would: it looks, waits, clicks, drags and types.

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
from collections.abc import Callable, Iterator
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
_KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
WAIT_S = 180.0
"""How long a busy machine may take for what a person waits a second for."""

_POLL_S = 0.05

# What opens or comes in moves on, on a busy machine for long: two looks count once frames were drawn between them.
_AT_REST = """(async () => {
  const e = %s;
  if (!e) return null;
  e.scrollIntoView({block: 'nearest'});
  const look = () => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; };
  const moves = (a) => a.playState == 'running' && a.effect.getTiming().iterations != Infinity
    && e instanceof Node && a.effect.target && a.effect.target.contains(e);
  const before = look();
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  const now = look();
  return now[2] && String(now) == String(before) && !document.getAnimations().some(moves) ? now : null;
})()"""


@contextmanager
def browser(folder: Path, ready: str = "document.readyState == 'complete'") -> Iterator[Page]:
    """Start Chromium with a profile in a folder and yield its page; nothing of it stays running.

    Args:
        ready: what holds, in JavaScript, once an address has been visited.
    """
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed")
    (read_there, write_here), (read_here, write_there) = os.pipe(), os.pipe()
    flags = [*_FLAGS, f"--user-data-dir={folder / 'profile'}"]
    process = subprocess.Popen(
        # Chromium reads from 3 and writes to 4.
        ["bash", "-c", f'exec "$@" 3<&{read_there} 4>&{write_there}', "bash", program, *flags, "about:blank"],
        pass_fds=(read_there, write_there),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(read_there)
    os.close(write_there)
    line = _Line(read_here, write_here)
    try:
        page = Page(line, ready)
        page.size(1600, 1000)
        yield page
        line.send("Browser.close")
        process.wait(WAIT_S)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        line.close()


class _Line:
    """Questions to Chromium and its answers; `hear` is given what it tells unasked."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)
        self._answers: dict[int, dict[str, Any]] = {}
        self._news = threading.Condition()
        self._ended = False
        self._asked = 0
        self.hear: Callable[[dict[str, Any]], None] = lambda told: None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
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
                        self.hear(message)
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


class Page:
    """A page of the browser, and what a person does there.

    Elements are named by expressions of JavaScript. Places are pixels of the page, from its upper left corner.

    Attributes:
        errors: exceptions that nobody caught in the page's scripts.
        requests: what the page asked for so far, in DevTools' words: `url`, `method`, `postData`.
        answered: those among them whose answers have come whole.
    """

    def __init__(self, line: _Line, ready: str) -> None:
        self._line, self._ready = line, ready
        self.errors: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self._open: dict[str, dict[str, Any]] = {}
        line.hear = self._hear
        target = line.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = line.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Network"):
            self._send(f"{part}.enable")

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Give the page a size, and the person a liking for light or dark."""
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._send("Emulation.setEmulatedMedia", features=[scheme])

    def visit(self, address: str, ready: str | None = None) -> None:
        """Open an address and wait until it is ready; the page is loaded anew whatever was open."""
        self._send("Page.navigate", url="about:blank")
        self.until("location.href == 'about:blank'")
        self._send("Page.navigate", url=address)
        self.until(f"location.href != 'about:blank' && ({ready or self._ready})")

    def ask(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = WAIT_S) -> Any:
        """Wait until an expression is true, and return its value, of an element `True`."""
        ends = time.monotonic() + seconds
        held = f"(() => {{ const held = {expression}; return held instanceof Node ? true : held; }})()"
        while True:
            try:
                value = self.ask(held)
            except AssertionError:  # the page is being changed for another, or what is asked about is not there yet
                value = None
            if value:
                return value
            if time.monotonic() > ends:
                said = f"errors: {self.errors}\nit says: {self.text()[:3000]}"
                pytest.fail(f"the page never came to: {expression}\n{said}")
            time.sleep(_POLL_S)

    def text(self) -> str:
        """Return the words on the page."""
        return str(self.ask("document.body ? document.body.innerText : ''"))

    def place(self, element: str) -> tuple[float, float, float, float]:
        """Return x, y, width and height of an element, once it is there and at rest."""
        x, y, width, height = map(float, self.until(_AT_REST % element))
        return x, y, width, height

    def click(self, element: str, corner: float | None = None) -> None:
        """Click in the middle of an element, or with `corner` so many pixels from its upper left corner."""
        x, y, width, height = self.place(element)
        self.click_at((x + width / 2, y + height / 2) if corner is None else (x + corner, y + corner))

    def click_at(self, at: tuple[float, float]) -> None:
        """Click at a place."""
        self.drag(at, at, 0)

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 10) -> None:
        """Press the mouse at a place, move it to another in steps, and let it go there."""
        self._mouse("mouseMoved", start, button="none")
        self._mouse("mousePressed", start, button="left", buttons=1, clickCount=1)
        for step in range(1, steps + 1):
            way = step / steps
            at = (start[0] + (end[0] - start[0]) * way, start[1] + (end[1] - start[1]) * way)
            self._mouse("mouseMoved", at, button="left", buttons=1)
        self._mouse("mouseReleased", end, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._send("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        named = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self._send("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        self._send("Input.dispatchKeyEvent", type="keyUp", **named)

    def photograph(self, path: Path) -> None:
        """Write what is to be seen as a PNG file."""
        path.write_bytes(base64.b64decode(self._send("Page.captureScreenshot", format="png")["data"]))

    def _mouse(self, kind: str, at: tuple[float, float], **more: Any) -> None:
        self._send("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], **more)

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._line.send(method, self._session, **parameters)

    def _hear(self, told: dict[str, Any]) -> None:
        method, said = told["method"], told["params"]
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(said["exceptionDetails"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"])
            self._open[said["requestId"]] = said["request"]
        elif method == "Network.loadingFinished" and said["requestId"] in self._open:
            self.answered.append(self._open.pop(said["requestId"]))
