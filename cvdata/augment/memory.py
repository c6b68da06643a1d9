"""Memory that this process keeps, instead of giving it back and asking for it again with every picture."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

__all__ = ["keep_memory"]

# Parameters of mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MOST_KEPT = 256 << 20
_LARGEST = 32 << 20  # glibc takes no more


@cache
def keep_memory() -> None:
    """Let freed arrays be used again, up to 256 MB of them; once a process.

    By default glibc returns every array of a picture's size to the system, which has to clear its pages when the next
    one is asked for: some 1,000 pages a picture of 640x480, nearly a third of all the time that augmenting it takes.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it, musl has not
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
        mallopt(_M_MMAP_THRESHOLD, _LARGEST)
