"""What a dataset has already of the pictures that are taken in."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset
from ..formats.images import pictures_table
from ..formats.store import Source as Remembered
from ..formats.store import Store
from .naming import Origin, Pictures
from .sources import Source

__all__ = ["Comparison", "compare", "empty_dataset", "remember", "remembered"]


def empty_dataset() -> Dataset:
    """Return a dataset of nothing, which the first pictures are added to."""
    none = Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))
    return Dataset(images=pictures_table([]), annotations=none, categories=Categories(names=()))


@dataclass(frozen=True)
class Comparison:
    """The pictures of the sources beside those of the dataset.

    Attributes:
        rows: row in the dataset of each picture of the sources, -1 for one that is new.
        unread: pictures of the sources that have to be read: those that are new, or differ in size or time.
        gone: rows of the dataset whose pictures are no longer in the sources that were given.
    """

    rows: NDArray[np.int64]
    unread: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


def compare(
    pictures: Pictures,
    dataset: Dataset,
    sources: Sequence[Source],
    origins: Sequence[Origin],
    refused: Collection[str],
) -> Comparison:
    """Tell which pictures are new, which may have changed, and which of the dataset are gone.

    Args:
        refused: names of pictures that are there and cannot be opened; they are not gone.
    """
    known = {name: row for row, name in enumerate(dataset.images.names)}
    rows = np.array([known.get(name, -1) for name in pictures.names], np.int64)
    same = rows >= 0
    facts = dataset.images.facts
    if facts is None:
        same[:] = False
    else:
        same[same] = (facts.size[rows[same]] == pictures.size[same]) & (
            facts.modified[rows[same]] == pictures.modified[same]
        )
    present = {*pictures.names, *refused}
    roots = [source.root for source in sources if source.kind != "pictures"]
    gone = [row for name, row in known.items() if name not in present and _came_from(name, origins, roots)]
    return Comparison(rows, np.flatnonzero(~same).tolist(), gone)


def _came_from(name: str, origins: Sequence[Origin], roots: Sequence[str]) -> bool:
    """Tell whether a name of the dataset is one of a picture below any of these folders or archives."""
    fits = [origin for origin in origins if name.startswith(origin.prefix)]
    if not fits:
        return False
    origin = max(fits, key=lambda origin: len(origin.prefix))
    path = f"{origin.path}/{name[len(origin.prefix) :]}"
    return any(path.startswith(root.rstrip("/") + "/") for root in roots)


def remembered(store: Store | None) -> list[Origin]:
    """Return where a dataset took its pictures from."""
    if store is None:
        return []
    root = os.path.abspath(store.root)
    return [Origin(os.path.normpath(os.path.join(root, source.path)), source.prefix) for source in store.file.sources]


def remember(origins: Sequence[Origin], target: str) -> tuple[Remembered, ...]:
    """Return what a dataset writes down about where its pictures came from."""
    found = []
    for origin in origins:
        try:
            path = os.path.relpath(origin.path, os.path.abspath(target))
        except ValueError:  # another drive
            path = origin.path
        found.append(Remembered(path=path.replace(os.sep, "/"), prefix=origin.prefix))
    return tuple(found)
