"""From the values of label maps to classes: void left out, masks of 0 and 255 understood, strangers refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import EvaluationError, FormatError, Place
from ...files import Finding
from ...formats.label_maps import COLOUR, LabelMaps, PixelClasses
from ...reports.scales import plural
from ..pair import undeclared_class

__all__ = ["Settled", "settle"]

VOID = 255
"""Value of pixels that are of no class, as in Pascal VOC, Cityscapes' train ids, and mmsegmentation's default."""

_VOID, _UNKNOWN = -1, -2
_BINARY: tuple[str, ...] = ("background", "foreground")


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Classes of the rows of counted values.

    Attributes:
        classes: names.
        truth, found: class of each row, int64, shape (rows,); -1 for void.
        findings: what is worth knowing about it.
    """

    classes: tuple[str, ...]
    truth: NDArray[np.int64]
    found: NDArray[np.int64]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The values of one side, and the file that each is in first.

    Attributes:
        values: the different ones, ascending, int64; `of`: place of each row's value among them; `files`: per value.
    """

    what: str
    values: NDArray[np.int64]
    of: NDArray[np.int64]
    files: list[str]
    classes: PixelClasses | None


def settle(
    truth: LabelMaps,
    found: LabelMaps,
    rows: NDArray[np.int64],
    picture: NDArray[np.int64],
    truth_value: NDArray[np.int64],
    found_value: NDArray[np.int64],
    void: Sequence[int] | None,
) -> Settled:
    """Find the class of every counted value.

    Args:
        rows: row in FOUND of each picture.
        picture, truth_value, found_value: the counted rows.
        void: values that belong to no class; None for 255, where it is no class's value.

    Raises:
        FormatError: a value is of no class, or there are colours and no list says what they mean.
        EvaluationError: a class is found that the truth does not have.
    """
    ours = _side("TRUTH", truth, np.arange(len(rows)), picture, truth_value, truth.classes or found.classes)
    theirs = _side("FOUND", found, rows, picture, found_value, found.classes or truth.classes)
    findings: list[Finding] = []
    if void is None:
        ours, theirs = _binary(ours, theirs, findings)
    left_out = np.array([VOID] if void is None else void, np.int64)
    ours, theirs = _numbered(ours, theirs, left_out, findings)
    first, second = (_classes(side, left_out, forced=void is not None) for side in (ours, theirs))
    classes = ours.classes.names if ours.classes is not None else ()
    return Settled(classes, first[ours.of], _renamed(second, theirs, classes)[theirs.of], tuple(findings))


def _side(
    what: str,
    maps: LabelMaps,
    rows: NDArray[np.int64],
    picture: NDArray[np.int64],
    value: NDArray[np.int64],
    classes: PixelClasses | None,
) -> _Side:
    values, first, of = np.unique(value, return_index=True, return_inverse=True)
    files = [maps.path(row) for row in rows[picture[first]].tolist()]
    return _Side(what, values, of, files, classes)


def _binary(ours: _Side, theirs: _Side, findings: list[Finding]) -> tuple[_Side, _Side]:
    """Understand masks of 0 and 255 as of two classes, 0 and 1; then 255 is no void."""
    sides = []
    for side in (ours, theirs):
        two = side.classes is None or side.classes.values.tolist() == [0, 1]
        masks = side.values.tolist() in ([0, VOID], [VOID])
        if two and masks and _masks(ours):
            message = f"the maps of {side.what} hold 0 and 255; 255 is taken for a class, 1, not for void"
            findings.append(Finding(code="binary-masks", message=message, count=len(side.values), examples=[]))
            side = replace(side, values=np.minimum(side.values, 1))
        elif masks and side.classes is not None and not np.isin(VOID, [*side.classes.values, *side.classes.void]):
            classes = plural(len(side.classes.names), "class")
            message = f"the maps of {side.what} hold 0 and 255 alone, and with a list of {classes} 255 is void"
            findings.append(Finding(code="void-masks", message=message, count=len(side.values), examples=[]))
        sides.append(side)
    return sides[0], sides[1]


def _masks(truth: _Side) -> bool:
    """Tell whether the truth knows two classes only, so that 255 in what was found can be the second."""
    return bool(np.isin(truth.values, (0, 1, VOID)).all())


def _numbered(ours: _Side, theirs: _Side, void: NDArray[np.int64], findings: list[Finding]) -> tuple[_Side, _Side]:
    """Where no list names the classes, take each value for one; 0 and 1 are background and foreground."""
    if ours.classes is not None:
        return ours, theirs
    for side in (ours, theirs):
        coloured = np.flatnonzero(side.values >= COLOUR)
        if len(coloured):
            raise _colours(side, int(coloured[0]))
    values = np.union1d(ours.values, theirs.values)
    if np.isin(ours.values, (0, 1)).all():
        if len(np.setdiff1d(values, [*void, 0, 1])):
            raise _not_binary(theirs, void)
        names, values = _BINARY, np.arange(2)
    else:
        values = np.setdiff1d(values, void)
        names = tuple(str(value) for value in values.tolist())
        message = f"no list names the {len(names):,} classes; they are called by their values{_but(ours, theirs, void)}"
        findings.append(Finding(code="classes-without-names", message=message, count=len(names), examples=[]))
    table = PixelClasses(names, values, None, np.zeros(0, np.int64), "the values")
    return replace(ours, classes=table), replace(theirs, classes=table)


def _but(ours: _Side, theirs: _Side, void: NDArray[np.int64]) -> str:
    left_out = np.intersect1d(np.union1d(ours.values, theirs.values), void).tolist()
    return f", and {' and '.join(map(str, left_out))} is void" if left_out else ""


def _not_binary(found: _Side, void: NDArray[np.int64]) -> EvaluationError:
    at = int(np.flatnonzero(~np.isin(found.values, [*void, 0, 1]))[0])
    return EvaluationError(
        f"the label map holds the value {found.values[at]}, and the truth only background and foreground",
        at=Place(found.files[at]),
        hint="cut confidences at a threshold first, or give a list of the classes with --classes",
    )


def _colours(side: _Side, at: int) -> FormatError:
    return FormatError(
        f"the label map holds colours, such as #{side.values[at] - COLOUR:06x}, and nothing says what they mean",
        at=Place(side.files[at]),
        hint="put a `label_colors.txt` beside the maps with a line per class, 'red green blue name', or give one "
        "with --classes",
    )


def _classes(side: _Side, void: NDArray[np.int64], *, forced: bool) -> NDArray[np.int64]:
    """Return the class of each value of a side, int64; -1 for void.

    Args:
        forced: what is void was asked for, so that it is, even where a class has the value.
    """
    classes = side.classes
    if classes is None:  # `_numbered` gives everyone some
        return np.full(len(side.values), _VOID, np.int64)
    known = np.concatenate([classes.values, *([] if classes.colours is None else [classes.colours])])
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], side.values), len(known) - 1)
    found = order[place]
    rows = np.where(known[found] == side.values, found % len(classes.names), _UNKNOWN)
    empty = np.isin(side.values, void)
    rows[empty if forced else empty & (rows == _UNKNOWN)] = _VOID
    rows[np.isin(side.values, classes.void) & (rows == _UNKNOWN)] = _VOID
    unknown = np.flatnonzero(rows == _UNKNOWN)
    if len(unknown):
        raise _stranger(side, int(unknown[0]), classes)
    return rows


def _stranger(side: _Side, at: int, classes: PixelClasses) -> FormatError:
    value = int(side.values[at])
    if value >= COLOUR and classes.colours is None:
        return _colours(side, at)
    shown = f"the colour #{value - COLOUR:06x}" if value >= COLOUR else f"the value {value}"
    return FormatError(
        f"the label map holds {shown}, which no class has ({len(classes.names)} classes by {Place(classes.origin)})",
        at=Place(side.files[at]),
        hint="add the class to the list, or name the values that mean void with --void",
    )


def _renamed(rows: NDArray[np.int64], found: _Side, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return classes of the truth for those of FOUND, by name.

    Raises:
        EvaluationError: pixels are found to be of a class that the truth does not have.
    """
    names = found.classes.names if found.classes is not None else ()
    where = {name: row for row, name in enumerate(classes)}
    for row in np.unique(rows[rows >= 0]).tolist():
        if names[row] not in where:
            raise undeclared_class(names[row], classes)
    lookup = np.array([*(where.get(name, _VOID) for name in names), _VOID], np.int64)
    return lookup[rows]
