"""Rename, join and drop classes: `cvdata remap`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
import numpy as np

from ...dataset import Categories, Dataset
from ...dataset.select import keep_classes
from ...errors import Place, UsageError, nearest_of, show
from ...files import DatasetReport, Finding
from ...reports.measures import class_counts
from .file import check_map

__all__ = ["Mapped", "NewClass", "RemapOutcome", "RemapReport", "RemapSettings", "Remapped", "check_remap", "remap"]


class RemapSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the classes.

    Attributes:
        map: new name of each old one; None drops the class with its annotations. Two old names with one new name are
            joined, also where the new name is a class already. All happens at once: `{"a": "b", "b": "a"}` swaps.
        only_mapped: drop every class that `map` does not name, on either side; else those stay as they are.
    """

    map: dict[str, str | None]
    only_mapped: bool = False


class Mapped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of one class.

    Attributes:
        old: its name; new: its name now, None where it was dropped.
        annotations: number of its annotations; images: of the pictures with at least one of them.
    """

    old: str
    new: str | None
    annotations: int
    images: int


class NewClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of the outcome: name, number of its annotations, and of the pictures with at least one of them."""

    name: str
    annotations: int
    images: int


class Remapped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a remap did.

    Attributes:
        mapped: every class of the source, in its order.
        classes: those of the outcome, in its order.
        dropped: annotations that went with their classes.
        emptied: pictures that lost all their annotations; they count as pictures with nothing in them.
    """

    mapped: list[Mapped]
    classes: list[NewClass]
    dropped: int
    emptied: int


class RemapReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata remap --json` prints."""

    schema: Literal["cvdata/remap-report/1"] = "cvdata/remap-report/1"
    remap: Remapped


@dataclass(frozen=True)
class RemapOutcome:
    """A dataset with other classes, what can be said of it, and what a person should look at."""

    dataset: Dataset
    remapped: Remapped
    findings: list[Finding]


def check_remap(settings: RemapSettings, places: Mapping[str, Place] | None = None) -> None:
    """Refuse what makes no sense in any dataset.

    Args:
        places: where each old name stands in a file, for messages.

    Raises:
        UsageError: a new name is none for a class, or every class would go for want of a name to keep.
    """
    check_map(settings.map, places)
    if settings.only_mapped and all(new is None for new in settings.map.values()):
        hint = "name those that stay, such as cat=cat, or keep what the map does not name"
        raise UsageError("keeping nothing but the classes that the map names would drop every class", hint=hint)


def remap(dataset: Dataset, settings: RemapSettings, places: Mapping[str, Place] | None = None) -> RemapOutcome:
    """Rename, join and drop classes.

    A class comes where the first of those that are joined in it was. It is what the class of that name was, where there
    was one, else what the first of them was: supercategory, keypoints, id.

    Args:
        places: where each old name stands in a file, for messages.

    Raises:
        UsageError: there is no such class, none would stay, or classes are joined whose keypoints differ.
    """
    check_remap(settings, places)
    before = dataset.categories
    _check_names(settings.map, before.names, places or {})
    new = _new_names(before.names, settings)
    kept = keep_classes(dataset, [row for row, name in enumerate(new) if name is not None])
    categories, rows = _joined(kept.categories, [name for name in new if name is not None])
    table = kept.annotations
    after = replace(
        kept, annotations=replace(table, category=rows[table.category].astype(np.int32)), categories=categories
    )
    return RemapOutcome(after, _remapped(dataset, after, new), _findings(before.names, categories.names))


def _check_names(given: Mapping[str, str | None], known: Sequence[str], places: Mapping[str, Place]) -> None:
    for name in given:
        if name not in known:
            raise UsageError(f"there is no class '{show(name)}'", at=places.get(name), hint=nearest_of(name, known))


def _new_names(names: Sequence[str], settings: RemapSettings) -> list[str | None]:
    """Return the new name of each class, None for those to drop."""
    if not settings.only_mapped:
        return [settings.map.get(name, name) for name in names]
    targets = {name for name in settings.map.values() if name is not None}
    return [settings.map.get(name, name if name in targets else None) for name in names]


def _joined(before: Categories, new: Sequence[str]) -> tuple[Categories, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the classes of these names, and the row of each class of before among them.

    Raises:
        UsageError: keypoints of classes of one name differ.
    """
    members: dict[str, list[int]] = {}
    for row, name in enumerate(new):
        members.setdefault(name, []).append(row)
    at = {name: row for row, name in enumerate(members)}
    first = [next((row for row in rows if before.names[row] == name), rows[0]) for name, rows in members.items()]
    joined = replace(before.take(first), names=tuple(members))
    if before.keypoints is not None:
        posed = [_posed(before, name, rows) for name, rows in members.items()]
        joined = replace(joined, keypoints=tuple(before.keypoints[row] for row in posed))
        if before.skeleton is not None:
            joined = replace(joined, skeleton=tuple(before.skeleton[row] for row in posed))
    return joined, np.array([at[name] for name in new], np.int64)


def _posed(before: Categories, name: str, rows: Sequence[int]) -> int:
    """Return the class whose keypoints are those of all that have any."""
    points = before.keypoints or ()
    having = [row for row in rows if points[row]] or list(rows)
    for row in having[1:]:
        if points[row] != points[having[0]]:
            a, b = show(before.names[having[0]]), show(before.names[row])
            raise UsageError(
                f"'{a}' and '{b}' have different keypoints, so they cannot both be '{show(name)}'",
                hint=f"{a}: {_some(points[having[0]])}; {b}: {_some(points[row])}; give one of them another name",
            )
    return having[0]


def _some(points: Sequence[str]) -> str:
    return ", ".join(show(name, 20) for name in points[:5]) + (
        f" and {len(points) - 5} more" if len(points) > 5 else ""
    )


def _remapped(before: Dataset, after: Dataset, new: Iterable[str | None]) -> Remapped:
    lost = (np.diff(before.offsets) > 0) & (np.diff(after.offsets) == 0)
    rows = zip(before.categories.names, new, *_totals(before), strict=True)
    classes = zip(after.categories.names, *_totals(after), strict=True)
    return Remapped(
        mapped=[Mapped(old=name, new=target, annotations=n, images=k) for name, target, n, k in rows],
        classes=[NewClass(name=name, annotations=n, images=k) for name, n, k in classes],
        dropped=len(before.annotations) - len(after.annotations),
        emptied=int(lost.sum()),
    )


def _totals(dataset: Dataset) -> tuple[list[int], list[int]]:
    """Return the number of annotations of each class, and of pictures with it."""
    counts = class_counts(dataset)
    return counts.annotations.sum(axis=1).tolist(), counts.images.sum(axis=1).tolist()


def _findings(before: Sequence[str], names: Sequence[str]) -> list[Finding]:
    """Name the new classes that differ from another in case alone: people and file systems take them for one."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), []).append(name)
    known = set(before)
    pairs = [same for same in alike.values() if len(same) > 1 and not known.issuperset(same)]
    if not pairs:
        return []
    examples = [" and ".join(f"'{show(name)}'" for name in same) for same in pairs[:5]]
    message = "class names differ only in case and are kept apart"
    return [Finding(code="class-case", message=message, count=len(pairs), examples=examples)]
