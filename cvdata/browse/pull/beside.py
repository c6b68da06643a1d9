"""Outlines and keypoints in FiftyOne: beside a box, by its number, or drawn alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ..boxes import in_picture
from ..names import KEYPOINTS, NUMBER, OUTLINES, VISIBILITY
from .objects import NO_POINTS, Left, label_tags, labels_of, number_of

__all__ = ["Beside"]

Floats = NDArray[np.float64]


class Beside:
    """Outlines and keypoints beside boxes, by number; what has no box was drawn alone."""

    def __init__(self, document: Mapping[str, Any], side: str, size: Floats, problems: list[str]) -> None:
        self._size, self._problems = size, problems
        self._outlines = labels_of(document, side + OUTLINES)
        self._points = labels_of(document, side + KEYPOINTS)
        self._of = _by_number(self._outlines), _by_number(self._points)

    def of(self, number: int) -> tuple[tuple[Floats, ...], Floats, list[Mapping[str, Any]]]:
        """Return the rings, the keypoints and the labels beside a box."""
        outlines, points = (labels.get(number, []) if number >= 0 else [] for labels in self._of)
        rings = tuple(ring for label in outlines for ring in _rings(label, self._size))
        keypoints = _keypoints(points[0], self._size) if points else NO_POINTS
        return rings, keypoints, [*outlines, *points]

    def drawn(self) -> list[Left]:
        """Return the objects that are outlines or keypoints without a box.

        What lies beside a box that a person deleted goes with it.
        """
        found = []
        for labels, kind in ((self._outlines, "outline"), (self._points, "keypoints")):
            for label in labels:
                if number_of(label, None) >= 0:
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
        points = NO_POINTS if rings or kind == "outline" else _keypoints(label, self._size)
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
            inside=inside,
            cut=bool((inside != box).any()),
            rings=rings,
            keypoints=points,
            tags=label_tags(label),
            said=label,
        )


def _by_number(labels: Sequence[Mapping[str, Any]]) -> dict[Any, list[Mapping[str, Any]]]:
    numbered: dict[Any, list[Mapping[str, Any]]] = {}
    for label in labels:
        if isinstance(label.get(NUMBER), (int, float)):
            numbered.setdefault(label[NUMBER], []).append(label)
    return numbered


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
