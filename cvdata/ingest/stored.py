"""What new pictures are called below `images/` of a dataset that is there already; no file there is ever replaced."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ..files import output_names
from ..formats._store_pictures import file_key

__all__ = ["stored_names"]


def stored_names(
    names: Sequence[str], paths: Sequence[str], sha256: NDArray[np.uint8], taken: Collection[str], root: str
) -> list[str]:
    """Return where pictures go: under their own name, or where that is another picture's, `a~1a2b3c4d.jpg`.

    Args:
        names: in the dataset; `paths`: where each lies now; `sha256`: uint8, shape (n, 32), of each.
        taken: names of files that the current version has, from `taken_files`.
        root: folder `images/` of the dataset.
    """
    found = []
    for name, path, digest in zip(output_names(names), paths, sha256, strict=True):
        if file_key(name) in taken or not _free(f"{root}/{name}", path):
            found.append(_tagged(name, f"~{digest[:4].tobytes().hex()}"))
        else:
            found.append(name)
    return found


_LONGEST = 255  # bytes of one part of a path, on every file system in use


def _tagged(name: str, tag: str) -> str:
    folder, slash, last = name.rpartition("/")
    stem, suffix = os.path.splitext(last)
    room = _LONGEST - len(tag) - len(suffix.encode())
    return f"{folder}{slash}{stem.encode()[:room].decode(errors='ignore')}{tag}{suffix}"


def _free(target: str, path: str) -> bool:
    """Tell whether a file may go to a place: nothing is there, or what a killed run left of this very file."""
    if not os.path.lexists(target):
        return True
    if os.path.isfile(target) and os.path.getsize(target) > os.path.getsize(path):
        return False
    try:
        if os.path.samefile(target, path):
            return True
        with open(target, "rb") as there, open(path, "rb") as new:
            while block := there.read(1 << 20):
                if new.read(len(block)) != block:
                    return False
    except OSError:
        return False
    return True
