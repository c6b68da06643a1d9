"""One writer per output: a lock that dies with its process."""

from __future__ import annotations

import errno
import os
import sys

from ..errors import LockedError, OutputError, show

__all__ = ["OutputLock"]


class OutputLock:
    """Holds `.NAME.cvdata-lock` beside an output; the system lets go of it when the process ends, however it ends."""

    def __init__(self, target: str) -> None:
        folder, name = os.path.split(os.path.abspath(target))
        self._target = target
        self._path = os.path.join(folder, f".{name}.cvdata-lock")
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            LockedError: another run holds it.
            OutputError: the folder cannot be written.
        """
        while True:
            try:
                # A link of this name would have us make a file somewhere else.
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            except OSError as error:
                raise OutputError(
                    f"cannot write beside '{show(self._target)}': {error.strerror}",
                    hint="choose a folder that you may write to",
                ) from error
            try:
                _lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                raise self._refused(error) from error
            # A run that just ended may have removed the file between our open and our lock: then we hold nothing.
            if _same_file(descriptor, self._path):
                self._descriptor = descriptor
                return
            os.close(descriptor)

    def release(self) -> None:
        """Remove the lock file and let go.

        Raises:
            OSError: the file cannot be removed; the lock is gone all the same.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if sys.platform == "win32":  # an open file cannot be removed
            os.close(descriptor)
            os.unlink(self._path)
            return
        try:
            os.unlink(self._path)
        finally:
            os.close(descriptor)

    def _refused(self, error: OSError) -> OutputError:
        if error.errno in _HELD:
            return LockedError(
                f"another cvdata run is writing '{show(self._target)}'",
                hint="wait for it to end, or give another output folder",
            )
        return OutputError(
            f"cannot lock '{show(self._target)}': {error.strerror}",
            hint="choose a folder on a disk that can lock files",
        )


# What flock(2) and msvcrt.locking say when another process holds the lock.
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _same_file(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
