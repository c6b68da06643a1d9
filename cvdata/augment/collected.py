"""What the workers made, gathered in the order of the copies, put into the dataset and told in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Images, State
from ..dataset.concat import concat_annotations
from ..dataset.copies import Copies, add_copies, copied_images
from ..dataset.packed import unpack
from ..errors import show
from ..files import QuarantineItem
from ..images.sets import Sets, numbered
from .entries import MadePicture
from .recipe import Recipe
from .remnants import Remnants
from .settings import AugmentPart, ClassChange

__all__ = ["Collected", "failed_items", "part_of", "with_pictures"]


@dataclass
class Collected:
    """What the workers said, in the order of the copies.

    Attributes:
        pictures: without their annotations and lineage.
        tables: their annotations, `image` counted through the pictures that were made.
        lineages: what was drawn for each, as JSON: as objects it would take several times the memory.
        others: of each, rows of the pictures besides the parent that have a part in it.
        mosaics, mixups: how many were made of four pictures, or of two.
    """

    pictures: list[MadePicture] = field(default_factory=list)
    tables: list[Annotations] = field(default_factory=list)
    lineages: list[bytes] = field(default_factory=list)
    others: list[tuple[int, ...]] = field(default_factory=list)
    mosaics: int = 0
    mixups: int = 0
    _count: int = 0

    def add(self, pictures: Sequence[MadePicture]) -> None:
        """Take the next pictures."""
        for picture in pictures:
            self.pictures.append(structs.replace(picture, columns={}, lineage={}))
            self.lineages.append(msgspec.json.encode(picture.lineage))
            self.mosaics += "mosaic" in picture.lineage
            self.mixups += "mixup" in picture.lineage
        tables = [unpack(picture.columns) for picture in pictures if picture.problem is None]
        if tables:
            image = np.repeat(np.arange(self._count, self._count + len(tables), dtype=np.int32), list(map(len, tables)))
            self.tables.append(replace(concat_annotations(tables), image=image))
            self._count += len(tables)

    @property
    def good(self) -> NDArray[np.int64]:
        """Rows of the pictures that were made."""
        return np.array([row for row, made in enumerate(self.pictures) if made.problem is None], np.int64)


def with_pictures(
    dataset: Dataset,
    copies: Copies,
    collected: Collected,
    names: Sequence[str],
    folder: str,
    said: Mapping[str, Any],
) -> Dataset:
    """Return the dataset with the pictures that were made behind its own.

    Args:
        names: of the copies; `folder`: where their files lie.
        said: what their lineage says of all of them.
    """
    good = collected.good
    if not len(good):
        return dataset
    made = Copies(copies.parent[good], copies.number[good])
    table = concat_annotations(collected.tables)
    others = [collected.others[row] for row in good.tolist()]
    pictures = [collected.pictures[row] for row in good.tolist()]
    lineage = (
        {**said, **_named(dataset.images, rows), **msgspec.json.decode(collected.lineages[row])}
        for rows, row in zip(others, good.tolist(), strict=True)
    )
    images = copied_images(dataset.images, made, [names[row] for row in good.tolist()], lineage)
    holds = np.bincount(table.image, minlength=len(made)) > 0
    images = replace(
        images,
        width=np.array([picture.width for picture in pictures], np.int32),
        height=np.array([picture.height for picture in pictures], np.int32),
        # One that lost all its objects is a background; of one that nobody looked at, nothing is known still.
        state=np.where(holds, State.LABELLED, np.minimum(images.state, State.EMPTY)).astype(np.uint8),
        folder=np.zeros(len(made), np.int32),
        folders=(folder,),
        files=tuple(picture.file for picture in pictures),
        facts=None,  # of other pixels
    )
    whole = add_copies(dataset, made, images, table)
    return replace(whole, images=_joined_groups(whole.images, others, len(dataset.images)))


def _named(images: Images, rows: Sequence[int]) -> dict[str, list[str]]:
    return {"others": [images.names[row] for row in rows]} if rows else {}


def _joined_groups(images: Images, others: Sequence[Sequence[int]], first: int) -> Images:
    """Join the groups of all pictures that have a part in one picture: no split may part any of them.

    Args:
        others: of the pictures from row `first` on, the rows besides their parents.
    """
    pairs = [(first + row, other) for row, rows in enumerate(others) for other in rows]
    if not pairs or images.group is None:
        return images
    sets = Sets(len(images))
    order = np.argsort(images.group, kind="stable")
    same = (images.group[order][1:] == images.group[order][:-1]) & (images.group[order][1:] >= 0)
    sets.join(order[1:][same], order[:-1][same])
    a, b = np.array(pairs, np.int64).T
    sets.join(a, b)
    number = numbered(sets.roots)
    names = []
    _, firsts = np.unique(number[number >= 0], return_index=True)
    for row in np.flatnonzero(number >= 0)[firsts].tolist():
        known = images.group[row]
        names.append(images.groups[known] if known >= 0 else images.names[row])
    return replace(images, group=number, groups=tuple(names))


def failed_items(dataset: Dataset, copies: Copies, collected: Collected, names: Sequence[str]) -> list[QuarantineItem]:
    """Return the copies that could not be made, by name; nothing that was read is missing with them."""
    return [
        QuarantineItem(
            kind="image",
            file=names[row],
            found=f"it could not be made of '{show(dataset.images.names[parent])}': {made.problem}",
            expected="pictures that can be read and a recipe that can take them",
            image=dataset.images.names[parent],
        )
        for row, (made, parent) in enumerate(zip(collected.pictures, copies.parent.tolist(), strict=True))
        if made.problem is not None
    ]


def part_of(
    before: Dataset,
    after: Dataset,
    copies: Copies,
    collected: Collected,
    recipe: Recipe | None,
    remnants: Remnants,
) -> AugmentPart:
    """Return what was made, in numbers."""
    pictures = collected.pictures
    made = len(collected.good)
    return AugmentPart(
        recipe=None if recipe is None else recipe.name,
        digest=None if recipe is None else recipe.digest,
        parents=len(np.unique(copies.parent)),
        copies=made,
        failed=len(pictures) - made,
        mosaics=collected.mosaics,
        mixups=collected.mixups,
        pasted=sum(picture.pasted for picture in pictures),
        unplaced=sum(picture.unplaced for picture in pictures),
        remnants=remnants,
        dropped=sum(picture.dropped for picture in pictures),
        classes=_changes(before, after),
    )


def _changes(before: Dataset, after: Dataset) -> list[ClassChange]:
    columns = [column for dataset in (before, after) for column in _counts(dataset)]
    old_objects, old_pictures, new_objects, new_pictures = columns
    rows = zip(before.categories.names, old_objects, new_objects, old_pictures, new_pictures, strict=True)
    return [ClassChange(*row) for row in rows]


def _counts(dataset: Dataset) -> tuple[list[int], list[int]]:
    """Return the number of objects of each class, and of pictures that show it."""
    table, classes = dataset.annotations, len(dataset.categories)
    shown = np.unique(table.image.astype(np.int64) * classes + table.category) % max(classes, 1)
    objects = np.bincount(table.category, minlength=classes)
    return objects.tolist(), np.bincount(shown, minlength=classes).tolist()
