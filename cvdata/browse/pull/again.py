"""Whether a dataset has already what a person left in FiftyOne: after a pull that was cut short, or by another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ..boxes import SAME, in_picture
from ..labels.said import SAID
from ..names import PUT, TAG_ACCEPT, TAG_DROP, TAG_FIX, TRUTH
from ..outlines import runs_of
from .accepted import accepted_of
from .attributes import Attributes
from .edits import with_fix
from .left import left_of, size_of, tags_of
from .objects import Left
from .shapes import around

__all__ = ["is_there"]

Floats = NDArray[np.float64]


def is_there(
    dataset: Dataset,
    picture: int,
    document: Mapping[str, Any],
    as_put: Mapping[str, Any],
    found: Sequence[tuple[str, float]],
    attributes: Attributes,
) -> bool:
    """Tell whether a picture has all objects that a person wants, no other, and the notes to look again.

    Flags and attributes are compared as well, unless nobody noted what was put: then those of drawn objects alone.

    Numbers say nothing here: the dataset has counted its annotations anew.

    Args:
        picture: its row.
        document: as the person left it; `as_put`: as the dataset would be put now.
        found, attributes: as `edits_of` has them.
    """
    tags, size = tags_of(document), size_of(document)
    images, first = dataset.images, int(dataset.offsets[picture])
    if TAG_DROP in tags or (TAG_FIX in tags and not _is_noted(images.extra, picture)):
        return False
    if TAG_ACCEPT in tags and images.state[picture] == State.UNLABELLED:
        return False
    wished = [one for one in left_of(document, TRUTH, size)[0] if TAG_DROP not in one.tags]
    accepted = [one for one, _ in accepted_of(document, found, size, wished, [])]
    noted = bool((document.get(PUT) or {}).get(SAID))
    there = left_of(as_put, TRUTH, size)[0]

    def says_it(one: Left, row: int) -> bool:
        if TAG_FIX in one.tags and not _is_noted(dataset.annotations.extra, row):
            return False
        if one in accepted:
            return not attributes.flags(one.said, row)
        if not noted and one.number >= 0:
            return True
        # The note is an attribute by now, which nobody wrote into FiftyOne.
        return not attributes.changes(row, {**one.said, "fix": True} if TAG_FIX in one.tags else one.said)

    for one in [*wished, *accepted]:
        same = (at for at, other in enumerate(there) if _is_it(one, other, size))
        at = next((at for at in same if says_it(one, first + there[at].number)), None)
        if at is None:
            return False
        del there[at]
    return not there


def _is_noted(extra: Any, row: int) -> bool:
    return extra is not None and with_fix(extra[row].tobytes()) is None


def _is_it(wished: Left, there: Left, size: Floats) -> bool:
    """Tell whether an object of the dataset is what became of one in FiftyOne."""
    if there.name not in (wished.name, *wished.beside) or not _same(wished.keypoints, there.keypoints):
        return False
    if np.isnan(wished.box[0]) or np.isnan(there.box[0]):
        return bool(np.isnan(wished.box[0]) and np.isnan(there.box[0]))
    if not _same(wished.inside, there.box) and not (
        wished.rings and _same(in_picture(around(wished.rings)[None], size[None])[0], there.box)
    ):
        return False
    if wished.is_as(there):
        return True
    painted = wished.mask is not None and there.mask is not None and not there.rings  # in place of an outline
    rings = () if painted else wished.rings
    if len(rings) != len(there.rings) or not all(map(_same, rings, there.rings)):
        return False
    return bool(np.array_equal(_runs(wished, there.box, size), _runs(there, there.box, size)))


def _runs(one: Left, box: Floats, size: Floats) -> NDArray[np.uint32]:
    if one.mask is None:
        return np.empty(0, np.uint32)
    return runs_of(one.mask, box, (int(size[0]), int(size[1])))


def _same(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and bool((np.abs(one - other) <= SAME).all())
