"""What people name as pictures: folders, single pictures, patterns, lists and archives."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..errors import FormatError, Place, UnsafePathError, UsageError, show
from ..files import safe_join
from ..files.archives import Member, is_archive, list_members
from ..images import SUFFIXES, PictureIndex, find_pictures, is_picture

__all__ = ["Source", "find_sources"]

LISTS = (".lst", ".txt")
_LARGEST_LIST = 1 << 28  # bytes


@dataclass
class Source:
    """One place that pictures come from.

    Attributes:
        root: absolute folder that the names are relative to, or the absolute path of the archive.
        kind: whether all of a folder was meant, some pictures below it, or an archive.
        names: pictures below the root, `/`-separated.
        refused: names that may not be opened, and why.
        missing: lines of a list that name no picture: its file, the line from 1.
        members: what an archive says of each name.
    """

    root: str
    kind: Literal["folder", "pictures", "archive"]
    names: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    missing: list[tuple[str, int]] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)


def find_sources(given: Sequence[str], target: str) -> list[Source]:
    """Find the pictures behind every path that a person gave, without opening any.

    Args:
        target: the dataset to be; pictures below it are not found by patterns.

    Raises:
        UsageError: a path does not exist, or is nothing that pictures come in.
        FormatError: there is no picture in one of them, or an archive is bad.
        UnsafePathError: a list or an archive names a file outside.
    """
    sources, single = [], []
    for text in given:
        path = os.path.abspath(text)
        if os.path.isdir(path):
            sources.append(_folder(path))
        elif not os.path.lexists(path):
            sources.append(_pattern(text, os.path.abspath(target)))
        elif is_archive(path):
            sources.append(_archive(path))
        elif path.lower().endswith(LISTS):
            sources.append(_list(path))
        elif path[path.rfind(".") :].lower() in SUFFIXES:
            single.append(path)
        else:
            raise UsageError(
                f"'{show(text)}' is neither a picture, a folder, a list nor an archive",
                hint="pictures are .jpg, .png, .bmp, .gif, .tif and .webp, lists .txt, archives .zip and .tar (.gz)",
            )
    return sources + ([_pictures(single)] if single else [])


def _folder(path: str) -> Source:
    index = _listing(path)
    if not index.names and not index.refused:
        raise _no_picture(path, "folder")
    return Source(path, "folder", index.names, index.refused)


def _listing(path: str) -> PictureIndex:
    try:
        return find_pictures(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FormatError(f"the folder cannot be listed: {reason}", at=Place(error.filename or path)) from error


def _no_picture(path: str, what: str) -> FormatError:
    return FormatError(
        f"there is no picture in the {what}",
        at=Place(path),
        hint="pictures are files that end in .jpg, .png, .bmp, .gif, .tif or .webp, whatever their case",
    )


def _pattern(text: str, target: str) -> Source:
    """Expand a pattern that the shell left alone, such as a quoted one."""
    if not glob.has_magic(text):
        raise UsageError(f"'{show(text)}' does not exist", hint="check the path")
    fixed = text[: next(at for at, letter in enumerate(text) if letter in "*?[")]
    root = os.path.abspath(os.path.dirname(fixed) or ".")
    found: set[str] = set()
    refused: dict[str, str] = {}
    for path in glob.glob(text, recursive=True):
        whole = os.path.abspath(path)
        if whole == target or whole.startswith(target + os.sep):
            continue
        name = _below(root, whole)
        if os.path.isdir(whole):
            if "**" not in text:  # which names what is inside by itself
                folder = _listing(whole)
                found.update(f"{name}/{inside}" for inside in folder.names)
                refused.update((f"{name}/{inside}", why) for inside, why in folder.refused.items())
        elif is_picture(name):
            _sort_out(whole, name, found, refused)
    if not found and not refused:
        raise UsageError(f"no picture matches '{show(text)}'", hint="check the pattern; ** stands for any folders")
    return Source(root, "pictures", sorted(found), refused)


def _below(root: str, path: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _sort_out(path: str, name: str, found: set[str], refused: dict[str, str]) -> None:
    """Tell a picture that may be opened from a link that leads nowhere or a pipe."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        refused[name] = "is a link that leads nowhere" if os.path.islink(path) else "cannot be read"
        return
    if stat.S_ISREG(mode):
        found.add(name)
    else:
        refused[name] = "is not a regular file"


def _pictures(paths: Sequence[str]) -> Source:
    """Return single pictures as one source: names are relative to the folder that they have in common."""
    root = os.path.commonpath([os.path.dirname(path) for path in paths])
    found: set[str] = set()
    refused: dict[str, str] = {}
    for path in paths:
        _sort_out(path, _below(root, path), found, refused)
    return Source(root, "pictures", sorted(found), refused)


def _list(path: str) -> Source:
    """Read a list: a path per line, relative to the folder of the list and inside it."""
    try:
        if os.path.getsize(path) > _LARGEST_LIST:
            raise FormatError(f"the list has more than {_LARGEST_LIST >> 20} MiB", at=Place(path))
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise FormatError(f"the list cannot be read: {error.strerror}", at=Place(path)) from error
    except UnicodeDecodeError as error:
        raise FormatError("the list is not UTF-8 text", at=Place(path), hint="save it as UTF-8") from error
    source = Source(os.path.dirname(path), "pictures")
    found: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if not entry:
            continue
        name = _listed(entry, source.root, Place(path, line=number))
        if is_picture(name) and os.path.lexists(f"{source.root}/{name}"):
            _sort_out(f"{source.root}/{name}", name, found, source.refused)
        else:
            source.missing.append((path, number))
    source.names = sorted(found)
    if not found and not source.refused:
        raise _no_picture(path, "list")
    return source


def _listed(entry: str, root: str, at: Place) -> str:
    """Return the name below the root for a line of a list; an absolute path is fine where it lies there."""
    if os.path.isabs(entry) and os.path.abspath(entry).startswith(root.rstrip(os.sep) + os.sep):
        entry = _below(root, entry)
    try:
        return _below(root, safe_join(root, entry, at))
    except UnsafePathError as error:
        raise UnsafePathError(
            error.message,
            at=at,
            hint="a list names pictures in its own folder or below; put it further up, or give their folder itself",
        ) from error


def _archive(path: str) -> Source:
    source = Source(path, "archive")
    for member in list_members(path):
        if member.nested and not _hidden(member.name):
            source.refused[member.name] = "is an archive inside an archive, which is not opened"
        elif is_picture(member.name) and not _hidden(member.name):
            source.names.append(member.name)
            source.members[member.name] = member
    source.names.sort()
    if not source.names:
        raise _no_picture(path, "archive")
    return source


def _hidden(name: str) -> bool:
    """Tell whether a member is what `find_pictures` passes over in a folder: litter of macOS and other systems."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
