"""What several models are as one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["joined_names", "joined_sha256"]


def joined_names(names: Sequence[str]) -> str:
    """Return the name of several models together."""
    return " + ".join(names)


def joined_sha256(digests: Sequence[str]) -> str:
    """Return the SHA-256 of the hexadecimal digests of several models, one after the other."""
    return hashlib.sha256("".join(digests).encode("ascii")).hexdigest()
