"""Label files of a batch of pictures: fractions from columns, text from fractions, and the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations
from ..dataset.geometry import BoxVerdict, box_corners, judge_boxes
from ..dataset.ragged import ranges
from ..dataset.rings import bridge, rings_of_mask
from ..dataset.rle import to_mask
from ..files import FileEntry, write_files
from ._yolo_text import format_rows

__all__ = ["Kind", "LabelBatch", "Written", "box_fractions", "write_labels"]

Kind: TypeAlias = Literal["detect", "segment", "pose", "obb"]

_TOLERANCE = 2e-6  # of a side: what rows of six decimals may be off


@dataclass(frozen=True)
class LabelBatch:
    """Label files to write.

    Attributes:
        root: absolute folder; `files`: names below it, one per picture.
        kind, decimals, points: what a row is, digits of a fraction, keypoints of a row.
        width, height: int32, shape (pictures,).
        table: the annotations, `image` numbered along the pictures.
    """

    root: str
    kind: Kind
    decimals: int
    points: int
    files: list[str]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    table: Annotations

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, part: slice) -> LabelBatch:
        chosen = np.arange(len(self.files))[part]
        counts = np.bincount(self.table.image, minlength=len(self.files))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return self.of(self.files[part], self.table, offsets, chosen, self.width, self.height)

    @staticmethod
    def frame(root: str, kind: Kind, decimals: int, points: int) -> LabelBatch:
        """Return a batch of nothing, to be filled with `of`."""
        none = np.zeros(0, np.int32)
        table = Annotations(image=none, category=none, box=np.zeros((0, 4)))
        return LabelBatch(root, kind, decimals, points, [], none, none, table)

    def of(
        self,
        files: list[str],
        table: Annotations,
        offsets: NDArray[np.int64],
        pictures: NDArray[np.int64],
        width: NDArray[np.int32],
        height: NDArray[np.int32],
    ) -> LabelBatch:
        """Return the batch of the given pictures, ascending; picture i has the rows `offsets[i]:offsets[i + 1]`."""
        counts = np.diff(offsets)[pictures]
        part = table.take(ranges(offsets[pictures], counts))
        part = replace(part, image=np.repeat(np.arange(len(pictures), dtype=np.int32), counts))
        return replace(self, files=files, width=width[pictures], height=height[pictures], table=part)


@dataclass(frozen=True)
class Written:
    """What was written, how many objects had rings joined, and how many objects or keypoints were moved to the edge."""

    entries: list[FileEntry]
    joined: int = 0
    moved: int = 0


def write_labels(batch: LabelBatch) -> Written:
    """Write a batch of label files; runs in a worker."""
    table = batch.table
    size = np.stack([batch.width, batch.height], axis=1).astype(np.float64)[table.image]
    joined = moved = 0
    if batch.kind == "segment":
        values, widths, joined = _outlines(table, size, batch)
    elif batch.kind == "pose":
        values, widths, moved = _poses(table, size, batch.points)
    elif batch.kind == "obb":
        values, widths, moved = _corners(table, size)
    else:
        values, widths = box_fractions(table.box, size).ravel(), np.full(len(table), 4, np.int64)
    text, offsets = format_rows(table.category, values, widths, batch.decimals)
    counts = np.bincount(table.image, minlength=len(batch))
    ends = offsets[np.concatenate([[0], np.cumsum(counts)])].tolist()
    contents = [text[first:last] for first, last in pairwise(ends)]
    return Written(write_files(batch.root, batch.files, contents), joined, moved)


def box_fractions(box: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn x, y, width, height into centre and size as fractions, shape (n, 4)."""
    extent = box[:, 2:]
    fractions = np.concatenate([(box[:, :2] + extent / 2) / size, extent / size], axis=1)
    return np.asarray(np.clip(fractions, 0, 1))


def _corners(table: Annotations, size: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Return four corners a row, and how many rotated boxes had corners moved to their picture's edge."""
    corners = box_corners(table.box)
    stays = np.zeros(len(table), np.bool_)
    if table.rotated is not None:
        corners = np.where(np.isnan(table.rotated), corners, table.rotated)
        stays = table.has("rotated") & _may_reach_out(corners.reshape(-1, 4, 2), size)
    fractions = corners / np.tile(size, 4)
    inside = np.clip(fractions, 0, 1)
    out = (np.abs(fractions - inside) > _TOLERANCE).any(axis=1) & table.has("rotated") & ~stays
    values = np.where(stays[:, None], fractions, inside)
    return values.ravel(), np.full(len(table), 8, np.int64), int(out.sum())


def _may_reach_out(corners: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rotated boxes, shape (n, 4, 2), may have corners outside: moved one by one, these would skew the box.

    Ultralytics (`verify_image_label`) asks that the upright box around the corners has its middle in the picture and is
    no larger; here, that enough of it is inside to be read again.
    """
    low, extent = corners.min(axis=1), np.ptp(corners, axis=1)
    middle = (low + extent / 2) / size
    taken = (extent / size <= 1 - _TOLERANCE) & (np.abs(middle - 0.5) <= 0.5 - _TOLERANCE)
    verdict = judge_boxes(np.concatenate([low, extent], axis=1), *size.T.astype(np.int32))
    return np.asarray(taken.all(axis=1) & (verdict <= BoxVerdict.OVERSHOOTS))


def _poses(
    table: Annotations, size: NDArray[np.float64], points: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Return box and keypoints a row; zeros where an object has none, and for points that nobody labelled."""
    found = np.zeros((len(table), points, 3))
    if table.keypoints is not None:
        rows = np.flatnonzero(table.keypoints.lengths == points)
        if points and len(rows):
            found[rows] = table.keypoints.take(rows).values.reshape(-1, points, 3)
    place = found[..., :2] / size[:, None]
    labelled = found[..., 2] > 0
    out = ((place < -_TOLERANCE) | (place > 1 + _TOLERANCE)).any(axis=2) & labelled
    found[..., :2] = np.clip(place, 0, 1)
    values = np.concatenate([box_fractions(table.box, size), found.reshape(len(table), 3 * points)], axis=1)
    return values.ravel(), np.full(len(table), values.shape[1], np.int64), int(out.sum())


def _outlines(
    table: Annotations, size: NDArray[np.float64], batch: LabelBatch
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Return one ring a row, and how many rows had several."""
    polygons = table.polygons
    if polygons is not None and (polygons.ring_counts == 1).all():
        lengths = np.diff(polygons.rings)
        points, joined = polygons.points, 0
    else:
        found = [_rings(table, row, batch) for row in range(len(table))]
        joined = sum(len(rings) > 1 for rings in found)
        rings = [bridge(rings) for rings in found]
        lengths = np.fromiter(map(len, rings), np.int64, len(rings))
        points = np.concatenate([np.zeros((0, 2)), *rings])
    fractions = np.clip(points / np.repeat(size, lengths, axis=0), 0, 1)
    return fractions.ravel(), 2 * lengths, joined


def _rings(table: Annotations, row: int, batch: LabelBatch) -> Sequence[NDArray[np.float64]]:
    if table.polygons is not None and table.polygons.ring_counts[row]:
        return table.polygons[row]
    if table.masks is None:
        raise ValueError(f"annotation {row} of the batch has neither polygon nor mask")
    picture = table.image[row]
    return rings_of_mask(to_mask(table.masks[row], int(batch.height[picture]), int(batch.width[picture])))
