"""Pictures chosen by what a person asks for: split, class, name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..errors import UsageError, nearest_of, show

__all__ = ["choose", "class_rows"]


def choose(
    dataset: Dataset,
    *,
    classes: Sequence[str] = (),
    splits: Sequence[str] = (),
    pictures: Sequence[str] = (),
) -> NDArray[np.int64]:
    """Return the rows of the pictures that fit everything that is asked for, ascending; nothing asked for is all.

    Args:
        classes: pictures with at least one label of one of these.
        splits: pictures in one of these.
        pictures: names, with or without folders, where `*`, `?` and `[ab]` stand for letters.

    Raises:
        UsageError: there is no such class, split or picture.
    """
    images, table = dataset.images, dataset.annotations
    fits = np.ones(len(images), np.bool_)
    if classes:
        holds = np.isin(table.category, class_rows(dataset, classes))
        fits &= np.bincount(table.image[holds], minlength=len(images)) > 0
    if splits:
        known = list(images.splits)
        fits &= np.isin(images.split, [_find(name, known, "split") for name in splits])
    if pictures:
        fits &= _named(images.names, pictures)
    return np.flatnonzero(fits)


def class_rows(dataset: Dataset, names: Sequence[str]) -> list[int]:
    """Return the rows of classes by their names.

    Raises:
        UsageError: there is none of that name.
    """
    known = list(dataset.categories.names)
    return [_find(name, known, "class") for name in names]


def _find(name: str, known: list[str], what: str) -> int:
    if name in known:
        return known.index(name)
    raise UsageError(f"there is no {what} '{show(name)}'", hint=nearest_of(name, known))


def _named(names: Sequence[str], patterns: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which names fit one of the patterns, whole or from any folder on."""
    fits = np.zeros(len(names), np.bool_)
    for pattern in patterns:
        # A name with brackets in it is more likely a name than a pattern.
        wanted = re.compile(f"(?s:(?:.*/)?(?:{re.escape(pattern)}|{fnmatch.translate(pattern)}))\\Z")
        found = np.fromiter((wanted.match(name) is not None for name in names), np.bool_, len(names))
        if not found.any():
            raise UsageError(f"there is no picture '{show(pattern)}'", hint=_nearest(pattern, names))
        fits |= found
    return fits


def _nearest(pattern: str, names: Sequence[str]) -> str:
    base = pattern.rpartition("/")[2].lower()
    stem = re.split(r"[*?\[]", base)[0].rpartition(".")[0] or base
    near = [name for name in names if stem in name.lower()][:3] if stem else []
    if near:
        return f"did you mean {', '.join(map(show, near))}?"
    return f"names are such as {', '.join(map(show, names[:3]))}" if names else "the dataset has no picture"
