"""The kinds of values that a filter expression compares, one for each row of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["MISSING", "About", "Flags", "Free", "Kind", "Names", "Numbers", "Values"]

Kind = Literal["number", "time", "flag", "name", "free"]
About = Literal["annotations", "pictures"]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers, float64; NaN where nobody measured."""

    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """Yes or no, bool; `given` where the source says which. What it does not mark is not marked: no."""

    values: NDArray[np.bool_]
    given: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Rows in a list of names, int64; -1 where there is none, which is another name than all of them."""

    codes: NDArray[np.int64]
    names: Sequence[str]


class _Missing:
    """Stands for a value that is not there."""


MISSING = _Missing()


@dataclass(frozen=True, slots=True, eq=False)
class Free:
    """Any JSON value, `MISSING` where there is none; a row without one is compared as if it had `unset`."""

    values: list[Any]
    unset: Any = MISSING


Values: TypeAlias = Numbers | Flags | Names | Free
