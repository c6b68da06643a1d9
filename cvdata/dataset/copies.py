"""Pictures made of other pictures: what to make, what it is called, and how it remembers where it comes from."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .concat import concat_annotations, concat_images, fill_ids
from .ragged import Ragged, locked, ranges
from .tables import Annotations, Dataset, Images

__all__ = [
    "LINEAGE",
    "MADE_WORDS",
    "Copies",
    "MadeWord",
    "add_copies",
    "copied_annotations",
    "copied_images",
    "copy_names",
    "lineage_of",
    "lineage_pairs",
]

LINEAGE = "lineage"
"""Key of `Images.extra` that says what a picture was made of: `{"parent": NAME, "made": WORD, ...}`."""

MadeWord = Literal["copy", "aug", "paste"]
MADE_WORDS: tuple[MadeWord, ...] = ("copy", "aug", "paste")
"""How a made picture's name says so: the copy 2 of `a/b.jpg` is `a/b.copy2.jpg`."""


@dataclass(frozen=True, eq=False)
class Copies:
    """Pictures to make, one row each, in the order of their parents.

    Attributes:
        parent: int64, shape (k,), row of the picture that each is made of.
        number: int64, shape (k,), counts the copies of one parent from 1.
        pasted: int64 rows of the annotations that are pasted into each, or None where nothing is.
    """

    parent: NDArray[np.int64]
    number: NDArray[np.int64]
    pasted: Ragged | None = None

    def __post_init__(self) -> None:
        for name in ("parent", "number"):
            object.__setattr__(self, name, locked(np.asarray(getattr(self, name), np.int64)))

    def __len__(self) -> int:
        return len(self.parent)

    @staticmethod
    def times(counts: NDArray[np.integer[Any]]) -> Copies:
        """Return so many copies of each picture.

        Args:
            counts: shape (images,), not negative.
        """
        parent = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        return Copies(parent, np.arange(len(parent), dtype=np.int64) - first + 1)


def copy_names(
    images: Images, copies: Copies, word: MadeWord, suffix: str | Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return a name for each copy that is free: `a.jpg` gives `a.aug1.jpg`, or the next number that is not taken.

    Args:
        suffix: of the new files, such as `.png`, or one for each; that of the parent where not given.
    """
    taken = set(images.names)
    parts = [os.path.splitext(images.names[row]) for row in copies.parent.tolist()]
    suffixes = [suffix or own for _, own in parts] if suffix is None or isinstance(suffix, str) else suffix
    names = []
    for (stem, _), number, end in zip(parts, copies.number.tolist(), suffixes, strict=True):
        name = f"{stem}.{word}{number}{end}"
        while name in taken:
            number += 1
            name = f"{stem}.{word}{number}{end}"
        taken.add(name)
        names.append(name)
    return tuple(names)


def copied_images(images: Images, copies: Copies, names: Sequence[str], lineage: Iterable[Mapping[str, Any]]) -> Images:
    """Return rows for the copies alone: as their parents, but for the names, what they were made of, and their ids.

    A copy is in the split of its parent; `add_copies` puts both in one group. Facts are those of the parent: who
    changes the pixels takes them out.

    Args:
        lineage: of each copy, what else there is to say: `{"made": "aug", "recipe": "light", "seed": 7}`; its parent
            is added here.
    """
    made = images.take(copies.parent)
    texts = []
    texts_before = [b""] * len(copies) if made.extra is None else made.extra.to_bytes()
    for own, row, said in zip(texts_before, copies.parent.tolist(), lineage, strict=True):
        whole = {**json.loads(own or b"{}"), LINEAGE: {"parent": images.names[row], **said}}
        texts.append(_encoded(whole))
    files = tuple(images.names[row] if images.files is None else images.files[row] for row in copies.parent.tolist())
    return replace(made, names=tuple(names), files=files, source_id=None, extra=Ragged.texts(texts))


def _encoded(attributes: Mapping[str, Any]) -> bytes:
    text = json.dumps(attributes, ensure_ascii=False)
    # Bytes of a name that are no UTF-8 (PEP 383) have no place in JSON: they are shown as \\udcff.
    return _NOT_UTF_8.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text).encode()


_NOT_UTF_8 = re.compile("[\ud800-\udfff]")


def copied_annotations(dataset: Dataset, copies: Copies) -> Annotations:
    """Return the annotations of the copies alone, as those of their parents; `image` counts the copies from 0."""
    counts = np.diff(dataset.offsets)[copies.parent]
    table = dataset.annotations.take(ranges(dataset.offsets[:-1][copies.parent], counts))
    return replace(table, image=np.repeat(np.arange(len(copies), dtype=np.int32), counts), source_id=None)


def add_copies(dataset: Dataset, copies: Copies, images: Images, annotations: Annotations) -> Dataset:
    """Return the dataset with copies behind its pictures, every copy in one group with its parent.

    Args:
        images: of the copies, as `copied_images` makes them, and `annotations`: theirs, `image` counted from 0. Both
            get ids of their own where the dataset has any.
    """
    table = dataset.annotations
    made = replace(annotations, image=annotations.image + np.int32(len(dataset.images)), source_id=None)
    joined = concat_annotations([table, made])
    if table.source_id is not None:
        joined = replace(joined, source_id=fill_ids([*table.source_id, *[None] * len(made)]))
    return replace(dataset, images=_grouped(dataset.images, images, copies), annotations=joined)


def _grouped(before: Images, made: Images, copies: Copies) -> Images:
    """Join the pictures, and put each copy into the group of its parent; a parent in none makes one of its name."""
    both = concat_images([before, made])
    group = np.full(len(both), -1, np.int32) if both.group is None else both.group.copy()
    known = {name: number for number, name in enumerate(both.groups)}
    for row in np.unique(copies.parent).tolist():
        if group[row] < 0:
            group[row] = known.setdefault(before.names[row], len(known))
    group[len(before) :] = group[copies.parent]
    return replace(both, group=group, groups=tuple(known))


def lineage_of(images: Images) -> dict[int, dict[str, Any]]:
    """Return what each made picture says of its making, by its row; pictures that say nothing are left out."""
    if images.extra is None:
        return {}
    key = f'"{LINEAGE}"'.encode()
    found = {}
    for row, text in enumerate(images.extra.to_bytes()):
        if key in text:
            said = json.loads(text).get(LINEAGE)
            if isinstance(said, dict):
                found[row] = said
    return found


def lineage_pairs(images: Images) -> NDArray[np.int64]:
    """Return which pictures are made of which: made picture and parent, int64, shape (k, 2).

    Parents that are not here are left out; two pictures of one such parent are paired with each other.
    """
    row_of = {name: row for row, name in enumerate(images.names)}
    gone: dict[str, int] = {}
    pairs = []
    for row, said in lineage_of(images).items():
        for name in _parents(said):
            other = row_of.get(name)
            if other is None:
                other = gone.setdefault(name, row)
            if other != row:
                pairs.append((row, other))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _parents(said: Mapping[str, Any]) -> Iterable[str]:
    others = said.get("others", ())
    return [
        name for name in (said.get("parent"), *(others if isinstance(others, list) else ())) if isinstance(name, str)
    ]
