"""What a finished split is worth: the share of each class that each split got, groups kept whole, leaks."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Facts
from ...files import DatasetReport, Finding
from .counts import Counted
from .groups import Reason, torn_groups
from .warnings import warnings_of
from .wish import Wish

__all__ = ["ClassPart", "ClassShares", "GroupKind", "SplitCertificate", "SplitPart", "SplitReport", "certify"]


class SplitPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One split as a whole.

    Attributes:
        wished: share of the pictures that it should have, 0 to 1; None for a split that was kept as it is.
        images, objects: how many it has.
        share: of the pictures, 0 to 1; splits that were kept as they are do not count.
        off: by how many points the share misses the wish.
    """

    name: str
    wished: float | None
    images: int
    objects: int
    share: float | None
    off: float | None


class ClassPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One class in one split that was filled.

    Attributes:
        objects, images: how many objects, and pictures with the class.
        object_share, image_share: of all those of the class, 0 to 1; None where it has none.
        off: by how many points the worse of the two misses the wish.
    """

    split: str
    objects: int
    images: int
    object_share: float | None
    image_share: float | None
    off: float | None


class ClassShares(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a class was shared out.

    Attributes:
        objects, images: how many objects, and pictures with the class.
        groups: in how many pieces it can be divided: groups, and pictures that stand alone.
        off: by how many points the worst of its shares misses the wish; None where it has no object.
        splits: one entry for each split that was filled.
    """

    name: str
    objects: int
    images: int
    groups: int
    off: float | None
    splits: list[ClassPart]


class GroupKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason for which pictures belong together.

    Attributes:
        code: short name, such as `near-copies`; `words`: what it is.
        groups, images: number of groups, and of pictures in them; `largest`: pictures in the largest.
        torn: groups with pictures in more than one split, counted in the finished split.
    """

    code: str
    words: str
    groups: int
    images: int
    largest: int
    torn: int


class SplitCertificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a finished split is worth.

    Attributes:
        splits: those that were filled, then those that were kept as they are.
        classes: in the order of the dataset.
        worst_off, mean_off: by how many points the shares of classes miss their wish; None where nothing has a class.
        groups, grouped_images: groups of two and more pictures, whatever made them, and pictures in them.
        largest_group: pictures in the largest, `largest_group_of`: the name of its first picture.
        whole_groups: groups that are in one split.
        leaks: torn groups of all kinds; 0 unless splits that were kept had leaks before.
        compared: pictures whose content was compared with that of all others.
        kinds: the reasons for which pictures belong together; a group may have several.
        warnings: wishes that the groups of this dataset do not allow, and what else a person should know.
    """

    splits: list[SplitPart]
    classes: list[ClassShares]
    worst_off: float | None
    mean_off: float | None
    groups: int
    grouped_images: int
    largest_group: int
    largest_group_of: str | None
    whole_groups: int
    leaks: int
    compared: int
    kinds: list[GroupKind]
    warnings: list[Finding]


class SplitReport(DatasetReport, frozen=True, kw_only=True):
    """What dividing a dataset did: `cvdata split --json` prints it.

    Attributes:
        certificate: what the splits are worth.
    """

    schema: Literal["cvdata/split-report/1"] = "cvdata/split-report/1"
    certificate: SplitCertificate


def certify(
    dataset: Dataset,
    wish: Wish,
    reasons: list[Reason],
    unit: NDArray[np.int64],
    kept: NDArray[np.int64],
    facts: Facts | None,
) -> SplitCertificate:
    """Look at a divided dataset, count everything anew, and say what it is worth.

    Args:
        reasons: what says that pictures belong together; `unit`: what follows from it, for each picture.
        kept: where pictures had to stay, -1 for those that were free.
        facts: of the pictures, as far as known.
    """
    split, names = dataset.images.split, dataset.images.names
    splits = _splits(dataset, wish)
    counted = Counted.of(dataset, unit, len(wish.all_names))
    classes = [
        _class_shares(dataset.categories.names[row], counted, row, wish) for row in range(len(dataset.categories))
    ]
    offs = [part.off for shares in classes for part in shares.splits if part.off is not None]
    sizes = np.bincount(unit)
    groups, torn = sizes > 1, torn_groups(unit.astype(np.int32), split)
    kinds = [_kind(reason, split) for reason in reasons]
    largest = int(sizes.argmax())
    return SplitCertificate(
        splits=splits,
        classes=classes,
        worst_off=max(map(abs, offs), default=None),
        mean_off=sum(map(abs, offs)) / len(offs) if offs else None,
        groups=int(groups.sum()),
        grouped_images=int(sizes[groups].sum()),
        largest_group=int(sizes[largest]) if groups.any() else 0,
        largest_group_of=names[int(np.argmax(unit == largest))] if groups.any() else None,
        whole_groups=int(groups.sum()) - len(torn),
        leaks=sum(kind.torn for kind in kinds),
        compared=0 if facts is None else int((facts.size >= 0).sum()),
        kinds=[kind for kind in kinds if kind.groups],
        warnings=warnings_of(dataset, wish, splits, classes, counted, unit, kept),
    )


def _splits(dataset: Dataset, wish: Wish) -> list[SplitPart]:
    images = np.bincount(dataset.images.split, minlength=len(wish.all_names)).tolist()
    owner = dataset.images.split[dataset.annotations.image]
    objects = np.bincount(owner, minlength=len(wish.all_names)).tolist()
    total = sum(images[: len(wish.names)])
    found = []
    for row, name in enumerate(wish.all_names):
        wished = wish.shares[row] if row < len(wish.shares) else None
        share = images[row] / total if wished is not None and total else None
        off = 100 * (share - wished) if share is not None and wished is not None else None
        found.append(
            SplitPart(name=name, wished=wished, images=images[row], objects=objects[row], share=share, off=off)
        )
    return found


def _class_shares(name: str, counted: Counted, row: int, wish: Wish) -> ClassShares:
    filled = len(wish.names)
    objects, images = counted.objects[:filled, row].tolist(), counted.images[:filled, row].tolist()
    parts = []
    for split, wished in enumerate(wish.shares):
        shares = [counts[split] / sum(counts) if sum(counts) else None for counts in (objects, images)]
        offs = [100 * (share - wished) for share in shares if share is not None]
        parts.append(
            ClassPart(
                split=wish.names[split],
                objects=objects[split],
                images=images[split],
                object_share=shares[0],
                image_share=shares[1],
                off=max(offs, key=abs, default=None),
            )
        )
    return ClassShares(
        name=name,
        objects=sum(objects),
        images=sum(images),
        groups=len(counted.pieces(row, filled)[0]),
        off=max((part.off for part in parts if part.off is not None), key=abs, default=None),
        splits=parts,
    )


def _kind(reason: Reason, split: NDArray[np.int32]) -> GroupKind:
    sizes = reason.members
    return GroupKind(
        code=reason.code,
        words=reason.words,
        groups=len(sizes),
        images=int(sizes.sum()),
        largest=int(sizes.max(initial=0)),
        torn=len(torn_groups(reason.group, split)),
    )
