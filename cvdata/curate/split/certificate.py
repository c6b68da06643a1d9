"""What a finished split is worth: the share of each class that each split got, groups kept whole, leaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Facts
from .counts import Counted
from .groups import Reason, torn_groups
from .report import ClassPart, ClassShares, GroupKind, SplitCertificate, SplitPart
from .warnings import warnings_of
from .wish import Wish

__all__ = ["certify"]


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
