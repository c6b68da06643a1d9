"""The only functions that change the disk. Each announces itself first, so that tests can fail or kill any of them.

Names below a root are `/`-separated and checked by the caller; strings, not `Path`, because a million files pass here.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

__all__ = [
    "FileEntry",
    "append",
    "cut",
    "exchange",
    "flush",
    "is_remnant",
    "make_folders",
    "make_parents",
    "make_sparse",
    "on_operation",
    "place_files",
    "remove",
    "remove_empty",
    "rename",
    "replace",
    "replace_file",
    "write_files",
    "write_stream",
]

_hook: Callable[[str, str], None] | None = None


def on_operation(hook: Callable[[str, str], None] | None) -> None:
    """Call `hook(kind, path)` before every change to the disk; for tests that fail or kill at the n-th one."""
    global _hook
    _hook = hook


def _announce(kind: str, path: str) -> None:
    if _hook is not None:
        _hook(kind, path)


class FileEntry(msgspec.Struct, frozen=True, array_like=True):
    """One written file: name below the root, size in bytes, SHA-256 (None for a picture that was only linked)."""

    name: str
    size: int
    sha256: str | None


def make_folders(root: str, folders: Sequence[str]) -> None:
    """Make folders below root, with their parents; those that exist are fine."""
    for folder in folders:
        path = f"{root}/{folder}" if folder else root
        _announce("mkdir", path)
        os.makedirs(path, exist_ok=True)


def make_parents(path: str) -> list[str]:
    """Make the folders above a path; return those that were not there, the innermost first."""
    parent = os.path.dirname(path)
    folder, new = parent, []
    while not os.path.lexists(folder):
        new.append(folder)
        folder = os.path.dirname(folder)
    if new or not os.path.isdir(parent):  # where a file stands in the way, the system says so
        try:
            make_folders(parent, [""])
        except OSError:
            remove_empty(new)
            raise
    return new


def write_files(root: str, names: Sequence[str], contents: Sequence[bytes]) -> list[FileEntry]:
    """Write new files below root, in folders that exist; return what was written.

    What a killed worker left of one of these files is replaced, so that its batch can be done again.

    Raises:
        OSError: the disk refused, or another file is already there.
    """
    return [_write_file(f"{root}/{name}", name, data) for name, data in zip(names, contents, strict=True)]


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def _write_file(path: str, name: str, data: bytes) -> FileEntry:
    _announce("write", path)
    try:
        descriptor = os.open(path, _NEW_FILE, 0o666)
    except FileExistsError:
        _remove_remnant(path, (data,))
        descriptor = os.open(path, _NEW_FILE, 0o666)
    try:
        done = os.write(descriptor, data)
        while done < len(data):  # a full disk writes a part and then fails
            more = os.write(descriptor, memoryview(data)[done:])
            if more == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            done += more
    finally:
        os.close(descriptor)
    return FileEntry(name, len(data), hashlib.sha256(data).hexdigest())


def replace_file(root: str, name: str, data: bytes) -> FileEntry:
    """Write a file that may be there already, in one step: a reader sees the old one or the new one, whole.

    Raises:
        OSError: the disk refused; the old file is as it was.
    """
    beside = f".{name}.cvdata-{os.urandom(4).hex()}"
    try:
        entry = _write_file(f"{root}/{beside}", name, data)
        replace(f"{root}/{beside}", f"{root}/{name}")
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(f"{root}/{beside}")
        raise
    return entry


def replace(source: str, target: str) -> None:
    """Give a file that is whole the name of one that may be there already, in one step; both are on one disk.

    Raises:
        OSError: the disk refused; the old file is as it was.
    """
    _announce("flush", source)
    _sync(source)
    _announce("rename", target)
    os.replace(source, target)


def write_stream(root: str, name: str, pieces: Iterable[bytes]) -> FileEntry:
    """Write one large new file below root from pieces, so that it is never in memory as a whole."""
    path = f"{root}/{name}"
    _announce("write", path)
    digest, size = hashlib.sha256(), 0
    with open(path, "xb", buffering=0) as file:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
    return FileEntry(name, size, digest.hexdigest())


def make_sparse(root: str, name: str, size: int) -> int:
    """Make a file below root that reads as zeros and takes no room until it is written; return its descriptor.

    One of that name is replaced. The caller closes the descriptor.

    Raises:
        OSError: the disk refused.
    """
    path = f"{root}/{name}"
    _announce("write", path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.ftruncate(descriptor, size)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def append(path: str, descriptor: int, data: bytes) -> None:
    """Add to the end of a file that is open for appending.

    Raises:
        OSError: the disk refused; a part may be there.
    """
    _announce("append", path)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def cut(path: str, descriptor: int, size: int) -> None:
    """Shorten an open file to so many bytes."""
    _announce("cut", path)
    os.ftruncate(descriptor, size)


def place_files(root: str, names: Sequence[str], sources: Sequence[str], mode: str) -> list[FileEntry]:
    """Put existing files below root: by `link` (a hard link, a copy where that cannot be), `copy` or `symlink`.

    Raises:
        OSError: the disk refused, a source is not there, or another file is already there.
    """
    return [_place_file(f"{root}/{name}", name, source, mode) for name, source in zip(names, sources, strict=True)]


def _place_file(path: str, name: str, source: str, mode: str) -> FileEntry:
    _announce("place", path)
    size = os.stat(source).st_size
    if mode == "symlink":
        _link(lambda: os.symlink(os.path.abspath(source), path), source, path)
        return FileEntry(name, size, None)
    if mode == "link" and not os.path.islink(source):
        # Another disk, a file system without links, or too many links: copy instead.
        with contextlib.suppress(OSError):
            _link(lambda: os.link(source, path), source, path)
            return FileEntry(name, size, None)
    return _copy_file(source, path, name)


def _link(make: Callable[[], None], source: str, path: str) -> None:
    try:
        make()
    except FileExistsError:
        if not os.path.samefile(source, path):  # else a worker made it before it was killed
            raise


def _copy_file(source: str, path: str, name: str) -> FileEntry:
    digest, size = hashlib.sha256(), 0
    if os.path.lexists(path):
        _remove_remnant(path, _blocks(source))
    with open(path, "xb") as writer:
        for block in _blocks(source):
            digest.update(block)
            size += len(block)
            writer.write(block)
    return FileEntry(name, size, digest.hexdigest())


def _blocks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as reader:
        while block := reader.read(1 << 20):
            yield block


def _remove_remnant(path: str, blocks: Iterable[bytes]) -> None:
    """Remove a file that holds the beginning of these blocks, or all of them: a killed worker was writing it.

    Raises:
        FileExistsError: it holds something else, or is shared with another folder.
    """
    if not _is_remnant(path, blocks):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    os.unlink(path)


def is_remnant(path: str, source: str) -> bool:
    """Tell whether a file is what a killed run, or one without space, left of a copy of another; or all of it."""
    return _is_remnant(path, _blocks(source))


def _is_remnant(path: str, blocks: Iterable[bytes]) -> bool:
    found = os.lstat(path)
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and _begins(path, blocks)


def _begins(path: str, blocks: Iterable[bytes]) -> bool:
    with open(path, "rb") as reader:
        for block in blocks:
            start = reader.read(len(block))
            if start != block:
                return block.startswith(start) and not reader.read(1)
        return not reader.read(1)


def flush(folder: str) -> None:
    """Wait until everything below a folder is on the disk."""
    _announce("flush", folder)
    if sys.platform == "linux":
        # One call for the whole file system instead of an fsync for each of a million files.
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.syncfs(descriptor) != 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), folder)
        finally:
            os.close(descriptor)
        return
    for parent, _, files in os.walk(folder):
        for file in files:
            _sync(os.path.join(parent, file))


def _sync(path: str) -> None:
    if os.path.islink(path):
        return
    # Windows syncs only what is open for writing; elsewhere a hard link to a file that is read-only must do.
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: str, target: str) -> None:
    """Give a folder its final name, which must be free or an empty folder."""
    _announce("rename", target)
    if os.name == "nt" and os.path.isdir(target):
        os.rmdir(target)  # os.rename replaces an empty folder only on POSIX
    os.rename(source, target)


_RENAME_EXCHANGE = 2  # Linux: renameat2(2); macOS: RENAME_SWAP of renamex_np(2) has the same value


def exchange(source: str, target: str) -> None:
    """Swap two folders so that there is never a moment without the target.

    Where the system cannot, two renames do it, with a moment between them in which the target is missing; a failure in
    that moment puts the old folder back.
    """
    _announce("exchange", target)
    if _swap(os.fsencode(source), os.fsencode(target)):
        return
    aside = f"{source}-old"
    _announce("rename", aside)
    os.rename(target, aside)
    try:
        _announce("rename", target)
        os.rename(source, target)
    except OSError:
        os.rename(aside, target)
        raise
    with contextlib.suppress(OSError):  # the output is in place: what is left goes with the next run
        _announce("rename", source)
        os.rename(aside, source)


def _swap(source: bytes, target: bytes) -> bool:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        at_cwd = -100
        if hasattr(libc, "renameat2"):
            return int(libc.renameat2(at_cwd, source, at_cwd, target, _RENAME_EXCHANGE)) == 0
    elif sys.platform == "darwin":
        libc = ctypes.CDLL(None, use_errno=True)
        return int(libc.renamex_np(source, target, _RENAME_EXCHANGE)) == 0
    return False


def remove(path: str) -> None:
    """Remove a file or a whole folder; links inside are removed, never followed."""
    _announce("remove", path)
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def remove_empty(folders: Sequence[str]) -> None:
    """Remove folders, in the order given, that are still empty."""
    for folder in folders:
        _announce("remove", folder)
        with contextlib.suppress(OSError):
            os.rmdir(folder)
