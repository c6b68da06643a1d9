"""The columns that pictures and objects are sliced by, as one value each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Ragged
from ...errors import UsageError, nearest_of, show
from ..pair import is_classification

__all__ = ["Column", "column_of"]

_MOST = 20
"""Values with a slice each; the rarer ones are one slice together."""

NOT_GIVEN = "not given"

_Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A value for every picture or every object.

    Attributes:
        of: what has the values.
        code: int64, shape (pictures,) or (objects,), row in `values`.
        values: as people read them, the slices in order.
    """

    of: Literal["pictures", "objects"]
    code: _Codes
    values: tuple[str, ...]


def column_of(truth: Dataset, name: str) -> Column:
    """Return a column of the truth: one that the model has, or an attribute of pictures, else of objects.

    `split`, `folder` (the first of the picture's name) and `group` are of pictures; `difficult`, `truncated`,
    `occluded` and `supercategory` of objects; sizes are for `slices` itself. An attribute within another is reached by
    a dot: `attributes.colour`, or simply `colour`. At most 20 values stay by themselves, the most frequent; numbers
    with more values are cut into four ranges with as many in each.

    Raises:
        UsageError: there is no such column.
    """
    known = _known(truth)
    if name in known:
        of, column = known[name]
        return _limited(of, *column(truth))
    for about, extra in (("pictures", truth.images.extra), ("objects", truth.annotations.extra)):
        for path in (name, f"attributes.{name}"):
            values = None if extra is None else _attribute(extra, path)
            if values is not None:
                return _limited("pictures" if about == "pictures" else "objects", *_coded(values))
    sizes = [] if is_classification(truth) else ["size"]
    names = [*sizes, *known, *_attributes(truth.images.extra), *_attributes(truth.annotations.extra)]
    message = f"the truth has no column '{show(name)}' to slice by"
    raise UsageError(message, hint=nearest_of(name, list(dict.fromkeys(names))))


_Reader = Callable[[Dataset], tuple[_Codes, list[str]]]


def _known(truth: Dataset) -> dict[str, tuple[Literal["pictures", "objects"], _Reader]]:
    """Return the columns of the model that say anything here, by name."""
    images, table = truth.images, truth.annotations
    known: dict[str, tuple[Literal["pictures", "objects"], _Reader]] = {"folder": ("pictures", _folders)}
    if images.splits and (images.split >= 0).any():
        known["split"] = ("pictures", lambda t: _named(t.images.split, t.images.splits))
    if images.group is not None and (images.group >= 0).any():
        known["group"] = ("pictures", lambda t: _named(_none_as_absent(t.images.group), t.images.groups))
    for flag in ("difficult", "truncated", "occluded"):
        if getattr(table, flag) is not None:
            known[flag] = ("objects", _flag_reader(flag))
    if truth.categories.supercategory is not None:
        known["supercategory"] = ("objects", _supercategories)
    return known


def _none_as_absent(column: NDArray[np.int32] | None) -> NDArray[np.int32]:
    return np.zeros(0, np.int32) if column is None else column


def _named(code: NDArray[np.int32], names: tuple[str, ...]) -> tuple[_Codes, list[str]]:
    return np.where(code < 0, len(names), code).astype(np.int64), [*names, NOT_GIVEN]


def _flag_reader(flag: str) -> _Reader:
    def read(truth: Dataset) -> tuple[_Codes, list[str]]:
        value = getattr(truth.annotations, flag).astype(np.int64)
        return np.where(value < 0, 2, 1 - value), ["yes", "no", NOT_GIVEN]

    return read


def _folders(truth: Dataset) -> tuple[_Codes, list[str]]:
    return _coded([name.partition("/")[0] if "/" in name else "." for name in truth.images.names])


def _supercategories(truth: Dataset) -> tuple[_Codes, list[str]]:
    code, names = _coded(list(truth.categories.supercategory or ()))
    return code[truth.annotations.category], names


def _coded(values: list[Any]) -> tuple[_Codes, list[str]]:
    """Number values by first appearance, or by range where they are many numbers; None is not given."""
    numbers = np.array([_number(value) for value in values])
    given = ~np.isnan(numbers)
    if len(np.unique(numbers[given])) > _MOST and given.sum() == sum(value is not None for value in values):
        return _ranges(numbers)
    where: dict[str, int] = {}
    code = [where.setdefault(_text(value), len(where)) for value in values]
    return np.array(code, np.int64), list(where)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")


def _text(value: Any) -> str:
    if value is None:
        return NOT_GIVEN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _ranges(numbers: NDArray[np.float64]) -> tuple[_Codes, list[str]]:
    edges = np.unique(np.nanquantile(numbers, [0, 0.25, 0.5, 0.75, 1]))
    code = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    names = [f"{low} to {high}" for low, high in pairwise(_told_apart(edges.tolist()))]
    return np.where(np.isnan(numbers), len(names), code), [*names, NOT_GIVEN]


def _told_apart(numbers: list[float]) -> list[str]:
    """Write different numbers with six digits, or with more where those do not tell them apart."""
    for digits in (6, 10, 16):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(number) for number in numbers]


def _limited(of: Literal["pictures", "objects"], code: _Codes, names: list[str]) -> Column:
    """Keep the values that occur, the most frequent 20 by themselves, in their order."""
    counts = np.bincount(code, minlength=len(names))
    by_count = np.argsort(-counts, kind="stable")
    used = by_count[counts[by_count] > 0]
    alone, rest = np.sort(used[:_MOST]), used[_MOST:]
    new = np.full(len(names), len(alone), np.int64)
    new[alone] = np.arange(len(alone))
    values = [names[row] for row in alone.tolist()]
    if len(rest):
        values.append(f"{len(rest):,} others")
    return Column(of, new[code], tuple(values))


def _attribute(extra: Ragged, path: str) -> list[Any] | None:
    """Return an attribute of every row, None where a row lacks it; None where all do."""
    memory: dict[bytes, Any] = {b"": None}
    values = []
    for text in extra.to_bytes():
        if text not in memory:
            memory[text] = _follow(msgspec.json.decode(text), path)
        values.append(memory[text])
    return None if all(value is None for value in values) else values


def _follow(value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    return _follow(value.get(head), rest) if dot else None


def _attributes(extra: Ragged | None) -> list[str]:
    """Return the names of all attributes, those within another by a dot, in the order in which they appear."""
    names: dict[str, None] = {}
    for text in dict.fromkeys(extra.to_bytes() if extra is not None else []):
        whole = msgspec.json.decode(text) if text else None
        for key, value in whole.items() if isinstance(whole, dict) else ():
            inner = [f"{key}.{name}" for name in value] if isinstance(value, dict) else [key]
            names.update(dict.fromkeys(inner))
    return list(names)
