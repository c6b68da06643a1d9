"""Tables as Parquet files and back, a group of rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import FormatError, Place

__all__ = ["column_from_parquet", "count_polygons", "from_parquet", "groups_to_parquet", "to_parquet"]

_ROWS_A_GROUP = 100_000


def to_parquet(table: Any) -> Iterator[bytes]:
    """Yield a table as a Parquet file in pieces, a group of rows at a time; the same table gives the same bytes."""
    starts = range(0, max(1, table.num_rows), _ROWS_A_GROUP)
    return groups_to_parquet(table.schema, (table.slice(first, _ROWS_A_GROUP) for first in starts))


def groups_to_parquet(schema: Any, groups: Iterable[Any], quick: Sequence[str] = ()) -> Iterator[bytes]:
    """Yield tables of one schema, which are made as they are needed, as the groups of one Parquet file.

    Args:
        quick: columns to pack in a third of the time, into half as much again.
    """
    import pyarrow
    import pyarrow.parquet

    pieces = _Pieces()
    packing = {_leaf(field): "snappy" if field.name in quick else "zstd" for field in schema}
    texts = [field.name for field in schema if pyarrow.types.is_dictionary(field.type)]
    with pyarrow.parquet.ParquetWriter(
        pyarrow.PythonFile(pieces, mode="w"), schema, compression=packing, use_dictionary=texts
    ) as writer:
        for group in groups:
            writer.write_table(group)
            yield from pieces.taken()
    yield from pieces.taken()


def _leaf(field: Any) -> str:
    """Return the path by which Parquet knows a column, or the numbers in a column of lists."""
    from pyarrow import types

    path, kind = field.name, field.type
    while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        path, kind = f"{path}.list.element", kind.value_type
    return str(path)


class _Pieces:
    """The file that a Parquet writer writes to."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing: the pieces are there already."""

    def close(self) -> None:
        self.closed = True

    def taken(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces


def from_parquet(source: str | os.PathLike[str] | bytes, without: Sequence[str] = (), at: Place | None = None) -> Any:
    """Return the table of a Parquet file, or of its bytes.

    Args:
        without: columns that nobody wants.

    Raises:
        FormatError: it is not a Parquet file, or a damaged one.
        OSError: it cannot be read.
    """
    import pyarrow

    with _opened(source, at) as parquet:
        names = [name for name in parquet.schema_arrow.names if name not in without]
        # Group by group: reading all at once holds every column twice on the way.
        groups = [parquet.read_row_group(n, names, use_threads=False) for n in range(parquet.num_row_groups)]
        return pyarrow.concat_tables(groups or [parquet.schema_arrow.empty_table().select(names)])


def column_from_parquet(source: str | os.PathLike[str], name: str, at: Place | None = None) -> Iterator[Any]:
    """Yield a column of a Parquet file, a group of rows at a time; nothing where there is none of that name.

    Raises:
        FormatError: it is not a Parquet file, or a damaged one.
        OSError: it cannot be read.
    """
    with _opened(source, at) as parquet:
        if name in parquet.schema_arrow.names:
            for group in range(parquet.num_row_groups):
                yield parquet.read_row_group(group, [name], use_threads=False).column(0)


def count_polygons(source: str | os.PathLike[str], at: Place | None = None) -> int | None:
    """Return how many annotations in a Parquet file have an outline, or None where only reading them would tell.

    Raises:
        FormatError: it is not a Parquet file, or a damaged one.
        OSError: it cannot be read.
    """
    with _opened(source, at) as parquet:
        metadata = parquet.metadata
    found = 0
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema.startswith("polygons."):
                if column.statistics is None or not column.statistics.has_null_count:
                    return None
                # An annotation without outline is one null in the innermost column.
                found += group.num_rows - column.statistics.null_count
    return found


@contextmanager
def _opened(source: str | os.PathLike[str] | bytes, at: Place | None) -> Iterator[Any]:
    import pyarrow
    import pyarrow.parquet

    file = pyarrow.BufferReader(source) if isinstance(source, bytes) else os.fspath(source)
    try:
        # Reading ahead would start a thread, and a process with threads cannot fork workers.
        with pyarrow.parquet.ParquetFile(file, pre_buffer=False) as parquet:
            yield parquet
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        # Arrow's own complaints are an OSError too, without a number.
        place = at or (None if isinstance(source, bytes) else Place(source))
        raise FormatError(
            "it is not a Parquet file, or it is damaged", at=place, hint="restore the file from a copy"
        ) from error
