"""What a model found in pictures, in their own pixels, and how that becomes a dataset with scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Images, Ragged, State
from ..dataset.ragged import starts
from ..dataset.rle import mask_areas
from .enlarge import map_of, runs_of
from .letterbox import scaled_sizes, scales
from .spec import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor

    from .batch import Found

__all__ = ["Columns", "categories_of", "columns_dataset", "concat_columns", "to_columns"]

T = TypeVar("T")

_LIKELY = 0.5
"""From where on a label, or a point, is taken for there, where several may be."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Columns:
    """What a model found in some pictures; None for what it does not find.

    Attributes:
        images: pictures that it looked at.
        owner: int64, shape (detections,), picture of each, ascending, within a picture surest first.
        box: float64, shape (detections, 4): x, y, width, height in pixels of the picture, inside it.
        label: int64, shape (detections,), class; `score`: float64, shape (detections,), from 0 to 1.
        masks: run lengths per detection over its whole picture, as `Annotations.masks` has them.
        keypoints: float64, shape (detections, points, 3): x, y in pixels of the picture, confidence.
        scores: classifiers: float64, shape (images, classes).
        maps: segmenters: class of each pixel of each picture, uint8, shape (height, width) of that picture.
    """

    images: int
    owner: NDArray[np.int64] | None = None
    box: NDArray[np.float64] | None = None
    label: NDArray[np.int64] | None = None
    score: NDArray[np.float64] | None = None
    masks: Ragged | None = None
    keypoints: NDArray[np.float64] | None = None
    scores: NDArray[np.float64] | None = None
    maps: list[NDArray[np.uint8]] | None = None

    def surer(self, score: float) -> Columns:
        """Return the detections with at least this score, or none at all; labels and maps of whole pictures stay."""
        if self.score is None:
            return self
        return self.take(np.flatnonzero(~(self.score < score)))

    def take(self, rows: NDArray[np.int64]) -> Columns:
        """Return some of the detections, in the given order, which keeps the pictures ascending."""

        def of(column: NDArray[Any] | None) -> Any:
            return None if column is None else column[rows]

        return replace(
            self,
            owner=of(self.owner),
            box=of(self.box),
            label=of(self.label),
            score=of(self.score),
            keypoints=of(self.keypoints),
            masks=None if self.masks is None else self.masks.take(rows),
        )


def to_columns(
    found: Found, width: NDArray[np.integer[Any]], height: NDArray[np.integer[Any]], spec: ModelSpec
) -> Columns:
    """Turn what a network found in a batch back into the pixels of the pictures themselves.

    Boxes are cut at the borders of their picture; those without area, or with a number that is none, are left out.

    Args:
        width, height: shape (n,), sizes of the pictures before they were put into the network's size.
    """
    if found.scores is not None:
        return Columns(images=len(width), scores=_array(found.scores))
    content = scaled_sizes(width, height, spec.size)
    if found.pixels is not None:
        maps = [
            map_of(_small(found.pixels[row]), (down, across), (tall, wide))
            for row, ((across, down), tall, wide) in enumerate(
                zip(content.tolist(), height.tolist(), width.tolist(), strict=True)
            )
        ]
        return Columns(images=len(width), maps=maps)
    return _detections(found, width, height, content, spec)


def _detections(
    found: Found,
    width: NDArray[np.integer[Any]],
    height: NDArray[np.integer[Any]],
    content: NDArray[np.int64],
    spec: ModelSpec,
) -> Columns:
    owner = _column(found.owner, np.int64, ())
    edges = np.stack([width, height], axis=1).astype(np.float64)[owner]
    shrunk = scales(width, height, spec.size)[owner]
    corners = _column(found.box, np.float64, (4,)) / np.tile(shrunk, 2)
    corners = np.clip(corners, 0, np.tile(edges, 2))
    box = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    score = _column(found.score, np.float64, ())
    whole = np.isfinite(box).all(axis=1) & np.isfinite(score) & (box[:, 2:] > 0).all(axis=1)
    order = np.lexsort([-score, owner])
    rows = order[whole[order]]
    keypoints = None
    if found.keypoint is not None:
        points = _column(found.keypoint, np.float64, (len(spec.keypoints), 3))[rows]
        points[..., :2] = np.clip(points[..., :2] / shrunk[rows, None], 0, edges[rows, None])
        keypoints = points
    columns = Columns(
        images=len(width),
        owner=owner[rows],
        box=box[rows],
        label=_column(found.label, np.int64, ())[rows],
        score=np.clip(score[rows], 0, 1),
        keypoints=keypoints,
    )
    if found.mask is None:
        return columns
    sizes = np.stack([height, width], axis=1).tolist()
    runs = [
        runs_of(_small(found.mask[row]), box[row], (content[one, 1], content[one, 0]), tuple(sizes[one]))
        for row, one in zip(rows.tolist(), owner[rows].tolist(), strict=True)
    ]
    lengths = np.fromiter(map(len, runs), np.int64, len(runs))
    values = np.concatenate(runs) if runs else np.empty(0, np.uint32)
    return replace(columns, masks=Ragged(values, starts(lengths)))


def _small(tensor: Tensor) -> NDArray[np.float32]:
    """Return a tensor of any device and precision as float32 in memory."""
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return _small(tensor).astype(np.float64)


def _column(tensor: Tensor | None, kind: type[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if tensor is None or not tensor.numel():
        return np.empty((0, *shape), kind)
    return tensor.detach().cpu().numpy().astype(kind) if kind is np.int64 else _array(tensor)


def concat_columns(parts: Sequence[Columns]) -> Columns:
    """Join what one model found in several lots of pictures, one after the other."""
    before = starts(np.array([part.images for part in parts], np.int64))
    owners = [None if part.owner is None else part.owner + first for part, first in zip(parts, before, strict=False)]
    return Columns(
        images=int(before[-1]),
        owner=_joined(owners, np.concatenate),
        box=_joined([part.box for part in parts], np.concatenate),
        label=_joined([part.label for part in parts], np.concatenate),
        score=_joined([part.score for part in parts], np.concatenate),
        masks=_joined([part.masks for part in parts], Ragged.concat),
        keypoints=_joined([part.keypoints for part in parts], np.concatenate),
        scores=_joined([part.scores for part in parts], np.concatenate),
        maps=_joined([part.maps for part in parts], lambda maps: [one for part in maps for one in part]),
    )


def _joined(parts: Sequence[T | None], join: Callable[[list[T]], T]) -> T | None:
    there = [part for part in parts if part is not None]
    return join(there) if there else None


def categories_of(spec: ModelSpec) -> Categories:
    """Return the classes of a network as those of a dataset, with its keypoints."""
    keypoints = (spec.keypoints,) * len(spec.classes) if spec.keypoints else None
    skeleton: tuple[tuple[tuple[int, int], ...], ...] | None = ((),) * len(spec.classes) if keypoints else None
    return Categories(names=spec.classes, keypoints=keypoints, skeleton=skeleton)


def columns_dataset(
    images: Images, categories: Categories, columns: Columns, spec: ModelSpec, *, least: float | None = None
) -> Dataset:
    """Return what a model found as a dataset with scores.

    A classifier gives each picture its likeliest class; where pictures may have several labels, those with a
    probability of at least 0.5. Pictures in which nothing was found are empty. Masks of no pixel are left out. Points
    that are likely to be in sight count as visible, others as hidden.

    Args:
        images: the pictures, in the order in which the model saw them.
        categories: classes, in the order of the network's outputs; see `categories_of`.
        least: probability that a label of a whole picture must have; a picture without one that is as sure counts as
            one that nobody has labelled, or as empty where it may have several.

    Raises:
        ValueError: maps of classes are no dataset of objects.
    """
    if columns.maps is not None:
        raise ValueError("maps of classes are no objects")
    table = _objects(columns) if columns.scores is None else _labels(columns.scores, least, several=spec.several)
    count = np.bincount(table.image, minlength=len(images))
    without = State.UNLABELLED if spec.task == "classifier" and not spec.several else State.EMPTY
    state = np.where(count > 0, State.LABELLED, without).astype(np.uint8)
    return Dataset(images=replace(images, state=state), annotations=table, categories=categories)


def _labels(scores: NDArray[np.float64], least: float | None, *, several: bool) -> Annotations:
    if several:
        image, category = np.nonzero(scores >= (_LIKELY if least is None else least))
    else:
        best = scores.argmax(axis=1)
        image = np.flatnonzero(scores[np.arange(len(scores)), best] >= (least or 0.0))
        category = best[image]
    return Annotations(
        image=image.astype(np.int32),
        category=category.astype(np.int32),
        box=np.broadcast_to(np.array(np.nan), (len(image), 4)),
        score=scores[image, category],
    )


def _objects(columns: Columns) -> Annotations:
    owner = _column(None, np.int64, ()) if columns.owner is None else columns.owner
    label = _column(None, np.int64, ()) if columns.label is None else columns.label
    masks, points = columns.masks, columns.keypoints
    if masks is not None:
        there = mask_areas(masks) > 0
        masks = Ragged(masks.values[np.repeat(there, masks.lengths)], starts(np.where(there, masks.lengths, 0)))
    keypoints = None
    if points is not None:
        seen = np.where(points[..., 2:] >= _LIKELY, 2.0, 1.0)
        rows = np.concatenate([points[..., :2], seen], axis=2).reshape(-1, 3)
        keypoints = Ragged(rows, np.arange(len(points) + 1) * points.shape[1])
    return Annotations(
        image=owner.astype(np.int32),
        category=label.astype(np.int32),
        box=np.empty((0, 4)) if columns.box is None else columns.box,
        masks=masks,
        keypoints=keypoints,
        score=np.empty(0) if columns.score is None else columns.score,
    )
