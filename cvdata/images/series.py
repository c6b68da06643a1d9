"""Pictures that belong together by their names and times: frames of a film, bursts, augmented copies of one picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..dataset.copies import MADE_WORDS
from ..dataset.facts import TAKEN_UNKNOWN
from .find import SUFFIXES, stem_of
from .sets import Sets, numbered

__all__ = ["BURST_S", "Grouping", "augmentation_source", "group_of_names", "series_of_names", "union"]

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
    With each, copies that Roboflow or cvdata made of one picture are together.

    Args:
        taken: capture times as in `Facts`.

    Returns:
        Names of groups, each that of its first picture, and the group of each picture, int32; -1 where it stands alone.
    """
    return union(names, *series_of_names(names, how, taken).values())


def series_of_names(
    names: Sequence[str], how: Grouping | None, taken: NDArray[np.int64] | None = None
) -> dict[str, NDArray[np.int32]]:
    """Return what `group_of_names` joins, each reason by itself: `augmented`, and those that `how` asks for.

    Args:
        how: None for no reason but that pictures are made of one another.

    Returns:
        The group of each picture, int32, by `augmented`, `folder`, `prefix`, `sequence`, `film` and `burst`; pictures
        with the same number are together, those with -1 alone.
    """
    sources = augmentation_source(names)
    found = {"augmented": _by_key(sources)}
    if how is None:
        return found
    stems = [_original(name, source) for name, source in zip(names, sources, strict=True)]
    if how == "folder":
        found["folder"] = _by_key([name.rpartition("/")[0] for name in names])
    elif how == "prefix":
        found["prefix"] = _by_key([_prefix(stem) for stem in stems])
    elif how == "sequence":
        found["sequence"] = _runs(stems, taken, by_number=True)
    else:
        films, bursts = _by_key([_film(stem) for stem in stems]), _runs(stems, taken, by_number=False)
        found |= {name: group for name, group in (("film", films), ("burst", bursts)) if _believable(group)}
    return found


def union(names: Sequence[str], *partitions: NDArray[np.int32]) -> Groups:
    """Join groupings of the same pictures: whatever any of them puts together is together.

    Args:
        partitions: int32, shape (n,) each; pictures with the same number are together, those with -1 alone.

    Returns:
        Names of groups, each that of its first picture, and the group of each picture, int32; -1 where it stands alone.
    """
    sets = Sets(len(names))
    for group in partitions:
        if not (group >= 0).any():
            continue
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
# cvdata names one NAME.aug1.SUFFIX; a copy of a copy has two such marks.
_MADE = re.compile(rf"(.*[^/.])\.(?:{'|'.join(MADE_WORDS)})[0-9]+", re.DOTALL)
_MARKS = (".rf.", *(f".{word}" for word in MADE_WORDS))
_SPLIT_FOLDERS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing", "images", "labels"})


def augmentation_source(names: Sequence[str]) -> tuple[str | None, ...]:
    """Return the name of the picture that each was made from by Roboflow or cvdata, without its suffix; else None.

    `train/images/a_jpg.rf.0f3c….jpg` and `valid/images/a_jpg.rf.77d1….jpg` are both made from `a`, and so is
    `val/a.aug1.jpg`; where there is such a copy, `train/a.jpg` is `a` itself. Folders of splits do not count, others
    do. But where every copy of an `a` lies in one folder with it, the folder counts.
    """
    made = [_source(name) if any(mark in name for mark in _MARKS) else None for name in names]
    if not any(made):
        return tuple(made)
    stems = [
        _unmade(stem_of(name)) if source is not None else stem_of(name)
        for name, source in zip(names, made, strict=True)
    ]
    originals = frozenset(stem for stem, source in zip(stems, made, strict=True) if source is None)
    # Copies that all lie beside their original belong to that one, and not to its namesake in another split.
    strays = frozenset(source for stem, source in zip(stems, made, strict=True) if source and stem not in originals)
    beside = frozenset(stem for stem, source in zip(stems, made, strict=True) if source and source not in strays)
    return tuple(
        own if (own := _homeless(stem) if source is None else source) in strays else stem if stem in beside else None
        for stem, source in zip(stems, made, strict=True)
    )


def _source(name: str) -> str | None:
    first = stem_of(name)
    stem = _unmade(first)
    folder, _, base = stem.rpartition("/")
    found = _ROBOFLOW.fullmatch(base)
    if found is None:
        return None if stem == first else _homeless(stem)
    original, underscore, suffix = found[1].rpartition("_")
    if not underscore or f".{suffix.lower()}" not in SUFFIXES:
        original = found[1]
    return _homeless(f"{folder}/{original}")


def _unmade(stem: str) -> str:
    """Take off what cvdata puts behind the name of a picture that it makes of another, as often as it is there."""
    while (found := _MADE.fullmatch(stem)) is not None:
        stem = found[1]
    return stem


def _homeless(stem: str) -> str:
    """Take the folders of splits out of a name."""
    folder, slash, base = stem.rpartition("/")
    if not slash:
        return base
    return "/".join([*(part for part in folder.split("/") if part and part.lower() not in _SPLIT_FOLDERS), base])


def _original(name: str, source: str | None) -> str:
    """Return the stem by which a picture is in a series: that of the picture it was made from."""
    stem = stem_of(name)
    return stem if source is None else source if ".rf." in name else _unmade(stem)


_FILM = re.compile(r"(.*[^/])[-_. ]?frame[-_. ]?\d+", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
_SEPARATORS = "-_. "
_AROUND = _SEPARATORS + "()[]"


def _film(stem: str) -> str | None:
    found = _FILM.fullmatch(stem) if "frame" in stem.lower() else None
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
    if not by_number and (taken is None or (taken == TAKEN_UNKNOWN).all()):
        return np.full(len(stems), -1, np.int32)
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
