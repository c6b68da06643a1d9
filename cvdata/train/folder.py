"""The run folder: one process writes it, file by file, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from ..errors import OutputError, UsageError, show
from ..files import disk
from ..files.lock import OutputLock
from ..files.staging import refuse_nested
from ..models.run_folder import INFO, METRICS, Epoch, RunInfo

__all__ = ["RunFolder"]

T = TypeVar("T")


class RunFolder:
    """A run folder while its run writes it; a context that holds its lock.

    Attributes:
        path: of the folder.
        writes: whether this process writes; of several that train together only the first does.
    """

    def __init__(self, path: str | os.PathLike[str], *, writes: bool = True) -> None:
        self.path = Path(path)
        self.writes = writes
        self._lock = OutputLock(os.path.abspath(path))

    def check(self, *, sources: Sequence[Path] = (), resume: bool = False, overwrite: bool = False) -> None:
        """Refuse a place before any work is done for it.

        Raises:
            UsageError: it holds something else or an earlier run, lies in a source, or there is nothing to resume.
        """
        if not self.writes:
            return
        shown = show(self.path)
        refuse_nested(os.path.abspath(self.path), sources)
        if os.path.islink(self.path) or (self.path.exists() and not self.path.is_dir()):
            raise UsageError(f"the run folder '{shown}' is a file or a link", hint="give the name of a folder")
        is_run = (self.path / INFO).is_file()
        if resume:
            if not is_run:
                raise UsageError(f"there is no run in '{shown}' to go on with", hint="leave --resume out")
            return
        if not self.path.is_dir() or not any(self.path.iterdir()):
            return
        if not is_run:
            raise UsageError(f"the folder '{shown}' holds something else", hint="give another folder")
        if not overwrite:
            raise UsageError(
                f"there is a run in '{shown}' already",
                hint="--resume goes on with it, --overwrite replaces it; or give another folder",
            )

    def __enter__(self) -> RunFolder:
        if self.writes:
            self._do(lambda: disk.make_parents(os.path.abspath(self.path)))
            self._lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writes:
            self._lock.release()

    def clear(self) -> None:
        """Remove an earlier run that `check` allowed to be replaced, and make the folder.

        Raises:
            OutputError: the disk refused.
        """
        if self.writes:
            self._do(lambda: disk.remove(os.path.abspath(self.path)))
            self._do(lambda: disk.make_folders(os.path.abspath(self.path), [""]))

    def sweep(self) -> None:
        """Remove what a killed process left of files that it was writing.

        Raises:
            OutputError: the disk refused.
        """
        if self.writes:
            for path in sorted(self.path.rglob(".*.cvdata-*")):
                self._do(partial(disk.remove, os.fspath(path)))

    def write(self, name: str, data: bytes) -> str:
        """Write a file below the folder, in one step; return its SHA-256.

        Raises:
            OutputError: the disk refused; the file is as it was.
        """
        if not self.writes:
            return ""
        root, base = os.path.split(os.path.join(os.path.abspath(self.path), name))

        def place() -> str:
            disk.make_folders(root, [""])
            return disk.replace_file(root, base, data).sha256 or ""

        return self._do(place)

    def write_info(self, info: RunInfo) -> None:
        """Write run.json."""
        self.write(INFO, msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n")

    def write_epochs(self, history: Sequence[Epoch]) -> None:
        """Write metrics.jsonl: all of it, so that it never speaks of an epoch that is not in the checkpoint."""
        self.write(METRICS, b"".join(msgspec.json.encode(epoch) + b"\n" for epoch in history))

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            raise OutputError(
                f"cannot write the run folder '{show(self.path)}': {error.strerror or type(error).__name__}",
                hint="free some space; --resume then goes on with the last whole epoch",
            ) from error
