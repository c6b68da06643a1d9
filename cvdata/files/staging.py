"""An output that appears whole or not at all: a folder beside it, and one rename at the end."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from .._version import __version__
from ..errors import OutputError, Place, UsageError, show
from . import disk
from .disk import FileEntry
from .lock import OutputLock
from .records import Manifest, QuarantineItem

__all__ = ["PRIVATE", "Staging", "refuse_nested", "replace_quarantine"]

PRIVATE = ".cvdata"
"""Folder inside an output that holds cvdata's own files."""

_MARK = "staging"
_RESERVE = bytes(1 << 16)
"""What the mark holds until the end: a disk without room for the manifest says so at once, not after hours of work."""


class Staging:
    """A folder `.NAME.cvdata-<random>` beside an output; `commit` makes it the output, anything else removes it.

    Use it as a context manager: leaving it without `commit`, by an error or not, leaves the disk as it was.

    Attributes:
        path: absolute path of the folder to write into.
    """

    def __init__(
        self, target: str | os.PathLike[str], *, sources: Sequence[Path] = (), overwrite: bool = False
    ) -> None:
        self._target = os.path.abspath(target)
        self._sources = tuple(sources)
        self._overwrite = overwrite
        self._check_target()
        self._lock = OutputLock(self._target)
        folder, name = os.path.split(self._target)
        self._prefix = os.path.join(folder, f".{name}.cvdata-")
        self.path = f"{self._prefix}{os.urandom(4).hex()}"
        self._entries: list[FileEntry] = []
        self._folders: set[str] = set()
        self._new_parents: list[str] = []

    def __enter__(self) -> Staging:
        try:
            self._new_parents = disk.make_parents(self._target)
            self._lock.acquire()
            self._remove_stale()
            self._check_target()  # again: another run may have ended in the meantime, or died and been restored
            self.make_folders(["", PRIVATE])
            disk.write_files(f"{self.path}/{PRIVATE}", [_MARK], [_RESERVE])
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

    @property
    def recorded(self) -> Sequence[FileEntry]:
        """The files written so far, in the order in which they were recorded."""
        return self._entries

    def commit(self, manifest: Manifest, quarantine: Sequence[QuarantineItem]) -> None:
        """Write quarantine and manifest, flush everything, and give the folder its name.

        Raises:
            OutputError: the disk refused; nothing of the output is left.
            UsageError: someone else filled the target in the meantime.
        """
        try:
            if quarantine:
                self.write(f"{PRIVATE}/{_QUARANTINE}", _quarantine_lines(quarantine))
            files = sorted(self._entries, key=lambda entry: entry.name)
            whole = msgspec.structs.replace(manifest, cvdata=__version__, files=files)
            disk.flush(self.path)
            disk.write_files(f"{self.path}/{PRIVATE}", ["manifest.json"], [_encode_manifest(whole)])
            disk.remove(f"{self.path}/{PRIVATE}/{_MARK}")
            disk.flush(self.path)
            self._check_target()
            if os.path.isdir(self._target) and os.listdir(self._target):
                disk.exchange(self.path, self._target)  # what was there is now in our folder, and goes with it
            else:
                disk.rename(self.path, self._target)
        except OSError as error:
            raise self._failed(error) from error

    def _check_target(self) -> None:
        try:
            _check_target(self._target, self._sources, self._overwrite)
        except OSError as error:
            raise self._failed(error) from error

    def _abandon(self) -> None:
        # The error that brought us here counts; leftovers are removed by the next run.
        with contextlib.suppress(OSError):
            disk.remove(self.path)
        with contextlib.suppress(OSError):
            self._lock.release()
        with contextlib.suppress(OSError):
            disk.remove_empty(self._new_parents)

    def _remove_stale(self) -> None:
        """Remove folders of runs that died: we hold the lock of this name, so no living run owns one."""
        parent, prefix = os.path.split(self._prefix)
        ours = re.compile(re.escape(prefix) + r"[0-9a-f]{8}(-old)?")
        with os.scandir(parent) as found:
            stale = sorted(e.path for e in found if ours.fullmatch(e.name) and e.is_dir(follow_symlinks=False))
        for path in stale:
            if path.endswith("-old") and not os.path.lexists(self._target):
                disk.rename(path, self._target)  # a run died between the two renames of an exchange
            else:
                disk.remove(path)

    def _failed(self, error: OSError) -> OutputError:
        reason = error.strerror or type(error).__name__
        file = error.filename if isinstance(error.filename, str) else self.path
        return OutputError(
            f"cannot write the output '{show(self._target)}': {reason}",
            at=None if file.startswith(self._prefix) else Place(file),
            hint="free some space or choose another folder; nothing was left behind",
        )


def replace_quarantine(target: str, items: Iterable[QuarantineItem]) -> None:
    """Replace the quarantine of an output that stays as it is otherwise; the caller sees to it that no other run does.

    Raises:
        OutputError: the disk refused; the old one is as it was.
    """
    folder, stale = f"{target}/{PRIVATE}", re.compile(re.escape(f".{_QUARANTINE}") + r"\.cvdata-[0-9a-f]{8}")
    try:
        disk.make_folders(folder, [""])
        for name in sorted(filter(stale.fullmatch, os.listdir(folder))):  # a killed run was about to replace it
            disk.remove(f"{folder}/{name}")
        disk.replace_file(folder, _QUARANTINE, _quarantine_lines(items))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"cannot write the quarantine of '{show(target)}': {reason}", hint="free some space"
        ) from error


_QUARANTINE = "quarantine.jsonl"


def _quarantine_lines(items: Iterable[QuarantineItem]) -> bytes:
    return b"".join(_encode(item) + b"\n" for item in items)


def _encode_manifest(manifest: Manifest) -> bytes:
    """One line per file, so that a person and a diff can read it."""
    head = msgspec.json.format(_encode(msgspec.structs.replace(manifest, files=[])), indent=1)
    files = _encode(manifest.files)[1:-1].replace(b'],["', b'],\n["')
    if files.count(b"\n") != max(0, len(manifest.files) - 1):  # a name with brackets in it
        files = b",\n".join(_encode(entry) for entry in manifest.files)
    # The last such key: settings may have one of that name.
    before, key, after = head.rpartition(b'"files": []')
    return before + key[:-1] + b"\n" + files + b"\n]" + after + b"\n"


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a name whose bytes are no UTF-8 (PEP 383), which JSON cannot hold
        return msgspec.json.encode(_escaped(msgspec.to_builtins(value)))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    return value


def refuse_nested(target: str, sources: Sequence[Path]) -> None:
    """Refuse an output that is a link or a file, or that lies in a source or holds one.

    Raises:
        UsageError: it is or does.
    """
    shown = show(target)
    if os.path.islink(target):
        raise UsageError(f"the output '{shown}' is a link", hint="give the folder itself")
    if os.path.exists(target) and not os.path.isdir(target):
        raise UsageError(f"the output '{shown}' is a file", hint="give the name of a folder that does not exist yet")
    real = os.path.realpath(target)
    for source in sources:
        origin = os.path.realpath(source)
        if real == origin:
            raise UsageError(f"the output '{shown}' is the input folder", hint="give another output folder")
        if real.startswith(origin.rstrip(os.sep) + os.sep):
            raise UsageError(f"the output '{shown}' lies inside the input", hint="give a folder outside the input")
        if origin.startswith(real.rstrip(os.sep) + os.sep):
            raise UsageError(f"the output '{shown}' holds the input", hint="give a folder outside the input")


def _check_target(target: str, sources: Sequence[Path], overwrite: bool) -> None:
    refuse_nested(target, sources)
    shown = show(target)
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
