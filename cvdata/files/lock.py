"""One writer per output: a lock that dies with its process."""

from __future__ import annotations

import errno
import os
import sys

from ..errors import LockedError, OutputError, show

__all__ = ["OutputLock", "is_busy", "lock_file", "refuse_busy"]


class OutputLock:
    """Holds `.NAME.cvdata-lock` beside an output; the system lets go of it when the process ends, however it ends.

    Attributes:
        path: of the lock file.
    """

    def __init__(self, target: str) -> None:
        folder, name = os.path.split(os.path.abspath(target))
        self._target = target
        self.path = os.path.join(folder, f".{name}.cvdata-lock")
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            LockedError: another run holds it.
            OutputError: the folder cannot be written.
        """
        self._descriptor = lock_file(self.path, self._target)

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
            os.unlink(self.path)
            return
        try:
            os.unlink(self.path)
        finally:
            os.close(descriptor)


def refuse_busy(target: str) -> None:
    """Refuse an output that another run is writing now, before any work; a lock file that a dead run left is removed.

    Raises:
        LockedError: another run holds it.
        OutputError: the folder cannot be written.
    """
    lock = OutputLock(target)
    lock.acquire()
    try:
        lock.release()
    except OSError as error:
        raise _refused(error, target) from error


def is_busy(target: str) -> bool:
    """Tell whether another run is writing an output now; nothing on the disk changes. False where nobody can tell."""
    path = OutputLock(target).path
    try:
        # Windows locks only what may be written.
        descriptor = os.open(
            path, (os.O_RDWR if sys.platform == "win32" else os.O_RDONLY) | getattr(os, "O_NOFOLLOW", 0)
        )
    except OSError:
        return False
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno in _HELD
    finally:
        os.close(descriptor)
    return False


def lock_file(path: str, target: str) -> int:
    """Open a file for reading and appending, made where it is not there, and lock it; return its descriptor.

    Args:
        target: the output that the lock is for, for messages.

    Raises:
        LockedError: another run holds it.
        OutputError: the folder cannot be written.
    """
    while True:
        try:
            # A link of this name would have us make a file somewhere else.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise OutputError(
                f"cannot write beside '{show(target)}': {error.strerror}",
                hint="choose a folder that you may write to",
            ) from error
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise _refused(error, target) from error
        # A run that just ended may have removed the file between our open and our lock: then we hold nothing.
        if _same_file(descriptor, path):
            return descriptor
        os.close(descriptor)


def _refused(error: OSError, target: str) -> OutputError:
    if error.errno in _HELD:
        return LockedError(
            f"another cvdata run is writing '{show(target)}'",
            hint="wait for it to end, or give another output folder",
        )
    return OutputError(
        f"cannot lock '{show(target)}': {error.strerror}",
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
