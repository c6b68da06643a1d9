"""Digests that tell what was changed since it was put: in the dataset, and by a person in FiftyOne."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import FLAGS, Dataset, Polygons, Ragged
from ...dataset.ragged import starts
from ..names import KEYPOINTS, NUMBER, OUTLINES, PUT, TRUTH, WHOLE, list_of
from .part import pictures_of
from .said import is_said_anew
from .texts import safe_text

__all__ = ["is_touched", "source_digest", "source_digests", "truth_digest"]

_BYTES = 16
"""Of a digest."""

_SHAPES = [
    (*list_of(TRUTH + end).split("."), shape)
    for end, shape in (("", "bounding_box"), (OUTLINES, "points"), (KEYPOINTS, "points"), (WHOLE, ""))
]
"""Fields of the truth, the lists in them, and where a label there keeps its shape."""

_encoded = msgspec.msgpack.Encoder().encode


def source_digest(dataset: Dataset, picture: int) -> str:
    """Return a digest of what a dataset says of a picture: state, split, size, and the labels with all that they have.

    It depends on this picture alone, and not on whether a column that says nothing of it is there.
    """
    return source_digests(pictures_of(dataset, np.array([picture], np.int64)))[0]


def source_digests(dataset: Dataset) -> list[str]:
    """Return `source_digest` of all pictures at once."""
    parts = list(_columns(dataset))
    digests = []
    for row, head in enumerate(_heads(dataset)):
        digest = blake2b(head, digest_size=_BYTES)
        for mark, there, data, ends in parts:
            if there[row]:
                digest.update(mark)
                digest.update(data[ends[row] : ends[row + 1]])
        digests.append(digest.hexdigest())
    return digests


def truth_digest(document: Mapping[str, Any]) -> str:
    """Return a digest of the labels of the truth in a document of FiftyOne's: numbers, classes, shapes and masks.

    What else they say has one of its own, see `said.said_mark`.
    """
    said = []
    for field, name, shape in _SHAPES:
        labels = (document.get(field) or {}).get(name)
        if labels:
            said.append([field, [_said(label, shape) for label in labels]])
    return blake2b(_encoded(said), digest_size=_BYTES).hexdigest()


def is_touched(document: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> bool:
    """Tell whether a person changed labels of the truth in a document of FiftyOne's, or tagged it or a label in it.

    Args:
        ignored: see `said.said_of`.
    """
    put = document.get(PUT)
    if not isinstance(put, Mapping):
        return True  # somebody's own
    if not set(document.get("tags") or ()) <= set(put.get("tags") or ()):
        return True
    if any(label.get("tags") for label in _labels(document)):
        return True
    return put.get("truth") != truth_digest(document) or is_said_anew(document, ignored)


def _labels(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all labels of a document, those of fields that cvdata did not put as well."""
    for value in document.values():
        if isinstance(value, Mapping) and "_cls" in value:
            for labels in value.values():
                if isinstance(labels, list):
                    yield from (label for label in labels if isinstance(label, Mapping))


def _said(label: Mapping[str, Any], shape: str) -> list[Any]:
    """Return what a person may change: numbers as fractions, since the App may write 0.0 as 0."""
    number, mask = label.get(NUMBER), label.get("mask")
    if isinstance(number, float):
        number = int(number) if math.isfinite(number) else None
    return [number, label.get("label"), _numbers(label.get(shape)), None if mask is None else bytes(mask)]


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [part if part.__class__ is float else _numbers(part) for part in value]
    return float(value) if isinstance(value, int) else value


def _heads(dataset: Dataset) -> Iterator[bytes]:
    images = dataset.images
    sizes = np.column_stack([images.width, images.height]).astype("<i4").tobytes()
    splits = [_name_bytes(name) for name in images.splits]
    for row, (state, split) in enumerate(zip(images.state.tolist(), images.split.tolist(), strict=True)):
        yield b"%d\0%s\0%s" % (state, b"" if split < 0 else splits[split], sizes[8 * row : 8 * row + 8])


def _name_bytes(name: str) -> bytes:
    return safe_text(name).encode()


Column = tuple[bytes, list[bool], memoryview, list[int]]
"""A mark, whether it says anything of each picture, its bytes, and where those of each picture begin and end."""


def _columns(dataset: Dataset) -> Iterator[Column]:
    table, offsets = dataset.annotations, dataset.offsets
    every = np.ones(len(table), np.bool_)
    names = [blake2b(_name_bytes(name), digest_size=8).digest() for name in dataset.categories.names]
    codes = np.frombuffer(b"".join(names), "<u8")
    yield _even(b"class", offsets, every, codes[table.category])
    # Adding 0 makes -0 to 0: equal numbers have equal bytes.
    yield _even(b"box", offsets, every, table.box.astype("<f8") + 0)
    for name in ("rotated", "score"):
        if (value := getattr(table, name)) is not None:
            yield _even(name.encode(), offsets, table.has(name), value.astype("<f8") + 0)
    if table.crowd is not None:
        yield _even(b"crowd", offsets, table.has("crowd"), table.has("crowd").astype(np.uint8))
    for name in FLAGS:
        if (flags := getattr(table, name)) is not None:
            yield _even(name.encode(), offsets, flags >= 0, flags.astype(np.int8))  # no is not the same as not said
    if table.polygons is not None:
        yield from _outlines(offsets, table.polygons)
    for name, dtype in (("masks", "<u4"), ("keypoints", "<f8"), ("extra", "u1")):
        if (rows := getattr(table, name)) is not None:
            yield from _ragged(name.encode(), offsets, rows, dtype)
    if dataset.images.extra is not None:
        each = np.arange(len(dataset.images) + 1)
        yield from _ragged(b"picture", each, dataset.images.extra, "u1")


def _even(mark: bytes, offsets: NDArray[np.int64], has: NDArray[np.bool_], values: NDArray[Any]) -> Column:
    """Return a column that has as many bytes in each row."""
    data = np.ascontiguousarray(values)
    width = data.itemsize * (data.shape[1] if data.ndim > 1 else 1)
    return mark, _any(offsets, has), memoryview(data.tobytes()), (offsets * width).tolist()


def _ragged(mark: bytes, offsets: NDArray[np.int64], rows: Ragged, dtype: str) -> Iterator[Column]:
    """Yield a column of rows of differing length: how long each is, and what is in them."""
    has = rows.lengths > 0
    yield _even(mark + b" lengths", offsets, has, rows.lengths.astype("<i8"))
    values = rows.values.astype(dtype)
    width = values.itemsize * int(np.prod(values.shape[1:], dtype=np.int64))
    data = np.ascontiguousarray(values + 0 if dtype == "<f8" else values).tobytes()
    first = int(rows.offsets[0]) if len(rows.offsets) else 0
    ends = (rows.offsets[offsets] - first) * width
    yield mark, _any(offsets, has), memoryview(data)[first * width :], ends.tolist()


def _outlines(offsets: NDArray[np.int64], polygons: Polygons) -> Iterator[Column]:
    has = polygons.ring_counts > 0
    lengths = np.diff(polygons.rings)
    yield _even(b"rings", offsets, has, polygons.ring_counts.astype("<i8"))
    there, rings = _any(offsets, has), polygons.owners[offsets]
    yield b"ring lengths", there, memoryview(lengths.astype("<i8").tobytes()), (rings * 8).tolist()
    points = np.ascontiguousarray(polygons.points.astype("<f8") + 0).tobytes()
    yield b"points", there, memoryview(points), (polygons.rings[rings] * 16).tolist()


def _any(offsets: NDArray[np.int64], has: NDArray[np.bool_]) -> list[bool]:
    """Tell for each picture whether any of its annotations has something."""
    counts = starts(has.astype(np.int64))[offsets]
    return [last > first for first, last in pairwise(counts.tolist())]
