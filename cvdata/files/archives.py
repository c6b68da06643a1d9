"""Archives, read member by member to names of our own: nothing in them leaves, links, or unpacks without end.

An archive that tries is refused as a whole; a member that is damaged is the caller's to put aside.
"""

from __future__ import annotations

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import FormatError, IdentityError, Place, UnsafePathError, show
from . import disk
from ._archive_tar import read_tar
from ._archive_zip import read_zip
from .paths import relative_name

__all__ = ["Limits", "Member", "extract_members", "is_archive", "list_members"]

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

# Archives inside an archive, which nobody opens; with kinds that cvdata does not read at all.
_NESTED = (*SUFFIXES, ".7z", ".bz2", ".gz", ".rar", ".xz", ".zst")


@dataclass(frozen=True)
class Limits:
    """What an archive may hold.

    Attributes:
        members: number of entries, folders included.
        size: bytes, unpacked.
        ratio: times that it may grow; `grace`: bytes that it may always unpack to.
    """

    members: int = 2_000_000
    size: int = 1 << 40
    ratio: int = 200
    grace: int = 1 << 28

    def allowed(self, packed: int) -> int:
        """Return how many bytes an archive of so many may unpack to."""
        return min(self.size, max(self.grace, self.ratio * packed))


@dataclass(frozen=True)
class Member:
    """One regular file in an archive.

    Attributes:
        name: relative, `/`-separated, checked.
        size: bytes, as the archive says.
        modified: nanoseconds since 1970, as the archive says; one without a time zone is taken for UTC.
        nested: whether it is an archive itself.
    """

    name: str
    size: int
    modified: int
    nested: bool


def is_archive(name: str) -> bool:
    """Tell by its name whether a file is an archive that cvdata reads."""
    return name.lower().endswith(SUFFIXES)


@dataclass(frozen=True)
class RawMember:
    """An entry as the archive has it.

    Attributes:
        kind: `file`, `folder`, or in words what it is and may not be.
        pieces: reads the content in blocks; only until the next entry is taken.
    """

    name: str
    kind: str
    size: int
    modified: int
    pieces: Callable[[], Iterator[bytes]]


def list_members(path: str, limits: Limits | None = None) -> list[Member]:
    """Return the files in an archive, in its order, without unpacking any.

    Raises:
        FormatError: it is no archive, is damaged or encrypted, or holds or unpacks to too much.
        UnsafePathError: a member is a link or a device, or its name leaves the folder.
        IdentityError: two members have one name.
    """
    found: list[Member] = []
    seen: set[str] = set()
    for raw in _walk(path, limits or Limits()):
        name = _checked_name(raw, path)
        if raw.kind == "folder":
            continue
        if name in seen:
            raise IdentityError(
                f"the member '{show(name)}' is there twice, and readers disagree which one counts",
                at=Place(path),
                hint="pack the archive again, each file once",
            )
        seen.add(name)
        found.append(Member(name, raw.size, raw.modified, name.lower().endswith(_NESTED)))
    return found


def extract_members(
    path: str, root: str, targets: Mapping[str, str], limits: Limits | None = None
) -> Iterator[tuple[str, str | None]]:
    """Write members of an archive to files of our own names below root, in a folder that exists.

    Args:
        targets: name below root by name of the member; others are left where they are.

    Yields:
        The name of each member once it is done, in the order of the archive, and what is wrong with it or None.

    Raises:
        FormatError, UnsafePathError: as `list_members`.
        OSError: the disk refused.
    """
    for raw in _walk(path, limits or Limits()):
        name = _checked_name(raw, path)
        target = targets.get(name) if raw.kind == "file" else None
        if target is not None:
            yield name, _extract(raw, root, target)


def _extract(raw: RawMember, root: str, target: str) -> str | None:
    """Write one member; return what is wrong with it."""
    try:
        disk.write_stream(root, target, raw.pieces())
    except _DAMAGED:
        disk.remove(f"{root}/{target}")
        return "is damaged in its archive"
    return None


_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, NotImplementedError, ValueError)


def _walk(path: str, limits: Limits) -> Iterator[RawMember]:
    """Yield the entries of an archive, as long as they stay within the limits."""
    packed = _size_of(path)
    allowed, total = limits.allowed(packed), 0
    read = read_zip if path.lower().endswith(".zip") else read_tar
    for count, (name, kind, size, modified, pieces) in enumerate(read(path, limits.members, allowed), 1):
        total += size
        if count > limits.members:
            raise FormatError(f"the archive holds more than {limits.members:,} members", at=Place(path), hint=_UNPACK)
        if total > allowed:
            raise FormatError(
                f"the archive of {packed:,} bytes unpacks to more than {allowed:,}",
                at=Place(path, field=name),
                hint=_UNPACK,
            )
        yield RawMember(name, kind, size, modified, pieces)


_UNPACK = "if you trust it, unpack it yourself and give the folder"


def _size_of(path: str) -> int:
    try:
        status = os.stat(path)
    except OSError as error:
        raise FormatError(f"the archive cannot be read: {error.strerror}", at=Place(path)) from error
    if not stat.S_ISREG(status.st_mode):
        raise FormatError("the archive is not a regular file", at=Place(path), hint="give the archive itself")
    return status.st_size


def _checked_name(raw: RawMember, path: str) -> str:
    at = Place(path, field=raw.name)
    if raw.kind not in ("file", "folder"):
        raise UnsafePathError(
            f"the member is {raw.kind}", at=at, hint="pack the archive again with plain files and folders only"
        )
    try:
        name = relative_name(raw.name, at)
    except UnsafePathError as error:
        raise UnsafePathError(error.message, at=at, hint="do not unpack this archive; have it packed again") from error
    if "\\" in raw.name:
        raise UnsafePathError(
            "the name of the member holds a backslash, which is a folder on one system and a letter on another",
            at=at,
            hint="pack the archive again; names in archives are separated by /",
        )
    return name
