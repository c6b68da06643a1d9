"""What is known of a lot of pictures once models have looked at it: a line of the journal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..dataset import Annotations, Images
from ..dataset.packed import pack, unpack

__all__ = ["LookedEntry", "decode_entry", "encode_entry", "entry_of", "lot_keys"]


class LookedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of `.NAME.cvdata-journal` behind its checksum: a lot of pictures, and what was found in them.

    Attributes:
        cvdata: version that looked; another one looks again.
        key: SHA-256 of everything that the outcome depends on, in hexadecimal, the first 40 digits.
        rows: of the pictures of the lot that could be read, from 0; `sizes`: width and height of each, one after the
            other.
        bad: what is wrong with the others, by their row in the lot.
        columns: of the annotations, as bytes; their `image` is a row of the lot.
    """

    schema: Literal["cvdata/prelabel-journal/1"] = "cvdata/prelabel-journal/1"
    cvdata: str
    key: str
    rows: list[int]
    sizes: list[int]
    bad: dict[int, str]
    columns: dict[str, bytes]

    @property
    def table(self) -> Annotations:
        """What was found; `image` is a row of the lot."""
        return unpack(self.columns)


def entry_of(
    key: str,
    rows: NDArray[np.int64],
    width: NDArray[np.int64],
    height: NDArray[np.int64],
    bad: dict[int, str],
    table: Annotations,
) -> LookedEntry:
    """Return what is to be kept of a lot."""
    sizes = np.stack([width, height], axis=1).ravel().tolist()
    return LookedEntry(cvdata=__version__, key=key, rows=rows.tolist(), sizes=sizes, bad=bad, columns=pack(table))


def encode_entry(entry: LookedEntry) -> bytes:
    """Return a line of the journal."""
    return msgspec.json.encode(entry)


def decode_entry(line: bytes) -> LookedEntry | None:
    """Return what a line says; None where another command or another version wrote it."""
    try:
        entry = msgspec.json.decode(line, type=LookedEntry)
    except msgspec.MsgspecError:
        return None
    return entry if entry.cvdata == __version__ else None


def lot_keys(images: Images, lots: Iterable[Sequence[int]], how: Mapping[str, Any]) -> list[str]:
    """Return a key for each lot of pictures, which changes with anything that its outcome depends on.

    A picture is known by its name, and its file by size and time of change.

    Args:
        how: models by their hashes, and settings.
    """
    begin = msgspec.json.encode({"cvdata": __version__, **how}, order="sorted")
    return [sha256(b"\n".join([begin, *(_picture(images, row) for row in lot)])).hexdigest()[:40] for lot in lots]


def _picture(images: Images, row: int) -> bytes:
    path = images.file(row)
    try:
        status = None if path is None else os.stat(path)
    except OSError:  # it is not there; looking at it will say so
        status = None
    said = None if status is None else (status.st_size, status.st_mtime_ns)
    return msgspec.json.encode((images.names[row], said))
