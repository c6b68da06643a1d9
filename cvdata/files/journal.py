"""What a long run has done so far, kept beside its output so that a killed run can go on."""

from __future__ import annotations

import contextlib
import os
import zlib
from types import TracebackType

from ..errors import OutputError, show
from . import disk
from .lock import lock_file

__all__ = ["Journal"]


class Journal:
    """The file `.NAME.cvdata-journal` beside an output: a line per batch that is done, each with its checksum.

    Use it as a context manager. It belongs to one run at a time. Leaving it keeps it, for the next run of the same
    output, unless nothing was added or `discard` was called.

    Attributes:
        entries: what earlier runs added, in order; a line that a kill or a power cut tore ends them.
        scratch: path of a folder beside the output for files that the work needs meanwhile; gone when the run ends.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        folder, name = os.path.split(os.path.abspath(target))
        self._target = target
        self._path = os.path.join(folder, f".{name}.cvdata-journal")
        self.scratch = os.path.join(folder, f".{name}.cvdata-scratch")
        self.entries: list[bytes] = []
        self._descriptor = -1
        self._filled = False

    def __enter__(self) -> Journal:
        """Take the journal and read what is in it.

        Raises:
            LockedError: another run works on the same output.
            OutputError: the folder cannot be written.
        """
        self._descriptor = lock_file(self._path, os.fspath(self._target))
        try:
            self._read()
            disk.remove(self.scratch)
        except OSError as error:
            self._close()
            raise self._failed(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # the next run removes it
            disk.remove(self.scratch)
        self._close()

    def append(self, entry: bytes) -> None:
        """Add an entry, at once on its way to the disk.

        Raises:
            OutputError: the disk refused.
        """
        # No fsync: a kill loses nothing that was written, and what a power cut tears the checksum tells.
        line = b"%08x %s\n" % (zlib.crc32(entry), entry)
        try:
            disk.append(self._path, self._descriptor, line)
        except OSError as error:
            raise self._failed(error) from error
        self._filled = True

    def make_scratch(self) -> str:
        """Make the folder `scratch` and return it.

        Raises:
            OutputError: the disk refused.
        """
        try:
            disk.make_folders(self.scratch, [""])
        except OSError as error:
            raise self._failed(error) from error
        return self.scratch

    def discard(self) -> None:
        """Do not keep the journal when the run ends: its work is done."""
        self._filled = False

    def _read(self) -> None:
        """Take the entries, and cut off what follows the last good one."""
        with open(self._descriptor, "rb", closefd=False) as file:
            good = 0
            for line in file:
                entry = _entry_of(line)
                if entry is None:
                    break
                self.entries.append(entry)
                good += len(line)
            size = file.seek(0, os.SEEK_END)
        if good < size:
            disk.cut(self._path, self._descriptor, good)
        self._filled = good > 0

    def _close(self) -> None:
        """Let go of the journal, and remove it where nothing in it is worth keeping."""
        descriptor, self._descriptor = self._descriptor, -1
        if os.name == "nt":  # an open file cannot be removed
            os.close(descriptor)
        with contextlib.suppress(OSError):
            if not self._filled:
                disk.remove(self._path)
        if os.name != "nt":
            os.close(descriptor)

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"cannot write beside '{show(self._target)}': {error.strerror or type(error).__name__}",
            hint="free some space; the same command then goes on where this one ended",
        )


def _entry_of(line: bytes) -> bytes | None:
    """Return what a line of the journal holds, or None where it is not whole."""
    if not line.endswith(b"\n") or line[8:9] != b" ":
        return None
    entry = line[9:-1]
    return entry if line[:8] == b"%08x" % zlib.crc32(entry) else None
