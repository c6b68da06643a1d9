"""An object as a person left it in FiftyOne: a label, with what is drawn beside it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import show
from ..names import NUMBER, list_of
from .unlike import are_alike

__all__ = ["NO_POINTS", "Left", "in_words", "label_tags", "labels_of", "number_of"]

Floats = NDArray[np.float64]

NO_POINTS: Floats = np.empty((0, 3))
"""Keypoints of what has none."""

NO_POINTS.flags.writeable = False
_NO_TAGS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Left:
    """An object as it is in FiftyOne.

    Attributes:
        name: of its class.
        number: its place among the annotations of its picture as they were put; -1 for what a person drew.
        box: float64, shape (4,): x, y, width, height in pixels; NaN for a label of the whole picture.
        inside: what of the box lies in the picture; `cut`: not all of it.
        rings: of its outline, float64, shape (points, 2) each, in pixels.
        keypoints: float64, shape (points, 3): x, y in pixels, visibility; empty for none.
        tags: of the label and of what is drawn beside it.
        beside: classes of what is drawn beside it.
        said: the label itself, as FiftyOne has it; `drawn`: what is drawn beside it, likewise.
    """

    name: str
    number: int = -1
    box: Floats
    inside: Floats
    cut: bool = False
    rings: tuple[Floats, ...] = ()
    keypoints: Floats = field(default_factory=lambda: NO_POINTS)
    tags: frozenset[str] = _NO_TAGS
    beside: tuple[str, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    drawn: Sequence[Mapping[str, Any]] = ()

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """Its mask, stretched over the box, or None; made anew each time, since hardly any is asked for."""
        return _mask(self.said)

    def is_as(self, other: Left) -> bool:
        """Tell whether class and shape are written as those of another; which may look the same nevertheless."""
        return are_alike(self.said, other.said, self.drawn, other.drawn)


def in_words(left: Left) -> str:
    """Return the class and the place of an object, for people."""
    if np.isnan(left.box[0]):
        return show(left.name, 40)
    return f"{show(left.name, 40)} at {', '.join(f'{value:.0f}' for value in left.box.tolist())}"


def labels_of(document: Mapping[str, Any], path: str) -> Sequence[Mapping[str, Any]]:
    """Return the labels in a field, none where there is no such field."""
    group, name = list_of(path).split(".")
    held = document.get(group)
    return held.get(name) or () if isinstance(held, Mapping) else ()


def number_of(label: Mapping[str, Any], count: int | None) -> int:
    """Return the number of a label, -1 for none; with a `count`, numbers from there on are none."""
    number = label.get(NUMBER)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        return -1
    return number if count is None or number < count else -1


def label_tags(label: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags of a label."""
    tags = label.get("tags")
    return frozenset(tags) if tags else _NO_TAGS


def _mask(label: Mapping[str, Any]) -> NDArray[np.bool_] | None:
    """Return the mask of a label: NumPy's format, compressed, as FiftyOne keeps it."""
    stored = label.get("mask")
    if stored is None:
        return None
    if isinstance(stored, np.ndarray):
        return np.asarray(stored != 0)
    return np.asarray(np.load(io.BytesIO(zlib.decompress(stored)), allow_pickle=False) != 0)
