"""A dataset that gets a new part in place: all of it is there before the one file changes that makes it count."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType

from ..errors import OutputError, Place, UsageError, show
from . import disk
from .disk import FileEntry
from .lock import OutputLock

__all__ = ["Update"]

_STALE = re.compile(r"\.new-[0-9a-f]{8}")


class Update:
    """Adds a folder below a folder of a dataset; `commit` makes it count, anything else leaves the dataset as it was.

    Use it as a context manager. It holds the lock of the dataset, so that a second writer is refused.

    Args:
        folder: name of the folder that gets a new one; `record`: name of the file at the root that says what counts.

    Attributes:
        root: absolute path of the dataset.
        path: folder to write into, inside the dataset.
    """

    def __init__(self, root: str | os.PathLike[str], folder: str, record: str) -> None:
        self.root = os.path.realpath(root)
        self._folder = f"{self.root}/{folder}"
        self._record = record
        self._lock = OutputLock(self.root)
        self.path = f"{self._folder}/.new-{os.urandom(4).hex()}"

    def __enter__(self) -> Update:
        try:
            self._lock.acquire()
            self._remove_stale()
            disk.make_folders(self.path, [""])
        except BaseException as error:
            self._abandon()
            if isinstance(error, OSError):
                raise self._failed(error) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandon()
        if isinstance(error, OSError):
            raise self._failed(error) from error

    def write_stream(self, name: str, pieces: Iterable[bytes]) -> FileEntry:
        """Write one large file of the new folder from pieces."""
        return disk.write_stream(self.path, name, pieces)

    def write(self, name: str, data: bytes) -> FileEntry:
        """Write one file of the new folder."""
        return disk.write_files(self.path, [name], [data])[0]

    def place(self, folder: str, names: Sequence[str], sources: Sequence[str], mode: str) -> None:
        """Put files into a folder of the dataset, beside those that are there; none is ever replaced.

        What a killed run placed is fine. Without `commit` they stay, and nothing names them.

        Raises:
            OSError: the disk refused, or another file of that name is already there.
        """
        base = f"{self.root}/{folder}"
        disk.make_folders(base, sorted({name.rpartition("/")[0] for name in names}))
        disk.place_files(base, names, sources, mode)

    def replace_record(self, data: bytes) -> None:
        """Replace the record at the root, without a new folder."""
        disk.replace_file(self.root, self._record, data)

    def commit(self, name: str, data: bytes, known: Collection[str]) -> None:
        """Give the new folder its name, then replace the record at the root: from then on it counts.

        Args:
            data: what the record says from now on.
            known: names of the folders beside the new one that count; another of its name is a dead run's.

        Raises:
            OSError: the disk refused; the record is as it was.
            UsageError: a folder of that name counts already.
        """
        target = f"{self._folder}/{name}"
        if name in known:
            raise UsageError(f"'{show(name)}' is there already", hint="nothing was changed")
        disk.flush(self.root)
        if os.path.lexists(target):
            disk.remove(target)
        disk.rename(self.path, target)
        disk.flush(self.root)  # the name must be on the disk before the record that uses it
        self.replace_record(data)

    def _abandon(self) -> None:
        # The error that brought us here counts; leftovers are removed by the next run.
        with contextlib.suppress(OSError):
            disk.remove(self.path)
        with contextlib.suppress(OSError):
            self._lock.release()

    def _remove_stale(self) -> None:
        """Remove what dead runs left: we hold the lock, so no living run owns it."""
        half = re.compile(rf"\.{re.escape(self._record)}\.cvdata-[0-9a-f]{{8}}")
        for folder, name in ((self._folder, _STALE), (self.root, half)):
            if os.path.isdir(folder):
                with os.scandir(folder) as found:
                    stale = sorted(entry.path for entry in found if name.fullmatch(entry.name))
                for path in stale:
                    disk.remove(path)

    def _failed(self, error: OSError) -> OutputError:
        file = error.filename if isinstance(error.filename, str) else self.path
        return OutputError(
            f"cannot write the dataset '{show(self.root)}': {error.strerror or type(error).__name__}",
            at=None if file.startswith(self.path) else Place(file),
            hint="free some space or look at that file; the dataset is as it was",
        )
