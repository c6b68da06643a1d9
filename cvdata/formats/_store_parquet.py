"""Tables as Parquet files and back, a group of rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import FormatError, Place

__all__ = ["count_polygons", "from_parquet", "to_parquet"]

_ROWS_A_GROUP = 100_000


def to_parquet(table: Any) -> Iterator[bytes]:
    """Yield a table as a Parquet file in pieces, a group of rows at a time; the same table gives the same bytes."""
    import pyarrow
    import pyarrow.parquet

    pieces = _Pieces()
    texts = [field.name for field in table.schema if pyarrow.types.is_dictionary(field.type)]
    with pyarrow.parquet.ParquetWriter(
        pyarrow.PythonFile(pieces, mode="w"), table.schema, compression="zstd", use_dictionary=texts
    ) as writer:
        for first in range(0, max(1, table.num_rows), _ROWS_A_GROUP):
            writer.write_table(table.slice(first, _ROWS_A_GROUP))
            yield from pieces.taken()
    yield from pieces.taken()


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
        with pyarrow.parquet.ParquetFile(file) as parquet:
            yield parquet
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        # Arrow's own complaints are an OSError too, without a number.
        place = at or (None if isinstance(source, bytes) else Place(source))
        raise FormatError(
            "it is not a Parquet file, or it is damaged", at=place, hint="restore the file from a copy"
        ) from error
