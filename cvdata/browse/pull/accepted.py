"""What models found and a person accepted in FiftyOne."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..names import EVAL, KEYPOINTS, OUTLINES, TAG_ACCEPT, VERDICT, WHOLE, found_field
from .left import left_of, tags_of
from .objects import Left, labels_of

__all__ = ["accepted_of", "is_any_accepted"]

Floats = NDArray[np.float64]

_SAME_OBJECT = 0.5
"""Overlap with an object of its class from which what was found is that one, as in `cvdata accept`."""


def is_any_accepted(document: Mapping[str, Any], found: int) -> bool:
    """Tell whether a picture, or anything that one of so many models found in it, has the tag of a person's consent."""
    if TAG_ACCEPT in tags_of(document):
        return True
    fields = [found_field(place) + end for place in range(found) for end in ("", OUTLINES, KEYPOINTS, WHOLE)]
    return any(TAG_ACCEPT in (label.get("tags") or ()) for field in fields for label in labels_of(document, field))


def accepted_of(
    document: Mapping[str, Any],
    found: Sequence[tuple[str, float]],
    size: Floats,
    objects: Sequence[Left],
    problems: list[str],
) -> Iterator[tuple[Left, str]]:
    """Yield the found objects that a person accepted, the surest first, with the name of the model.

    One that overlaps an object of its class is that object. What a person accepted on its own is taken however unsure
    it is; with the whole picture only what is sure is.

    Args:
        objects: that are there already; `problems`: gets the labels that cannot be taken.
    """
    if not is_any_accepted(document, len(found)):
        return
    there, whole = list(objects), TAG_ACCEPT in tags_of(document)
    for place, (name, score) in enumerate(found):
        left, bad = left_of(document, found_field(place), size)
        chosen = [one for one in left if TAG_ACCEPT in one.tags or (whole and _is_sure(one, score))]
        if chosen:
            problems += bad
        for one in sorted(chosen, key=lambda one: -(one.said.get("confidence") or 0.0)):
            if not any(_is_same(one, other) for other in there):
                there.append(one)
                yield one, name


def _is_sure(one: Left, score: float) -> bool:
    """Tell whether a found object counts: `cvdata eval` judged it, or, where it did not, by its confidence."""
    if one.said.get(EVAL) or one.said.get(VERDICT):
        return bool(one.said.get(EVAL))
    confidence = one.said.get("confidence")
    return confidence is None or confidence >= score


def _is_same(one: Left, other: Left) -> bool:
    if one.name != other.name or np.isnan(one.box[0]) != np.isnan(other.box[0]):
        return False
    if np.isnan(one.box[0]):
        return True
    low = np.maximum(one.box[:2], other.box[:2])
    high = np.minimum(one.box[:2] + one.box[2:], other.box[:2] + other.box[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    both = float(np.prod(one.box[2:]) + np.prod(other.box[2:])) - common
    return common >= _SAME_OBJECT * both > 0
