"""One writer per output: a lock that dies with its process."""

from __future__ import annotations

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
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise OutputError(
                    f"cannot write beside '{show(self._target)}': {error.strerror}",
                    hint="choose a folder that you may write to",
                ) from error
            if not _try_lock(descriptor):
                os.close(descriptor)
                raise LockedError(
                    f"another cvdata run is writing '{show(self._target)}'",
                    hint="wait for it to end, or give another output folder",
                )
            # A run that just ended may have removed the file between our open and our lock: then we hold nothing.
            if _same_file(descriptor, self._path):
                self._descriptor = descriptor
                return
            os.close(descriptor)

    def release(self) -> None:
        """Remove the lock file and let go."""
        if self._descriptor >= 0:
            if sys.platform == "win32":
                os.close(self._descriptor)
                os.unlink(self._path)
            else:
                os.unlink(self._path)
                os.close(self._descriptor)
            self._descriptor = -1


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _same_file(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
