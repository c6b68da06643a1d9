"""Which picture of one side is which of another: by whole name, then by parts of it that name one picture only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import file_name, stem_of

__all__ = ["ByName", "match_names", "rows_by_key", "stem"]


@dataclass(frozen=True, slots=True, eq=False)
class ByName:
    """The partner of each name.

    Attributes:
        rows: int64, shape (names,), row of the partner; -1 for none.
        by: int64, shape (names,), 0 for those whose whole names are equal, n for those matched by the n-th key.
        elsewhere: rows of names that would have a partner by a key, were that not in another folder, and its row.
    """

    rows: NDArray[np.int64]
    by: NDArray[np.int64]
    elsewhere: dict[int, int]


def match_names(names: Sequence[str], others: Sequence[str], keys: Sequence[Callable[[str], str]]) -> ByName:
    """Find the partner of each name among others, each of which is partner of one at most.

    Where a whole name with a folder is on both sides, folders mean the same on both: `a/1.jpg`, which the others lack,
    is not their `b/1.jpg`.

    Args:
        keys: parts of a name that count where whole names differ, most of it first; see `rows_by_key`.
    """
    where = {name: row for row, name in enumerate(others)}
    rows = np.array([where.get(name, -1) for name in names], np.int64)
    by, elsewhere = np.zeros(len(rows), np.int64), dict[int, int]()
    folders = any(row >= 0 and "/" in name for name, row in zip(names, rows.tolist(), strict=True))
    for number, key in enumerate(keys, 1):
        lost = np.flatnonzero(rows < 0)
        if not len(lost):
            break
        free = np.setdiff1d(np.arange(len(others)), rows)
        rows[lost] = rows_by_key([names[i] for i in lost.tolist()], others, free, key)
        for i in lost[rows[lost] >= 0].tolist() if folders else ():
            if not _may_be_one(names[i], others[rows[i]]):
                elsewhere[i], rows[i] = int(rows[i]), -1
        by[lost[rows[lost] >= 0]] = number
    return ByName(rows, by, elsewhere)


def rows_by_key(
    names: Sequence[str], others: Sequence[str], free: NDArray[np.int64], key: Callable[[str], str]
) -> NDArray[np.int64]:
    """Return the row in `others` of each name, int64; -1 where part of a name is not that of one alone on both sides.

    Args:
        free: rows of `others` that are not taken yet.
        key: gives the part of a name that counts.
    """
    ours = Counter(key(name) for name in names)
    theirs = [(key(others[row]), row) for row in free.tolist()]
    counts = Counter(part for part, _ in theirs)
    where = {part: row for part, row in theirs if counts[part] == 1}
    return np.array([where.get(key(n), -1) if ours[key(n)] == 1 else -1 for n in names], np.int64)


def _may_be_one(name: str, other: str) -> bool:
    """Tell whether the folders of two names may be one: the one of them is the end of the other, or there is none."""
    one, two = (f"/{part.rpartition('/')[0]}" for part in (name, other))
    return one.endswith(two) or two.endswith(one) or "/" in (one, two)


def stem(name: str) -> str:
    """Return a name without its folders and its last suffix."""
    return stem_of(file_name(name))
