"""Read a batch of VOC files into columns; this runs in a worker, and its result crosses a pipe."""

from __future__ import annotations

import os
import re
from array import array
from dataclasses import dataclass, field

import numpy as np

from ..errors import Place
from ..files import relative_name
from ._voc_fast import FastReader
from ._voc_page import Corners, Facts, Kind, Page, read_page
from ._voc_pages import Pages
from ._voc_xml import LARGEST, BadFile

__all__ = ["XmlBatch", "lost_file", "read_batch"]

_BLOCK = 1 << 16
_PLAIN_NAME = re.compile(r"[\w\- ]+(?:\.[\w\- ]+)*", re.ASCII)


@dataclass(frozen=True)
class XmlBatch:
    """Files to read, named below a folder; `prefix` makes their names for messages. `fast` is off in tests only."""

    folder: str
    prefix: str
    names: list[str]
    fast: bool = True

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, part: slice) -> XmlBatch:
        return XmlBatch(self.folder, self.prefix, self.names[part], self.fast)


def read_batch(batch: XmlBatch) -> Pages:
    """Read a batch of files.

    Raises:
        UnsafePathError: a `<filename>` is absolute or climbs out of its folder.
    """
    reader, pages = FastReader(), _Growing()
    for name in batch.names:
        place = batch.prefix + name
        try:
            data = _load(f"{batch.folder}/{name}")
            quick = reader.read(data) if batch.fast else None
            if quick is not None:
                filename, width, height, facts, kinds, corners = quick
                pages.add_head(_checked(filename, place), width, height, facts, len(kinds))
                pages.add_quick(kinds, corners)
                continue
            page = read_page(data)
        except BadFile as bad:
            pages.bad_files[len(pages.filenames)] = (bad.found, bad.expected, bad.line)
            pages.add_head("", 0, 0, (b"", "", 0), 0)
            continue
        pages.add_page(page, reader.kinds, place)
    return pages.finish(list(reader.kinds))


def lost_file(batch: XmlBatch) -> Pages:
    """Return the page of a file that ended two worker processes."""
    pages = _Growing()
    for at in range(len(batch)):
        pages.bad_files[at] = ("reading it ended two worker processes", "a file that can be read", None)
        pages.add_head("", 0, 0, (b"", "", 0), 0)
    return pages.finish([])


@dataclass
class _Growing:
    """`Pages` while files are added."""

    filenames: list[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("i"))
    facts: list[int] = field(default_factory=list)
    fact_rows: dict[Facts, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    good: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    corners: array[float] = field(default_factory=lambda: array("d"))
    parts: dict[int, list[tuple[str, Corners]]] = field(default_factory=dict)
    rings: dict[int, list[float]] = field(default_factory=dict)
    bad_files: dict[int, tuple[str, str, int | None]] = field(default_factory=dict)
    bad_objects: list[tuple[int, str, str, str]] = field(default_factory=list)
    notes: list[tuple[int, str, str]] = field(default_factory=list)

    def add_head(self, filename: str, width: int, height: int, facts: Facts, count: int) -> None:
        self.filenames.append(filename)
        self.sizes.extend((width, height))
        self.facts.append(self.fact_rows.setdefault(facts, len(self.fact_rows)))
        self.counts.append(count)
        self.good.append(0)

    def add_quick(self, kinds: list[int], corners: list[float]) -> None:
        self.good[-1] = len(kinds)
        self.numbers.extend(range(1, len(kinds) + 1))
        self.kinds += kinds
        self.corners.extend(corners)

    def add_page(self, page: Page, kinds: dict[Kind, int], place: str) -> None:
        at = len(self.filenames)
        self.add_head(_checked(page.filename, place), page.width, page.height, page.facts, page.count)
        self.good[-1] = len(page.rows)
        for row in page.rows:
            if row.parts:
                self.parts[len(self.kinds)] = row.parts
            if row.ring is not None:
                self.rings[len(self.kinds)] = row.ring
            self.numbers.append(row.number)
            self.kinds.append(kinds.setdefault(row.kind, len(kinds)))
            self.corners.extend(row.corners)
        self.bad_objects.extend((at, *bad) for bad in page.bad)
        self.notes.extend((at, *note) for note in page.notes)

    def finish(self, kinds: list[Kind]) -> Pages:
        files = np.arange(len(self.filenames), dtype=np.int32)
        return Pages(
            filenames=self.filenames,
            size=np.array(self.sizes, np.int32).reshape(-1, 2),
            facts=np.array(self.facts, np.int32),
            fact_table=list(self.fact_rows),
            counts=np.array(self.counts, np.int32),
            file=np.repeat(files, np.array(self.good, np.int64)),
            number=np.array(self.numbers, np.int32),
            kind=np.array(self.kinds, np.int32),
            kinds=kinds,
            corners=np.array(self.corners, np.float64).reshape(-1, 4),
            parts=self.parts,
            rings=self.rings,
            bad_files=self.bad_files,
            bad_objects=self.bad_objects,
            notes=self.notes,
        )


def _checked(filename: str, place: str) -> str:
    if not filename or _PLAIN_NAME.fullmatch(filename):
        return filename
    return relative_name(filename, Place(place, field="filename"))


def _load(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            data = os.read(descriptor, _BLOCK)
            if len(data) < _BLOCK:
                return data
            blocks = [data]
            while len(data) and sum(map(len, blocks)) <= LARGEST:
                data = os.read(descriptor, LARGEST)
                blocks.append(data)
            return b"".join(blocks)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadFile(f"the file cannot be read: {error.strerror}", "a file that can be read") from None
