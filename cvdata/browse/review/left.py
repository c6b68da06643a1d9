"""The labels that a person left in FiftyOne, one by one: what they are, what was changed, what cannot be taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ..boxes import SAME, in_picture, pixels_of
from .load import BOX_LIST, BOXES, NUMBER, PUT, WAS_BOX, WAS_CLASS, WHOLE, WHOLE_LIST

__all__ = ["Left", "labels_left"]


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """A label as it was left.

    Attributes:
        picture: row of its picture.
        box: float64, shape (4,), in pixels; NaN for a label of the whole picture.
        mask: that FiftyOne stretches over the box, or None.
        score: NaN where nobody set one.
        number: of the proposal, -1 for what a person drew.
        touched: moved, relabelled or drawn.
    """

    picture: int
    name: str
    box: NDArray[np.float64]
    mask: NDArray[Any] | None
    score: float
    tags: tuple[str, ...]
    number: int
    touched: bool


def labels_left(samples: Any, names: Sequence[str], size: NDArray[np.float64]) -> tuple[list[Left], list[str]]:
    """Return the labels by picture, boxes first, and in a few words each that cannot be taken.

    Args:
        samples: dataset of FiftyOne.
        names: of its pictures; `size`: their width and height in pixels, shape (n, 2).
    """
    taken, problems = [], []
    for picture, (numbers, labels) in enumerate(_by_picture(samples)):
        free = set(numbers)  # a label that was copied keeps its number: the first has it, or none on another picture
        for label in labels:
            found = _left(label, picture, size[picture], free)
            if isinstance(found, str):
                problems.append(f"{found} in {show(names[picture])}")
            else:
                taken.append(found)
                free.discard(found.number)
    return taken, problems


def _by_picture(samples: Any) -> Iterator[tuple[Sequence[int], list[Any]]]:
    """Yield the numbers that were put on each picture, and its labels as FiftyOne has them."""
    schema = samples.get_field_schema()
    put = samples.values(PUT)
    columns = [
        samples.values(path) if field in schema else [None] * len(put)
        for field, path in ((BOXES, BOX_LIST), (WHOLE, WHOLE_LIST))
    ]
    for numbers, boxes, wholes in zip(put, *columns, strict=True):
        yield numbers or (), [*(boxes or ()), *(wholes or ())]


def _left(label: Any, picture: int, size: NDArray[np.float64], free: set[int]) -> Left | str:
    """Return a label, or what is wrong with it."""
    if not label.label:
        return "label without a class"
    number = getattr(label, NUMBER, None)
    number = number if number in free else -1
    touched = number < 0 or label.label != getattr(label, WAS_CLASS, None)
    box: NDArray[np.float64] = np.full(4, np.nan)
    if hasattr(label, "bounding_box"):
        parts = np.array(label.bounding_box or (), np.float64)
        if parts.shape != (4,) or not np.isfinite(parts).all():
            return f"{show(label.label, 20)} without a box"
        box, moved = _box(parts, getattr(label, WAS_BOX, None), size)
        if not (box[2:] > 0).all():
            return f"{show(label.label, 20)} outside the picture"
        touched = touched or moved
    return Left(
        picture=picture,
        name=label.label,
        box=box,
        mask=getattr(label, "mask", None),
        score=np.nan if label.confidence is None else float(label.confidence),
        tags=tuple(label.tags or ()),
        number=number,
        touched=touched,
    )


def _box(
    parts: NDArray[np.float64], was: Sequence[float] | None, size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], bool]:
    """Return a box in pixels and whether it was moved: if not, it is the very one that was put."""
    box = pixels_of(parts[None], size[None])
    if was is not None and len(was) == 4 and np.abs(box[0] - was).max() <= SAME:
        return np.array(was, np.float64), False
    return in_picture(box, size[None])[0], True
