"""Which class a value of a map stands for: as a list of classes says, else as the maps themselves show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import Place, TrainingError
from ...files import Finding
from ...formats.label_maps import COLOUR, LabelMaps, PixelClasses, read_map
from .painting import BACKGROUND, VOID

__all__ = ["PixelValues", "values_of"]

_MOST_MAPS = 1000  # that are read where no list says what values mean
_MOST_VALUES = 100  # of maps of classes; pictures and soft edges have more


@dataclass(frozen=True, slots=True)
class PixelValues:
    """Classes of maps.

    Attributes:
        names: of the classes, in order.
        rows: class of each value, as `read_map` gives it; others are of no class.
        by_colour, numbered: how `read_map` is to read.
    """

    names: tuple[str, ...]
    rows: dict[int, int]
    by_colour: bool = False
    numbered: bool = True


def values_of(maps: LabelMaps, findings: list[Finding]) -> PixelValues:
    """Return what the values of maps stand for.

    Raises:
        FormatError: a map cannot be read.
        TrainingError: there are more values than anyone has classes.
    """
    return _listed(maps.classes) if maps.classes is not None else _seen(maps, findings)


def _listed(classes: PixelClasses) -> PixelValues:
    keys = [classes.values] if classes.colours is None else [classes.values, classes.colours]
    rows = {value: row for column in keys for row, value in enumerate(column.tolist())}
    return PixelValues(classes.names, rows, classes.colours is not None, classes.numbered)


def _seen(maps: LabelMaps, findings: list[Finding]) -> PixelValues:
    """Take every value for a class, the way they are numbered."""
    values = _values_in(maps)
    # 255 is a border or a hole wherever there are other classes than one (Pascal VOC, Cityscapes).
    classes = [value for value in values if value != VOID or len(values) == 2]
    names = tuple(_name(value, classes) for value in classes)
    shown = ", ".join(f"'{name}' for {_shown(value)}" for name, value in list(zip(names, classes, strict=True))[:5])
    message = f"no list says what the values of the maps mean; called {shown}{', …' if len(names) > 5 else ''}"
    findings.append(Finding(code="unnamed-classes", message=message, count=len(names), examples=[]))
    return PixelValues(names, {value: row for row, value in enumerate(classes)})


def _values_in(maps: LabelMaps) -> list[int]:
    chosen = np.unique(np.linspace(0, len(maps.files) - 1, min(_MOST_MAPS, len(maps.files))).astype(np.int64))
    values: NDArray[Any] = np.zeros(0, np.int64)
    for row in chosen.tolist():
        values = np.union1d(values, _distinct(read_map(maps.path(row))))
        if len(values) > _MOST_VALUES:
            raise TrainingError(
                f"the maps up to this one hold {len(values):,} different values, more than anyone has classes",
                at=Place(maps.path(row)),
                hint="give maps with a value for each class: no pictures, and no soft edges; or a list of classes "
                "beside them, such as _classes.csv",
            )
    return [int(value) for value in values.tolist()]


def _distinct(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.dtype == np.uint8:  # ten times faster than sorting
        return np.flatnonzero(np.bincount(pixels.ravel(), minlength=256))
    return np.unique(pixels)


def _name(value: int, classes: list[int]) -> str:
    if value == 0:
        return BACKGROUND
    if len(classes) == 2 and 0 in classes:
        return "foreground"
    return f"class {_shown(value)}"


def _shown(value: int) -> str:
    return f"#{value & 0xFFFFFF:06x}" if value >= COLOUR else str(value)
