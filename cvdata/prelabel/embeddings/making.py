"""Embeddings of many pictures: only those that nobody made yet, kept on the way, so that a killed run goes on."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...engine import Progress, Silent
from ...errors import FormatError, ModelError, UsageError, show
from ...files import disk
from ...files.journal import Journal
from ...formats.embeddings import Embeddings, EmbeddingsInfo, encode_embeddings, merge_embeddings, read_embeddings
from ...models.predict import decoded_lots, lots_of
from .embedder import Embedder

__all__ = ["Embedded", "embeddings_of", "store_in"]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Embeddings of the pictures of a table.

    Attributes:
        rows: int64, shape (n,), rows of the pictures that could be read, ascending.
        vectors: float32, shape (n, numbers), a row of length 1 for each.
        bad: what is wrong with the others, by row.
        computed: how many were made now; the others were in the store.
    """

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    bad: dict[int, str]
    computed: int


def store_in(root: str | os.PathLike[str], embedder: Embedder) -> Path:
    """Return the file in a cvdata dataset that holds what an embedder says of its pictures."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in embedder.name)
    return Path(root, "embeddings", f"{name.lstrip('.') or 'model'}-{embedder.sha256[:8]}.parquet")


def embeddings_of(
    images: Images,
    embedder: Embedder,
    *,
    store: Path | None = None,
    batch: int = 32,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Embedded:
    """Return the embeddings of all pictures of a table.

    A picture that is in the store, by its name and with a file of the same size and time, is not looked at again; what
    the store has of other pictures stays in it. It is written once, at the end, whole; a run that was killed left its
    journal beside it, and the next one goes on from there. The same pictures give the same bytes either way.

    Args:
        store: Parquet file, see `formats.embeddings`; made with its folder where it is not there. None to keep nothing.
        batch: pictures to look at together, and to lose where a run is killed; fewer where they are large.
        workers: threads that decode.

    Raises:
        UsageError: the store is of another embedder.
        FormatError: it is damaged.
        ModelError: the embedder gives numbers that are none.
        LockedError: another run works on the same store.
        OutputError: the disk refused.
    """
    making = _Making(images, embedder, workers, progress or Silent())
    if store is None:
        deque(making.compute(making.lots(batch)), maxlen=0)
        return making.embedded()
    stored = _read(store, making.info)
    making.take(stored)
    lots = making.lots(batch)  # before the journal is looked at: they are those of the run that was killed
    journal = Journal(store)
    if not lots and not os.path.lexists(journal.path):
        return making.embedded()
    with journal:
        earlier = merge_embeddings([stored, *_earlier(journal, making.info)])
        making.take(earlier)
        for part in making.compute(lots):
            journal.append(_line(part))
        if making.computed or len(journal.entries):
            _write(store, merge_embeddings([earlier, making.table()]), journal)
        journal.discard()
    return making.embedded()


class _Making:
    """The embeddings of a table of pictures, as they come."""

    def __init__(self, images: Images, embedder: Embedder, workers: int | None, progress: Progress) -> None:
        self.info = EmbeddingsInfo(model=embedder.name, sha256=embedder.sha256, length=embedder.length)
        self._images, self._embedder, self._workers, self._progress = images, embedder, workers, progress
        self._size, self._modified = _stamps(images)
        self._vectors = np.zeros((len(images), embedder.length), np.float32)
        self._done = np.zeros(len(images), np.bool_)
        self._bad: dict[int, str] = {}
        self.computed = 0

    def take(self, table: Embeddings) -> None:
        """Take what is known of pictures whose files did not change."""
        row_of = {name: row for row, name in enumerate(table.names)}
        at = np.fromiter((row_of.get(name, -1) for name in self._images.names), np.int64, len(self._images))
        mine = np.flatnonzero((at >= 0) & (self._size >= 0))
        same = (table.size[at[mine]] == self._size[mine]) & (table.modified[at[mine]] == self._modified[mine])
        mine = mine[same]
        self._vectors[mine] = table.vectors[at[mine]]
        self._done[mine] = True

    def lots(self, batch: int) -> list[list[int]]:
        """Return the rows of the pictures that are not there yet, in lots that are looked at together."""
        rows = np.flatnonzero(~self._done)
        return [rows[lot].tolist() for lot in lots_of(self._images.take(rows), batch)]

    def compute(self, lots: Sequence[list[int]]) -> Iterator[Embeddings]:
        """Look at the pictures of lots, but for those that are there by now; yield what is new of each lot."""
        left = [lot for rows in lots if (lot := [row for row in rows if not self._done[row]])]
        self._progress.start("embedding", sum(map(len, left)))
        with closing(decoded_lots(self._images, left, self._workers)) as ahead:
            for rows, pictures in ahead:
                self._bad |= {row: one for row, one in zip(rows, pictures, strict=True) if isinstance(one, str)}
                good = [one for one in pictures if not isinstance(one, str)]
                if good:
                    yield self._look([row for row in rows if row not in self._bad], good)
                self._progress.advance(len(rows))

    def _look(self, rows: list[int], pictures: list[NDArray[np.uint8]]) -> Embeddings:
        vectors = self._embedder.embed(pictures)
        if not np.isfinite(vectors).all():
            name = show(self._images.names[rows[int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])]])
            raise ModelError(
                f"'{show(self.info.model)}' gives numbers that are not finite for the picture '{name}'",
                hint="take other weights of it, or another model",
            )
        self._vectors[rows], self._done[rows] = vectors, True
        self.computed += len(rows)
        return self._part(np.array(rows, np.int64), vectors)

    def table(self) -> Embeddings:
        """Return what is there, for a store."""
        rows = np.flatnonzero(self._done)
        return self._part(rows, self._vectors if len(rows) == len(self._done) else self._vectors[rows])

    def _part(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> Embeddings:
        return Embeddings(
            info=self.info,
            names=tuple(self._images.names[row] for row in rows.tolist()),
            size=self._size[rows],
            modified=self._modified[rows],
            vectors=vectors,
        )

    def embedded(self) -> Embedded:
        """Return all that is there."""
        rows = np.flatnonzero(self._done)
        vectors = self._vectors if len(rows) == len(self._done) else self._vectors[rows]
        return Embedded(rows, vectors, self._bad, self.computed)


def _stamps(images: Images) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return size and time of each file, -1 where there is none."""
    size, modified = np.full(len(images), -1, np.int64), np.full(len(images), -1, np.int64)
    for row in range(len(images)):
        path = images.file(row)
        if path is not None:
            with suppress(OSError, ValueError):  # decoding it says what is wrong
                found = os.stat(path)
                size[row], modified[row] = found.st_size, found.st_mtime_ns
    return size, modified


def _read(store: Path, info: EmbeddingsInfo) -> Embeddings:
    """Return what a store holds; nothing where it is not there yet.

    Raises:
        UsageError: it is of another embedder, or no file.
        FormatError: it is damaged.
    """
    if not os.path.lexists(store):
        none = np.empty(0, np.int64)
        return Embeddings(info=info, names=(), size=none, modified=none, vectors=np.empty((0, info.length), np.float32))
    try:
        stored = read_embeddings(store)
    except OSError as error:
        raise UsageError(
            f"'{show(store)}' cannot be read: {error.strerror or type(error).__name__}", hint="give another file"
        ) from error
    if stored.info != info:
        raise UsageError(
            f"'{show(store)}' holds what '{show(stored.info.model)}' ({stored.info.sha256[:8]}) says of pictures, not "
            f"'{show(info.model)}' ({info.sha256[:8]})",
            hint="give another file for each model",
        )
    return stored


def _earlier(journal: Journal, info: EmbeddingsInfo) -> Iterator[Embeddings]:
    """Yield what a run that was killed had made with the same embedder."""
    for line in journal.entries:
        try:
            part = read_embeddings(b64decode(line))
        except FormatError:  # another cvdata wrote it
            continue
        if part.info == info:
            yield part


def _line(part: Embeddings) -> bytes:
    return b64encode(b"".join(encode_embeddings(part)))


def _write(store: Path, table: Embeddings, journal: Journal) -> None:
    try:
        folder = journal.make_scratch()
        disk.write_stream(folder, store.name, encode_embeddings(table))
        disk.replace(f"{folder}/{store.name}", os.path.abspath(store))
    except OSError as error:
        raise journal.failed(error) from error
