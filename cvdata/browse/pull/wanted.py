"""Annotations as people want them, as rows of a table: those that were changed, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import FLAGS, Annotations, Categories, Dataset, Polygons, Ragged
from ...dataset.concat import concat_annotations, fill_ids
from ...dataset.ragged import starts
from ..labels.texts import safe_text

__all__ = ["Wanted", "with_wanted"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wanted:
    """An annotation as it is to be; what is None stays as it is, or is not there where the annotation is new.

    Attributes:
        picture: row of its picture; `row`: of the annotation that it was, -1 for a new one.
        name: of its class.
        box: float64, shape (4,), x, y, width, height in pixels.
        rings: of its outline; `corners`: of its rotated box, float64, shape (8,); `keypoints`: float64, shape
            (points, 3); `runs`: uint32, run lengths of its mask.
        extra: its attributes as JSON; `flags`: those of its flags that change, by column, as the column has them.
        resized: it covers other pixels now, so the area that the source gave it no longer fits.
    """

    picture: int
    row: int = -1
    name: str
    box: Floats
    rings: tuple[Floats, ...] | None = None
    corners: Floats | None = None
    keypoints: Floats | None = None
    runs: NDArray[np.uint32] | None = None
    extra: bytes | None = None
    flags: Mapping[str, int] = field(default_factory=dict)
    resized: bool = False


def with_wanted(dataset: Dataset, wanted: Sequence[Wanted], removed: NDArray[np.int64]) -> Dataset:
    """Return the dataset with some annotations changed in their place, others removed, and new ones behind the rest.

    Args:
        removed: rows of annotations that go.
    """
    categories = _with_classes(dataset.categories, wanted)
    table, ids = dataset.annotations, dataset.annotations.source_id
    changed = [one for one in wanted if one.row >= 0]
    new = [one for one in wanted if one.row < 0]
    rows = np.array([one.row for one in changed], np.int64)
    stays = np.ones(len(table), np.bool_)
    stays[rows] = stays[removed] = False
    kept = np.flatnonzero(stays)
    bare = replace(table, source_id=None)
    parts = [bare.take(kept), _columns(bare.take(rows), changed, categories), _columns(_blank(new), new, categories)]
    whole = concat_annotations([part for part in parts if len(part)] or parts[:1])
    if ids is not None:
        known = list(ids)
        old = [known[row] for row in [*kept.tolist(), *rows.tolist()]]
        # New ids count on from all that were ever there, so that none of a removed annotation comes back.
        filled = fill_ids([*known, *[None] * len(new)])
        whole = replace(whole, source_id=fill_ids([*old, *list(filled)[len(known) :]]))
    place = np.concatenate([kept, rows, len(table) + np.arange(len(new))])
    order = np.lexsort((place, whole.image))
    return replace(dataset, annotations=whole.take(order), categories=categories)


def _with_classes(categories: Categories, wanted: Sequence[Wanted]) -> Categories:
    """Return the classes, with those that a person named behind them."""
    known = set(map(safe_text, categories.names))
    new = [name for name in dict.fromkeys(one.name for one in wanted) if name not in known]
    if not new:
        return categories
    columns: dict[str, Any] = {"names": (*categories.names, *new)}
    if categories.source_id is not None:
        columns["source_id"] = tuple(fill_ids([*categories.source_id, *[None] * len(new)]))
    for column, default in (("supercategory", None), ("keypoints", ()), ("skeleton", ()), ("extra", {})):
        values = getattr(categories, column)
        if values is not None:
            columns[column] = (*values, *[default] * len(new))
    if "source_id" in columns:
        columns["source_id"] = tuple(x if isinstance(x, str) else int(x) for x in columns["source_id"])
    return replace(categories, **columns)


def _blank(new: Sequence[Wanted]) -> Annotations:
    return Annotations(
        image=np.array([one.picture for one in new], np.int32),
        category=np.zeros(len(new), np.int32),
        box=np.zeros((len(new), 4)),
    )


def _columns(table: Annotations, wanted: Sequence[Wanted], categories: Categories) -> Annotations:
    """Return a table with what is wanted in place of what it has, row by row."""
    place = {safe_text(name): row for row, name in enumerate(categories.names)}
    columns: dict[str, Any] = {
        "category": np.array([place[one.name] for one in wanted], np.int32),
        "box": np.array([one.box for one in wanted], np.float64).reshape(-1, 4),
    }
    if any(one.rings is not None for one in wanted):
        old = table.polygons or Polygons.none(len(table))
        columns["polygons"] = Polygons.of(
            [old[row] if one.rings is None else list(one.rings) for row, one in enumerate(wanted)]
        )
    for name, attribute, dtype, shape in _RAGGED:
        values = [getattr(one, attribute) for one in wanted]
        if any(value is not None for value in values):
            columns[name] = _ragged(getattr(table, name), values, dtype, shape)
    if any(one.corners is not None for one in wanted):
        rotated = np.full((len(table), 8), np.nan) if table.rotated is None else table.rotated.copy()
        for row, one in enumerate(wanted):
            rotated[row] = rotated[row] if one.corners is None else one.corners
        columns["rotated"] = rotated
    if any(one.extra is not None for one in wanted):
        texts = [b""] * len(table) if table.extra is None else table.extra.to_bytes()
        columns["extra"] = Ragged.texts(
            [text if one.extra is None else one.extra for text, one in zip(texts, wanted, strict=True)]
        )
    columns |= _flags(table, wanted)
    if table.area is not None:
        columns["area"] = np.where([one.resized for one in wanted], np.nan, table.area)
    return replace(table, **columns)


def _flags(table: Annotations, wanted: Sequence[Wanted]) -> Iterator[tuple[str, Any]]:
    """Yield the columns of flags in which anything changes."""
    for name in ("crowd", *FLAGS):
        if any(name in one.flags for one in wanted):
            old = getattr(table, name)
            if old is None:
                old = np.full(len(table), -1, np.int8) if name in FLAGS else np.zeros(len(table), np.bool_)
            values = [one.flags.get(name, before) for one, before in zip(wanted, old.tolist(), strict=True)]
            yield name, np.array(values, old.dtype)


_RAGGED: tuple[tuple[str, str, Any, tuple[int, ...]], ...] = (
    ("masks", "runs", np.uint32, ()),
    ("keypoints", "keypoints", np.float64, (3,)),
)


def _ragged(old: Ragged | None, values: Sequence[Any], dtype: Any, shape: tuple[int, ...]) -> Ragged:
    none = np.empty((0, *shape), dtype)
    rows = [
        (none if old is None else old[row]) if value is None else np.asarray(value, dtype)
        for row, value in enumerate(values)
    ]
    return Ragged(np.concatenate([none, *rows]), starts(np.array([len(row) for row in rows], np.int64)))
