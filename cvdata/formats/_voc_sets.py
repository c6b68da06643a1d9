"""The lists beside VOC's annotations: splits in `ImageSets/Main/*.txt`, classes in `labelmap.txt`."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from ..errors import FormatError, Place, UnsafePathError, show
from ..files import relative_name
from ..images import SUFFIXES, find_pictures
from .intake import Intake

__all__ = ["MAIN", "UNASSIGNED", "Sets", "read_labelmap", "read_sets"]

MAIN = "ImageSets/Main"
UNASSIGNED = "unassigned"
"""List in which we write the pictures of no split; without it they would be in no list, and so outside the dataset."""

_FIRST = ("train", "val", "test")


@dataclass
class Sets:
    """What the lists say.

    Attributes:
        splits: names of the splits that have a picture.
        split: row in `splits` of each listed id, -1 for none.
        missing: ids that no file belongs to, and where they are listed.
    """

    splits: tuple[str, ...] = ()
    split: dict[str, int] = field(default_factory=dict)
    missing: dict[str, Place] = field(default_factory=dict)


@dataclass
class _List:
    """One list: ids and whether each line held a class flag after the id."""

    name: str
    ids: list[str]
    lines: list[int]
    flagged: bool


def read_sets(root: str, known: Container[str], intake: Intake) -> Sets | None:
    """Read the lists below a dataset's root, or return None where there are none.

    Args:
        known: ids (names without suffix) of the files that are there.

    Raises:
        UnsafePathError: an id or a list leaves the dataset.
        FormatError: a list is no UTF-8 text.
    """
    folder = f"{root}/{MAIN}"
    if not os.path.isdir(folder):
        return None
    found = find_pictures(folder, {".txt"})
    for name, why in found.refused.items():
        raise UnsafePathError(f"the list {why}", at=Place(f"{MAIN}/{name}"), hint="put the list itself there")
    lists = [_read_list(folder, name, known) for name in found.names if "/" not in name]
    lists = _without_derived(_without_classes(lists))
    if not lists:
        return None
    lists.sort(key=lambda one: (one.name == UNASSIGNED, *_rank(one.name)))
    sets = Sets()
    used: dict[str, int] = {}
    for one in lists:
        _assign(one, sets, used, known, intake)
    sets.splits = tuple(used)
    return sets


def _rank(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _read_list(folder: str, name: str, known: Container[str]) -> _List:
    place = f"{MAIN}/{name}"
    try:
        with open(f"{folder}/{name}", encoding="utf-8-sig") as file:
            lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        raise FormatError("the list cannot be read as UTF-8 text", at=Place(place), hint="save it as UTF-8") from None
    one = _List(name[: -len(".txt")], [], [], flagged=True)
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        entry = _id(text, known)
        if entry not in known:
            if text.startswith("#"):
                continue
            entry = relative_name(entry, Place(place, line=number))
        one.ids.append(entry)
        one.lines.append(number)
        one.flagged = one.flagged and entry != text and text.split()[-1] in ("-1", "0", "1")
    return one


def _id(text: str, known: Container[str]) -> str:
    """Return the id in a line: all of it, or what stands before the class flag; names may hold blanks."""
    if text in known:
        return text
    before, _, flag = text.replace("\t", " ").rpartition(" ")
    first = before.rstrip() if before and flag in ("-1", "0", "1") else text
    for candidate in (first, text.split()[0]):
        stem, suffix = os.path.splitext(candidate)
        if candidate in known:
            return candidate
        if stem in known and suffix.lower() in (*SUFFIXES, ".xml"):
            return stem
    return text.split()[0] if first == text else first


def _without_classes(lists: list[_List]) -> list[_List]:
    """Leave out `cat_train`, which says which pictures of `train` show a cat, in VOC's way: `id -1`."""
    names = {one.name for one in lists}
    return [one for one in lists if not (one.flagged and _is_of_class(one.name, names))]


def _is_of_class(name: str, names: set[str]) -> bool:
    parts = name.split("_")
    return any("_".join(parts[at:]) in names for at in range(1, len(parts)))


def _without_derived(lists: list[_List]) -> list[_List]:
    """Leave out a list that is the union of others, as `trainval` is."""
    ids = {one.name: frozenset(one.ids) for one in lists}
    kept = []
    for one in lists:
        whole = ids[one.name]
        smaller = [other for other in ids.values() if other < whole]
        if one.name == "trainval":  # also where the whole of it is `train`
            smaller += [ids[name] for name in ("train", "val") if name in ids and ids[name] <= whole]
        if not whole or frozenset().union(*smaller) != whole:
            kept.append(one)
    return kept


def _assign(one: _List, sets: Sets, used: dict[str, int], known: Container[str], intake: Intake) -> None:
    """Put the ids of a list in its split, unless an earlier list has them."""
    seen: set[str] = set()
    for entry, line in zip(one.ids, one.lines, strict=True):
        if entry in seen:
            intake.note("imageset-duplicate", "{n} ids are listed twice in one list", 1, [f"{one.name}: {show(entry)}"])
            continue
        seen.add(entry)
        if entry not in known:
            sets.missing.setdefault(entry, Place(f"{MAIN}/{one.name}.txt", line=line))
        elif entry in sets.split:
            message = "{n} ids are in two splits and stay in the first"
            intake.note("split-overlap", message, 1, [f"{one.name}: {show(entry)}"])
        elif one.name == UNASSIGNED:
            sets.split[entry] = -1
        else:
            sets.split[entry] = used.setdefault(one.name, len(used))


def read_labelmap(root: str) -> list[str] | None:
    """Return the class names of CVAT's `labelmap.txt` (name:r,g,b:parts:actions) in their order, or None without it."""
    path = f"{root}/labelmap.txt"
    if not os.path.isfile(path):
        return None
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines: Sequence[str] = file.read(1 << 20).split("\n")
    except (OSError, UnicodeDecodeError):
        raise FormatError(
            "the file cannot be read as UTF-8 text", at=Place("labelmap.txt"), hint="save it as UTF-8, or remove it"
        ) from None
    names = (line.partition(":")[0].strip() for line in lines if not line.startswith("#"))
    return list(dict.fromkeys(name for name in names if name))
