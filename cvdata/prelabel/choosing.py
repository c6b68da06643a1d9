"""Which pictures are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..dataset import Images, State
from ..errors import UsageError, nearest_of, show

__all__ = ["chosen_pictures"]


def chosen_pictures(
    images: Images, *, every: bool = False, labelled: bool = False, splits: Sequence[str] = ()
) -> NDArray[np.int64]:
    """Return the rows of pictures that nobody has labelled, ascending.

    Args:
        every: all pictures; `labelled`: those with labels instead.
        splits: of these alone; all where there is none.

    Raises:
        UsageError: there is no such split, no picture is left, or none of those that are left is there.
    """
    wanted = State.LABELLED if labelled else State.UNLABELLED
    chosen = np.ones(len(images), np.bool_) if every else images.state == wanted
    for name in splits:
        if name not in images.splits:
            raise UsageError(f"there is no split '{show(name)}'", hint=nearest_of(name, images.splits))
    if splits:
        chosen &= np.isin(images.split, [images.splits.index(name) for name in splits])
    rows = np.flatnonzero(chosen).astype(np.int64)
    if not len(rows):
        if labelled:
            raise UsageError("no picture has labels, whose boxes a second stage could look at", hint="name a detector")
        raise UsageError(_why_none(images, every=every, splits=splits), hint="--all looks at pictures with labels, too")
    if not (images.folder[rows] >= 0).any():
        message = (
            "the pictures are nowhere to be found" if every else "the pictures without labels are nowhere to be found"
        )
        raise UsageError(message, hint="say with --images where they lie")
    return rows


def _why_none(images: Images, *, every: bool, splits: Sequence[str]) -> str:
    if not len(images):
        return "there is no picture"
    among = f" of {', '.join(map(show, splits))}" * bool(splits)
    if every:
        return f"there is no picture{among}"
    empty = int((images.state == State.EMPTY).sum())
    seen = f"; {empty:,} were looked at and have nothing in them" if empty else ""
    return f"all pictures{among} have labels{seen}"
