"""An output that appears whole or not at all: a folder beside it, and one rename at the end."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from .._version import __version__
from ..errors import OutputError, UsageError, show
from . import disk
from .disk import FileEntry
from .lock import OutputLock
from .records import Manifest, QuarantineItem

__all__ = ["PRIVATE", "Staging"]

PRIVATE = ".cvdata"
"""Folder inside an output that holds cvdata's own files."""

_MARK = "staging"


class Staging:
    """A folder `.NAME.cvdata-<random>` beside an output; `commit` makes it the output, anything else removes it.

    Use it as a context manager: leaving it without `commit`, by an error or not, leaves the disk as it was.

    Attributes:
        path: absolute path of the folder to write into.
    """

    def __init__(self, target: str | os.PathLike[str], *, sources: Sequence[Path] = (), overwrite: bool = False) -> None:
        self._target = os.path.abspath(target)
        self._overwrite = overwrite
        _check_target(self._target, sources, overwrite)
        self._lock = OutputLock(self._target)
        folder, name = os.path.split(self._target)
        self._prefix = os.path.join(folder, f".{name}.cvdata-")
        self.path = f"{self._prefix}{secrets.token_hex(4)}"
        self._entries: list[FileEntry] = []
        self._folders: set[str] = set()

    def __enter__(self) -> Staging:
        try:
            os.makedirs(os.path.dirname(self._target), exist_ok=True)
        except OSError as error:
            raise self._failed(error) from error
        self._lock.acquire()
        try:
            self._remove_stale()
            self.make_folders(["", PRIVATE])
            disk.write_files(f"{self.path}/{PRIVATE}", [_MARK], [b""])
        except BaseException as error:
            self._abandon()
            if isinstance(error, OSError):
                raise self._failed(error) from error
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._abandon()
        if isinstance(error, OSError):
            raise self._failed(error) from error

    def make_folders(self, folders: Iterable[str]) -> None:
        """Make folders inside the output, with their parents."""
        new = sorted(set(folders) - self._folders)
        disk.make_folders(self.path, new)
        self._folders.update(new)

    def write(self, name: str, data: bytes) -> None:
        """Write one file; many go through `disk.write_files` in a worker and `record` here."""
        self.make_folders([os.path.dirname(name)])
        self.record(disk.write_files(self.path, [name], [data]))

    def record(self, entries: Iterable[FileEntry]) -> None:
        """Take note of files that a worker wrote below `path`, for the manifest."""
        self._entries.extend(entries)

    def commit(self, manifest: Manifest, quarantine: Sequence[QuarantineItem]) -> None:
        """Write quarantine and manifest, flush everything, and give the folder its name.

        Raises:
            OutputError: the disk refused; nothing of the output is left.
        """
        try:
            if quarantine:
                lines = b"".join(msgspec.json.encode(item) + b"\n" for item in quarantine)
                self.write(f"{PRIVATE}/quarantine.jsonl", lines)
            files = sorted(self._entries, key=lambda entry: entry.name)
            whole = msgspec.structs.replace(manifest, cvdata=__version__, files=files)
            disk.flush(self.path)
            disk.write_files(f"{self.path}/{PRIVATE}", ["manifest.json"], [_encode_manifest(whole)])
            disk.remove(f"{self.path}/{PRIVATE}/{_MARK}")
            disk.flush(self.path)
            if os.path.isdir(self._target) and os.listdir(self._target):
                disk.exchange(self.path, self._target)  # what was there is now in our folder, and goes with it
            else:
                disk.rename(self.path, self._target)
        except OSError as error:
            raise self._failed(error) from error

    def _abandon(self) -> None:
        # The error that brought us here counts; leftovers are removed by the next run.
        with contextlib.suppress(OSError):
            disk.remove(self.path)
        with contextlib.suppress(OSError):
            self._lock.release()

    def _remove_stale(self) -> None:
        """Remove folders of runs that died: we hold the lock of this name, so no living run owns one."""
        parent, prefix = os.path.split(self._prefix)
        with os.scandir(parent) as found:
            stale = sorted(e.path for e in found if e.name.startswith(prefix) and e.is_dir(follow_symlinks=False))
        for path in stale:
            if path.endswith("-old") and not os.path.lexists(self._target):
                disk.rename(path, self._target)  # a run died between the two renames of an exchange
            elif os.path.isdir(f"{path}/{PRIVATE}") or not os.listdir(path):
                disk.remove(path)

    def _failed(self, error: OSError) -> OutputError:
        reason = error.strerror or type(error).__name__
        return OutputError(
            f"cannot write the output '{show(self._target)}': {reason}",
            hint="free some space or choose another folder; nothing was left behind",
        )


def _encode_manifest(manifest: Manifest) -> bytes:
    """One line per file, so that a person and a diff can read it."""
    head = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(manifest, files=[])), indent=1)
    files = b",\n".join(msgspec.json.encode(entry) for entry in manifest.files)
    return head.replace(b'"files": []', b'"files": [\n' + files + b"\n]", 1) + b"\n"


def _check_target(target: str, sources: Sequence[Path], overwrite: bool) -> None:
    shown = show(target)
    if os.path.islink(target):
        raise UsageError(f"the output '{shown}' is a link", hint="give the folder itself")
    if os.path.exists(target) and not os.path.isdir(target):
        raise UsageError(f"the output '{shown}' is a file", hint="give the name of a folder that does not exist yet")
    real = os.path.realpath(target)
    for source in sources:
        origin = os.path.realpath(source)
        kind = "input"
        if real == origin:
            raise UsageError(f"the output '{shown}' is the {kind} folder", hint="give another output folder")
        if real.startswith(origin.rstrip(os.sep) + os.sep):
            raise UsageError(f"the output '{shown}' lies inside the {kind}", hint="give a folder outside the input")
        if origin.startswith(real.rstrip(os.sep) + os.sep):
            raise UsageError(f"the output '{shown}' holds the {kind}", hint="give a folder outside the input")
    if os.path.isdir(target) and os.listdir(target):
        if not overwrite:
            raise UsageError(
                f"the output '{shown}' is not empty",
                hint="give another folder, or --overwrite to replace what cvdata wrote there",
            )
        if not os.path.isfile(f"{target}/{PRIVATE}/manifest.json"):
            raise UsageError(
                f"the output '{shown}' was not written by cvdata, so it is not overwritten",
                hint="remove the folder yourself if it may go",
            )
