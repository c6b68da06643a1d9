"""Pictures that several sources have: where these disagree, and which of them says what counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...dataset.ragged import ranges
from .labels import Agreement, hold_against, pool
from .report import OnConflict

__all__ = ["Choice", "Conflicts", "choose", "find_conflicts", "set_apart"]

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Conflicts:
    """Pictures that another source has otherwise.

    Attributes:
        roots: int64, shape (images,), the first row of the set of pictures that are one.
        labels, splits, sizes: bool, shape (images,), where a picture differs from the first of its set that says
            anything: `looked_at`, `in_split`, `sized`, int64 rows by root, or the number of pictures where none does.
        agreement: of the labels of pictures with those of the first of their set.
    """

    roots: Rows
    labels: Flags
    splits: Flags
    sizes: Flags
    looked_at: Rows
    in_split: Rows
    sized: Rows
    agreement: Agreement

    @property
    def any(self) -> Flags:
        """Where a picture differs in anything, bool, shape (images,)."""
        return self.labels | self.splits | self.sizes


def find_conflicts(dataset: Dataset, roots: Rows) -> Conflicts:
    """Hold each picture against the first of its set: labels, split, width and height.

    A picture that nobody has labelled, is in no split, or has no known size disagrees with none.
    """
    images = dataset.images
    looked = images.state != State.UNLABELLED
    looked_at = _first(roots, looked)
    others = np.flatnonzero(looked & (looked_at[roots] != np.arange(len(roots))))
    agreement = hold_against(dataset, looked_at[roots[others]], others)
    labels = np.zeros(len(roots), np.bool_)
    labels[others] = ~agreement.agrees
    is_in, is_sized = images.split >= 0, (images.width > 0) & (images.height > 0)
    in_split, sized = _first(roots, is_in), _first(roots, is_sized)
    splits, sizes = np.zeros_like(labels), np.zeros_like(labels)
    rows = np.flatnonzero(is_in)
    splits[rows] = images.split[rows] != images.split[in_split[roots[rows]]]
    rows = np.flatnonzero(is_sized)
    first = sized[roots[rows]]
    sizes[rows] = (images.width[rows] != images.width[first]) | (images.height[rows] != images.height[first])
    return Conflicts(roots, labels, splits, sizes, looked_at, in_split, sized, agreement)


def set_apart(dataset: Dataset, conflicts: Conflicts) -> Conflicts:
    """Return the conflicts, none, where every picture that differs from the first of its set stays one of its own."""
    while conflicts.any.any():  # once more where what was taken out was the first to say something else
        rows, roots = np.flatnonzero(conflicts.any), conflicts.roots.copy()
        roots[rows] = rows
        conflicts = find_conflicts(dataset, roots)
    return conflicts


def _first(roots: Rows, which: Flags) -> Rows:
    """Return the first row of each set for which something holds, by root; the number of rows where there is none."""
    first = np.full(len(roots), len(roots))
    rows = np.flatnonzero(which)
    np.minimum.at(first, roots[rows], rows)
    return first


def _last(roots: Rows, which: Flags) -> Rows:
    """Return the last row of each set for which something holds, by root; -1 where there is none."""
    last = np.full(len(roots), -1)
    rows = np.flatnonzero(which)
    np.maximum.at(last, roots[rows], rows)
    return last


@dataclass(frozen=True)
class Choice:
    """What each picture of the outcome is made of; all of shape (pictures,), int64 rows of the sources end to end.

    Attributes:
        roots: shape (images,), the picture that each one becomes; `kept`: those that stay.
        state: uint8; `split`: int32, row in the splits, -1 for none.
        size, file, facts: which picture says width and height, where the file lies, and what it says.
        annotations: rows of the annotations that stay, by picture; `image`: int32, picture of each, as it is counted
            in the outcome.
        originals, copies: pairs of annotations that are one object: the one that stays, the one that goes.
    """

    roots: Rows
    kept: Rows
    state: NDArray[np.uint8]
    split: NDArray[np.int32]
    size: Rows
    file: Rows
    facts: Rows
    annotations: Rows
    image: NDArray[np.int32]
    originals: Rows
    copies: Rows


def choose(dataset: Dataset, conflicts: Conflicts, on_conflict: OnConflict) -> Choice:
    """Choose for each picture what counts; conflicts that are to stop or to be kept apart are no longer there."""
    images, roots = dataset.images, conflicts.roots
    count = len(images)
    kept = np.flatnonzero(roots == np.arange(count))
    label = conflicts.looked_at[kept]
    label = np.where(label < count, label, kept)
    size = conflicts.sized[kept]
    size = np.where(size < count, size, kept)
    if on_conflict == "last":
        disputed = np.isin(kept, roots[conflicts.labels])
        label[disputed] = _last(roots, images.state != State.UNLABELLED)[kept[disputed]]
        disputed = np.isin(kept, roots[conflicts.sizes])
        size[disputed] = _last(roots, (images.width > 0) & (images.height > 0))[kept[disputed]]
    pooled = np.zeros(len(kept), np.bool_)
    if on_conflict == "union":
        pooled = np.isin(kept, roots[conflicts.labels])
    rows, image, originals, copies = _annotations(dataset, conflicts, kept, label, pooled)
    state = images.state[label]
    state[image] = State.LABELLED
    file = _first(roots, images.folder >= 0)[kept]
    file = np.where(file < count, file, kept)
    facts = file
    if images.facts is not None:
        known = images.facts.size >= 0
        other = _first(roots, known)[kept]
        facts = np.where(known[file] | (other == count), file, other)
    return Choice(
        roots,
        kept,
        state,
        _splits(dataset, conflicts, kept, on_conflict),
        size,
        file,
        facts,
        rows,
        image,
        originals,
        copies,
    )


def _splits(dataset: Dataset, conflicts: Conflicts, kept: Rows, on_conflict: OnConflict) -> NDArray[np.int32]:
    """Return the split of each picture: the first there is, the last, or the one that needs it most."""
    split, roots = dataset.images.split, conflicts.roots
    rows = conflicts.in_split
    if on_conflict == "last":
        rows = _last(roots, split >= 0)
    elif on_conflict == "union" and conflicts.splits.any():
        # What a model is tested on must not be trained on: test before val before others before train.
        rank = np.array([{"test": 3, "val": 2, "train": 0}.get(name, 1) for name in dataset.images.splits])
        ranks = np.where(split >= 0, rank[split], -1)
        best = np.full(len(split), -1)
        np.maximum.at(best, roots, ranks)
        rows = _first(roots, (split >= 0) & (ranks == best[roots]))
    rows = rows[kept]
    found = (rows >= 0) & (rows < len(split))
    chosen = np.full(len(kept), -1, np.int32)
    chosen[found] = split[rows[found]]
    return chosen


def _annotations(
    dataset: Dataset, conflicts: Conflicts, kept: Rows, label: Rows, pooled: Flags
) -> tuple[Rows, NDArray[np.int32], Rows, Rows]:
    """Return the annotations that stay, the picture of each, and pairs of one object: the one that stays, a copy."""
    offsets, roots = dataset.offsets, conflicts.roots
    number = np.full(len(roots), -1)
    number[kept] = np.arange(len(kept))
    single = label[~pooled]
    counts = np.diff(offsets)[single]
    rows = ranges(offsets[single], counts)
    one, two = conflicts.agreement.one, conflicts.agreement.two
    image = np.repeat(np.flatnonzero(~pooled), counts)
    if pooled.any():
        among = np.flatnonzero(pooled[number[roots]] & ~conflicts.sizes & (np.diff(offsets) > 0))
        among = among[np.argsort(roots[among], kind="stable")]
        joint, originals, copies = pool(dataset, among, roots[among])
        apart = ~pooled[number[roots[dataset.annotations.image[one]]]]
        one, two = np.concatenate([one[apart], originals]), np.concatenate([two[apart], copies])
        rows = np.concatenate([rows, joint])
        image = np.concatenate([image, number[roots[dataset.annotations.image[joint]]]])
        order = np.argsort(image, kind="stable")
        rows, image = rows[order], image[order]
    return rows, image.astype(np.int32), *_final(one, two, rows, dataset, roots)


def _final(one: Rows, two: Rows, rows: Rows, dataset: Dataset, roots: Rows) -> tuple[Rows, Rows]:
    """Return the pairs with the original that stays in the end, for those whose picture is still one with its."""
    owner = dataset.annotations.image
    together = roots[owner[one]] == roots[owner[two]]
    one, two = one[together], two[together]
    final = np.arange(len(owner))
    final[two] = one
    while not np.array_equal(above := final[final], final):
        final = above
    stays = np.zeros(len(owner), np.bool_)
    stays[rows] = True
    one = final[two]
    chosen = stays[one] & ~stays[two]
    return one[chosen], two[chosen]
