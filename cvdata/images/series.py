"""Pictures that belong together by their names and times: frames of a film, bursts, augmented copies of one picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..dataset.facts import TAKEN_UNKNOWN
from .find import SUFFIXES, stem_of
from .sets import Sets, numbered

__all__ = ["BURST_S", "Grouping", "augmentation_source", "group_of_names", "union"]

Grouping: TypeAlias = Literal["auto", "folder", "prefix", "sequence"]

BURST_S = 3.0
"""Seconds: pictures of one series taken less than this apart show nearly the same."""

Groups: TypeAlias = "tuple[tuple[str, ...], NDArray[np.int32]]"


def group_of_names(names: Sequence[str], how: Grouping, taken: NDArray[np.int64] | None = None) -> Groups:
    """Group pictures that no split should divide, by their names.

    How:
        folder: pictures of one folder.
        prefix: pictures of one folder whose names agree up to the last number or the last separator:
            `cam1_000123.jpg` and `cam1_7.jpg` are of `cam1`; where nothing is before the number, they stand alone.
        sequence: pictures of one prefix whose numbers follow each other; a gap ends it. Where both of two neighbours
            say when they were taken, that decides instead: less than `BURST_S` apart.
        auto: what hardly ever errs: bursts by capture time (pictures of one prefix less than `BURST_S` apart), and
            the frames of each film where names say so (`street_frame_0012.jpg`); but neither where it would put more
            than half of all pictures into one group.
    With each, copies that Roboflow made of one picture are together.

    Args:
        taken: capture times as in `Facts`.

    Returns:
        Names of groups, each that of its first picture, and the group of each picture, int32; -1 where it stands alone.
    """
    sources = augmentation_source(names)
    stems = [stem_of(name) if source is None else source for name, source in zip(names, sources, strict=True)]
    found = [_by_key(sources)]
    if how == "folder":
        found.append(_by_key([name.rpartition("/")[0] for name in names]))
    elif how == "prefix":
        found.append(_by_key([_prefix(stem) for stem in stems]))
    elif how == "sequence":
        found.append(_runs(stems, taken, by_number=True))
    else:
        films = _by_key([_film(stem) for stem in stems])
        found += [group for group in (films, _runs(stems, taken, by_number=False)) if _believable(group)]
    return union(names, *found)


def union(names: Sequence[str], *partitions: NDArray[np.int32]) -> Groups:
    """Join groupings of the same pictures: whatever any of them puts together is together.

    Args:
        partitions: int32, shape (n,) each; pictures with the same number are together, those with -1 alone.

    Returns:
        Names of groups, each that of its first picture, and the group of each picture, int32; -1 where it stands alone.
    """
    sets = Sets(len(names))
    for group in partitions:
        order = np.argsort(group, kind="stable")
        same = (group[order][1:] == group[order][:-1]) & (group[order][1:] >= 0)
        sets.join(order[1:][same], order[:-1][same])
    number = numbered(sets.roots)
    count = int(number.max(initial=-1)) + 1
    first = np.full(count, len(names), np.int64)
    grouped = np.flatnonzero(number >= 0)
    np.minimum.at(first, number[grouped], grouped)
    return tuple(names[row] for row in first.tolist()), number


# Roboflow names a copy SOURCE_SUFFIX.rf.HASH.SUFFIX, whether it changed the picture or not.
_ROBOFLOW = re.compile(r"(.+)\.rf\.[0-9A-Za-z]{20,40}")
_SPLIT_FOLDERS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing", "images", "labels"})


def augmentation_source(names: Sequence[str]) -> tuple[str | None, ...]:
    """Return the name of the picture that each was made from by Roboflow, without its suffix; None for any other.

    `train/images/a_jpg.rf.0f3c….jpg` and `valid/images/a_jpg.rf.77d1….jpg` are both made from `a`. Folders of splits
    do not count, others do.
    """
    return tuple(_source(name) if ".rf." in name else None for name in names)


def _source(name: str) -> str | None:
    folder, _, base = name.rpartition("/")
    found = _ROBOFLOW.fullmatch(stem_of(base))
    if found is None:
        return None
    original, underscore, suffix = found[1].rpartition("_")
    if not underscore or f".{suffix.lower()}" not in SUFFIXES:
        original = found[1]
    return "/".join([*(part for part in folder.split("/") if part and part.lower() not in _SPLIT_FOLDERS), original])


_FILM = re.compile(r"(.*[^/])[-_. ]?frame[-_. ]?\d+", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
_SEPARATORS = "-_. "
_AROUND = _SEPARATORS + "()[]"


def _film(stem: str) -> str | None:
    found = _FILM.fullmatch(stem)
    return found[1].rstrip(_AROUND) if found else None


def _prefix(stem: str) -> str | None:
    """Return a name up to its last number or, where it does not end in one, its last separator."""
    folder, slash, base = stem.rpartition("/")
    whole = base.rstrip(_AROUND)
    start = whole.rstrip("0123456789")
    if start == whole:
        start = whole[: max(0, *(whole.rfind(mark) for mark in _SEPARATORS))]
    start = start.rstrip(_AROUND)
    return f"{folder}{slash}{start}" if start else None


def _by_key(keys: Sequence[str | None]) -> NDArray[np.int32]:
    """Give equal keys equal numbers; -1 for None."""
    known: dict[str, int] = {}
    return np.array([-1 if key is None else known.setdefault(key, len(known)) for key in keys], np.int32)


def _runs(stems: Sequence[str], taken: NDArray[np.int64] | None, *, by_number: bool) -> NDArray[np.int32]:
    """Group pictures of one prefix that follow each other, by number or by time alone."""
    parts = [_NUMBERED.fullmatch(stem.rpartition("/")[2]) for stem in stems]
    keys = [
        None if part is None else f"{stem.rpartition('/')[0]}/{part[1]}\0{part[3]}"
        for stem, part in zip(stems, parts, strict=True)
    ]
    prefix = _by_key(keys)
    number = np.array([0 if part is None else int(part[2][-_DIGITS:]) for part in parts], np.int64)
    time = np.full(len(stems), TAKEN_UNKNOWN, np.int64) if taken is None else taken
    order = np.lexsort((number, prefix) if by_number else (number, time, prefix))
    before, after = order[:-1], order[1:]
    timed = (time[before] != TAKEN_UNKNOWN) & (time[after] != TAKEN_UNKNOWN)
    near = np.abs(np.where(timed, time[after] - time[before], 0)) < BURST_S * 1000
    joined = np.where(timed, near, by_number & (number[after] - number[before] <= 1))
    joined &= (prefix[before] == prefix[after]) & (prefix[before] >= 0)
    run = np.full(len(stems), -1, np.int32)
    run[order] = np.concatenate([np.zeros(min(1, len(order)), np.int32), np.cumsum(~joined, dtype=np.int32)])
    return run


_DIGITS = 18  # so many fit in 64 bits


def _believable(group: NDArray[np.int32]) -> bool:
    return 2 * int(np.bincount(group[group >= 0], minlength=1).max()) <= len(group)
