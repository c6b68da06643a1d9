"""Which classes of two datasets are the same class: those of one name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Categories

__all__ = ["ClassPairs", "pair_classes", "renamed_classes"]


@dataclass(frozen=True)
class ClassPairs:
    """The classes of both datasets as one list: those of the first, then those that only the second has.

    Attributes:
        names: of all of them.
        before, after: int64, place in `names` of each class of either dataset.
    """

    names: tuple[str, ...]
    before: NDArray[np.int64]
    after: NDArray[np.int64]

    @property
    def removed(self) -> list[int]:
        """Places of the classes that only the first dataset has."""
        return _missing(self.before, self.after)

    @property
    def added(self) -> list[int]:
        """Places of the classes that only the second dataset has."""
        return _missing(self.after, self.before)

    @property
    def reordered(self) -> bool:
        """Tell whether the classes that both have stand in another order."""
        common = self.after[np.isin(self.after, self.before)]
        return bool((np.diff(common) < 0).any())


def _missing(places: NDArray[np.int64], others: NDArray[np.int64]) -> list[int]:
    return [int(place) for place in np.setdiff1d(places, others)]


def pair_classes(before: Categories, after: Categories) -> ClassPairs:
    """Pair the classes of two datasets by name."""
    place = {name: row for row, name in enumerate(before.names)}
    for name in after.names:
        place.setdefault(name, len(place))
    return ClassPairs(
        tuple(place), np.arange(len(before.names)), np.array([place[name] for name in after.names], np.int64)
    )


def renamed_classes(
    classes: ClassPairs, relabelled: Mapping[tuple[int, int], int], total: NDArray[np.int64]
) -> dict[int, int]:
    """Return the removed classes all of whose annotations have one and the same added class now, and that class.

    Args:
        relabelled: number of annotations by old and new class.
        total: shape (2, classes), annotations of each class in the first dataset and in the second.
    """
    removed, added = frozenset(classes.removed), frozenset(classes.added)
    return {
        old: new
        for (old, new), count in relabelled.items()
        if old in removed and new in added and count == total[0, old] == total[1, new]
    }
