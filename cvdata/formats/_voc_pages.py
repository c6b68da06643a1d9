"""Many VOC files as columns, and the columns of many batches as one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ._voc_page import Corners, Facts, Kind

__all__ = ["Pages", "join_pages"]

H = TypeVar("H", bound=Hashable)


@dataclass
class Pages:
    """Files as columns; a file that cannot be used has no object.

    Attributes:
        filenames: what `<filename>` says, checked and `/`-separated; "" where it says nothing.
        size: int32, shape (files, 2), width and height, 0 where unknown.
        facts: row in `fact_table` of each file, int32, shape (files,); `fact_table`: what their heads say.
        counts: objects of each file, good and bad, int32, shape (files,).
        file, number, kind: per good object its file, its number there from 1, and its row in `kinds`; int32.
        corners: float64, shape (objects, 4): xmin, ymin, xmax, ymax as the files have them.
        parts, rings: by object, where it has any.
        bad_files: (found, expected, line) by file; `bad_objects`: (file, field, found, expected).
        notes: (file, code, field).
    """

    filenames: list[str]
    size: NDArray[np.int32]
    facts: NDArray[np.int32]
    fact_table: list[Facts]
    counts: NDArray[np.int32]
    file: NDArray[np.int32]
    number: NDArray[np.int32]
    kind: NDArray[np.int32]
    kinds: list[Kind]
    corners: NDArray[np.float64]
    parts: dict[int, list[tuple[str, Corners]]]
    rings: dict[int, list[float]]
    bad_files: dict[int, tuple[str, str, int | None]]
    bad_objects: list[tuple[int, str, str, str]]
    notes: list[tuple[int, str, str]]


def join_pages(parts: Sequence[Pages]) -> Pages:
    """Put the pages of all batches, at least one, together, with files, objects, kinds and facts renumbered."""
    files = np.cumsum([0, *(len(part.filenames) for part in parts)]).tolist()
    objects = np.cumsum([0, *(len(part.kind) for part in parts)]).tolist()
    kinds, kind = _renumber([part.kinds for part in parts], [part.kind for part in parts])
    fact_table, facts = _renumber([part.fact_table for part in parts], [part.facts for part in parts])
    by_file = list(zip(files, parts, strict=False))
    by_object = list(zip(objects, parts, strict=False))
    return Pages(
        filenames=[name for part in parts for name in part.filenames],
        size=np.concatenate([part.size for part in parts]),
        facts=facts,
        fact_table=fact_table,
        counts=np.concatenate([part.counts for part in parts]),
        file=np.concatenate([part.file + np.int32(first) for first, part in by_file]),
        number=np.concatenate([part.number for part in parts]),
        kind=kind,
        kinds=kinds,
        corners=np.concatenate([part.corners for part in parts]),
        parts={row + first: value for first, part in by_object for row, value in part.parts.items()},
        rings={row + first: value for first, part in by_object for row, value in part.rings.items()},
        bad_files={file + first: bad for first, part in by_file for file, bad in part.bad_files.items()},
        bad_objects=[(file + first, a, b, c) for first, part in by_file for file, a, b, c in part.bad_objects],
        notes=[(file + first, code, at) for first, part in by_file for file, code, at in part.notes],
    )


def _renumber(tables: list[list[H]], rows: list[NDArray[np.int32]]) -> tuple[list[H], NDArray[np.int32]]:
    """Merge tables of distinct values; return the whole table and all rows pointing into it."""
    whole: dict[H, int] = {}
    maps = [np.array([whole.setdefault(value, len(whole)) for value in table], np.int32) for table in tables]
    return list(whole), np.concatenate([table[row] for table, row in zip(maps, rows, strict=True)])
