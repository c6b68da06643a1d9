"""Leave out annotations of a cvdata dataset with values that other code must not meet."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Ragged
from ..dataset.rle import run_sums
from ..dataset.select import keep_annotations
from ..errors import FormatError
from ._store_read import table_place
from ._store_records import ANNOTATIONS, IMAGES, Version
from .intake import Intake

__all__ = ["sound", "unsound"]


def sound(dataset: Dataset, version: Version, intake: Intake) -> tuple[Dataset, NDArray[np.int64]]:
    """Return the dataset without annotations that are bad in themselves, and the rows that are left.

    Raises:
        FormatError: the attributes of a picture are no JSON.
        QuarantineError: an annotation is bad, and `intake.strict` is set.
    """
    extra = dataset.images.extra
    for row in np.flatnonzero(_no_json(extra)).tolist() if extra is not None else ():
        raise FormatError("the attributes of a picture are not a JSON object", at=table_place(version, IMAGES, row))
    bad = np.zeros(len(dataset.annotations), np.bool_)
    for rows, found, expected in unsound(dataset):
        for row in np.flatnonzero(rows & ~bad).tolist():
            name = dataset.images.names[dataset.annotations.image[row]]
            intake.bad_annotation(table_place(version, ANNOTATIONS, row), found, expected, name)
        bad |= rows
    left = np.flatnonzero(~bad)
    return (keep_annotations(dataset, left) if bad.any() else dataset), left


_Bad = tuple[NDArray[np.bool_], str, str]


def unsound(dataset: Dataset) -> list[_Bad]:
    """Return which annotations are bad, what is wrong with them, and what was expected."""
    table, images = dataset.annotations, dataset.images
    found = _not_finite(table)
    if table.masks is not None:
        pixels = images.width[table.image].astype(np.int64) * images.height[table.image]
        wrong = table.has("masks") & (pixels > 0) & (run_sums(table.masks) != pixels)
        found.append((wrong, "a mask that does not cover its picture", "run lengths that sum to width x height"))
    if table.extra is not None:
        found.append((_no_json(table.extra), "attributes that are not JSON", "a JSON object"))
    return found


def _not_finite(table: Annotations) -> list[_Bad]:
    found: list[_Bad] = []
    if table.keypoints is not None:
        wild = ~np.isfinite(table.keypoints.values).all(axis=1)
        wrong = np.bincount(table.keypoints.owner[wild], minlength=len(table)) > 0
        found.append((wrong, "keypoints that are not finite", "finite numbers"))
    if table.rotated is not None:
        wrong = table.has("rotated") & ~np.isfinite(table.rotated).all(axis=1)
        found.append((wrong, "a rotated box that is not finite", "finite numbers"))
    for name in ("score", "area"):
        value = getattr(table, name)
        if value is not None:
            found.append((np.isinf(value), f"{name} is not finite", "a finite number"))
    return found


_DECODER = msgspec.json.Decoder(dict)


def _no_json(texts: Ragged) -> NDArray[np.bool_]:
    """Tell which rows hold something that is not a JSON object, bool, shape (rows,)."""
    wrong = np.zeros(len(texts), np.bool_)
    whole = texts.values.tobytes()
    for row in np.flatnonzero(texts.lengths > 0).tolist():
        try:
            _DECODER.decode(whole[texts.offsets[row] : texts.offsets[row + 1]])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            wrong[row] = True
    return wrong
