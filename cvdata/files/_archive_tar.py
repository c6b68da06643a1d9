"""The entries of a tar file, packed or not, read in one pass from its start to its end."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import tarfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, cast

from ..errors import FormatError, Place
from ._archive_zip import Entry, not_an_archive

__all__ = ["read_tar"]

_BLOCK = 1 << 20
_LARGEST_HEADER = 1 << 20  # bytes of a long name or a list of attributes, which Python reads as a whole


def read_tar(path: str, most: int, allowed: int) -> Iterator[Entry]:  # noqa: ARG001 - one shape for all kinds
    """Yield the entries of a tar file.

    Args:
        allowed: bytes that it may unpack to.

    Raises:
        FormatError: it is none, is damaged or cut off, or unpacks to too much.
    """
    try:
        with open(path, "rb") as file, _unpacked(file) as plain:
            yield from _entries(_Forward(plain, path, allowed))
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise not_an_archive(path, "tar") from error
    except (ValueError, OverflowError) as error:  # a number in a header that no file has
        raise not_an_archive(path, "tar") from error
    except OSError as error:
        if error.errno is None:  # "Invalid data stream" of bz2
            raise not_an_archive(path, "tar") from error
        raise FormatError(f"the archive cannot be read: {error.strerror}", at=Place(path)) from error


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    start = file.read(6)
    file.seek(0)
    readers: tuple[tuple[bytes, Callable[..., Any]], ...] = (
        (b"\x1f\x8b", lambda packed: gzip.GzipFile(fileobj=packed)),
        (b"BZh", bz2.BZ2File),
        (b"\xfd7zXZ\0", lzma.LZMAFile),
    )
    for magic, reader in readers:
        if start.startswith(magic):
            return cast("IO[bytes]", reader(file))
    return file


class _Forward(io.RawIOBase):
    """A file that is only read forwards and only so far.

    Python's tarfile goes round for ever on a negative size (CVE-2025-8194) and reads a long name of gigabytes at once.
    """

    def __init__(self, file: IO[bytes], path: str, allowed: int) -> None:
        self._file = file
        self._path = path
        # Padding of small members and what stands between them is unpacked, too.
        self._end = 2 * allowed + _BLOCK

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != io.SEEK_SET or offset < self._file.tell():
            raise tarfile.ReadError("a header that leads backwards")
        self._check(offset)
        return self._file.seek(offset)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_HEADER:
            raise tarfile.ReadError("a header that is far too long")
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def readinto(self, buffer: Any) -> int:
        data = self.read(min(len(buffer), _LARGEST_HEADER))
        buffer[: len(data)] = data
        return len(data)

    def _check(self, end: int) -> None:
        if end > self._end:
            raise FormatError(
                f"the archive unpacks to more than {self._end // 2:,} bytes",
                at=Place(self._path),
                hint="if you trust it, unpack it yourself and give the folder",
            )


class _Header(tarfile.TarInfo):
    """A header; one that is damaged is an error. Python takes it for the end, and what follows would be lost."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> _Header:
        try:
            return super().fromtarfile(tarfile)
        except (_INVALID, _TRUNCATED) as error:
            raise _READ_ERROR(str(error)) from error


# The parameter of `fromtarfile` hides the module, and its name is given.
_INVALID, _TRUNCATED = tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError  # type: ignore[attr-defined]
_READ_ERROR = tarfile.ReadError


def _entries(plain: _Forward) -> Iterator[Entry]:
    with tarfile.TarFile(fileobj=plain, mode="r", tarinfo=_Header) as archive:
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # Python keeps a kilobyte per member
            size = info.size if info.isreg() else 0
            if size < 0:
                raise tarfile.ReadError("a negative size")
            yield info.name, _kind(info), size, _modified(info), partial(_pieces, archive, info)


def _kind(info: tarfile.TarInfo) -> str:
    if info.isdir():
        return "folder"
    if info.issym() or info.islnk():
        return "a link"
    if info.issparse():
        return "a file with holes"
    return "file" if info.isreg() else "a device or a pipe"


def _modified(info: tarfile.TarInfo) -> int:
    seconds = float(info.mtime)
    if not math.isfinite(seconds) or abs(seconds) >= 1 << 33:
        return 0
    return round(seconds * 1_000_000_000)


def _pieces(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    reader = archive.extractfile(info)
    if reader is None:
        raise tarfile.ReadError("a member without content")
    try:
        with reader:
            while block := reader.read(_BLOCK):
                yield block
    except OSError as error:  # so that it is not taken for one of the disk that is written to
        raise tarfile.ReadError(str(error)) from error
