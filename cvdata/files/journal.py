"""What a long run has done so far, kept beside its output so that a killed run can go on."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Container
from types import TracebackType

from ..errors import LockedError, OutputError, show
from . import disk
from .lock import lock_file

__all__ = ["Journal", "remove_finished"]


class Journal:
    """The file `.NAME.cvdata-journal` beside an output: a line per batch that is done, each with its checksum.

    Use it as a context manager. It belongs to one run at a time. Leaving it keeps it, for the next run of the same
    output, unless nothing was added or `discard` was called. Folders above the output are made where they are missing.

    Attributes:
        path: of the file.
        entries: what earlier runs added, in order; a line that a kill or a power cut tore ends them.
        scratch: path of a folder beside the output for files that the work needs meanwhile; gone when the run ends.
        made: path of a folder beside the output for files that entries speak of; it stays as long as the journal does.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        folder, name = os.path.split(os.path.abspath(target))
        self._target = target
        self.path = os.path.join(folder, f".{name}.cvdata-journal")
        self.scratch = os.path.join(folder, f".{name}.cvdata-scratch")
        self.made = os.path.join(folder, f".{name}.cvdata-made")
        self.entries: list[bytes] = []
        self._descriptor = -1
        self._filled = False
        self._new_parents: list[str] = []

    def __enter__(self) -> Journal:
        """Take the journal and read what is in it.

        Raises:
            LockedError: another run works on the same output.
            OutputError: the folder cannot be written.
        """
        try:
            self._new_parents = disk.make_parents(self.path)
            self._descriptor = lock_file(self.path, os.fspath(self._target))
            self._read()
            disk.remove(self.scratch)
            self._remove_made()
        except BaseException as error:
            self._close()
            if isinstance(error, OSError):
                raise self.failed(error) from error
            raise
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
            disk.append(self.path, self._descriptor, line)
        except OSError as error:
            raise self.failed(error) from error
        self._filled = True

    def make_scratch(self) -> str:
        """Make the folder `scratch` and return it.

        Raises:
            OutputError: the disk refused.
        """
        return self._make(self.scratch)

    def make_made(self, keep: Container[str]) -> str:
        """Make the folder `made` and return it, without what an earlier run left there that is of no use.

        Args:
            keep: names of files that entries speak of.

        Raises:
            OutputError: the disk refused.
        """
        self._make(self.made)
        try:
            for name in sorted(os.listdir(self.made)):
                if name not in keep:
                    disk.remove(os.path.join(self.made, name))
        except OSError as error:
            raise self.failed(error) from error
        return self.made

    def _make(self, folder: str) -> str:
        try:
            disk.make_folders(folder, [""])
        except OSError as error:
            raise self.failed(error) from error
        return folder

    def failed(self, error: OSError) -> OutputError:
        """Return what to tell a person when the disk refused a file beside the output."""
        return OutputError(
            f"cannot write beside '{show(self._target)}': {error.strerror or type(error).__name__}",
            hint="free some space; the same command then goes on where this one ended",
        )

    def discard(self) -> None:
        """Do not keep the journal when the run ends: its work is done."""
        self._filled = False
        # Now, not after the files in `made` are gone: a run killed meanwhile must not look like one to go on with.
        with contextlib.suppress(OSError):
            disk.cut(self.path, self._descriptor, 0)

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
            disk.cut(self.path, self._descriptor, good)
        self._filled = good > 0

    def _remove_made(self) -> None:
        """Remove the folder that only the entries of a journal can explain, where there are none."""
        if not self._filled and os.path.lexists(self.made):
            disk.remove(self.made)

    def _close(self) -> None:
        """Let go of the journal, and remove it where nothing in it is worth keeping."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):  # before the journal, while nobody else can take it
                self._remove_made()
            self._release()
        with contextlib.suppress(OSError):
            disk.remove_empty(self._new_parents)

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if os.name == "nt":  # an open file cannot be removed
            os.close(descriptor)
        with contextlib.suppress(OSError):
            if not self._filled:
                disk.remove(self.path)
        if os.name != "nt":
            os.close(descriptor)


def remove_finished(target: str | os.PathLike[str]) -> None:
    """Remove what a run left that was killed in its last moment: its output is there, and its journal still, too."""
    with contextlib.suppress(OSError, LockedError):
        journal = Journal(target)
        left, manifest = os.stat(journal.path), os.stat(f"{os.fspath(target)}/{_MANIFEST}")
        if not left.st_size or manifest.st_mtime_ns >= left.st_mtime_ns:
            with journal:
                journal.discard()


_MANIFEST = ".cvdata/manifest.json"  # of an output; written last


def _entry_of(line: bytes) -> bytes | None:
    """Return what a line of the journal holds, or None where it is not whole."""
    if not line.endswith(b"\n") or line[8:9] != b" ":
        return None
    entry = line[9:-1]
    return entry if line[:8] == b"%08x" % zlib.crc32(entry) else None
