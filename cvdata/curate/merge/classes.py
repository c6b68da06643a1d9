"""The classes of several datasets as one list: one name is one class, and those of the first stay as they are."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Categories
from ...errors import show
from ..check.classes import plain_name
from .keypoints import Places
from .report import OnConflict

__all__ = ["JoinedClasses", "join_classes", "likely_same"]

_SHOWN = 60  # letters of a description in a message
_MOST_ALIKE = 50  # names of one form that are compared with each other


@dataclass(frozen=True)
class JoinedClasses:
    """The classes of all sources.

    Attributes:
        rows: of each source, int32, row of each of its classes among the joined ones.
        new: of each source, how many of its classes no source before it has.
        points: of each source, by row of its class, where the keypoints of the joined class are among its own; only of
            classes whose keypoints differ.
        clashes: what the sources disagree on, a sentence each.
        attributes: classes of which sources give other attributes, such as a colour, another value, in words.
        renumbered: classes that have another id than in their source, in words.
    """

    categories: Categories
    rows: list[NDArray[np.int32]]
    new: list[int]
    points: list[dict[int, Places]]
    clashes: list[str]
    attributes: list[str]
    renumbered: list[str]


@dataclass(frozen=True)
class _Said:
    """What one source says of a class."""

    source: str
    supercategory: str | None
    keypoints: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]
    extra: Mapping[str, Any]

    @property
    def bones(self) -> list[tuple[str, str]]:
        """The skeleton by the names of its keypoints, whatever their order; empty where one has no name."""
        names = self.keypoints
        pairs = [(a, b) for a, b in self.skeleton if max(a, b) < len(names)]
        return sorted((min(names[a], names[b]), max(names[a], names[b])) for a, b in pairs)


def join_classes(names: Sequence[str], parts: Sequence[Categories], on_conflict: OnConflict) -> JoinedClasses:
    """Join the classes of several sources.

    Where descriptions of one class differ, that of the first source counts that has any, or of the last; `union` joins
    the keypoints by name.

    Args:
        names: of the sources.
    """
    said: dict[str, list[tuple[int, int]]] = {}
    new = []
    for number, part in enumerate(parts):
        before = len(said)
        for row, name in enumerate(part.names):
            said.setdefault(name, []).append((number, row))
        new.append(len(said) - before)
    at = {name: row for row, name in enumerate(said)}
    points: list[dict[int, Places]] = [{} for _ in parts]
    chosen, clashes, attributes = [], [], []
    for name, places in said.items():
        described = [_said(names[number], parts[number], row) for number, row in places]
        clashes += [f"'{show(name)}': {clash}" for clash in _clashes(described)]
        chosen.append(_chosen(described, on_conflict))
        other = [key for one in described for key, value in one.extra.items() if chosen[-1].extra[key] != value]
        attributes += [f"{show(key)} of {show(name)}" for key in dict.fromkeys(other)]
        for (number, row), own in zip(places, described, strict=True):
            if own.keypoints and own.keypoints != chosen[-1].keypoints:
                points[number][row] = Places.of(own.keypoints, chosen[-1].keypoints)
    rows = [np.array([at[name] for name in part.names], np.int32) for part in parts]
    ids = _ids(parts, said)
    categories = Categories(names=tuple(said), source_id=ids, **_columns(parts, chosen))
    renumbered = list(_renumbered(names, parts, rows, ids))
    return JoinedClasses(categories, rows, new, points, clashes, attributes, renumbered)


def _said(source: str, part: Categories, row: int) -> _Said:
    def of(column: str, default: Any) -> Any:
        values = getattr(part, column)
        return default if values is None else values[row]

    return _Said(source, of("supercategory", None), of("keypoints", ()), of("skeleton", ()), of("extra", {}))


def _tells(supercategory: str | None) -> bool:
    """Tell whether a supercategory says anything; some exporters write `none`."""
    return supercategory is not None and supercategory.lower() not in ("", "none")


def _clashes(described: Sequence[_Said]) -> Iterator[str]:
    """Say what the sources that describe a class disagree on, each held against the first that says anything."""
    for what, tells, value in (
        ("supercategory", lambda one: _tells(one.supercategory), lambda one: one.supercategory),
        ("keypoints", lambda one: one.keypoints, lambda one: ", ".join(one.keypoints)),
        ("skeleton", lambda one: one.bones, lambda one: ", ".join(f"{a}-{b}" for a, b in one.bones)),
    ):
        telling = [one for one in described if tells(one)]
        other = next((one for one in telling if value(one) != value(telling[0])), None)
        if other is not None:
            one = telling[0]
            yield (
                f"{what} {show(value(one), _SHOWN)} ({show(one.source)}) and "
                f"{show(value(other), _SHOWN)} ({show(other.source)})"
            )
            return  # another order of the keypoints changes the skeleton, too: once is enough


def _chosen(described: Sequence[_Said], on_conflict: OnConflict) -> _Said:
    """Return the description that counts, with what it does not say taken from the others."""
    order = described[::-1] if on_conflict == "last" else described
    groups = [one.supercategory for one in order if _tells(one.supercategory)]
    keypoints = next((one.keypoints for one in order if one.keypoints), ())
    if on_conflict == "union":
        keypoints = tuple(dict.fromkeys(name for one in order for name in one.keypoints))
    skeletons = [_bent(one, keypoints) for one in order]
    if on_conflict == "union":
        skeleton = tuple(dict.fromkeys(pair for pairs in skeletons for pair in pairs))
    else:
        skeleton = next((pairs for pairs in skeletons if pairs), ())
    extra = {key: value for one in reversed(order) for key, value in one.extra.items()}
    group = groups[0] if groups else described[0].supercategory
    return _Said(described[0].source, group, keypoints, skeleton, extra)


def _bent(said: _Said, keypoints: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return a skeleton in terms of other keypoints; what has no end there is left out."""
    if said.keypoints in ((), keypoints):
        return said.skeleton
    place = {name: row for row, name in enumerate(keypoints)}
    ends = [place.get(name, -1) for name in said.keypoints]
    pairs = [(ends[a], ends[b]) for a, b in said.skeleton if max(a, b) < len(ends)]
    return tuple((min(pair), max(pair)) for pair in pairs if min(pair) >= 0)


def _columns(parts: Sequence[Categories], chosen: Sequence[_Said]) -> dict[str, Any]:
    columns = ("supercategory", "keypoints", "skeleton", "extra")
    used = [name for name in columns if any(getattr(part, name) is not None for part in parts)]
    return {name: tuple(getattr(one, name) for one in chosen) for name in used}


def _ids(parts: Sequence[Categories], said: Mapping[str, list[tuple[int, int]]]) -> tuple[int | str, ...] | None:
    """Return the ids: those of the first source stay; a new class keeps its own where that is free."""
    if parts[0].source_id is None and len(parts[0]):
        return None
    numbers = [value for part in parts for value in part.source_id or () if not isinstance(value, str)]
    following = max(numbers, default=0) + 1
    ids: list[int | str] = list(parts[0].source_id or ())
    taken = set(ids)
    for places in list(said.values())[len(ids) :]:
        number, row = places[0]
        given = parts[number].source_id
        wanted = following if given is None or given[row] in taken else given[row]
        following += wanted == following
        taken.add(wanted)
        ids.append(wanted)
    return tuple(ids)


def _renumbered(
    names: Sequence[str],
    parts: Sequence[Categories],
    rows: Sequence[NDArray[np.int32]],
    ids: tuple[int | str, ...] | None,
) -> Iterator[str]:
    for source, part, at in zip(names, parts, rows, strict=True):
        for name, own, row in zip(part.names, part.source_id or (), at.tolist(), strict=False):
            if ids is None or ids[row] != own:
                now = "" if ids is None else f", now {show(str(ids[row]))}"
                yield f"{show(name)} was {show(str(own))} in {show(source)}{now}"


def likely_same(names: Sequence[str], parts: Sequence[Categories]) -> list[str]:
    """Return classes of different sources that are probably one, with the option of `cvdata remap` that joins them.

    They differ only in case, blanks, hyphens, underscores or a plural; the name that came first is proposed. Names
    that one source has side by side are its own business.
    """
    owners: dict[str, list[int]] = {}
    for number, part in enumerate(parts):
        for name in part.names:
            owners.setdefault(name, []).append(number)
    alike: dict[str, list[str]] = {}
    for name in owners:
        alike.setdefault(plain_name(name), []).append(name)
    return [
        f"'{show(one)}' ({show(names[owners[one][0]])}) and '{show(two)}' ({show(names[owners[two][0]])}): "
        f"cvdata remap DST OUT --map {shlex.quote(f'{show(two)}={show(one)}')}"
        for plain, group in alike.items()
        for one, two in combinations(group[:_MOST_ALIKE] if plain else (), 2)
        if set(owners[one]).isdisjoint(owners[two])
    ]
