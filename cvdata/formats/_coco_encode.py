"""A batch of COCO pictures or annotations to JSON; this runs in the workers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ..dataset import FLAGS, Annotations, Images, Ragged, SourceIds, State
from ..dataset.geometry import polygon_areas
from ..dataset.rle import compress, mask_areas
from ._sidecar_outlines import read_outlines

__all__ = ["AnnotationBatch", "ImageBatch", "encode_batch", "outline_values"]


@dataclass(frozen=True)
class ImageBatch:
    """Pictures to encode: columns, with names and ids as they will be written."""

    ids: SourceIds
    names: list[str]
    images: Images

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, part: slice) -> ImageBatch:
        return ImageBatch(self.ids[part], self.names[part], self.images.take(np.arange(len(self.names))[part]))


@dataclass(frozen=True)
class AnnotationBatch:
    """Annotations to encode: columns, with ids as they will be written.

    Attributes:
        size: int32, shape (n, 2), height and width of each one's picture; only where there are masks.
    """

    ids: SourceIds
    images: SourceIds
    categories: SourceIds
    table: Annotations
    size: NDArray[np.int32] | None

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, part: slice) -> AnnotationBatch:
        size = None if self.size is None else self.size[part]
        table = self.table.take(np.arange(len(self.table))[part])
        return AnnotationBatch(self.ids[part], self.images[part], self.categories[part], table, size)


def encode_batch(batch: ImageBatch | AnnotationBatch) -> bytes:
    """Return the inside of a JSON array."""
    return _encode_images(batch) if isinstance(batch, ImageBatch) else _encode_annotations(batch)


class _Picture(msgspec.Struct, gc=False):
    id: int | str
    file_name: str
    width: int
    height: int


def _encode_images(batch: ImageBatch) -> bytes:
    images = batch.images
    rows = list(map(_Picture, _listed(batch.ids), batch.names, images.width.tolist(), images.height.tolist()))
    unlabelled = (images.state == State.UNLABELLED).tolist()
    if images.extra is None and not any(unlabelled):
        return msgspec.json.encode(rows)[1:-1]
    extra = images.extra.to_bytes() if images.extra is not None else [b""] * len(rows)
    marks = [b'{"labelled":false}' if mark else b"" for mark in unlabelled]
    texts = map(msgspec.json.encode, rows)
    return b",".join(_merged(_merged(text, more), mark) for text, more, mark in zip(texts, extra, marks, strict=True))


def _listed(ids: SourceIds) -> list[int | str]:
    return ids.tolist() if isinstance(ids, np.ndarray) else list(ids)


def _merged(base: bytes, more: bytes) -> bytes:
    """Join two JSON objects without a key in common."""
    return base[:-1] + b"," + more[1:] if len(more) > 2 else base


class _Annotation(msgspec.Struct, gc=False):
    """Field order is the order in the file."""

    id: int | str
    image_id: int | str
    category_id: int | str
    bbox: list[float] | UnsetType
    area: float
    iscrowd: int
    segmentation: Any = UNSET
    keypoints: Any = UNSET
    num_keypoints: int | UnsetType = UNSET
    score: float | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET


def _encode_annotations(batch: AnnotationBatch) -> bytes:
    table = batch.table
    nothing = repeat(UNSET)
    boxes: list[Any] = table.box.tolist()
    for row in np.flatnonzero(np.isnan(table.box[:, 0])).tolist():
        boxes[row] = UNSET
    crowd = table.crowd.astype(int).tolist() if table.crowd is not None else repeat(0)
    keypoints, visible = _keypoints(table.keypoints)
    extra = table.extra.to_bytes() if table.extra is not None else None
    rows = list(
        map(
            _Annotation,
            _listed(batch.ids),
            _listed(batch.images),
            _listed(batch.categories),
            boxes,
            _areas(table).tolist(),
            crowd,
            outline_values(table, batch.size) or nothing,
            keypoints or nothing,
            visible or nothing,
            _unset_nan(table.score) or nothing,
            _attributes(table, extra) or nothing,
        )
    )
    if extra is None:
        return msgspec.json.encode(rows)[1:-1]
    return b",".join(map(_merged, map(msgspec.json.encode, rows), extra))


def _areas(table: Annotations) -> NDArray[np.float64]:
    """Return the areas as given; computed from mask, polygon or box, in this order, where the source gave none."""
    given = table.area if table.area is not None else np.full(len(table), np.nan)
    if not np.isnan(given).any():
        return given
    if table.outlines is not None:  # hardly ever: who draws outlines gives their areas
        table = read_outlines(table)
    computed = np.nan_to_num(table.box[:, 2] * table.box[:, 3])
    if table.polygons is not None:
        computed = np.where(table.polygons.ring_counts > 0, polygon_areas(table.polygons), computed)
    if table.masks is not None:
        computed = np.where(table.masks.lengths > 0, mask_areas(table.masks), computed)
    return np.where(np.isnan(given), computed, given)


def outline_values(table: Annotations, size: NDArray[np.int32] | None) -> list[Any] | None:
    """Return what stands behind `segmentation` of each annotation, `UNSET` where nothing does; None for nowhere.

    Args:
        size: int32, shape (annotations, 2), height and width of the picture of each; None leaves masks out.
    """
    if table.polygons is None and table.masks is None and table.outlines is None:
        return None
    outlines: list[Any] = [UNSET] * len(table)
    if table.outlines is not None:
        outlines = [msgspec.Raw(text) if text else UNSET for text in table.outlines.to_bytes()]
    if table.polygons is not None:
        polygons = table.polygons
        flat, ends = polygons.points.ravel().tolist(), (2 * polygons.rings).tolist()
        owners = polygons.owners.tolist()
        for row in np.flatnonzero(polygons.ring_counts).tolist():
            outlines[row] = [flat[ends[r] : ends[r + 1]] for r in range(owners[row], owners[row + 1])]
    if table.masks is not None and size is not None:
        has = np.flatnonzero(table.masks.lengths)
        codes = compress(table.masks.take(has))
        listed = table.mask_listed if table.mask_listed is not None else np.zeros(len(table), np.bool_)
        for row, code in zip(has.tolist(), codes, strict=True):
            counts = table.masks[row].tolist() if listed[row] else code.decode("ascii")
            outlines[row] = {"size": size[row].tolist(), "counts": counts}
    return outlines


def _keypoints(column: Ragged | None) -> tuple[list[Any] | None, list[Any] | None]:
    if column is None:
        return None, None
    points = column.values.tolist()
    ends = column.offsets.tolist()
    lists: list[Any] = []
    visible: list[Any] = []
    for a, b in pairwise(ends):
        lists.append(list(chain.from_iterable((x, y, int(v)) for x, y, v in points[a:b])) if b > a else UNSET)
        visible.append(sum(1 for _, _, v in points[a:b] if v > 0) if b > a else UNSET)
    return lists, visible


def _unset_nan(column: NDArray[np.float64] | None) -> list[Any] | None:
    if column is None:
        return None
    return [UNSET if value != value else value for value in column.tolist()]


def _attributes(table: Annotations, extra: list[bytes] | None) -> list[Any] | None:
    """Return the flags of each annotation, joined with its other attributes, which are taken out of `extra`."""
    flags = {name: getattr(table, name).tolist() for name in FLAGS if getattr(table, name) is not None}
    if not flags:
        return None
    rows: list[Any] = []
    for row in range(len(table)):
        said = {name: bool(column[row]) for name, column in flags.items() if column[row] >= 0}
        if said and extra is not None and b'"attributes"' in extra[row]:
            rest = msgspec.json.decode(extra[row])
            said |= rest.pop("attributes", {})
            extra[row] = msgspec.json.encode(rest)
        rows.append(said or UNSET)
    return rows
