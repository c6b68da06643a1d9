"""Why a wish was not met: too few groups, a group that is too large, splits that had to stay as they were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import show
from ...files import Finding
from .counts import Counted
from .groups import torn_groups
from .reach import least_off
from .report import ClassShares, SplitPart
from .wish import Wish

__all__ = ["warnings_of"]

_ALLOWED = 2.0  # points that a share may be off before it is said why,
_HAIR = 1e-9  # and what floats may add
_EXAMPLES = 10
_NAMED = 3  # splits that are named in one place
_OR_HELD = ", or --keep holds their pictures"


def warnings_of(
    dataset: Dataset,
    wish: Wish,
    splits: list[SplitPart],
    classes: list[ClassShares],
    counted: Counted,
    unit: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> list[Finding]:
    """Say which wishes this division does not meet, and what is the best that its groups allow."""
    held = int(np.count_nonzero((kept >= 0) & (dataset.images.split < len(wish.names))))
    return [
        *_kept_leaks(dataset, unit),
        *_joined(dataset, wish, kept),
        *_sizes(dataset, wish, splits, unit, held),
        *_missing(classes, held),
        *_off(wish, classes, counted, held),
    ]


def _finding(code: str, message: str, examples: list[str]) -> list[Finding]:
    if not examples:
        return []
    return [Finding(code=code, message=message, count=len(examples), examples=examples[:_EXAMPLES])]


def _kept_leaks(dataset: Dataset, unit: NDArray[np.int64]) -> list[Finding]:
    """Name groups that splits that were kept tear apart."""
    names, split = dataset.images.names, dataset.images.split
    torn = torn_groups(unit.astype(np.int32), split)
    examples: list[str] = []
    for number in torn[:_EXAMPLES].tolist():
        rows = np.flatnonzero(unit == number)
        where = dict.fromkeys(dataset.images.splits[part] for part in split[rows].tolist())
        examples.append(f"{show(names[rows[0]])} and {len(rows) - 1:,} more: {', '.join(map(show, where))}")
    message = (
        f"{len(torn):,} group{'s are' if len(torn) > 1 else ' is'} in more than one of the splits that --keep holds; "
        "divide anew without --keep to heal that"
    )
    return [Finding(code="kept-leak", message=message, count=len(torn), examples=examples)] if examples else []


def _joined(dataset: Dataset, wish: Wish, kept: NDArray[np.int64]) -> list[Finding]:
    """Count the pictures that went into a split that should stay as it is."""
    rows = np.flatnonzero((kept < 0) & (dataset.images.split >= len(wish.names)))
    if not len(rows):
        return []
    message = f"{len(rows):,} pictures joined a split that was to stay as it is, because they belong to pictures in it"
    examples = [show(dataset.images.names[row]) for row in rows[:_EXAMPLES].tolist()]
    return [Finding(code="joined-kept", message=message, count=len(rows), examples=examples)]


def _sizes(dataset: Dataset, wish: Wish, splits: list[SplitPart], unit: NDArray[np.int64], held: int) -> list[Finding]:
    """Say which splits are too large or too small, and what is to blame: a group, or pictures that were to stay."""
    off = [part for part in splits if part.off is not None and abs(part.off) > _ALLOWED + _HAIR]
    filled = np.flatnonzero(dataset.images.split < len(wish.names))
    if not off:
        return []
    blame = f"; --keep holds {held:,} of {len(filled):,} pictures" if held else _blame(dataset, wish, unit, filled)
    message = f"splits are off by up to {max(abs(part.off or 0) for part in off):.1f} points{blame}"
    examples = [f"{show(part.name)} has {100 * (part.share or 0):.1f} % of the pictures" for part in off]
    return _finding("split-off", message, examples)


def _blame(dataset: Dataset, wish: Wish, unit: NDArray[np.int64], filled: NDArray[np.int64]) -> str:
    """Name the largest group, and what is the best that the groups allow."""
    sizes = np.bincount(unit[filled])
    largest = int(sizes.argmax())
    best = f" ({least_off(sizes[sizes > 0], wish.shares):.1f} at best)"
    if sizes[largest] == 1:
        return best
    first = dataset.images.names[int(np.argmax(unit == largest))]
    return f"{best}; the group of {show(first)} holds {100 * sizes[largest] / len(filled):.0f} % of all pictures"


def _missing(classes: list[ClassShares], held: int) -> list[Finding]:
    """Name classes that are not in every split."""
    examples = []
    for one in sorted(classes, key=lambda one: -one.groups):
        if without := _without(one):
            more = f" and {len(without) - _NAMED:,} more" if len(without) > _NAMED else ""
            groups = f"{one.groups:,} group{'s' * (one.groups != 1)}"
            examples.append(f"{show(one.name)} lives in {groups}, none in {', '.join(without[:_NAMED])}{more}")
    message = (
        f"{len(examples):,} class{'es do' if len(examples) > 1 else ' does'} not reach every split: in too few groups"
    )
    message += _OR_HELD if held else ""
    return _finding("class-missing", message, examples)


def _without(one: ClassShares) -> list[str]:
    """Return the splits that have no picture of a class that has any."""
    return [show(part.split) for part in one.splits if one.images and not part.images]


def _off(wish: Wish, classes: list[ClassShares], counted: Counted, held: int) -> list[Finding]:
    """Name classes whose shares are far from the wish, the worst first, with the best that their groups allow."""
    far = [(row, one) for row, one in enumerate(classes) if abs(one.off or 0) > _ALLOWED + _HAIR and not _without(one)]
    examples = []
    for row, one in sorted(far, key=lambda pair: -abs(pair[1].off or 0))[:_EXAMPLES]:
        best = "" if held else f"{_best(counted, row, wish):.1f} at best with "
        groups = f" in {one.groups:,} group{'s' * (one.groups != 1)}" if one.groups < one.images else ""
        objects = f"{one.objects:,} objects in " if one.objects != one.images else ""
        found = f"{best}{objects}{one.images:,} pictures{groups}"
        examples.append(f"{show(one.name)}: off by {abs(one.off or 0):.1f} points ({found})")
    message = (
        f"{len(far):,} class{'es are' if len(far) > 1 else ' is'} more than {_ALLOWED:g} points off the wish: "
        "too few pictures or groups hold them"
    )
    message += _OR_HELD if held else ""
    return [Finding(code="class-off", message=message, count=len(far), examples=examples)] if far else []


def _best(counted: Counted, row: int, wish: Wish) -> float:
    """Return by how many points a class would be off at best, objects and pictures."""
    return max(least_off(pieces, wish.shares) for pieces in counted.pieces(row, len(wish.names)))
