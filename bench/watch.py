"""Run a command and see how long it takes and how much memory all its processes together hold at most."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Taken", "run_watched"]

_SECONDS_BETWEEN_LOOKS = 0.02


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds from start to end, and the highest sum of PSS seen, in bytes (None off Linux).

    PSS counts a page that n processes share as 1/n in each, so that the sum over a tree of forked workers is what the
    tree really holds; the sum of RSS would count shared pages several times.
    """

    seconds: float
    memory: int | None


def run_watched(command: Sequence[str], environment: Mapping[str, str], *, memory: bool = False) -> Taken:
    """Run a command to its end.

    Reading PSS slows a program down, so a run either counts for time or for memory.

    Raises:
        SystemExit: it fails; the message has the end of what it said.
    """
    start = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        watch = _Watch(process.pid)
        if memory and os.path.isdir("/proc/self"):
            watch.start()
        _, said = process.communicate()
        seconds = time.perf_counter() - start
        watch.stop()
    if process.returncode:
        text = said.decode("utf-8", "replace")[-2000:]
        raise SystemExit(f"error: {' '.join(command[:4])} ... ended with {process.returncode}:\n{text}")
    return Taken(seconds, watch.highest)


class _Watch:
    """Looks at a process and its descendants now and then, in a thread."""

    def __init__(self, root: int) -> None:
        self.highest: int | None = None
        self._root = root
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(_SECONDS_BETWEEN_LOOKS):
            held = sum(map(_pss, _tree(self._root)))
            self.highest = max(self.highest or 0, held)


def _tree(root: int) -> list[int]:
    found, todo = [], [root]
    while todo:
        process = todo.pop()
        found.append(process)
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as file:
                    todo += map(int, file.read().split())
        except OSError:  # it ended
            continue
    return found


def _pss(process: int) -> int:
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
