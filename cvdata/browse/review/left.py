"""The labels that a person left in FiftyOne, one by one: what they are, what was changed, what cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ..boxes import SAME, in_picture, pixels_of
from ..names import NAME, NUMBER
from ..pull.left import size_of
from .documents import PUT, WAS_BOX, WAS_CLASS, labels_in

__all__ = ["Left", "is_touched", "labels_left"]

_NONE = [np.nan] * 4


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """A label as it was left.

    Attributes:
        box: float64, shape (4,), in pixels; NaN for a label of the whole picture.
        mask: as FiftyOne keeps it, stretched over the box, or None.
        score: NaN where nobody set one.
        number: of the proposal, -1 for what a person drew.
        touched: moved, relabelled or drawn.
    """

    name: str
    box: NDArray[np.float64]
    mask: bytes | None
    score: float
    tags: tuple[str, ...]
    number: int
    touched: bool


def labels_left(document: Mapping[str, Any]) -> tuple[list[Left], list[str]]:
    """Return the labels of a sample, boxes first, and in a few words each that cannot be taken."""
    taken: list[Left] = []
    problems: list[str] = []
    free = set(document.get(PUT) or ())  # a label that was copied keeps its number: the first has it, none elsewhere
    boxes, wholes = labels_in(document)
    places, moved = _boxes(boxes, size_of(document))
    places = np.concatenate([places, np.full((len(wholes), 4), np.nan)])
    for row, label in enumerate([*boxes, *wholes]):
        is_boxed = row < len(boxes)
        problem = _problem(label, places[row] if is_boxed else None)
        if problem:
            problems.append(problem)
            continue
        score = label.get("confidence")
        number: int = label[NUMBER] if label.get(NUMBER) in free else -1
        free.discard(number)
        as_put = number >= 0 and label["label"] == label.get(WAS_CLASS) and not (is_boxed and moved[row])
        taken.append(
            Left(
                name=label["label"],
                box=places[row],
                mask=label.get("mask"),
                score=np.nan if score is None else float(score),
                tags=tuple(label.get("tags") or ()),
                number=number,
                touched=not as_put,
            )
        )
    return taken, problems


def is_touched(document: Mapping[str, Any]) -> bool:
    """Tell whether somebody changed, deleted, drew or tagged anything in a picture, or brought it there."""
    if document.get("tags") or not document.get(NAME):
        return True
    left, _ = labels_left(document)
    there = {label.number for label in left}
    return not there.issuperset(document.get(PUT) or ()) or any(label.touched or label.tags for label in left)


def _problem(label: Mapping[str, Any], box: NDArray[np.float64] | None) -> str:
    """Return why a label cannot be taken, in a few words, or nothing; `box`: of one that is to have any."""
    if not label.get("label"):
        return "label without a class"
    if box is not None and np.isnan(box[0]):
        return f"{show(label['label'], 20)} without a box"
    if box is not None and not (box[2] > 0 and box[3] > 0):
        return f"{show(label['label'], 20)} outside the picture"
    return ""


def _boxes(
    labels: Sequence[Mapping[str, Any]], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return boxes in pixels and whether each was moved: one that was not is the very one that was put."""
    box, was = pixels_of(_fours(labels, "bounding_box"), size[None]), _fours(labels, WAS_BOX)
    moved = ~(np.abs(box - was).max(axis=1) <= SAME)
    return np.where(moved[:, None], in_picture(box, size[None]), was), moved


def _fours(labels: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    """Return four numbers of each label, shape (n, 4), NaN where it has no such."""
    given = [label.get(key) for label in labels]
    held = [
        one if isinstance(one, list) and len(one) == 4 and all(isinstance(part, int | float) for part in one) else _NONE
        for one in given
    ]
    fours = np.array(held, np.float64).reshape(-1, 4)
    fours[~np.isfinite(fours).all(axis=1)] = np.nan
    return fours
