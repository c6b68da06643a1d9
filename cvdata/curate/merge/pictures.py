"""The table of pictures of a merge: names that differ, groups tied together, attributes and lineage that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images, Ragged
from ...dataset.copies import LINEAGE, lineage_of
from ...images.sets import Sets
from .choice import Choice

__all__ = ["Names", "grouped_apart", "joined_pictures", "name_pictures"]

Rows = NDArray[np.int64]


def grouped_apart(parts: Sequence[Images], sources: Sequence[str]) -> tuple[list[Images], list[str]]:
    """Return the pictures of each source with groups that no source before it has, and what was renamed, in words."""
    taken: set[str] = set()
    apart, renamed = [], []
    for images, source in zip(parts, sources, strict=True):
        names = []
        own = set(images.groups)
        for name in images.groups:
            free = name if name not in taken else _moved([name], source, taken | own)[0]
            if free != name:
                renamed.append(f"{name} of {source}")
            names.append(free)
        taken.update(names)
        apart.append(replace(images, groups=tuple(names)))
    return apart, renamed


@dataclass(frozen=True)
class Names:
    """What pictures are called.

    Attributes:
        names: of each picture of the outcome, unique.
        renamed: rows of the outcome whose name is another than in their source.
    """

    names: tuple[str, ...]
    renamed: list[int]


def name_pictures(images: Images, kept: Rows, source: NDArray[np.int32], sources: Sequence[str]) -> Names:
    """Return a name for each picture that stays: its own, or with its source in front where an earlier one has it.

    Then all pictures of its folder move with it: frames of a sequence and copies of a picture are known by their names,
    and must stay side by side for `split` to keep them together.

    Args:
        images: of all sources end to end; `source`: int32, source of each; `sources`: their names.
    """
    names = [images.names[row] for row in kept.tolist()]
    taken = set(names)
    if len(taken) == len(names):
        return Names(tuple(names), [])
    owners = source[kept].tolist()
    seen: set[str] = set()
    crowded: dict[tuple[int, str], list[int]] = {}
    for name, owner in zip(names, owners, strict=True):
        if name in seen:
            crowded.setdefault((owner, name.rpartition("/")[0]), [])
        seen.add(name)
    for row, (name, owner) in enumerate(zip(names, owners, strict=True)):
        crowded.get((owner, name.rpartition("/")[0]), []).append(row)
    for (owner, _), rows in crowded.items():
        moved = _moved([names[row] for row in rows], sources[owner], taken)
        taken.update(moved)
        for row, name in zip(rows, moved, strict=True):
            names[row] = name
    return Names(tuple(names), sorted(row for rows in crowded.values() for row in rows))


def _moved(names: Sequence[str], source: str, taken: AbstractSet[str]) -> list[str]:
    """Return names with their source in front, numbered where one of them is taken."""
    moved, number = [f"{source}/{name}" for name in names], 2
    while not taken.isdisjoint(moved):
        moved, number = [f"{source}-{number}/{name}" for name in names], number + 1
    return moved


def joined_pictures(
    images: Images, choice: Choice, names: Names, source: NDArray[np.int32]
) -> tuple[Images, list[int]]:
    """Return the pictures of the outcome, and the rows whose copies have other attributes, which are left out.

    Args:
        images: of all sources end to end, without ids.
    """
    files = images.names if images.files is None else images.files
    group, groups = _tied(images, choice)
    extra, differing = _attributes(images, choice, names, source)
    plain = all(files[row] == name for row, name in zip(choice.file.tolist(), names.names, strict=True))
    joined = Images(
        names=names.names,
        width=images.width[choice.size],
        height=images.height[choice.size],
        state=choice.state,
        split=choice.split,
        splits=images.splits,
        folder=images.folder[choice.file],
        folders=images.folders,
        files=None if plain else tuple(files[row] for row in choice.file.tolist()),
        extra=None if images.extra is None else extra,
        group=group,
        groups=groups,
        facts=None if images.facts is None else images.facts.take(choice.facts),
    )
    return joined, differing


def _tied(images: Images, choice: Choice) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Return the groups; those of pictures that became one are one, as they are in no two splits either."""
    if images.group is None:
        return None, ()
    rows = np.flatnonzero(images.group >= 0)
    first = np.full(len(images), len(images))
    np.minimum.at(first, choice.roots[rows], rows)
    sets = Sets(len(images.groups))
    own = images.group[rows].astype(np.int64)
    sets.join(images.group[first[choice.roots[rows]]].astype(np.int64), own)
    group = np.full(len(choice.kept), -1, np.int32)
    at = first[choice.kept]
    has = at < len(images)
    group[has] = sets.roots[images.group[at[has]]]
    used, group[has] = np.unique(group[has], return_inverse=True)
    return group, tuple(images.groups[row] for row in used.tolist())


# --- attributes


def _attributes(
    images: Images, choice: Choice, names: Names, source: NDArray[np.int32]
) -> tuple[Ragged | None, list[int]]:
    """Return the other attributes of each picture that stays, and the rows where a copy has other values."""
    if images.extra is None:
        return None, []
    texts = images.extra.to_bytes()
    changed = _followed(images, choice, names, source)
    for row, said in changed.items():
        texts[row] = _encoded({**json.loads(texts[row]), LINEAGE: said})
    number = np.full(len(images), -1)
    number[choice.kept] = np.arange(len(choice.kept))
    differing: dict[int, None] = {}
    for row in np.flatnonzero(choice.roots != np.arange(len(images))).tolist():
        root = int(choice.roots[row])
        if not texts[row] or texts[row] == texts[root]:
            continue
        own, more = json.loads(texts[root] or b"{}"), json.loads(texts[row])
        if any(own.get(key, value) != value for key, value in more.items()):
            differing[int(number[root])] = None
        texts[root] = _encoded({**own, **{key: value for key, value in more.items() if key not in own}})
    return Ragged.texts([texts[row] for row in choice.kept.tolist()]), list(differing)


def _followed(images: Images, choice: Choice, names: Names, source: NDArray[np.int32]) -> dict[int, Mapping[str, Any]]:
    """Return what made pictures say of their making where a parent of their source has another name now."""
    lineage = lineage_of(images)
    if not lineage:
        return {}
    number = np.full(len(images), -1)
    number[choice.kept] = np.arange(len(choice.kept))
    now = number[choice.roots].tolist()
    moved: dict[tuple[int, str], str] = {}
    for row, (name, owner) in enumerate(zip(images.names, source.tolist(), strict=True)):
        if names.names[now[row]] != name:
            moved[owner, name] = names.names[now[row]]
    changed: dict[int, Mapping[str, Any]] = {}
    for row, said in lineage.items():
        owner = int(source[row])
        followed = dict(said)
        if isinstance(said.get("parent"), str):
            followed["parent"] = moved.get((owner, said["parent"]), said["parent"])
        if isinstance(said.get("others"), list):
            followed["others"] = [
                moved.get((owner, name), name) if isinstance(name, str) else name for name in said["others"]
            ]
        if followed != said:
            changed[row] = followed
    return changed


def _encoded(attributes: Mapping[str, Any]) -> bytes:
    return json.dumps(attributes, ensure_ascii=False).encode()
