"""What pictures are called in a dataset: their path below the place they come from, the same in every later run."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..files import QuarantineItem
from .sources import Source

__all__ = ["Origin", "Pictures", "name_pictures", "origins_of"]


@dataclass(frozen=True)
class Origin:
    """A place that pictures come from, and what stands before the names of its pictures.

    Attributes:
        path: absolute path of a folder or an archive.
        prefix: empty, or a name that ends in `/`.
    """

    path: str
    prefix: str

    def prefix_of(self, path: str) -> str | None:
        """Return what stands before the names below a path that is this origin or lies inside; None for others."""
        if path == self.path:
            return self.prefix
        inside = self.path.rstrip(os.sep) + os.sep
        return f"{self.prefix}{path[len(inside) :].replace(os.sep, '/')}/" if path.startswith(inside) else None


@dataclass
class Pictures:
    """The pictures that the sources hold, one row each, sorted by name.

    Attributes:
        names: in the dataset, unique.
        sources: row in the list of sources; `inside`: name there.
        size, modified: int64, bytes and nanoseconds since 1970, as the file system or the archive says.
    """

    names: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    size: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    modified: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: Sequence[int]) -> Pictures:
        """Return the given rows in the given order."""
        at = np.array(rows, np.int64)
        return Pictures(
            [self.names[row] for row in rows],
            [self.sources[row] for row in rows],
            [self.inside[row] for row in rows],
            self.size[at],
            self.modified[at],
        )


def origins_of(sources: Sequence[Source], known: Sequence[Origin], taken: Collection[str]) -> list[Origin]:
    """Return the known origins, and one for each place that lies in none of them.

    The only place of an empty dataset gives its pictures no prefix; others give each that of their name, made unique.

    Args:
        known: of earlier runs; their names stay.
        taken: names that the dataset has already.
    """
    origins = list(known)
    roots = sorted({source.root for source in sources}, key=lambda root: (root.count(os.sep), root))
    new: list[str] = []
    for root in roots:  # those further up first, so that what lies inside is named from there
        if all(Origin(path, "").prefix_of(root) is None for path in (*(o.path for o in known), *new)):
            new.append(root)
    if len(new) == 1 and not known and not taken:
        return [Origin(new[0], "")]
    tops = {name.partition("/")[0] for name in taken} | {origin.prefix.partition("/")[0] for origin in known}
    tops |= {name.partition("/")[0] for source in sources if _has_no_prefix(source, known) for name in source.names}
    for root in sorted(new, key=[source.root for source in sources].index):
        base = _base_name(root)
        prefix, number = base, 2
        while prefix in tops:
            prefix, number = f"{base}-{number}", number + 1
        tops.add(prefix)
        origins.append(Origin(root, f"{prefix}/"))
    return origins


def _has_no_prefix(source: Source, known: Sequence[Origin]) -> bool:
    return any(origin.path == source.root and not origin.prefix for origin in known)


def _base_name(root: str) -> str:
    base = os.path.basename(root)
    if os.path.isfile(root):  # an archive
        while os.path.splitext(base)[1].lower() in (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz"):
            base = os.path.splitext(base)[0]
    return base or "pictures"


def name_pictures(sources: Sequence[Source], origins: Sequence[Origin]) -> tuple[Pictures, list[QuarantineItem]]:
    """Name every picture, ask the file system for its size and time, and put aside what may not be opened.

    A picture that two sources hold counts once.
    """
    prefixes = [_prefix(source.root, origins) for source in sources]
    rows: dict[str, tuple[int, str]] = {}
    refused: dict[str, QuarantineItem] = {}
    missing: list[QuarantineItem] = []
    for number, (source, prefix) in enumerate(zip(sources, prefixes, strict=True)):
        for name in source.names:
            rows.setdefault(prefix + name, (number, name))
        for name, why in source.refused.items():
            refused.setdefault(prefix + name, _item(prefix + name, why))
        missing += [_missing(file, line) for file, line in source.missing]
    status: dict[str, tuple[int, int]] = {}
    for name, (number, inside) in rows.items():
        found = _status(sources[number], inside)
        if isinstance(found, str):
            refused.setdefault(name, _item(name, found))
        else:
            status[name] = found
    names = sorted(status)
    pictures = Pictures(
        names,
        [rows[name][0] for name in names],
        [rows[name][1] for name in names],
        np.array([status[name][0] for name in names], np.int64),
        np.array([status[name][1] for name in names], np.int64),
    )
    return pictures, missing + [refused[name] for name in sorted(refused)]


def _prefix(root: str, origins: Sequence[Origin]) -> str:
    found = [(len(origin.path), prefix) for origin in origins if (prefix := origin.prefix_of(root)) is not None]
    return max(found)[1]


def _item(name: str, why: str) -> QuarantineItem:
    expected = "a picture that can be read"
    return QuarantineItem(kind="image", file=name, found=why, expected=expected, image=name, images=1)


def _missing(file: str, line: int) -> QuarantineItem:
    return QuarantineItem(
        kind="image",
        file=os.path.basename(file),
        line=line,
        found="no picture is there",
        expected="the path of a picture, relative to the folder of the list",
        images=1,
    )


def _status(source: Source, name: str) -> tuple[int, int] | str:
    """Return size and time of a picture, or what is wrong with it."""
    member = source.members.get(name)
    if member is not None:
        return member.size, member.modified
    try:
        status = os.stat(f"{source.root}/{name}")
    except OSError as error:
        return f"cannot be read: {error.strerror or type(error).__name__}"
    return status.st_size, status.st_mtime_ns
