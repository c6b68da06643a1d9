"""Columns to COCO JSON, in pieces, by all workers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ..dataset import FLAGS, Annotations, Categories, Dataset, Images, Ragged, SourceIds, State
from ..dataset.geometry import polygon_areas
from ..dataset.rle import compress, mask_areas
from ..files import output_names, write_stream
from .outlet import Outlet

__all__ = ["write_dataset"]

_ROWS = 8192  # annotations a piece; fixed, so that the bytes do not depend on the number of workers


def write_dataset(dataset: Dataset, outlet: Outlet, category_ids: str) -> None:
    """Write one file per split, or one for all, and the pictures below images/."""
    names = output_names(dataset.images.names)
    outlet.renamed.update({a: b for a, b in zip(dataset.images.names, names, strict=True) if a != b})
    numbers = _category_numbers(dataset.categories, category_ids)
    for name, rows in _files(dataset.images):
        part = dataset if rows is None else _pictures_of(dataset, rows)
        chosen = names if rows is None else [names[row] for row in rows.tolist()]
        _write_file(f"annotations/{name}.json", part, chosen, numbers, outlet)
    outlet.place_pictures(dataset.images, [f"images/{name}" for name in names])


def _files(images: Images) -> Iterator[tuple[str, NDArray[np.int64] | None]]:
    """Yield the name of each file and the images in it; pictures in no split have a file of their own."""
    if (images.split < 0).all():
        yield "instances", None
        return
    for code, split in enumerate(images.splits):
        rows = np.flatnonzero(images.split == code)
        if len(rows):
            yield f"instances_{output_names([split])[0].replace('/', '_')}", rows
    rows = np.flatnonzero(images.split < 0)
    if len(rows):
        yield "instances_default", rows


def _pictures_of(dataset: Dataset, rows: NDArray[np.int64]) -> Dataset:
    from .settle import keep_images

    return keep_images(dataset, rows)


def _category_numbers(categories: Categories, wanted: str) -> list[int | str]:
    if wanted == "keep" and categories.source_id is not None:
        return list(categories.source_id)
    first = 0 if wanted == "0" else 1
    return list(range(first, first + len(categories)))


def _numbered(ids: SourceIds | None, count: int) -> list[int | str]:
    if ids is None:
        return list(range(1, count + 1))
    return ids.tolist() if isinstance(ids, np.ndarray) else list(ids)


def _write_file(name: str, dataset: Dataset, names: list[str], numbers: list[int | str], outlet: Outlet) -> None:
    outlet.staging.make_folders(["annotations"])
    image_ids = _numbered(dataset.images.source_id, len(names))
    annotation_ids = _numbered(dataset.annotations.source_id, len(dataset.annotations))

    def pieces() -> Iterator[bytes]:
        head = {"info": dataset.meta.get("info", {"description": ""}), "licenses": dataset.meta.get("licenses", [])}
        head |= {key: value for key, value in dataset.meta.get("coco", {}).items() if key not in _SECTIONS}
        yield msgspec.json.encode(head)[:-1] + b',"images":['
        yield _images(dataset.images, names, image_ids)
        yield b'],"annotations":['
        batches = _batches(dataset, annotation_ids, image_ids, numbers)
        for i, text in enumerate(outlet.engine.map(encode_batch, batches, progress=outlet.progress)):
            yield b"," + text if i else text
        yield b'],"categories":' + msgspec.json.encode(_categories(dataset.categories, numbers)) + b"}\n"

    outlet.staging.record([write_stream(outlet.staging.path, name, pieces())])


_SECTIONS = frozenset({"info", "licenses", "images", "annotations", "categories"})


class _Picture(msgspec.Struct, gc=False):
    id: int | str
    file_name: str
    width: int
    height: int


def _images(images: Images, names: list[str], ids: list[int | str]) -> bytes:
    rows = list(map(_Picture, ids, names, images.width.tolist(), images.height.tolist()))
    unlabelled = (images.state == State.UNLABELLED).tolist()
    if images.extra is None and not any(unlabelled):
        return msgspec.json.encode(rows)[1:-1]
    extra = images.extra.to_bytes() if images.extra is not None else [b""] * len(rows)
    marks = [b'{"labelled":false}' if mark else b"" for mark in unlabelled]
    texts = map(msgspec.json.encode, rows)
    return b",".join(_merged(_merged(text, more), mark) for text, more, mark in zip(texts, extra, marks, strict=True))


def _merged(base: bytes, more: bytes) -> bytes:
    """Join two JSON objects without a key in common."""
    return base[:-1] + b"," + more[1:] if len(more) > 2 else base


def _categories(categories: Categories, numbers: list[int | str]) -> list[dict[str, Any]]:
    rows = []
    for row, (number, name) in enumerate(zip(numbers, categories.names, strict=True)):
        entry: dict[str, Any] = {"id": number, "name": name}
        if categories.supercategory is not None and categories.supercategory[row] is not None:
            entry["supercategory"] = categories.supercategory[row]
        if categories.keypoints is not None and categories.keypoints[row]:
            entry["keypoints"] = categories.keypoints[row]
        if categories.skeleton is not None and categories.skeleton[row]:
            entry["skeleton"] = [(a + 1, b + 1) for a, b in categories.skeleton[row]]
        rows.append(entry | dict(categories.extra[row] if categories.extra is not None else {}))
    return rows


@dataclass(frozen=True)
class Batch:
    """Annotations to encode: their columns, with ids as they will be written.

    Attributes:
        size: int32, shape (n, 2), height and width of each one's picture; only where there are masks.
    """

    ids: list[int | str]
    images: list[int | str]
    categories: list[int | str]
    table: Annotations
    size: NDArray[np.int32] | None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: slice) -> Batch:
        rows = np.arange(len(self.ids))[part]
        size = None if self.size is None else self.size[part]
        return Batch(self.ids[part], self.images[part], self.categories[part], self.table.take(rows), size)


def _batches(
    dataset: Dataset, ids: list[int | str], image_ids: list[int | str], numbers: list[int | str]
) -> Iterator[Batch]:
    table = dataclasses.replace(dataset.annotations, source_id=None, rotated=None)
    images = dataset.images
    for start in range(0, len(table), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(table)))
        part = table.take(rows)
        size = None
        if part.masks is not None:
            size = np.stack([images.height[part.image], images.width[part.image]], axis=1)
        yield Batch(
            ids[start : start + _ROWS],
            [image_ids[row] for row in part.image.tolist()],
            [numbers[row] for row in part.category.tolist()],
            part,
            size,
        )


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


def encode_batch(batch: Batch) -> bytes:
    """Encode annotations as the inside of a JSON array; runs in a worker."""
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
            batch.ids,
            batch.images,
            batch.categories,
            boxes,
            _areas(table).tolist(),
            crowd,
            _outlines(table, batch.size) or nothing,
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
    computed = np.nan_to_num(table.box[:, 2] * table.box[:, 3])
    if table.polygons is not None:
        computed = np.where(table.polygons.ring_counts > 0, polygon_areas(table.polygons), computed)
    if table.masks is not None:
        computed = np.where(table.masks.lengths > 0, mask_areas(table.masks), computed)
    return np.where(np.isnan(given), computed, given)


def _outlines(table: Annotations, size: NDArray[np.int32] | None) -> list[Any] | None:
    if table.polygons is None and table.masks is None:
        return None
    outlines: list[Any] = [UNSET] * len(table)
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
