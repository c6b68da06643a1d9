"""Classes that are suspicious: named alike, unused, rare, or missing from a split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import show
from .findings import MOST_PLACES, CheckSettings, Hit, Spot

__all__ = ["class_hits", "plain_name", "similar_names"]


def class_hits(dataset: Dataset, settings: CheckSettings) -> list[Hit]:
    """Look at names and numbers of the classes."""
    names = dataset.categories.names
    if not len(dataset.annotations):
        return _similar(names)
    count = np.bincount(dataset.annotations.category, minlength=len(names))
    limit = settings.few_objects
    return [
        *_similar(names),
        *_classes("unused-class", names, count, count == 0),
        *_classes("single-sample-class", names, count, count == 1, dataset),
        *_classes("few-objects-class", names, count, (count > 1) & (count < limit), limit=limit),
        *_imbalance(names, count, settings.imbalance),
        *_splits(dataset, count),
    ]


def _classes(
    code: str,
    names: Sequence[str],
    count: NDArray[np.int64],
    which: NDArray[np.bool_],
    dataset: Dataset | None = None,
    **words: object,
) -> list[Hit]:
    rows = np.flatnonzero(which)
    if not len(rows):
        return []
    rows = rows[np.argsort(count[rows], kind="stable")]
    spots = [Spot(what=f"{show(names[row])}: {count[row]:,}") for row in rows[:MOST_PLACES].tolist()]
    images: list[str] = []
    if dataset is not None:
        table = dataset.annotations
        held = np.unique(table.image[np.isin(table.category, rows)])
        images = [dataset.images.names[row] for row in held.tolist()]
    return [Hit(code, len(rows), spots, images, words)]


def _similar(names: Sequence[str]) -> list[Hit]:
    pairs = similar_names(names)
    spots = [Spot(what=f"'{show(a)}' and '{show(b)}'") for a, b in pairs[:MOST_PLACES]]
    return [Hit("similar-class-names", len(pairs), spots)] if pairs else []


_SHORTEST_TYPO = 5
_SHORTEST_CHANGE = 8  # letters from which on another letter is a slip: `shirt` and `skirt` are two words
_MOST_ALIKE = 50  # names of one form that are compared with each other


def similar_names(names: Sequence[str]) -> list[tuple[str, str]]:
    """Find pairs of names that probably mean one class.

    They are equal but for case, blanks, hyphens, underscores and a plural `s`; or both have more than 4 letters, begin
    alike, and one letter is missing or added or two have changed places; or both have at least 8, and one letter is
    another. Numbers are no slips: `type 1` and `type 2` differ.
    """
    pairs: dict[tuple[int, int], None] = {}
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(plain_name(name), []).append(row)
        if len(name) >= _SHORTEST_TYPO:
            folded = name.casefold()
            for at in range(len(folded) + 1):  # names one step apart share a name with one letter less
                groups.setdefault("\0" + folded[:at] + folded[at + 1 :], []).append(row)
    for key, rows in groups.items():
        for a, b in combinations(rows[:_MOST_ALIKE], 2):
            if a != b and (not key.startswith("\0") or _one_step(names[a].casefold(), names[b].casefold())):
                pairs[min(a, b), max(a, b)] = None
    return [(names[a], names[b]) for a, b in sorted(pairs)]


def plain_name(name: str) -> str:
    """Return what is left of a name without case, blanks, hyphens, underscores and the `s` of a plural."""
    plain = re.sub(r"[\s_\-.]+", "", name.casefold())
    return plain[:-1] if len(plain) > 3 and plain.endswith("s") and not plain.endswith("ss") else plain


def _one_step(a: str, b: str) -> bool:
    """Tell whether one slip of the fingers makes the difference."""
    short, long = sorted((a, b), key=len)
    start = next((i for i, char in enumerate(short) if char != long[i]), len(short))
    if start == 0:
        return False
    if len(short) < len(long):
        slip = short[start:] == long[start + 1 :]
    elif short[start : start + 2] == long[start : start + 2][::-1]:
        slip = short[start + 2 :] == long[start + 2 :]
    else:
        slip = short[start + 1 :] == long[start + 1 :] and len(short) >= _SHORTEST_CHANGE
    changed = long[start : start + 1] + (short[start : start + 1] if len(short) == len(long) else "")
    # A letter on its own is a name: `type a` and `type b`.
    alone = re.fullmatch(r"[\W_]\w(?:[\W_]|$)", long[start - 1 : start + 2]) is not None
    return slip and not alone and not any(char.isdigit() for char in changed)


def _imbalance(names: Sequence[str], count: NDArray[np.int64], ratio: float) -> list[Hit]:
    largest = int(count.argmax())
    rare = (count > 0) & (count * ratio < count[largest])
    share = count[largest] / max(1, int(count.sum()))
    return _classes("class-imbalance", names, count, rare, largest=show(names[largest]), share=float(share))


def _splits(dataset: Dataset, count: NDArray[np.int64]) -> list[Hit]:
    """Find classes that a split lacks; splits without any annotation lack nothing in particular."""
    images, table = dataset.images, dataset.annotations
    splits, classes = len(images.splits), len(dataset.categories)
    split = images.split[table.image]
    cell = split[split >= 0].astype(np.int64) * classes + table.category[split >= 0]
    held = np.bincount(cell, minlength=splits * classes).reshape(splits, classes)
    used = held.any(axis=1)
    if used.sum() < 2:
        return []
    hits = {code: Hit(code) for code in ("class-not-in-train", "class-not-in-split")}
    train = images.splits.index("train") if "train" in images.splits else -1
    for row in np.flatnonzero(used).tolist():
        missing = (held[row] == 0) & (held.sum(axis=0) > 0)
        if row != train and train >= 0:
            missing &= held[train] > 0  # what train lacks is said once
        hit = hits["class-not-in-train" if row == train else "class-not-in-split"]
        for at in np.flatnonzero(missing).tolist():
            name = show(dataset.categories.names[at])
            hit.add(Spot(what=f"{name}: none of {count[at]:,} is in {show(images.splits[row])}"))
    return [hit for hit in hits.values() if hit.count]
