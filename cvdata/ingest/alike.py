"""Pictures that are there twice, look alike, or follow each other: what is counted, and what becomes a group."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Facts, Images
from ..errors import show
from ..formats import Intake
from ..images.quality import BLANK
from ..images.series import group_of_names, union
from ..images.similar import exact_copies, near_copies
from .report import GroupBy, NearCopies

__all__ = ["Alike", "copies_of", "find_alike", "group_count", "group_pictures", "note_alike", "regrouped"]


def copies_of(facts: Facts) -> NDArray[np.int64]:
    """Return for each picture the row of the first one with the same bytes, int64; its own where it is that one."""
    cluster = exact_copies(facts.sha256)
    first = np.arange(len(cluster))
    rows = np.flatnonzero(cluster >= 0)
    if len(rows):
        _, at, inverse = np.unique(cluster[rows], return_index=True, return_inverse=True)
        first[rows] = rows[at][inverse]
    return first


@dataclass(frozen=True)
class Alike:
    """Which pictures of a dataset belong together.

    Attributes:
        first: row of the first picture with the same bytes.
        near: number of the cluster of pictures that look alike, -1 for none.
    """

    first: NDArray[np.int64]
    near: NDArray[np.int32]

    @property
    def copies(self) -> NDArray[np.int64]:
        """Rows of pictures that are copies of one before them."""
        return np.flatnonzero(self.first != np.arange(len(self.first)))

    @property
    def near_copies(self) -> NearCopies:
        """How many pictures look alike."""
        return NearCopies(int(self.near.max(initial=-1)) + 1, int((self.near >= 0).sum()))


def find_alike(images: Images) -> Alike:
    """Find the copies and the near copies among the pictures; blank ones look like anything and count for nothing."""
    facts = images.facts if images.facts is not None else Facts.none(len(images))
    usable = (facts.size >= 0) & (facts.contrast >= BLANK)
    return Alike(copies_of(facts), near_copies(facts.phash, usable=usable))


def note_alike(images: Images, alike: Alike, intake: Intake) -> None:
    """Report pictures that are there twice and pictures that look alike."""
    copies, near = alike.copies, alike.near_copies
    names = images.names
    if len(copies):
        examples = [f"{show(names[row])} = {show(names[alike.first[row]])}" for row in copies[:5].tolist()]
        message = "exact copies of other pictures: {n} (--copies skip leaves them out)"
        intake.note("copies", message, len(copies), examples)
    if near.pictures:
        message = f"{{n}} pictures look alike, copies included: {near.clusters:,} cluster{'s' * (near.clusters != 1)}"
        rows = np.flatnonzero(alike.near >= 0)
        intake.note("near-copies", message, near.pictures, [show(names[row]) for row in rows[:5].tolist()])


def group_pictures(images: Images, alike: Alike, how: GroupBy) -> Images:
    """Group the pictures that no split may part: copies, those that look alike, those of one series.

    Pictures that were together stay so, under their group's name.
    """
    if how == "none":
        return images
    names = images.names
    taken = None if images.facts is None else images.facts.taken
    _, series = group_of_names(names, how, taken)
    copies = np.where(np.bincount(alike.first, minlength=len(names))[alike.first] > 1, alike.first, -1)
    before = np.full(len(names), -1, np.int32) if images.group is None else images.group
    groups, group = union(names, copies.astype(np.int32), alike.near, series, before)
    kept = _names_kept(groups, group, before, images.groups)
    return replace(images, group=group, groups=kept)


def _names_kept(
    groups: tuple[str, ...], group: NDArray[np.int32], before: NDArray[np.int32], old: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names of groups: where pictures had one already, the one that their first picture had."""
    kept = list(groups)
    for row in np.flatnonzero((before >= 0) & (group >= 0))[::-1].tolist():
        kept[group[row]] = old[before[row]]
    return tuple(kept) if len(set(kept)) == len(kept) else groups


def group_count(images: Images) -> int:
    """Return how many groups have pictures."""
    return 0 if images.group is None else int((np.bincount(images.group + 1)[1:] > 0).sum())


def regrouped(before: Images, after: Images) -> bool:
    """Tell whether the same pictures are grouped in another way."""
    if before.group is None or after.group is None:
        return group_count(before) != group_count(after)
    return before.groups != after.groups or not np.array_equal(before.group, after.group)
