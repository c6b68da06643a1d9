"""What no split may part: everything that says pictures belong together, and the units that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import Facts, Images
from ...dataset.copies import lineage_pairs
from ...images.quality import BLANK
from ...images.series import series_of_names, union
from ...images.sets import Sets, numbered
from ...images.similar import exact_copies, near_copies

__all__ = ["GroupBy", "Reason", "reasons_of", "torn_groups", "units_of"]

GroupBy = Literal["auto", "folder", "prefix", "sequence", "none"]

_WORDS = {
    "augmented": "augmented copies, by name",
    "folder": "folders",
    "prefix": "common beginnings of names",
    "sequence": "sequences of numbers",
    "film": "frames of a film, by name",
    "burst": "bursts, by capture time",
}


@dataclass(frozen=True)
class Reason:
    """One thing that says which pictures belong together.

    Attributes:
        code: short name, such as `near-copies`; `words`: what it is, for people.
        group: int32, shape (images,); pictures with the same number are together, those with -1 alone.
    """

    code: str
    words: str
    group: NDArray[np.int32]

    @property
    def members(self) -> NDArray[np.int64]:
        """Number of pictures in each group of two and more, int64."""
        counts = np.bincount(self.group[self.group >= 0])
        return np.asarray(counts[counts > 1])


def reasons_of(images: Images, facts: Facts | None, group: GroupBy, *, near: bool) -> list[Reason]:
    """Return every reason for which pictures of the dataset belong together.

    Args:
        facts: of the pictures; None where none was ever read.
        group: what names and capture times say; `none` leaves these and the groups that the dataset has out.
        near: whether pictures that look alike belong together, mirrored and turned ones too.
    """
    found = []
    if facts is not None:
        found.append(Reason("copies", "the same file", exact_copies(facts.sha256)))
        if near:
            # Hashes of blank pictures say nothing: they would all be copies of each other.
            usable = (facts.size >= 0) & (facts.contrast >= BLANK)
            found.append(Reason("near-copies", "look alike", near_copies(facts.phash, turned=True, usable=usable)))
    found.append(Reason("lineage", "made of one picture", _families(images)))
    if images.group is not None and group != "none":
        found.append(Reason("stored", "groups of the dataset", images.group))
    taken = None if facts is None else facts.taken
    series = series_of_names(images.names, None if group == "none" else group, taken)
    return [*found, *(Reason(code, _WORDS[code], part) for code, part in series.items())]


def _families(images: Images) -> NDArray[np.int32]:
    sets = Sets(len(images))
    pairs = lineage_pairs(images)
    sets.join(pairs[:, 0], pairs[:, 1])
    return numbered(sets.roots)


def units_of(images: Images, reasons: list[Reason]) -> NDArray[np.int64]:
    """Number what goes into one split as a whole, int64, shape (images,): groups, and pictures that stand alone.

    Numbers follow the first appearance.
    """
    _, group = union(images.names, *(reason.group for reason in reasons))
    first = np.arange(len(images))
    grouped = np.flatnonzero(group >= 0)
    _, at, inverse = np.unique(group[grouped], return_index=True, return_inverse=True)
    first[grouped] = grouped[at][inverse]
    return np.asarray(np.unique(first, return_inverse=True)[1], np.int64).reshape(-1)


def torn_groups(group: NDArray[np.int32], split: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the numbers of the groups that have pictures in more than one split, ascending.

    This looks at the finished split alone and knows nothing of how it was made, so that it can be wrong with nobody.
    """
    rows = np.flatnonzero(group >= 0)
    kinds = int(split.max(initial=0)) + 2  # -1 is one of them
    pairs = np.unique(group[rows].astype(np.int64) * kinds + split[rows] + 1)
    numbers, splits = np.unique(pairs // kinds, return_counts=True)
    return np.asarray(numbers[splits > 1])
