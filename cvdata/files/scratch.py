"""A folder beside an output for files that are needed only until it is written."""

from __future__ import annotations

import contextlib
import os
from types import TracebackType

from ..errors import OutputError, show
from . import disk
from .lock import OutputLock

__all__ = ["Scratch"]


class Scratch:
    """A folder `.NAME.scratch`, on the disk of the output so that its files can be linked; removed at the end.

    Use it as a context manager; the folder is made when the first file is written, and what a killed run left goes.

    Attributes:
        path: absolute path of the folder.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        folder, name = os.path.split(os.path.abspath(target))
        self._target = target
        self.path = os.path.join(folder, f".{name}.scratch")
        self._lock = OutputLock(self.path)
        self._held = False

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held:
            # What cannot be removed is in nobody's way, and the error that brought us here counts more.
            with contextlib.suppress(OSError):
                disk.remove(self.path)
            with contextlib.suppress(OSError):
                self._lock.release()

    def write(self, name: str, data: bytes) -> None:
        """Write one file, its folders made.

        Raises:
            OutputError: the disk refused.
            LockedError: another run is writing the same output.
        """
        try:
            if not self._held:
                disk.make_folders(os.path.dirname(self.path), [""])
                self._lock.acquire()
                self._held = True
                disk.remove(self.path)
            disk.make_folders(self.path, ["", os.path.dirname(name)])
            disk.write_files(self.path, [name], [data])
        except OSError as error:
            raise OutputError(
                f"cannot write beside '{show(self._target)}': {error.strerror or type(error).__name__}",
                hint="free some space or choose another folder",
            ) from error
