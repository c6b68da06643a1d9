"""The objects that a picture has in FiftyOne: each label of a document, with what is drawn beside it."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ..labels.digests import truth_digest
from ..labels.said import is_said_anew
from ..names import (
    FOUND,
    PUT,
    TAG_ACCEPT,
    TAG_DROP,
    TAG_FIX,
    TRUTH,
    WHOLE,
)
from .beside import Beside
from .objects import Left, label_tags, labels_of, number_of

__all__ = ["WORDS", "is_edited", "left_of", "size_of", "tags_of"]

WORDS = frozenset((TAG_DROP, TAG_FIX, TAG_ACCEPT))
"""Tags that have an effect; others are a person's own affair, and stay in FiftyOne."""

Floats = NDArray[np.float64]

_NUMBERS = {int, float}


def tags_of(document: Mapping[str, Any]) -> list[str]:
    """Return the tags of a picture that a person set, in their order."""
    ours = (document.get(PUT) or {}).get("tags") or ()
    return [tag for tag in document.get("tags") or () if tag not in ours]


def is_edited(document: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> bool:
    """Tell whether a person changed labels of a picture, or set a tag that has an effect.

    Args:
        ignored: see `said.said_of`.
    """
    if not WORDS.isdisjoint(tags_of(document)) or truth_digest(document) != document[PUT].get("truth"):
        return True
    if is_said_anew(document, ignored):
        return True
    fields = [field for field in document if field.split("_")[0] in (TRUTH, FOUND)]
    return any(not WORDS.isdisjoint(label_tags(label)) for field in fields for label in labels_of(document, field))


def size_of(document: Mapping[str, Any]) -> Floats:
    """Return the width and height of a picture in pixels, float64, shape (2,)."""
    metadata = document.get("metadata") or {}
    return np.array([metadata.get("width") or 0, metadata.get("height") or 0], np.float64)


def left_of(
    document: Mapping[str, Any], side: str, size: Floats, count: int | None = None
) -> tuple[list[Left], list[str]]:
    """Return the objects in the fields of a side, and in a few words each label that cannot be taken.

    A label that was copied keeps its number: the first has it, the others were drawn.

    Args:
        side: field of the boxes, `truth` or `found`, ...
        size: of the picture, shape (2,).
        count: annotations that were put; a number beyond them is that of a label of another picture. None for any.
    """
    taken: list[Left] = []
    problems: list[str] = []
    beside = Beside(document, side, size, problems)
    numbers: set[int] = set()
    for path in (side, side + WHOLE):
        for label in labels_of(document, path):
            number = number_of(label, count)
            number = -1 if number in numbers else number
            one = _box_of(label, number, size, beside) if path == side else _whole_of(label, number)
            numbers.add(number)
            if isinstance(one, str):
                problems.append(one)
            else:
                taken.append(one)
    return [*taken, *beside.drawn()], problems


def _whole_of(label: Mapping[str, Any], number: int) -> Left | str:
    if not label.get("label"):
        return "label without a class"
    none = np.full(4, np.nan)
    return Left(name=label["label"], number=number, box=none, inside=none, tags=label_tags(label), said=label)


_Box: TypeAlias = "tuple[Floats, Floats, bool, bool] | None"
"""A box in pixels; what of it lies in the picture; whether that is less, and whether it is anything."""


def _box_in(label: Mapping[str, Any], size: Floats) -> _Box:
    """Return `pixels_of` and `in_picture` of the box of a label, None for one without.

    Number by number: pictures come one by one, and for the few boxes of one NumPy takes ten times as long.
    """
    parts = label.get("bounding_box")
    if not isinstance(parts, (list, tuple)) or len(parts) != 4 or not _NUMBERS.issuperset(map(type, parts)):
        return None
    wide, tall = size.tolist()
    x, y, width, height = parts[0] * wide, parts[1] * tall, parts[2] * wide, parts[3] * tall
    if not (isfinite(x) and isfinite(y) and isfinite(width) and isfinite(height)):
        return None
    box = np.array([x, y, width, height])
    if x >= 0 and y >= 0 and x + width <= wide and y + height <= tall:
        return box, box, False, width > 0 and height > 0
    left, top = min(max(x, 0.0), wide), min(max(y, 0.0), tall)
    width = max(min(max(x + width, 0.0), wide) - left, 0.0)
    height = max(min(max(y + height, 0.0), tall) - top, 0.0)
    inside = np.array([left, top, width, height])
    return box, inside, bool((inside != box).any()), width > 0 and height > 0


def _box_of(label: Mapping[str, Any], number: int, size: Floats, beside: Beside) -> Left | str:
    """Return the object of a box, or what is wrong with it."""
    name = label.get("label")
    if not name:
        return "box without a class"
    box = _box_in(label, size)
    if box is None:
        return f"{show(name, 40)} without a box"
    if number < 0 and not box[3]:
        return f"{show(name, 40)} outside the picture"
    rings, points, drawn = beside.of(number)
    return Left(
        name=name,
        number=number,
        box=box[0],
        inside=box[1],
        cut=box[2],
        rings=rings,
        keypoints=points,
        tags=label_tags(label).union(*map(label_tags, drawn)) if drawn else label_tags(label),
        beside=tuple(one["label"] for one in drawn if one.get("label")),
        said=label,
        drawn=drawn,
    )
