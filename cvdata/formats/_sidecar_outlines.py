"""Outlines that nobody decoded, as a column of text in the sidecar, and decoded when they are put back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Polygons, Texts
from ..dataset.ragged import starts
from ..engine import Engine, Progress
from ..errors import FormatError, Place
from ._coco_part import polygons_of
from ._store_columns import json_from
from ._store_parquet import column_from_parquet, groups_to_parquet, to_parquet

__all__ = ["COLUMN", "annotations_to_parquet", "read_outlines", "with_outlines"]

COLUMN = "polygons_json"
"""Name of the column: rings as COCO has them, `[[x1, y1, x2, y2, ...], ...]`, null where there are none."""

_GROUP = 50_000  # rows a group in the file: their text is small enough for memory that is used again and again
_BATCH = 4096  # outlines a batch to decode


def annotations_to_parquet(table: Any, outlines: Texts | None) -> Iterator[bytes]:
    """Yield a table of annotations as a Parquet file, with their outlines as text where there are any."""
    import pyarrow

    if outlines is None:
        return to_parquet(table)

    def groups() -> Iterator[Any]:
        for first in range(0, table.num_rows, _GROUP):
            part = slice(first, first + _GROUP)
            yield table.slice(first, _GROUP).append_column(COLUMN, _encode(outlines, part))

    schema = table.schema.append(pyarrow.field(COLUMN, pyarrow.large_string()))
    return groups_to_parquet(schema, groups(), quick=[COLUMN])


def _encode(outlines: Texts, part: slice) -> Any:
    import pyarrow

    lengths = outlines.lengths[part]
    valid = np.packbits(lengths > 0, bitorder="little")
    buffers = [pyarrow.py_buffer(data) for data in (valid, starts(lengths), outlines.joined(part))]
    return pyarrow.Array.from_buffers(pyarrow.large_string(), len(lengths), buffers)


def with_outlines(
    annotations: Annotations, path: str, engine: Engine, progress: Progress, at: Place
) -> Annotations | None:
    """Return annotations with the outlines that their Parquet file has as text; None where it has none as text.

    Raises:
        FormatError: the column holds something else.
    """
    has = [np.zeros(0, np.bool_)]
    parts = [Polygons.none(0)]
    progress.start("decoding outlines", len(annotations))
    for part in engine.map(decode_outlines, _batches(path, at, has), progress=progress):
        if part is None:
            raise FormatError(f"the column '{COLUMN}' holds something that is no outline", at=at)
        parts.append(part)
    if len(has) == 1:
        return None
    found = Polygons.concat(parts)
    if len(found.rings) == 1:
        return annotations
    if annotations.polygons is not None:
        rows = np.arange(len(found))
        both = Polygons.concat([annotations.polygons, found])
        found = both.take(np.where(np.concatenate(has), len(found) + rows, rows))
    return dataclasses.replace(annotations, polygons=found)


def _batches(path: str, at: Place, has: list[NDArray[np.bool_]]) -> Iterator[OutlineBatch]:
    """Yield the column a batch at a time, and add to `has` which rows have a text."""
    import pyarrow

    for column in column_from_parquet(path, COLUMN, at):
        try:
            texts = json_from(column)
        except (pyarrow.ArrowException, ValueError) as error:
            raise FormatError(f"the column '{COLUMN}' holds something that is no text", at=at) from error
        has.append(texts.lengths > 0)
        rows = texts.to_bytes()
        for first in range(0, len(rows), _BATCH):
            yield OutlineBatch(rows[first : first + _BATCH])


@dataclass(frozen=True)
class OutlineBatch:
    """Texts of outlines, empty where there is none."""

    texts: list[bytes]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, part: slice) -> OutlineBatch:
        return OutlineBatch(self.texts[part])


_DECODER = msgspec.json.Decoder(list[list[list[float]]])


def decode_outlines(batch: OutlineBatch) -> Polygons | None:
    """Return outlines as numbers, or None where one is none; runs in a worker."""
    try:
        outlines = _DECODER.decode(b"[" + b",".join(text or b"[]" for text in batch.texts) + b"]")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if len(outlines) != len(batch) or any(len(ring) % 2 or len(ring) < 6 for rings in outlines for ring in rings):
        return None
    return polygons_of(outlines) or Polygons.none(len(batch))


def read_outlines(annotations: Annotations) -> Annotations:
    """Return annotations whose outlines are numbers, where they were kept as text.

    Raises:
        FormatError: a text is no outline.
    """
    if annotations.outlines is None:
        return annotations
    polygons = decode_outlines(OutlineBatch(annotations.outlines.to_bytes()))
    if polygons is None:
        raise FormatError("an outline is no list of rings", hint="convert the labels first: it says which")
    both = annotations.polygons
    if both is not None:  # other rows, of sources that were read as numbers
        source = np.where(both.ring_counts > 0, np.arange(len(both)), len(both) + np.arange(len(both)))
        polygons = Polygons.concat([both, polygons]).take(source)
    return dataclasses.replace(annotations, polygons=polygons, outlines=None)
