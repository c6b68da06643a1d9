"""Which columns differ between annotations that are the same object in two datasets."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import COLUMNS, FLAGS, Annotations, Polygons, Ragged
from ...dataset.ragged import ranges, starts

__all__ = ["column_names", "differing", "fingerprints"]

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BLOCK = 1 << 21
"""Values looked at at once: a dataset may have a hundred million."""


def column_names(bits: int) -> list[str]:
    """Return the names of the columns that a result of `differing` stands for."""
    return [name for place, name in enumerate(COLUMNS) if bits >> place & 1]


def differing(
    before: Annotations,
    after: Annotations,
    rows: Rows,
    others: Rows,
    tolerance: float,
    ignore: tuple[str, ...] = (),
    *,
    exact_flags: bool = False,
) -> NDArray[np.uint16]:
    """Say of each pair of rows which optional columns differ: bit i for `COLUMNS[i]`, uint16, shape (pairs,).

    What a column says by default is the same as nothing: a flag that is off and one that was never set, an area that
    is width x height and none; with `exact_flags`, flags are held against each other as they are. Coordinates may
    differ by the tolerance, in pixels.
    """
    bits = np.zeros(len(rows), np.uint16)
    for place, name in enumerate(COLUMNS):
        one, two = getattr(before, name), getattr(after, name)
        if name in ignore or (one is None and two is None):
            continue
        if exact_flags and name in FLAGS:
            differs = _flags(before, name)[rows] != _flags(after, name)[others]
        else:
            differs = _differs(name, before, after, rows, others, tolerance)
        bits |= differs.astype(np.uint16) << np.uint16(place)
    return bits


def _differs(name: str, before: Annotations, after: Annotations, rows: Rows, others: Rows, tolerance: float) -> Flags:
    one, two = getattr(before, name), getattr(after, name)
    if name == "polygons":
        shape = _ragged_differs(_ring_lengths(one), _ring_lengths(two), rows, others, 0)
        shape |= _ragged_differs(_points(one), _points(two), rows, others, tolerance)
        return shape
    if name == "extra":
        return _texts_differ(one, two, rows, others)
    if name in ("masks", "keypoints"):
        return _ragged_differs(one, two, rows, others, tolerance if name == "keypoints" else 0)
    if name in ("crowd", *FLAGS):
        return np.asarray(before.has(name)[rows] != after.has(name)[others])
    if name == "rotated":
        return _numbers_differ(_or_nan(one, len(before), 8)[rows], _or_nan(two, len(after), 8)[others], tolerance)
    if name == "area":
        return _areas_differ(_telling_area(before)[rows], _telling_area(after)[others])
    return _numbers_differ(_or_nan(one, len(before), 1)[rows], _or_nan(two, len(after), 1)[others], 0)


def _flags(table: Annotations, name: str) -> NDArray[np.int8]:
    """Return 1 yes, 0 no, -1 not said, int8, shape (n,)."""
    column: NDArray[np.int8] | None = getattr(table, name)
    return np.full(len(table), -1, np.int8) if column is None else column


def _or_nan(column: NDArray[np.float64] | None, count: int, width: int) -> NDArray[np.float64]:
    return np.full((count, width), np.nan) if column is None else column.reshape(count, width)


def _numbers_differ(one: NDArray[np.float64], two: NDArray[np.float64], tolerance: float) -> Flags:
    """Tell which rows of two arrays of shape (n, k) differ; NaN is equal to NaN."""
    with np.errstate(invalid="ignore"):
        far = ~(np.abs(one - two) <= tolerance) & (one != two)
    return np.asarray((far & ~(np.isnan(one) & np.isnan(two))).any(axis=1))


def _telling_area(table: Annotations) -> NDArray[np.float64]:
    """Return the areas that are not just width x height, NaN for the others."""
    if table.area is None:
        return np.full(len(table), np.nan)
    plain = table.box[:, 2] * table.box[:, 3]
    return np.where(np.abs(table.area - plain) <= 1e-3 + 1e-3 * plain, np.nan, table.area)


def _areas_differ(one: NDArray[np.float64], two: NDArray[np.float64]) -> Flags:
    return np.asarray((one != two) & ~(np.isnan(one) & np.isnan(two)))


def _ring_lengths(polygons: Polygons | None) -> Ragged | None:
    return None if polygons is None else Ragged(np.diff(polygons.rings), polygons.owners)


def _points(polygons: Polygons | None) -> Ragged | None:
    return None if polygons is None else Ragged(polygons.points, polygons.rings[polygons.owners])


def _lengths(column: Ragged | None, rows: Rows) -> NDArray[np.int64]:
    return np.zeros(len(rows), np.int64) if column is None else column.offsets[rows + 1] - column.offsets[rows]


def _ragged_differs(one: Ragged | None, two: Ragged | None, rows: Rows, others: Rows, tolerance: float) -> Flags:
    lengths = _lengths(one, rows)
    differs: Flags = lengths != _lengths(two, others)
    same = np.flatnonzero(~differs & (lengths > 0))
    if one is None or two is None:
        return differs
    for part in _blocks(lengths[same]):
        chosen = same[part]
        count = lengths[chosen]
        left = one.values[ranges(one.offsets[rows[chosen]], count)]
        right = two.values[ranges(two.offsets[others[chosen]], count)]
        far = _values_differ(left, right, tolerance)
        differs[chosen] = np.logical_or.reduceat(far, starts(count)[:-1])
    return differs


def _values_differ(left: NDArray[np.generic], right: NDArray[np.generic], tolerance: float) -> Flags:
    """Tell which values differ, bool, shape (values,); a value may be a point."""
    if not np.issubdtype(left.dtype, np.floating):
        return np.asarray(left != right)
    return _numbers_differ(left.reshape(len(left), -1), right.reshape(len(right), -1), tolerance)  # type: ignore[arg-type]


def _texts_differ(one: Ragged | None, two: Ragged | None, rows: Rows, others: Rows) -> Flags:
    """Tell which JSON texts mean something else; the order of keys means nothing."""
    differs = _ragged_differs(one, two, rows, others, 0)
    if one is None or two is None:
        return differs
    known: dict[tuple[bytes, bytes], bool] = {}
    for place in np.flatnonzero(differs).tolist():
        texts = one[rows[place]].tobytes(), two[others[place]].tobytes()
        if texts not in known:
            known[texts] = _decoded(texts[0]) != _decoded(texts[1])
        differs[place] = known[texts]
    return differs


def _decoded(text: bytes) -> object:
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return text


def _blocks(lengths: NDArray[np.int64]) -> Iterator[slice]:
    """Cut rows into parts of about `_BLOCK` values, a row at least."""
    ends = starts(lengths)
    first = 0
    while first < len(lengths):
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + _BLOCK, side="right")) - 1)
        yield slice(first, last)
        first = last


# --- fingerprints


def fingerprints(table: Annotations, rows: Rows) -> NDArray[np.uint64]:
    """Return a number per row that is the same where all optional columns are, uint64, shape (rows,).

    It only tells which of several annotations with one class and box to hold against each other first.
    """
    mixed = np.zeros(len(rows), np.uint64)
    for column in (_points(table.polygons), table.masks, table.keypoints, table.extra):
        mixed = mix(mixed if column is None else mixed ^ _ragged_fingerprints(column, rows))
    for name in ("crowd", *FLAGS):
        mixed = mix(mixed ^ table.has(name)[rows].astype(np.uint64))
    for values, width in ((table.score, 1), (table.rotated, 8), (_telling_area(table), 1)):
        for numbers in _or_nan(values, len(table), width)[rows].T:
            mixed = mix(mixed ^ bits_of(numbers))
    return mixed


def _ragged_fingerprints(column: Ragged, rows: Rows) -> NDArray[np.uint64]:
    lengths = _lengths(column, rows)
    found = np.zeros(len(rows), np.uint64)
    for part in _blocks(lengths):
        count = lengths[part]
        place = ranges(column.offsets[rows[part]], count)
        values = column.values[place]
        values = values[:, None] if values.ndim == 1 else values
        order = (place - np.repeat(column.offsets[rows[part]], count)).astype(np.uint64)
        total = np.zeros(len(place), np.uint64)
        for axis in range(values.shape[1]):
            total += mix(bits_of(values[:, axis]) ^ mix(order * np.uint64(2) + np.uint64(axis)))
        ends = np.concatenate([np.zeros(1, np.uint64), np.cumsum(total, dtype=np.uint64)])  # wraps around, as it may
        found[part] = np.diff(ends[starts(count)])
    return found


def bits_of(values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """Return numbers as bits that are equal where the numbers are: one zero, one NaN."""
    if not np.issubdtype(values.dtype, np.floating):
        return values.astype(np.uint64)
    floats = np.asarray(values, np.float64) + 0.0
    one_nan: NDArray[np.float64] = np.where(np.isnan(floats), np.nan, floats)
    return one_nan.view(np.uint64)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread bits over the word; the finaliser of splitmix64 (Steele, Lea, Flood, 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return spread
