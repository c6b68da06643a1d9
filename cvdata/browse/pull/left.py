"""The objects that a picture has in FiftyOne: each label of a document, with what is drawn beside it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ..boxes import in_picture, pixels_of
from ..labels.digests import truth_digest
from ..names import (
    FOUND,
    KEYPOINTS,
    NUMBER,
    OUTLINES,
    PUT,
    TAG_ACCEPT,
    TAG_DROP,
    TAG_FIX,
    TRUTH,
    VISIBILITY,
    WHOLE,
    list_of,
)

__all__ = ["WORDS", "Left", "in_words", "is_edited", "left_of", "size_of", "tags_of"]

WORDS = frozenset((TAG_DROP, TAG_FIX, TAG_ACCEPT))
"""Tags that have an effect; others are a person's own affair, and stay in FiftyOne."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Left:
    """An object as it is in FiftyOne.

    Attributes:
        name: of its class.
        number: its place among the annotations of its picture as they were put; -1 for what a person drew.
        box: float64, shape (4,): x, y, width, height in pixels; NaN for a label of the whole picture.
        cut: the box went over the edge of the picture.
        rings: of its outline, float64, shape (points, 2) each, in pixels.
        keypoints: float64, shape (points, 3): x, y in pixels, visibility; empty for none.
        mask: bool, stretched over the box, or None.
        tags: of the label and of what is drawn beside it.
        beside: classes of what is drawn beside it.
        said: the label itself, as FiftyOne has it.
    """

    name: str
    number: int = -1
    box: Floats
    cut: bool = False
    rings: tuple[Floats, ...] = ()
    keypoints: Floats = field(default_factory=lambda: np.empty((0, 3)))
    mask: NDArray[np.bool_] | None = None
    tags: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)


def tags_of(document: Mapping[str, Any]) -> list[str]:
    """Return the tags of a picture that a person set, in their order."""
    ours = (document.get(PUT) or {}).get("tags") or ()
    return [tag for tag in document.get("tags") or () if tag not in ours]


def is_edited(document: Mapping[str, Any]) -> bool:
    """Tell whether a person changed labels of a picture, or set a tag that has an effect."""
    if not WORDS.isdisjoint(tags_of(document)) or truth_digest(document) != document[PUT].get("truth"):
        return True
    fields = [field for field in document if field.split("_")[0] in (TRUTH, FOUND)]
    return any(not WORDS.isdisjoint(_tags(label)) for field in fields for label in _labels(document, field))


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
    beside = _Beside(document, side, size, problems)
    numbers: set[int] = set()
    for path in (side, side + WHOLE):
        for label in _labels(document, path):
            number = _number(label, count)
            number = -1 if number in numbers else number
            one = _box_of(label, number, size, beside) if path == side else _whole_of(label, number)
            numbers.add(number)
            if isinstance(one, str):
                problems.append(one)
            else:
                taken.append(one)
    return [*taken, *beside.drawn()], problems


def in_words(left: Left) -> str:
    """Return the class and the place of an object, for people."""
    if np.isnan(left.box[0]):
        return show(left.name, 40)
    return f"{show(left.name, 40)} at {', '.join(f'{value:.0f}' for value in left.box.tolist())}"


def _labels(document: Mapping[str, Any], path: str) -> Sequence[Mapping[str, Any]]:
    group, name = list_of(path).split(".")
    held = document.get(group)
    return held.get(name) or () if isinstance(held, Mapping) else ()


def _number(label: Mapping[str, Any], count: int | None) -> int:
    number = label.get(NUMBER)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        return -1
    return number if count is None or number < count else -1


def _tags(label: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(label.get("tags") or ())


def _whole_of(label: Mapping[str, Any], number: int) -> Left | str:
    if not label.get("label"):
        return "label without a class"
    return Left(name=label["label"], number=number, box=np.full(4, np.nan), tags=_tags(label), said=label)


def _box_of(label: Mapping[str, Any], number: int, size: Floats, beside: _Beside) -> Left | str:
    """Return the object of a box, or what is wrong with it."""
    name = label.get("label")
    if not name:
        return "box without a class"
    parts = np.array(label.get("bounding_box") or (), np.float64)
    if parts.shape != (4,) or not np.isfinite(parts).all():
        return f"{show(name, 40)} without a box"
    box = pixels_of(parts[None], size[None])
    inside = in_picture(box, size[None])
    if number < 0 and not (inside[0, 2:] > 0).all():
        return f"{show(name, 40)} outside the picture"
    rings, points, others = beside.of(number)
    tags = _tags(label).union(*map(_tags, others))
    return Left(
        name=name,
        number=number,
        box=box[0],
        cut=bool((inside != box).any()),
        rings=rings,
        keypoints=points,
        mask=_mask(label),
        tags=tags,
        beside=tuple(one["label"] for one in others if one.get("label")),
        said=label,
    )


class _Beside:
    """Outlines and keypoints beside boxes, by number; what has no box was drawn alone."""

    def __init__(self, document: Mapping[str, Any], side: str, size: Floats, problems: list[str]) -> None:
        self._size, self._problems = size, problems
        self._outlines = _labels(document, side + OUTLINES)
        self._points = _labels(document, side + KEYPOINTS)

    def of(self, number: int) -> tuple[tuple[Floats, ...], Floats, list[Mapping[str, Any]]]:
        """Return the rings, the keypoints and the labels beside a box."""
        outlines = [label for label in self._outlines if number >= 0 and label.get(NUMBER) == number]
        points = [label for label in self._points if number >= 0 and label.get(NUMBER) == number]
        rings = tuple(ring for label in outlines for ring in _rings(label, self._size))
        keypoints = _keypoints(points[0], self._size) if points else np.empty((0, 3))
        return rings, keypoints, [*outlines, *points]

    def drawn(self) -> list[Left]:
        """Return the objects that are outlines or keypoints without a box.

        What lies beside a box that a person deleted goes with it.
        """
        found = []
        for labels, kind in ((self._outlines, "outline"), (self._points, "keypoints")):
            for label in labels:
                if _number(label, None) >= 0:
                    continue
                one = self._alone(label, kind)
                if isinstance(one, str):
                    self._problems.append(one)
                else:
                    found.append(one)
        return found

    def _alone(self, label: Mapping[str, Any], kind: str) -> Left | str:
        name = label.get("label")
        if not name:
            return f"{kind} without a class"
        rings = tuple(_rings(label, self._size)) if kind == "outline" else ()
        points = np.empty((0, 3)) if rings or kind == "outline" else _keypoints(label, self._size)
        every = np.concatenate(rings) if rings else points[points[:, 2] > 0, :2]
        if not len(every) or any(len(ring) < 3 for ring in rings):
            return f"{kind} of {show(name, 40)} with too few points"
        box = np.concatenate([every.min(axis=0), np.ptp(every, axis=0)])
        inside = in_picture(box[None], self._size[None])[0]
        if not (inside[2:] > 0).all():
            return f"{kind} of {show(name, 40)} without an area in the picture"
        rings = tuple(np.clip(ring, 0, self._size) for ring in rings)
        return Left(
            name=name,
            box=inside,
            cut=bool((inside != box).any()),
            rings=rings,
            keypoints=points,
            tags=_tags(label),
            said=label,
        )


def _rings(label: Mapping[str, Any], size: Floats) -> Iterator[Floats]:
    for shape in label.get("points") or ():
        yield np.array(shape, np.float64).reshape(-1, 2) * size


def _keypoints(label: Mapping[str, Any], size: Floats) -> Floats:
    """Return x, y and visibility; a point that is not labelled is at 0, 0 as COCO has it."""
    places = np.array(label.get("points") or (), np.float64).reshape(-1, 2) * size
    there: NDArray[np.bool_] = np.asarray(np.isfinite(places).all(axis=1))
    told = list(label.get(VISIBILITY) or ())
    seen = np.array([told[at] if at < len(told) and told[at] else 2 for at in range(len(places))], np.float64)
    return np.column_stack([np.where(there[:, None], places, 0), np.where(there, seen, 0)])


def _mask(label: Mapping[str, Any]) -> NDArray[np.bool_] | None:
    """Return the mask of a label: NumPy's format, compressed, as FiftyOne keeps it."""
    stored = label.get("mask")
    if stored is None:
        return None
    if isinstance(stored, np.ndarray):
        return np.asarray(stored != 0)
    return np.asarray(np.load(io.BytesIO(zlib.decompress(stored)), allow_pickle=False) != 0)
