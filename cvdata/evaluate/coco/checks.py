"""What cannot be compared is refused before an engine sees it: they die, or take all memory, on bad masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset
from ...dataset.rle import run_sums
from ...errors import EvaluationError, show
from ...reports.scales import plural
from ..objects import Kind
from ..pair import Pair
from .outlines import without_outline
from .sigmas import point_counts

__all__ = ["check_shapes"]

_FARTHEST = 1e6
"""Pixels from the origin: the engines walk along an outline pixel by pixel, and would never come back from 1e300."""

_TOO_LARGE = 1 << 32
"""Pixels of a picture: the engines count them in 32 bits, and would go on with wrong runs."""


def check_shapes(pair: Pair, kind: Kind) -> None:
    """Refuse truth or detections that cannot be compared.

    Raises:
        EvaluationError: an annotation has no box, as it labels a whole picture. For masks: no annotation has a shape,
            the size of a picture is not known or too large, run lengths do not cover the picture, or a point lies
            nowhere near it. For keypoints: there are none, or another number than others of the class have.
    """
    _check_boxes(pair)
    if kind == "masks":
        _check_outlines(pair.truth, "the truth has")
        _check_outlines(pair.found, "the detections have")
    elif kind == "keypoints":
        _check_keypoints(pair)


def _check_boxes(pair: Pair) -> None:
    for side, table in (("object", pair.truth.annotations), ("detection", pair.found.annotations)):
        bad = np.flatnonzero(~np.isfinite(table.box).all(axis=1))
        if len(bad):
            name = show(pair.truth.images.names[int(table.image[bad[0]])])
            raise EvaluationError(
                f"no box at {plural(len(bad), side)} (labels of whole pictures); the first is on {name}",
                hint="leave them out, or give whole-picture labels only, in TRUTH and in FOUND",
            )


def _check_outlines(dataset: Dataset, side: str) -> None:
    table, images = dataset.annotations, dataset.images
    if len(table) and without_outline(table).all():
        raise EvaluationError(f"{side} neither masks nor outlines", hint="compare --kind boxes")
    height, width = images.height[table.image].astype(np.int64), images.width[table.image].astype(np.int64)
    _refuse(
        dataset,
        (height <= 0) | (width <= 0),
        "masks cannot be compared on {count} whose size is not known",
        "give the pictures with --images, or the sizes in the labels",
        of="picture",
    )
    _refuse(
        dataset,
        height * width >= _TOO_LARGE,
        "masks cannot be compared on {count} of 2^32 pixels and more",
        "compare --kind boxes, or mend the sizes in the labels",
        of="picture",
    )
    if table.masks is not None:
        sums = run_sums(table.masks)
        bad = table.has("masks") & (sums != height * width)
        _refuse(dataset, bad, "the run lengths of {count} do not cover the picture", "make them at its size", of="mask")
    if table.polygons is not None:
        points = table.polygons.points
        far = ~(np.abs(points) <= _FARTHEST).all(axis=1)  # also NaN
        ring = np.repeat(np.arange(len(table.polygons.rings) - 1), np.diff(table.polygons.rings))[far]
        bad = np.zeros(len(table), np.bool_)
        bad[np.searchsorted(table.polygons.owners, ring, side="right") - 1] = True
        message = "points of {count} lie nowhere near the picture"
        _refuse(dataset, bad, message, "mend the coordinates", of="outline")


def _refuse(dataset: Dataset, bad: NDArray[np.bool_], message: str, hint: str, *, of: str) -> None:
    rows = np.flatnonzero(bad)
    if not len(rows):
        return
    pictures = dataset.annotations.image[rows]
    count = len(np.unique(pictures)) if of == "picture" else len(rows)
    first = show(dataset.images.names[int(pictures[0])])
    raise EvaluationError(f"{message.format(count=plural(count, of))}; the first is on {first}", hint=hint)


def _check_keypoints(pair: Pair) -> None:
    counts = point_counts(pair)
    for side, table in (("the truth has", pair.truth.annotations), ("the detections have", pair.found.annotations)):
        if len(table) and not table.has("keypoints").any():
            raise EvaluationError(f"{side} no keypoints", hint="compare --kind boxes")
    for side, table in (("detection", pair.found.annotations), ("object", pair.truth.annotations)):
        # An object without keypoints has none labelled; a detection without any says nothing.
        bad = np.flatnonzero(_differing(table, counts, may_lack=side == "object"))
        if not len(bad):
            continue
        row = int(bad[0])
        has = 0 if table.keypoints is None else int(table.keypoints.lengths[row])
        category = int(table.category[row])
        raise EvaluationError(
            f"{plural(len(bad), side)} with another number of keypoints than others of the class; the first, "
            f"on {show(pair.truth.images.names[int(table.image[row])])}, has {has}, "
            f"and '{show(pair.classes[category])}' has {int(counts[category])}",
            hint="give all keypoints of the class each time, or compare --kind boxes",
        )


def _differing(table: Annotations, counts: NDArray[np.int64], *, may_lack: bool) -> NDArray[np.bool_]:
    lengths = np.zeros(len(table), np.int64) if table.keypoints is None else table.keypoints.lengths
    wrong = lengths != counts[table.category]
    return np.asarray(wrong & (lengths > 0) if may_lack else wrong)
