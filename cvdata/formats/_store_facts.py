"""What picture files say of themselves, as columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import TAKEN_UNKNOWN, Facts
from ._store_columns import array_of, encode_numbers

__all__ = ["decode_facts", "encode_facts"]

_LIGHT = ("brightness", "contrast", "sharpness")
_HEX = np.frombuffer(b"".join(f"{byte:02x}".encode() for byte in range(256)), np.uint8).reshape(256, 2)


def encode_facts(facts: Facts) -> dict[str, Any]:
    """Return the columns of facts; pictures that were never read are null in all of them."""
    import pyarrow

    unread = facts.size < 0
    taken = encode_numbers(facts.taken, unread | (facts.taken == TAKEN_UNKNOWN))
    return {
        "size_bytes": encode_numbers(facts.size, unread),
        "modified_ns": encode_numbers(facts.modified, unread),
        "sha256": _encode_sha256(facts.sha256, unread),
        "phash": encode_numbers(facts.phash, unread),
        "taken": taken.view(pyarrow.timestamp("ms")),
        **{
            name: encode_numbers(value, unread | np.isnan(value)) for name in _LIGHT for value in [getattr(facts, name)]
        },
    }


def _encode_sha256(digests: NDArray[np.uint8], unread: NDArray[np.bool_]) -> Any:
    """Return digests as people write them: 64 hexadecimal digits."""
    import pyarrow
    import pyarrow.compute

    letters = np.ascontiguousarray(_HEX[digests.ravel()])
    fixed = pyarrow.FixedSizeBinaryArray.from_buffers(
        pyarrow.binary(64), len(digests), [None, pyarrow.py_buffer(letters)]
    )
    text = fixed.cast(pyarrow.binary()).cast(pyarrow.string())
    return pyarrow.compute.if_else(pyarrow.array(unread), None, text)


def decode_facts(table: Any) -> Facts:
    """Return the facts of a table that has their columns.

    Raises:
        pyarrow.ArrowException, ValueError: a column is missing or holds something else.
    """
    for name in ("modified_ns", "sha256", "phash", "taken", *_LIGHT):
        if name not in table.column_names:
            raise ValueError(f"the column '{name}' is missing beside it")
    size = array_of(table.column("size_bytes"), np.int64, -1)
    light = {name: array_of(table.column(name), np.float32, np.nan) for name in _LIGHT}
    return Facts(
        size=size,
        modified=array_of(table.column("modified_ns"), np.int64, 0),
        sha256=_decode_sha256(table.column("sha256")),
        phash=array_of(table.column("phash"), np.uint64, 0),
        taken=array_of(_milliseconds(table.column("taken")), np.int64, TAKEN_UNKNOWN),
        **{name: np.where(size < 0, np.float32(0), value) for name, value in light.items()},
    )


def _milliseconds(column: Any) -> Any:
    import pyarrow

    if column.type != pyarrow.timestamp("ms"):
        column = column.cast(pyarrow.timestamp("ms"))
    return pyarrow.chunked_array([chunk.view(pyarrow.int64()) for chunk in column.chunks], pyarrow.int64())


def _decode_sha256(column: Any) -> NDArray[np.uint8]:
    digests = [bytes(32) if text is None else bytes.fromhex(text) for text in column.to_pylist()]
    if any(len(digest) != 32 for digest in digests):
        raise ValueError("a SHA-256 has not 64 hexadecimal digits")
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
