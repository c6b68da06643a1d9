"""Ctrl-C that cannot get lost, and the polite end that schedulers ask for."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine import Progress

__all__ = ["Watched", "catch_interrupts"]

_asked = False


def catch_interrupts() -> None:
    """Treat SIGTERM as Ctrl-C is treated: what was begun is removed. Remember either for `Watched`.

    A process that another one started to train with it leaves Ctrl-C to that one.
    """
    if "CVDATA_FIRST_PROCESS" not in os.environ:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what a handler is given
    global _asked
    _asked = True
    raise KeyboardInterrupt


class Watched:
    """A progress display that ends the work at its next step once an interrupt was asked for.

    Python swallows an exception that is raised in a destructor, so a Ctrl-C that arrives in one would do nothing.
    """

    def __init__(self, shown: Progress) -> None:
        self._shown = shown

    def start(self, task: str, total: int) -> None:
        """Begin a task.

        Raises:
            KeyboardInterrupt: an interrupt got lost.
        """
        _raise_lost()
        self._shown.start(task, total)

    def advance(self, items: int) -> None:
        """Pass progress on.

        Raises:
            KeyboardInterrupt: an interrupt got lost.
        """
        _raise_lost()
        self._shown.advance(items)


def _raise_lost() -> None:
    if _asked:
        raise KeyboardInterrupt
