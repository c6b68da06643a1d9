"""SHA-256 of files, without holding them in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

__all__ = ["hash_file", "hash_files"]

_PIECE = 1 << 20


def hash_file(path: str | os.PathLike[str]) -> bytes:
    """Return the SHA-256 of a file, 32 bytes.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.digest()


def hash_files(paths: Sequence[str]) -> list[bytes | None]:
    """Return the SHA-256 of each file, None where it cannot be read; a batch for `Engine.map`."""
    return [_hash_or_none(path) for path in paths]


def _hash_or_none(path: str) -> bytes | None:
    try:
        return hash_file(path)
    except OSError:
        return None
