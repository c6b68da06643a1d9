"""A lot for each name that hangs on the name and a seed alone: names that come later change no other name's lot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_lots"]


def draw_lots(names: Iterable[str], salt: str) -> NDArray[np.uint64]:
    """Return a number for each name, uint64, shape (names,), the same with any version of Python and NumPy.

    Args:
        salt: what else the lots hang on, such as the seed.
    """
    start = salt.encode()
    # Names of files may hold bytes that are no text (PEP 383).
    digests = [hashlib.blake2b(start + n.encode("utf-8", "surrogatepass"), digest_size=8).digest() for n in names]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)
