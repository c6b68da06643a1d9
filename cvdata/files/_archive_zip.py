"""The entries of a zip file."""

from __future__ import annotations

import calendar
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, TypeAlias

from ..errors import FormatError, Place

__all__ = ["Entry", "read_zip"]

Entry: TypeAlias = "tuple[str, str, int, int, Callable[[], Iterator[bytes]]]"
"""Name, kind (`file`, `folder`, or what it is in words), size, time of change, and what reads the content."""

_BLOCK = 1 << 20
_UNPACK = "unpack the archive yourself and give the folder"
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def read_zip(path: str, most: int, allowed: int) -> Iterator[Entry]:  # noqa: ARG001 - one shape for all kinds
    """Yield the entries of a zip file.

    Raises:
        FormatError: it is none, is encrypted, or its list of members is too long to be read.
    """
    try:
        with open(path, "rb") as file:
            _check_directory(file, path, most)
            with zipfile.ZipFile(file) as archive:
                for info in archive.infolist():
                    yield _entry(archive, info, path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, UnicodeDecodeError, struct.error, zlib.error) as error:
        raise not_an_archive(path, "zip") from error
    except (ValueError, NotImplementedError) as error:  # a date, an offset or a version that no file has
        raise not_an_archive(path, "zip") from error
    except OSError as error:
        raise FormatError(f"the archive cannot be read: {error.strerror or 'damaged'}", at=Place(path)) from error


def not_an_archive(path: str, kind: str) -> FormatError:
    """Return the error for a file that is not what its suffix says, or is cut off."""
    return FormatError(
        f"the file is not a whole {kind} archive", at=Place(path), hint="fetch it again, or unpack it yourself"
    )


_END = struct.Struct("<4s4H2LH")  # end of the list of members (APPNOTE 4.3.16)
_LOCATOR = struct.Struct("<4sLQL")  # where the end of a list of more than 4 GiB is (4.3.15)
_END_64 = struct.Struct("<4sQ2H2L4Q")  # that end (4.3.14)
_ENTRY = 110  # bytes of an entry of the list with a name of 64 letters (4.3.12)


def _check_directory(file: IO[bytes], path: str, most: int) -> None:
    """Refuse a list of members that would take all memory: Python reads it as a whole."""
    if _directory_size(file, path) > most * _ENTRY:
        raise FormatError(f"the archive holds more than {most:,} members", at=Place(path), hint=_UNPACK)


def _directory_size(file: IO[bytes], path: str) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - _LOCATOR.size - (1 << 16)))  # a comment may follow
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise not_an_archive(path, "zip")
    length: int = _END.unpack_from(tail, at)[5]
    if length == 0xFFFFFFFF and at >= _LOCATOR.size:
        mark, _, offset, _ = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)
        if mark == b"PK\6\7" and offset + _END_64.size <= size:
            file.seek(offset)
            length = _END_64.unpack(file.read(_END_64.size))[8]
    return length


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> Entry:
    if info.flag_bits & _ENCRYPTED:
        raise FormatError("the member is encrypted", at=Place(path, field=info.filename), hint=_UNPACK)
    if info.compress_type not in _METHODS:
        raise FormatError(
            f"the member is packed by method {info.compress_type}, which cvdata does not read",
            at=Place(path, field=info.filename),
            hint=_UNPACK,
        )
    return info.filename, _kind(info), info.file_size, _modified(info), partial(_pieces, archive, info)


def _kind(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16  # Unix permissions, where the archive was made on such a system
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a device or a pipe"
    return "folder" if info.filename.endswith("/") else "file"


def _modified(info: zipfile.ZipInfo) -> int:
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0)) * 1_000_000_000
    except (ValueError, OverflowError):  # month 0, which some programs write
        return 0


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    # zipfile stops at the size that the list of members gives, so a member cannot unpack to more than was counted.
    try:
        with archive.open(info) as reader:
            while block := reader.read(_BLOCK):
                yield block
    except OSError as error:  # so that it is not taken for one of the disk that is written to
        raise zipfile.BadZipFile(str(error)) from error
