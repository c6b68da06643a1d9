"""What workers are asked to do in the tests; functions of a module, because other processes import them by name."""

from __future__ import annotations

import os
import signal
import time

from cvdata.errors import FormatError, Place
from cvdata.files import FileEntry, write_files


def double(batch: list[int]) -> list[int]:
    return [2 * n for n in batch]


def double_and_pid(batch: list[int]) -> tuple[list[int], int]:
    return double(batch), os.getpid()


def slowest_first(batch: list[int]) -> list[int]:
    time.sleep(0.02 * (5 - batch[0] % 5))
    return batch


def fail(batch: list[int]) -> list[int]:
    if 5 in batch:
        raise FormatError("five", at=Place("a.xml", line=5), hint="take it out")
    return batch


class Demanding(Exception):  # noqa: N818 - its name is shown in a message
    """Can be packed, but not made again from what was packed."""

    def __init__(self, *, number: int) -> None:
        super().__init__(f"number {number}")
        self.number = number


def fail_demanding(batch: list[int]) -> list[int]:
    raise Demanding(number=batch[0])


def return_a_function(batch: list[int]) -> object:
    return lambda: batch


def die_at_seven(batch: list[int]) -> list[int]:
    if 7 in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(batch)


def die_once(batch: list[str]) -> list[str]:
    """Die at the first batch that finds its marker file missing."""
    marker = batch[0]
    if marker and not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return batch


def die_while_writing(batch: list[str]) -> list[FileEntry]:
    """Write two files, and die in the first try after one of them and half the other."""
    root, marker = batch
    if not os.path.exists(marker):
        write_files(root, [f"{os.path.basename(marker)}-1", f"{os.path.basename(marker)}-2"], [b"whole", b"ha"])
        with open(marker, "w", encoding="utf-8"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return write_files(root, [f"{os.path.basename(marker)}-1", f"{os.path.basename(marker)}-2"], [b"whole", b"half"])


def mark_lost(batch: list[int]) -> list[int]:
    return [-n for n in batch]


def echo(batch: list[bytes]) -> list[bytes]:
    return batch


def die_in_the_middle_of_an_answer(batch: list[int]) -> bytes:
    if batch[0] == 7:
        import threading

        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return bytes(1 << 28)
    return b""


def sleep(batch: list[float]) -> list[float]:
    time.sleep(batch[0])
    return batch


def fail_slowly_at_one(batch: list[int]) -> list[int]:
    if batch[0] == 0:
        return batch
    if batch[0] == 1:
        time.sleep(0.3)
    raise ValueError(f"batch {batch[0]}")


def slow_at_0_and_2(batch: list[int]) -> list[int]:
    time.sleep(0.3 if batch[0] in (0, 2) else 0)
    return batch
