"""A picture goes through a recipe, and its annotations follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Ragged
from ..dataset.geometry import box_corners
from ..errors import AugmentError
from .carry import carry
from .pipeline import Pipeline
from .remnants import Remnants, judge
from .sample import Sample
from .stages import BENDS
from .watch import Holes

__all__ = ["Followed", "flip_pairs", "follow", "needs_of", "with_flip_pairs"]


_FOLD = 0.02  # share of a picture that may be folded: strong elastic transforms fold a pixel here and there


@dataclass(frozen=True, eq=False)
class Followed:
    """A picture that went through a recipe.

    Attributes:
        rows: int64, rows of the old table that are left, ascending.
        dropped: objects that are left out: too little of them can be seen.
        transforms: those that acted, `{"name": ..., "parameters": {...}}`, JSON values.
        mirrored: whether left and right changed sides.
    """

    sample: Sample
    rows: NDArray[np.int64]
    dropped: int
    transforms: list[dict[str, Any]]
    mirrored: bool


def follow(sample: Sample, categories: Categories, pipeline: Pipeline, seed: int, remnants: Remnants) -> Followed:
    """Apply a recipe to a picture, and let all that is annotated in it follow.

    Args:
        categories: of the dataset, for the names of keypoints that change places where left and right do.
        seed: the same one gives the same outcome.

    Raises:
        AugmentError: a transform fails on this picture, or tears it apart or folds it; it is named.
    """
    needs = needs_of(sample.table)
    pipeline.refuse(needs)
    applied = pipeline.apply(sample.image, sample.table.box, seed)
    motion = applied.motion
    if motion.folds > _FOLD and needs:
        names = [act["name"] for act in applied.transforms if act["name"] in BENDS]
        raise AugmentError(
            f"{' and '.join(names)} {'folds' if len(names) == 1 else 'fold'} the picture over itself, "
            "and no label can follow",
            hint="bend less: make its limits smaller",
        )
    table = _covered(sample.table, applied.holes)
    carried = carry(table, motion, flip_pairs(categories) if motion.mirrored else None)
    share = carried.share * (1 - _hidden(table.box, applied.holes))
    left = judge(carried.table, share, carried.grown < 1 - 1e-9, remnants)
    return Followed(Sample(applied.image, left.table), left.rows, left.dropped, applied.transforms, motion.mirrored)


def _hidden(box: NDArray[np.float64], holes: Sequence[Holes]) -> NDArray[np.float64]:
    """Return the share of each box that is painted over; of several times, the largest."""
    share = np.zeros(len(box))
    given = np.flatnonzero(~np.isnan(box[:, 0]))
    for hole in holes:
        width, height = hole.motion.size
        corners = hole.motion.move(box_corners(box[given]).reshape(-1, 2)).reshape(-1, 4, 2)
        edges = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        left, top, right, bottom = np.clip(np.round(edges), 0, [width, height, width, height]).astype(np.int64).T
        painted = _painted(hole, width, height)
        count = painted[bottom, right] - painted[top, right] - painted[bottom, left] + painted[top, left]
        share[given] = np.maximum(share[given], count / np.maximum((right - left) * (bottom - top), 1))
    return share


def _painted(hole: Holes, width: int, height: int) -> NDArray[np.int64]:
    """Return how many pixels above and left of each corner are painted over, shape (height + 1, width + 1)."""
    left, top, right, bottom = np.clip(hole.places, 0, [width, height, width, height]).astype(np.int64).T
    # Each rectangle is one more from its corner on, and the sums of these are how many lie on each pixel.
    layers = np.zeros((height + 1, width + 1), np.int64)
    for y, x, sign in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(layers, (y, x), sign)
    covered = (layers.cumsum(axis=0).cumsum(axis=1) > 0)[:height, :width]
    return np.pad(covered.cumsum(axis=0, dtype=np.int64).cumsum(axis=1), ((1, 0), (1, 0)))


def _covered(table: Annotations, holes: Sequence[Holes]) -> Annotations:
    """Mark visible keypoints that are painted over as hidden."""
    if table.keypoints is None or not holes:
        return table
    values = table.keypoints.values.copy()
    for hole in holes:
        x, y = hole.motion.move(values[:, :2]).T[:, :, None]
        left, top, right, bottom = hole.places.T
        inside = ((x >= left) & (x < right) & (y >= top) & (y < bottom)).any(axis=1)
        values[inside & (values[:, 2] == 2), 2] = 1
    return replace(table, keypoints=Ragged(values, table.keypoints.offsets))


@lru_cache(maxsize=4)
def flip_pairs(categories: Categories) -> Mapping[int, NDArray[np.int64]]:
    """Return for each class with keypoints, by its row, which of them takes the place of which in a mirror.

    From `flip_idx` in what else is known of the class, as YOLO calls it, else from the names of its keypoints:
    `left_eye` and `right_eye`, `eye_l` and `eye_r`, `LShoulder` and `RShoulder`.
    """
    found = {}
    for row in range(len(categories)):
        names = () if categories.keypoints is None else categories.keypoints[row]
        said = {} if categories.extra is None else categories.extra[row]
        swap = said.get("flip_idx")
        if not (isinstance(swap, list) and sorted(map(str, swap)) == sorted(map(str, range(len(swap))))):
            swap = _by_names(names)
        if swap != list(range(len(swap))):
            found[row] = np.array(swap, np.int64)
    return found


def _by_names(names: Sequence[str]) -> list[int]:
    at = {name.lower(): place for place, name in enumerate(names)}
    return [next((at[other] for other in _others(name) if other in at), place) for place, name in enumerate(names)]


_SIDES = (("left", "right"), ("right", "left"), ("l", "r"), ("r", "l"))


def _others(name: str) -> list[str]:
    """Return how the same point on the other side may be called; `left` anywhere, `l` as a word or first letter."""
    # LShoulder is l + shoulder; in lower case it could be any word.
    parted = re.sub(r"^([LR])(?=[A-Z])", r"\1_", name).lower()
    found = []
    for side, other in _SIDES:
        where = side if len(side) > 1 else rf"(?<![a-z]){side}(?![a-z])"
        changed = re.sub(where, other, parted)
        if changed != parted:
            found += [changed, re.sub(r"^([lr])_", r"\1", changed)]
    return found


def with_flip_pairs(dataset: Dataset) -> Categories:
    """Return the classes with the `flip_idx` that a YOLO dataset has for all of them."""
    classes = dataset.categories
    source = dataset.meta.get("yolo")
    swap = source.get("flip_idx") if isinstance(source, Mapping) else None
    if not isinstance(swap, list):
        return classes
    extra = classes.extra or ({},) * len(classes)
    return replace(classes, extra=tuple({"flip_idx": swap, **said} for said in extra))


def needs_of(table: Annotations) -> frozenset[str]:
    """Return what a recipe must be able to take along: which of "boxes", "masks", "keypoints" there are."""
    given = {
        "boxes": bool((~np.isnan(table.box[:, 0])).any()),
        "masks": bool(table.has("masks").any()),
        "keypoints": bool(table.has("keypoints").any()),
    }
    return frozenset(name for name, there in given.items() if there)
