"""A digest over everything that a training sees of a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
import numpy as np

from ...dataset import Polygons, Ragged
from ...files.hashes import hash_files
from .part import Part

__all__ = ["digest_of"]

_COLUMNS = ("image", "category", "box", "polygons", "masks", "keypoints", "rotated", "crowd")
"""Columns of the annotations that change what is learnt or how it is judged."""


def digest_of(train: Part, val: Part, classes: tuple[str, ...]) -> str:
    """Return a SHA-256, in hexadecimal, over the classes and, of both parts, pictures and labels.

    Of the pictures count their names, their sizes and, where they were read, the contents of their files; of the labels
    boxes, outlines, masks and keypoints, and the files of maps. Where the files lie does not count.
    """
    digest = hashlib.sha256(msgspec.json.encode(classes))
    for part in (train, val):
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    return digest.hexdigest()


def _pieces(part: Part) -> Iterable[bytes]:
    images, table = part.dataset.images, part.dataset.annotations
    yield "\0".join(images.names).encode("utf-8", "surrogatepass")
    yield np.stack([images.width, images.height]).astype("<i8").tobytes()
    if images.facts is not None:
        yield images.facts.sha256.tobytes()
    if part.crop is not None:
        yield part.crop.astype("<f8").tobytes()
    for name in _COLUMNS:
        yield name.encode()
        yield from _column(getattr(table, name))
    if part.maps is not None:
        yield msgspec.json.encode(sorted(part.maps.values.items()))
        yield b"".join(one or bytes(32) for one in hash_files([path or "" for path in part.maps.files]))


def _column(column: object) -> Iterable[bytes]:
    if isinstance(column, Polygons):
        columns = [column.points, column.rings, column.owners]
    elif isinstance(column, Ragged):
        columns = [column.values, column.offsets]
    else:
        columns = [column] if isinstance(column, np.ndarray) else []
    for array in columns:
        yield np.ascontiguousarray(array).tobytes()
