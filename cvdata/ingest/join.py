"""Which pictures stay and which labels they get: every annotation is joined, put aside or filtered, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from ..errors import show
from ..files import Counts, QuarantineItem
from ..formats import Intake
from .combine import Joined
from .labels import Labels, contradictions, entry_item, match, part_of

__all__ = ["Candidates", "Fate", "join_labels"]


class Fate(IntEnum):
    """What becomes of a picture."""

    STAYS = 0
    BAD = 1  # cannot be read, or contradicts its labels
    SKIPPED = 2  # a copy that is not wanted


@dataclass
class Candidates:
    """All pictures that labels may belong to: those of the dataset, then the new ones, bad ones included.

    Attributes:
        names: in the dataset; `paths`: row by absolute path, of those in the sources.
        width, height: real size, 0 where it is not known.
        old: number of those that the dataset has already, which stay whatever the labels say.
        labelled: bool, whether the dataset has labels for it already.
        fate: a `Fate` each.
        items: quarantine of bad ones, by row; labels that go with them are added.
        kept: row of the picture that stays in place of each copy that is left out.
    """

    names: list[str]
    paths: Mapping[str, int]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    old: int
    labelled: NDArray[np.bool_]
    fate: NDArray[np.uint8]
    items: dict[int, QuarantineItem] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)


def join_labels(all_labels: Sequence[Labels], pictures: Candidates, intake: Intake) -> list[Joined]:
    """Join labels to the pictures that stay; `rows` of the result are rows of `pictures`.

    New pictures that contradict their labels in size become bad. What cannot be joined is put aside by name, or
    filtered with its picture.

    Raises:
        IdentityError: two pictures of one set of labels are the same picture.
    """
    matches = [match(labels, pictures.names, pictures.paths) for labels in all_labels]
    _hand_over(all_labels, matches, pictures, intake)
    for labels, rows in zip(all_labels, matches, strict=True):
        _refuse_contradicted(labels, rows, pictures)
    with_bad: Counter[int] = Counter()
    joined = [_join(labels, rows, pictures, intake, with_bad) for labels, rows in zip(all_labels, matches, strict=True)]
    for row in sorted(with_bad):
        pictures.items[row] = structs.replace(pictures.items[row], annotations=with_bad[row])
    return joined


def _hand_over(
    all_labels: Sequence[Labels], matches: Sequence[NDArray[np.int64]], pictures: Candidates, intake: Intake
) -> None:
    """Give labels of a copy that is left out to the picture that stays, where that has none of its own."""
    if not pictures.kept:
        return
    taken = set(np.flatnonzero(pictures.labelled).tolist())
    for labels, rows in zip(all_labels, matches, strict=True):
        taken.update(rows[(labels.counts > 0) & (rows >= 0)].tolist())
    handed: list[str] = []
    for labels, rows in zip(all_labels, matches, strict=True):
        own = {row: at for at, row in enumerate(rows.tolist())}
        for at, row in enumerate(rows.tolist()):
            stays = pictures.kept.get(row, -1)
            if stays < 0 or stays in taken or not labels.counts[at]:
                continue
            if stays in own:
                rows[own[stays]] = row  # an entry without labels, which goes with the copy instead
            rows[at] = stays
            taken.add(stays)
            handed.append(f"{show(pictures.names[row])} to {show(pictures.names[stays])}")
    if handed:
        message = "labels of copies that were left out, given to the picture that stays: {n}"
        intake.note("labels-of-copies", message, len(handed), handed)


def _refuse_contradicted(labels: Labels, rows: NDArray[np.int64], pictures: Candidates) -> None:
    """Make new pictures bad whose labels give another size."""
    wrong = contradictions(labels, rows, pictures.width, pictures.height)
    for at in np.flatnonzero(wrong & (rows >= pictures.old)).tolist():
        row = int(rows[at])
        if pictures.fate[row] == Fate.STAYS:
            pictures.fate[row] = Fate.BAD
            found, expected = _contradiction(labels, at, row, pictures)
            item = entry_item(labels, at, found, expected, images=1)
            pictures.items[row] = structs.replace(item, image=pictures.names[row], annotations=0)


def _contradiction(labels: Labels, at: int, row: int, pictures: Candidates) -> tuple[str, str]:
    images = labels.dataset.images
    said, real = f"{images.width[at]}x{images.height[at]}", f"{pictures.width[row]}x{pictures.height[row]}"
    return (
        f"the labels say {said}, the picture '{show(pictures.names[row])}' is {real}",
        "the size of the picture as it is shown",
    )


def _join(
    labels: Labels, rows: NDArray[np.int64], pictures: Candidates, intake: Intake, with_bad: Counter[int]
) -> Joined:
    counts, names = labels.counts, labels.dataset.images.names
    wrong = contradictions(labels, rows, pictures.width, pictures.height)
    stays = np.zeros(len(rows), np.bool_)
    kept: list[str] = []
    for at, row in enumerate(rows.tolist()):
        count = int(counts[at])
        if row < 0:
            found = f"the picture '{show(names[at])}' is not among those taken in"
            intake.quarantine.append(entry_item(labels, at, found, "the name of a picture of the dataset"))
        elif pictures.fate[row] == Fate.BAD:
            with_bad[row] += count
        elif pictures.fate[row] == Fate.SKIPPED:
            intake.filtered += Counts(0, count)
        elif pictures.labelled[row]:
            intake.filtered += Counts(0, count)
            kept.append(show(pictures.names[row]))
        elif wrong[at]:
            intake.quarantine.append(entry_item(labels, at, *_contradiction(labels, at, row, pictures)))
        else:
            stays[at] = True
    if kept:
        intake.note("labels-kept", "pictures with labels in the dataset already, which stay: {n}", len(kept), kept)
    chosen = np.flatnonzero(stays)
    real = rows[chosen]
    return Joined(part_of(labels, chosen, pictures.width[real], pictures.height[real], intake), real)
