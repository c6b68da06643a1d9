"""Columns to COCO JSON, in pieces, by all workers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Categories, Dataset, Images, SourceIds
from ..dataset.concat import ids_of
from ..dataset.select import keep_images
from ..files import output_names, write_stream
from ._coco_encode import AnnotationBatch, ImageBatch, encode_batch
from ._coco_splits import split_of
from .outlet import LabelFiles, Outlet

__all__ = ["write_dataset"]

_ROWS = 8192  # annotations a piece; fixed, so that the bytes do not depend on the number of workers


def write_dataset(dataset: Dataset, outlet: Outlet, category_ids: str) -> None:
    """Write one file per split, or one for all, and the pictures below images/."""
    names = output_names(dataset.images.names)
    outlet.renamed.update({a: b for a, b in zip(dataset.images.names, names, strict=True) if a != b})
    ids = _category_ids(dataset.categories, category_ids)
    files = list(_files(dataset.images))
    outlet.labels = _label_files(dataset, names, files, outlet)
    for name, rows in files:
        part = dataset if rows is None else keep_images(dataset, rows)
        chosen = names if rows is None else [names[row] for row in rows.tolist()]
        _write_file(f"annotations/{name}.json", part, chosen, ids, outlet)
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


def _label_files(
    dataset: Dataset, names: list[str], files: list[tuple[str, NDArray[np.int64] | None]], outlet: Outlet
) -> LabelFiles:
    """Say what reading will find where; a split is called as the name of its file tells."""
    images = dataset.images
    owners = [f"annotations/{files[0][0]}.json" if files else None] * len(names)
    splits: list[str | None] = [None] * len(images.splits)
    for name, rows in files:
        if rows is None or images.split[rows[0]] < 0:
            split = None
        else:
            code = int(images.split[rows[0]])
            split = splits[code] = split_of(name)
            if split != images.splits[code]:
                outcome = f"read back as {split or 'no split'}"
                outlet.lose("images of splits that no file name tells", outcome, len(rows))
        for row in () if rows is None else rows.tolist():
            owners[row] = f"annotations/{name}.json"
    return LabelFiles(tuple(names), tuple(owners), tuple(splits), dataset.categories.names)


def _category_ids(categories: Categories, wanted: str) -> SourceIds:
    if wanted == "keep" and categories.source_id is not None:
        return ids_of(categories.source_id)
    first = 0 if wanted == "0" else 1
    return np.arange(first, first + len(categories))


def _ids(ids: SourceIds | None, count: int) -> SourceIds:
    return np.arange(1, count + 1) if ids is None else ids


def _chosen(ids: SourceIds, rows: NDArray[np.int32]) -> SourceIds:
    return ids[rows] if isinstance(ids, np.ndarray) else tuple(ids[row] for row in rows.tolist())


def _write_file(name: str, dataset: Dataset, names: list[str], category_ids: SourceIds, outlet: Outlet) -> None:
    outlet.staging.make_folders(["annotations"])

    def pieces() -> Iterator[bytes]:
        head = {"info": dataset.meta.get("info", {"description": ""}), "licenses": dataset.meta.get("licenses", [])}
        head |= {key: value for key, value in dataset.meta.get("coco", {}).items() if key not in _SECTIONS}
        yield msgspec.json.encode(head)[:-1] + b',"images":['
        batches: Iterator[ImageBatch | AnnotationBatch] = chain(
            _image_batches(dataset, names), _annotation_batches(dataset, category_ids)
        )
        between, left = b"", -(-len(names) // _ROWS)
        for text in outlet.engine.map(encode_batch, batches, progress=outlet.progress):
            if left == 0:
                between = b'],"annotations":['
            yield between + text
            between, left = b",", left - 1
        yield b'],"annotations":[' if left >= 0 else b""
        categories = _categories(dataset.categories, category_ids)
        yield b'],"categories":' + msgspec.json.encode(categories) + b"}\n"

    outlet.staging.record([write_stream(outlet.staging.path, name, pieces())])


_SECTIONS = frozenset({"info", "licenses", "images", "annotations", "categories"})


def _image_batches(dataset: Dataset, names: list[str]) -> Iterator[ImageBatch]:
    images = dataclasses.replace(dataset.images, files=None, source_id=None)
    ids = _ids(dataset.images.source_id, len(names))
    for start in range(0, len(names), _ROWS):
        part = slice(start, start + _ROWS)
        yield ImageBatch(ids[part], names[part], images.take(np.arange(len(names))[part]))


def _annotation_batches(dataset: Dataset, category_ids: SourceIds) -> Iterator[AnnotationBatch]:
    images = dataset.images
    ids, image_ids = _ids(dataset.annotations.source_id, len(dataset.annotations)), _ids(images.source_id, len(images))
    table = dataclasses.replace(dataset.annotations, source_id=None, rotated=None)
    for start in range(0, len(table), _ROWS):
        part = table.take(np.arange(start, min(start + _ROWS, len(table))))
        if part.outlines is not None:
            part = dataclasses.replace(part, outlines=part.outlines.packed())
        size = None
        if part.masks is not None:
            size = np.stack([images.height[part.image], images.width[part.image]], axis=1)
        yield AnnotationBatch(
            ids[start : start + _ROWS], _chosen(image_ids, part.image), _chosen(category_ids, part.category), part, size
        )


def _categories(categories: Categories, ids: SourceIds) -> list[dict[str, Any]]:
    rows = []
    numbers = ids.tolist() if isinstance(ids, np.ndarray) else ids
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
