"""Ids of several sources in one column: each stays where no row before it has the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...dataset import SourceIds
from ...dataset.concat import fill_ids

__all__ = ["joined_ids"]


def joined_ids(
    parts: Sequence[SourceIds | None], lengths: Sequence[int], kept: NDArray[np.int64]
) -> tuple[SourceIds | None, int]:
    """Return the ids of the rows that stay, and how many had to change.

    Rows without an id, and those whose id an earlier row has, are counted on from the largest number.

    Args:
        parts: of each source, None where it has none; `lengths`: the number of its rows.
        kept: int64, rows of all sources end to end that stay, in their order.
    """
    if all(part is None for part in parts):
        return None, 0
    if any(isinstance(part, tuple) for part in parts):
        return _exact_ids(parts, lengths, kept)
    numbers = [
        np.zeros(n, np.int64) if part is None else np.asarray(part) for part, n in zip(parts, lengths, strict=True)
    ]
    ids: NDArray[np.int64] = np.concatenate([np.zeros(0, np.int64), *numbers])[kept]
    given = np.repeat([part is not None for part in parts], lengths)[kept]
    if given.all() and (len(ids) < 2 or bool((np.diff(ids) > 0).all())):
        return ids, 0
    if int(ids.max(initial=0)) > np.iinfo(np.int64).max - len(ids) - 1:
        return _exact_ids(parts, lengths, kept)
    rows = np.flatnonzero(given)
    _, first = np.unique(ids[rows], return_index=True)
    stays = np.zeros(len(ids), np.bool_)
    stays[rows[first]] = True
    following = int(ids[given].max(initial=0)) + 1
    ids[~stays] = np.arange(following, following + int((~stays).sum()))
    return ids, int((given & ~stays).sum())


def _exact_ids(
    parts: Sequence[SourceIds | None], lengths: Sequence[int], kept: NDArray[np.int64]
) -> tuple[SourceIds, int]:
    """Return the same for ids that are texts, or numbers beyond 64 bits."""
    values: list[int | str | None] = []
    for part, length in zip(parts, lengths, strict=True):
        values += [None] * length if part is None else part.tolist() if isinstance(part, np.ndarray) else list(part)
    seen: set[int | str] = set()
    ids: list[int | str | None] = []
    changed = 0
    for row in kept.tolist():
        value = values[row]
        if value in seen:
            changed, value = changed + 1, None
        elif value is not None:
            seen.add(value)
        ids.append(value)
    return fill_ids(ids), changed
