"""How far long work is: Rich bars on a terminal, one plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..engine import Progress, Silent
from .interrupts import Watched
from .pace import pace

__all__ = ["Lines", "progress_for"]

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_for(*, quiet: bool) -> Iterator[Progress]:
    """Yield the progress display that fits where stderr goes."""
    if quiet:
        yield Watched(Silent())
    elif sys.stderr.isatty():
        from .bars import bars

        with bars() as shown:
            yield Watched(shown)
    else:
        yield Watched(Lines())


class Lines:
    """A line every ten seconds, for logs; short work prints none."""

    def __init__(self) -> None:
        self._task, self._total, self._done = "", 0, 0
        self._began = time.monotonic()
        self._next = self._began + _SECONDS_BETWEEN_LINES

    def start(self, task: str, total: int) -> None:
        """Begin a task."""
        self._task, self._total, self._done = task, total, 0
        self._began = time.monotonic()

    def advance(self, items: int) -> None:
        """Count, and print if the time has come."""
        self._done += items
        now = time.monotonic()
        if now >= self._next and self._total:
            self._next = now + _SECONDS_BETWEEN_LINES
            share = min(100, 100 * self._done // self._total)
            fast = pace(self._done, self._total, now - self._began)
            sys.stderr.write(f"{self._task}: {self._done:,} of {self._total:,} ({share} %){fast}\n")
            sys.stderr.flush()
