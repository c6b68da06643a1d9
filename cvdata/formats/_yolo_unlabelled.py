"""`unlabelled.txt`: the pictures that nobody has labelled.

Trainers and most tools want a label file for every picture, and take an empty one for "nothing in it". The list keeps
what that would lose: a picture in it whose label file is empty is still to be labelled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..errors import FormatError, Place
from ._yolo_entries import normal
from ._yolo_finder import label_of

__all__ = ["UNLABELLED", "list_of", "unlabelled_files"]

UNLABELLED = "unlabelled.txt"
_LARGEST = 1 << 28  # bytes


def list_of(pictures: Iterable[str]) -> bytes:
    """Return the list of pictures, given below the dataset's root, a line each and sorted."""
    return "".join(f"./{picture}\n" for picture in sorted(pictures)).encode()


def unlabelled_files(root: str) -> frozenset[str]:
    """Return the label files, below the dataset's root, of the pictures in its list; none where there is no list.

    Raises:
        FormatError: the list cannot be read.
    """
    path = f"{root}/{UNLABELLED}"
    if os.path.islink(path) or not os.path.isfile(path):
        return frozenset()
    try:
        if os.path.getsize(path) > _LARGEST:
            raise FormatError("is larger than 256 MiB, expected a list of pictures", at=Place(UNLABELLED))
        with open(path, "rb") as file:
            text = os.fsdecode(file.read().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", at=Place(UNLABELLED)) from error
    pictures = (normal(line.strip().replace("\\", "/")) for line in text.split("\n"))
    return frozenset(label_of(picture) for picture in pictures if picture)
