"""Columns of the model as Arrow arrays and back: whole buffers at a time, and what is unset is null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Ragged, SourceIds
from ..dataset.ragged import starts

__all__ = [
    "array_of",
    "encode_flags",
    "encode_ids",
    "encode_json",
    "encode_lists",
    "encode_named",
    "encode_numbers",
    "encode_texts",
    "ids_from",
    "json_from",
    "lists_from",
    "named_from",
    "texts_from",
    "unique_texts",
]

_LARGEST_OFFSET = np.iinfo(np.int32).max

# --- to Arrow


def encode_numbers(values: NDArray[Any], unset: NDArray[np.bool_] | None = None) -> Any:
    """Make a column of numbers; null where `unset`, and where a float is NaN."""
    import pyarrow

    if unset is None and values.dtype.kind == "f":
        unset = np.isnan(values)
    return pyarrow.array(values, mask=unset if unset is not None and unset.any() else None)


def encode_flags(values: NDArray[np.int8]) -> Any:
    """Make a column of booleans out of 1, 0 and -1, which becomes null."""
    import pyarrow

    return pyarrow.array(values == 1, mask=values < 0)


def encode_texts(values: Sequence[str]) -> tuple[Any, Any]:
    """Make a column of text, and one of bytes for the rows that UTF-8 cannot hold, or None where there are none.

    Such rows, file names of undecodable bytes (PEP 383), stand in the text column with these bytes escaped.
    """
    import pyarrow

    try:
        return pyarrow.array(values, pyarrow.string()), None
    except UnicodeEncodeError:
        raw = [value.encode("utf-8", "surrogatepass") for value in values]
        shown = [_readable(value) for value in values]
        odd = [None if text.encode() == data else data for text, data in zip(shown, raw, strict=True)]
        return pyarrow.array(shown, pyarrow.string()), pyarrow.array(odd, pyarrow.binary())


def encode_named(rows: NDArray[np.integer[Any]], names: Sequence[str]) -> Any:
    """Make a column of text out of rows in a list of names; a negative row becomes null."""
    import pyarrow

    indices = pyarrow.array(rows.astype(np.int32), mask=rows < 0)
    return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(unique_texts(names), pyarrow.string()))


def unique_texts(names: Sequence[str]) -> list[str]:
    """Return a different readable text for each name; names that are fine stay as they are."""
    taken: set[str] = set()
    texts = []
    for name in names:
        text = _readable(name)
        while text in taken:
            text += "_"
        taken.add(text)
        texts.append(text)
    return texts


def _readable(name: str) -> str:
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a character, which no file name holds
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def encode_ids(ids: SourceIds) -> Any:
    """Make a column of ids: integers, or JSON text where one is a word or beyond 64 bits."""
    import pyarrow

    if isinstance(ids, np.ndarray):
        return pyarrow.array(ids)
    return pyarrow.array([json.dumps(value) for value in ids], pyarrow.string())


def encode_json(rows: Ragged) -> Any:
    """Make a column of JSON texts; null where there is none."""
    import pyarrow

    values = np.ascontiguousarray(rows.values)
    array = _binary(rows.offsets, values, rows.lengths == 0)
    text = array.view(pyarrow.large_string() if array.type == pyarrow.large_binary() else pyarrow.string())
    try:
        text.validate(full=True)
    except pyarrow.ArrowInvalid:  # no UTF-8, so no Parquet text
        return array
    return text


def _binary(offsets: NDArray[np.int64], values: NDArray[np.uint8], empty: NDArray[np.bool_]) -> Any:
    import pyarrow

    small = int(offsets[-1]) <= _LARGEST_OFFSET
    kind, width = (pyarrow.binary(), np.int32) if small else (pyarrow.large_binary(), np.int64)
    valid = np.packbits(~empty, bitorder="little")
    buffers = [pyarrow.py_buffer(valid), pyarrow.py_buffer(offsets.astype(width)), pyarrow.py_buffer(values)]
    return pyarrow.Array.from_buffers(kind, len(offsets) - 1, buffers)


def encode_lists(offsets: NDArray[np.int64], values: Any, *, unset: NDArray[np.bool_] | None = None) -> Any:
    """Make a column of lists, row i being `values[offsets[i]:offsets[i + 1]]`; null where `unset`.

    Args:
        values: numbers, or an Arrow array.
    """
    import pyarrow

    if isinstance(values, np.ndarray):
        values = pyarrow.array(np.ascontiguousarray(values))
    small = int(offsets[-1]) <= _LARGEST_OFFSET
    kind, width = (pyarrow.ListArray, np.int32) if small else (pyarrow.LargeListArray, np.int64)
    mask = None if unset is None or not unset.any() else pyarrow.array(unset)
    return kind.from_arrays(pyarrow.array(offsets.astype(width)), values, mask=mask)


# --- and back; every function raises pyarrow.ArrowException or ValueError where the column is something else


def array_of(column: Any, dtype: Any, unset: Any = None) -> NDArray[Any]:
    """Return a column as an array, with `unset` for null.

    Raises:
        pyarrow.ArrowException: it holds something else.
        ValueError: it has nulls, and there is no `unset`.
    """
    import pyarrow

    kind = pyarrow.from_numpy_dtype(np.dtype(dtype))
    parts = [np.empty(0, dtype)]
    for chunk in column.chunks:
        if chunk.null_count and unset is None:
            raise ValueError("it has nulls")
        if chunk.type == kind and kind != pyarrow.bool_():
            parts.append(_plain(chunk, np.dtype(dtype), unset))
            continue
        whole = chunk.cast(kind)
        if whole.null_count:
            whole = whole.fill_null(pyarrow.scalar(unset, kind))
        parts.append(whole.to_numpy(zero_copy_only=False).astype(dtype, copy=False))
    return parts[1] if len(parts) == 2 else np.concatenate(parts)


def _plain(chunk: Any, dtype: np.dtype[Any], unset: Any) -> NDArray[Any]:
    """Return numbers of the very type; without `pyarrow.compute`, whose import takes longer than most columns."""
    valid, values = chunk.buffers()
    first, last = chunk.offset, chunk.offset + len(chunk)
    if values is None:
        return np.full(len(chunk), unset, dtype)
    numbers = np.frombuffer(values, dtype, last)[first:]
    if not chunk.null_count:
        return numbers
    there = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[first:last]
    return np.where(there.astype(np.bool_), numbers, dtype.type(unset))


def texts_from(column: Any, raw: Any | None) -> tuple[str, ...]:
    """Return a column of text; `raw` is the column of the rows that UTF-8 cannot hold, or None."""
    import pyarrow

    if column.type != pyarrow.string():
        column = column.cast(pyarrow.string())
    column.validate(full=True)
    texts = column.to_pylist()
    if column.null_count:
        raise ValueError("it has nulls")
    if raw is not None:
        for row, data in enumerate(raw.cast(pyarrow.binary()).to_pylist()):
            if data is not None:
                texts[row] = data.decode("utf-8", "surrogatepass")
    return tuple(texts)


def named_from(column: Any, names: Sequence[str]) -> NDArray[np.int32]:
    """Return the row in a list of names for each text of a column, -1 for null.

    Raises:
        ValueError: a text is none of the names.
    """
    import pyarrow

    row_of = {text: row for row, text in enumerate(unique_texts(names))}
    parts = [np.empty(0, np.int32)]
    for chunk in column.chunks:
        if not pyarrow.types.is_dictionary(chunk.type):
            chunk = chunk.cast(pyarrow.string()).dictionary_encode()
        rows = np.array([row_of.get(text, -2) for text in chunk.dictionary.to_pylist()] + [-1], np.int32)
        parts.append(rows[array_of(pyarrow.chunked_array([chunk.indices]), np.int32, len(rows) - 1)])
    found = np.concatenate(parts)
    if (found == -2).any():
        raise ValueError("it has a name that the dataset does not list")
    return found


def ids_from(column: Any) -> SourceIds:
    """Return a column of ids."""
    import pyarrow

    if pyarrow.types.is_integer(column.type):
        return array_of(column, np.int64)
    values = [json.loads(text) for text in texts_from(column, None)]
    if not all(type(value) in (int, str) for value in values):
        raise ValueError("an id is neither a number nor a text")
    return tuple(values)


def json_from(column: Any) -> Ragged:
    """Return a column of JSON texts as bytes."""
    import pyarrow

    column.validate(full=True)
    parts = [Ragged(np.empty(0, np.uint8), np.zeros(1, np.int64))]
    for chunk in column.chunks:
        lengths = chunk.cast(pyarrow.large_binary())
        _, offsets, values = lengths.buffers()
        bounds = np.frombuffer(offsets, np.int64)[lengths.offset : lengths.offset + len(lengths) + 1]
        sizes = np.where(lengths.is_valid().to_numpy(zero_copy_only=False), np.diff(bounds), 0)
        if sizes.sum() != bounds[-1] - bounds[0]:
            raise ValueError("it has bytes under a null")
        flat = np.frombuffer(values, np.uint8)[bounds[0] : bounds[-1]] if values is not None else parts[0].values
        parts.append(Ragged(flat, starts(sizes)))
    return Ragged.concat(parts)


def lists_from(column: Any) -> tuple[NDArray[np.int64], Any]:
    """Return the offsets of a column of lists, null being empty, and its values as a chunked array."""
    import pyarrow
    import pyarrow.compute

    if not (pyarrow.types.is_list(column.type) or pyarrow.types.is_large_list(column.type)):
        raise ValueError(f"it is {column.type}, not a list")
    lengths = [pyarrow.compute.list_value_length(chunk).fill_null(0) for chunk in column.chunks]
    sizes = np.concatenate([np.empty(0, np.int64), *(part.to_numpy(zero_copy_only=False) for part in lengths)])
    values = pyarrow.chunked_array([chunk.flatten() for chunk in column.chunks], column.type.value_type)
    return starts(sizes.astype(np.int64)), values
