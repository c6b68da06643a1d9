"""Runs that are killed or interrupted on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cvdata.files import disk

from .cli.command import CVDATA, environment

__all__ = ["interrupted", "killed_before"]


def killed_before(number: int, work: Callable[[], object]) -> None:
    """Do some work and kill this process before its n-th change of the disk; print how many changes it made."""
    count = 0

    def die(kind: str, path: str) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    disk.on_operation(die)
    work()
    sys.stdout.write(str(count))


def interrupted(arguments: Sequence[object], journal: Path) -> tuple[int, float, str]:
    """Run `cvdata`, and press Ctrl-C once its journal has lines: the exit code, the seconds until then, and stderr."""
    command = [CVDATA, *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True)
    end = time.monotonic() + 30
    while not (journal.is_file() and journal.stat().st_size) and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    _, errors = process.communicate(timeout=30)
    return process.returncode, time.monotonic() - began, errors
