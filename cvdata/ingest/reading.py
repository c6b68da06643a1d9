"""Reading pictures once: what a run that was killed has read is taken from its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..dataset import Facts
from ..engine import Engine, Progress
from ..files.journal import Journal
from ..images.facts import PicturesRead, read_facts
from .naming import Pictures
from .sources import Source

__all__ = ["JournalEntry", "read_pictures"]


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of `.NAME.cvdata-journal` behind its checksum: pictures that were read.

    Attributes:
        cvdata: version that read them; another one reads them again.
        paths: where each lies, as bytes, with a NUL behind each.
        sizes, times: bytes and nanoseconds since 1970 before it was read; a file that differs is read again.
        columns: the columns of the facts, and width and height, as bytes.
        problems: what is wrong with a picture, by its row; `oddities`: what is worth a note.
    """

    schema: Literal["cvdata/ingest-journal/1"] = "cvdata/ingest-journal/1"
    cvdata: str
    paths: bytes
    sizes: list[int]
    times: list[int]
    columns: dict[str, bytes]
    problems: dict[int, str]
    oddities: dict[int, tuple[str, ...]]


@dataclass(frozen=True)
class _Wanted:
    """A picture as the file system shows it before it is read."""

    path: str
    size: int
    modified: int


def read_pictures(
    pictures: Pictures,
    sources: Sequence[Source],
    unpacked: dict[int, str],
    journal: Journal,
    engine: Engine,
    progress: Progress,
) -> PicturesRead:
    """Read pictures, all of each, by the one decode rule; rows come in the order given.

    Args:
        unpacked: file of a picture that lies in an archive, by its row.

    Raises:
        OutputError: the journal cannot be written.
    """
    keys = [
        f"{sources[number].root}/{inside}" for number, inside in zip(pictures.sources, pictures.inside, strict=True)
    ]
    wanted = list(map(_Wanted, keys, pictures.size.tolist(), pictures.modified.tolist()))
    done, known = _from_journal(journal)
    at = np.array([known.get(picture, -1) for picture in wanted], np.int64)
    rest = np.flatnonzero(at < 0)
    paths = [unpacked.get(row, keys[row]) for row in rest.tolist()]
    parts = [done]
    for first, part in read_facts(paths, engine, progress):
        rows = rest[first : first + len(part)]
        read = _timed(part, rows, pictures, unpacked)
        journal.append(_encode(read, [wanted[row] for row in rows.tolist()]))
        parts.append(read)
    at[rest] = len(done) + np.arange(len(rest))
    return _take(PicturesRead.concat(parts), at)


def _timed(part: PicturesRead, rows: NDArray[np.int64], pictures: Pictures, unpacked: dict[int, str]) -> PicturesRead:
    """Give pictures out of an archive the time that the archive says, not the one when they were unpacked."""
    if not unpacked:
        return part
    modified = part.facts.modified.copy()
    for row, at in enumerate(rows.tolist()):
        if at in unpacked and part.facts.size[row] >= 0:
            modified[row] = pictures.modified[at]
    return replace(part, facts=replace(part.facts, modified=modified))


def _take(read: PicturesRead, rows: NDArray[np.int64]) -> PicturesRead:
    order = rows.tolist()
    return PicturesRead(
        read.facts.take(rows),
        read.width[rows],
        read.height[rows],
        {at: read.problems[row] for at, row in enumerate(order) if row in read.problems},
        {at: read.oddities[row] for at, row in enumerate(order) if row in read.oddities},
    )


# --- the journal


_COLUMNS = {f.name: getattr(Facts.none(0), f.name) for f in fields(Facts)}
"""An empty array of each column of the facts: its type and the shape of a row."""


def _encode(read: PicturesRead, wanted: Sequence[_Wanted]) -> bytes:
    columns = {name: getattr(read.facts, name).tobytes() for name in _COLUMNS}
    entry = JournalEntry(
        cvdata=__version__,
        paths=b"".join(picture.path.encode("utf-8", "surrogateescape") + b"\0" for picture in wanted),
        sizes=[picture.size for picture in wanted],
        times=[picture.modified for picture in wanted],
        columns=columns | {"width": read.width.tobytes(), "height": read.height.tobytes()},
        problems=read.problems,
        oddities=read.oddities,
    )
    return msgspec.json.encode(entry)


def _from_journal(journal: Journal) -> tuple[PicturesRead, dict[_Wanted, int]]:
    """Return what earlier runs read, and the row of each picture in it."""
    parts: list[PicturesRead] = []
    known: dict[_Wanted, int] = {}
    first = 0
    for line in journal.entries:
        try:
            entry = msgspec.json.decode(line, type=JournalEntry)
            if entry.cvdata != __version__:
                continue
            read = _decode(entry)
            paths = entry.paths.decode("utf-8", "surrogateescape").split("\0")[:-1]
            rows = list(zip(paths, entry.sizes, entry.times, strict=True))
        except (msgspec.MsgspecError, KeyError, ValueError):  # another version wrote it, or one in the making
            continue
        known.update((_Wanted(*row), first + number) for number, row in enumerate(rows))
        parts.append(read)
        first += len(read)
    return PicturesRead.concat(parts), known


def _decode(entry: JournalEntry) -> PicturesRead:
    rows = len(entry.sizes)
    columns = {
        name: np.frombuffer(entry.columns[name], empty.dtype).reshape(rows, *empty.shape[1:])
        for name, empty in _COLUMNS.items()
    }
    width, height = (np.frombuffer(entry.columns[side], np.int32).reshape(rows) for side in ("width", "height"))
    return PicturesRead(Facts(**columns), width, height, entry.problems, entry.oddities)
