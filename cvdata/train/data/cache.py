"""Pictures that are kept in the size of the network, so that each file is decoded once."""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError, UsageError, show
from ...files.disk import make_folders, make_sparse, remove

__all__ = ["Cache", "can_fork", "open_cache"]

_SHARE = 0.5  # of the free memory, or of the free disk, that pictures may take


def can_fork() -> bool:
    """Tell whether worker processes share the memory of this one."""
    return sys.platform == "linux"


class Cache:
    """Pictures by row, filled by whoever reads one first; worker processes that are forked share it."""

    def __init__(self, planes: NDArray[np.uint8], there: NDArray[np.uint8]) -> None:
        """Begin.

        Args:
            planes: uint8, shape (pictures, height, width, planes); `there`: uint8, shape (pictures,), all 0.
        """
        self._planes, self._there = planes, there

    def get(self, row: int) -> NDArray[np.uint8] | None:
        """Return a picture, shape (height, width, planes), or None where nobody has read it."""
        return self._planes[row] if self._there[row] else None

    def put(self, row: int, planes: NDArray[np.uint8]) -> None:
        """Keep a picture; two that read the same one at once write the same bytes."""
        self._planes[row] = planes
        self._there[row] = 1


def open_cache(kind: Literal["none", "ram", "disk"], shape: tuple[int, int, int, int], path: Path) -> Cache | None:
    """Make an empty cache.

    Args:
        shape: pictures, height, width and planes of each.
        path: of the file for `disk`, in the run folder. Nothing in it outlives this process: what a killed run
            left half written must not be taken for a picture.

    Raises:
        UsageError: it does not fit, or the system cannot share memory with workers.
        OutputError: the disk refused.
    """
    if kind == "none":
        return None
    if not can_fork():
        raise UsageError(f"--cache {kind} needs Linux, where workers share memory", hint="leave it out")
    size = int(np.prod(shape, dtype=np.int64))
    if kind == "ram":
        _refuse_size(size, _free_memory(), "memory", "--cache disk keeps them in the run folder")
        memory = mmap.mmap(-1, max(size, 1))
        planes: NDArray[np.uint8] = np.frombuffer(memory, np.uint8)[:size].reshape(shape)
    else:
        planes = _on_disk(size, path).reshape(shape)
    there = np.frombuffer(mmap.mmap(-1, max(shape[0], 1)), np.uint8)[: shape[0]]
    return Cache(planes, there)


def _on_disk(size: int, path: Path) -> NDArray[np.uint8]:
    """Map a new file into memory and take away its name: it goes when the last process that uses it ends."""
    root, name = os.path.split(os.path.abspath(path))
    try:
        make_folders(root, [""])
        status = os.statvfs(root)
        _refuse_size(size, status.f_bavail * status.f_frsize, "disk", "give a smaller --size, or leave --cache out")
        descriptor = make_sparse(root, name, max(size, 1))
        try:
            memory = mmap.mmap(descriptor, max(size, 1))
        finally:
            os.close(descriptor)
            remove(f"{root}/{name}")
    except OSError as error:
        raise OutputError(
            f"cannot keep pictures in '{show(root)}': {error.strerror or type(error).__name__}",
            hint="leave --cache out",
        ) from error
    return np.frombuffer(memory, np.uint8)[:size]


def _refuse_size(size: int, free: int, what: str, hint: str) -> None:
    if size > free * _SHARE:
        raise UsageError(
            f"the pictures would take {_shown(size)}, more than half of the {_shown(free)} of {what} that are free",
            hint=hint,
        )


def _shown(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"


def _free_memory() -> int:
    """Return the bytes of memory that this process may still take."""
    free = [_of_system(), *_of_group()]
    return min(free)


def _of_system() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def _of_group() -> list[int]:
    """Return what the limit of a container leaves (Linux, cgroups 2 and 1); empty where there is none."""
    for most, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            limits = [int(Path(name).read_text("ascii")) for name in (most, used)]
        except (OSError, ValueError):  # not there, or `max`
            continue
        return [max(0, limits[0] - limits[1])]
    return []
