"""What an embedder says of pictures, as one Parquet file: a row for each, with its numbers as one column.

    name          of the picture in its dataset
    size_bytes    of its file, and
    modified_ns   when that was changed last: a picture that differs from either is another one
    embedding     list of so many float32, of length 1

Which embedder it was stands in the metadata of the schema under `cvdata`. Rows are in the order of the names, so that
the same pictures give the same bytes in whatever order they came.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, Place
from ._store_columns import array_of, encode_texts, texts_from
from ._store_parquet import from_parquet, to_parquet

__all__ = ["Embeddings", "EmbeddingsInfo", "encode_embeddings", "merge_embeddings", "read_embeddings"]

_KEY = b"cvdata"
_ODD_NAMES = "name_bytes"  # as in the tables of a cvdata dataset: names that UTF-8 cannot hold
_OFF = 1e-3  # that the length of a row may be off 1


class EmbeddingsInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which embedder the numbers are of.

    Attributes:
        model: its name; `sha256`: of what decides its numbers.
        length: numbers a picture.
    """

    schema: Literal["cvdata/embeddings/1"] = "cvdata/embeddings/1"
    model: str
    sha256: str
    length: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Embeddings:
    """A row for each picture, by ascending name.

    Attributes:
        info: of what embedder.
        names: of the pictures.
        size: int64, bytes of the file; `modified`: int64, when it was changed, nanoseconds since 1970 (UTC).
        vectors: float32, shape (n, length), each of length 1, or 0 where an embedder saw nothing.
    """

    info: EmbeddingsInfo
    names: tuple[str, ...]
    size: NDArray[np.int64]
    modified: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.names)


def merge_embeddings(parts: Sequence[Embeddings]) -> Embeddings:
    """Join tables of one embedder; of a picture that is in several, the last one counts."""
    last = {name: (number, row) for number, part in enumerate(parts) for row, name in enumerate(part.names)}
    names = tuple(sorted(last))
    number, row = np.array([last[name] for name in names], np.int64).reshape(-1, 2).T
    size, modified = np.empty((2, len(names)), np.int64)
    vectors = np.empty((len(names), parts[0].info.length), np.float32)
    order = np.argsort(number, kind="stable")
    ends = np.searchsorted(number[order], np.arange(len(parts)), side="right")
    for part, here in zip(parts, np.split(order, ends[:-1]), strict=True):
        rows = row[here]
        size[here], modified[here], vectors[here] = part.size[rows], part.modified[rows], part.vectors[rows]
    return Embeddings(info=parts[0].info, names=names, size=size, modified=modified, vectors=vectors)


def encode_embeddings(table: Embeddings) -> Iterator[bytes]:
    """Yield a table as a Parquet file, in pieces; the same table gives the same bytes."""
    import pyarrow

    numbers = pyarrow.array(np.ascontiguousarray(table.vectors).ravel())
    names, odd = encode_texts(table.names)
    columns = {
        "name": names,
        **({} if odd is None else {_ODD_NAMES: odd}),
        "size_bytes": pyarrow.array(table.size),
        "modified_ns": pyarrow.array(table.modified),
        "embedding": pyarrow.FixedSizeListArray.from_arrays(numbers, table.info.length),
    }
    return to_parquet(pyarrow.table(columns).replace_schema_metadata({_KEY: msgspec.json.encode(table.info)}))


def read_embeddings(source: str | os.PathLike[str] | bytes) -> Embeddings:
    """Read a file of embeddings, or its bytes, every value checked as a stranger's.

    Raises:
        FormatError: it is damaged, or no such file.
        OSError: it cannot be read.
    """
    at = Place("embeddings" if isinstance(source, bytes) else source)
    try:
        table = from_parquet(source, at=at)
    except FormatError as error:
        cure = "give another file, or remove this one: embeddings can be made again"
        raise FormatError(error.message, at=at, hint=cure) from error
    info = _info_of(table, at)
    found = _decoded(table, info, at)
    if not all(found.names) or len(set(found.names)) < len(found.names):
        raise FormatError("a picture has no name, or is there twice", at=at, hint=_AGAIN)
    lengths = np.einsum("ij,ij->i", found.vectors, found.vectors)
    if not (np.isfinite(lengths) & ((np.abs(lengths - 1) < _OFF) | (lengths == 0))).all():
        raise FormatError("the numbers of a picture are not of length 1", at=at, hint=_AGAIN)
    return found


_AGAIN = "remove the file: embeddings can be made again"


def _info_of(table: Any, at: Place) -> EmbeddingsInfo:
    said = (table.schema.metadata or {}).get(_KEY)
    if said is None:
        raise FormatError("it holds no embeddings of cvdata", at=at, hint="give another file")
    try:
        return msgspec.json.decode(said, type=EmbeddingsInfo)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError("it does not say in a known way whose numbers they are", at=at, hint=_AGAIN) from error


def _decoded(table: Any, info: EmbeddingsInfo, at: Place) -> Embeddings:
    import pyarrow

    try:
        odd = table.column(_ODD_NAMES) if _ODD_NAMES in table.column_names else None
        return Embeddings(
            info=info,
            names=texts_from(table.column("name"), odd),
            size=array_of(table.column("size_bytes"), np.int64),
            modified=array_of(table.column("modified_ns"), np.int64),
            vectors=_vectors_of(table.column("embedding"), info.length),
        )
    except (pyarrow.ArrowException, KeyError, ValueError) as error:
        raise FormatError("a column is missing, or holds something else", at=at, hint=_AGAIN) from error


def _vectors_of(column: Any, length: int) -> NDArray[np.float32]:
    """Return a column of lists as an array.

    Raises:
        ValueError: a list is missing or has another length, or a number is missing.
    """
    import pyarrow

    if length < 1 or column.type != pyarrow.list_(pyarrow.float32(), length):
        raise ValueError("it is no list of so many numbers")
    parts = [np.empty((0, length), np.float32)]
    for chunk in column.chunks:
        numbers = chunk.flatten()
        if chunk.null_count or numbers.null_count:
            raise ValueError("it has nulls")
        parts.append(numbers.to_numpy(zero_copy_only=False).reshape(len(chunk), length))
    return parts[1] if len(parts) == 2 else np.concatenate(parts)
