"""Columns of a piece of COCO's annotations, as both ways of reading make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Polygons, SourceIds
from ..dataset.ragged import starts

__all__ = ["BadRow", "Outlines", "Part", "make_part", "polygons_of"]

Outlines = Literal["decode", "text", "count"]
"""What becomes of outlines: columns of numbers, their text as it stands, or nothing but their number."""


@dataclass(frozen=True)
class BadRow:
    """An annotation that was left out: place in its part, its id, what is wrong, and the id of its picture."""

    row: int
    id: Any
    field: str
    found: str
    expected: str
    image: Any = None


@dataclass(kw_only=True)
class Part:
    """Columns of a piece.

    Attributes:
        table: image and category are not known yet (0); a mask's runs are unchecked.
        rows: int64, place in the piece of each row of the table; bad ones are missing. `total` counts both.
        ids, images, categories: ids as given. `textual`: image ids that were given as text.
        mask_size: int64, shape (n, 2), height and width that a mask declares; 0 without mask.
        unread: how many outlines nobody decoded (`polygons`), and how many of these have several rings (`rings`).
        textless: outlines were to stay as text, and this piece has none that could stay.
        notes: what was put right, with the ids of the annotations.
    """

    table: Annotations
    rows: NDArray[np.int64]
    total: int
    ids: SourceIds
    images: SourceIds
    categories: SourceIds
    mask_size: NDArray[np.int64] | None = None
    unread: dict[str, int] = field(default_factory=dict)
    textless: bool = False
    bad: list[BadRow] = field(default_factory=list)
    notes: dict[str, list[Any]] = field(default_factory=dict)


def make_part(total: int, columns: dict[str, Any], rows: NDArray[np.int64] | None = None) -> Part:
    """Make a part of so many annotations, of which `rows` are good (all where not given); ids are set by the caller."""
    rows = np.arange(total) if rows is None else rows
    nothing = np.zeros(len(rows), np.int32)
    table = Annotations(image=nothing, category=nothing, **columns)
    return Part(table=table, rows=rows, total=total, ids=nothing, images=nothing, categories=nothing)  # type: ignore[arg-type]


def polygons_of(outlines: Sequence[Any]) -> Polygons | None:
    """Make the polygon column from lists of rings, each x, y, x, y, ..."""
    rings = [outline or () for outline in outlines]  # unset, null and [] alike
    counts = np.fromiter(map(len, rings), np.int64, len(rings))
    if not counts.any():
        return None
    lengths = np.fromiter(map(len, chain.from_iterable(rings)), np.int64, int(counts.sum()))
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64, int(lengths.sum()))
    return Polygons(flat.reshape(-1, 2), starts(lengths // 2), starts(counts))
