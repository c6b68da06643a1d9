"""What torchvision's reference training would make of a dataset.

Rules: `ConvertCocoPolysToMask`, `convert_coco_poly_to_mask` and `_coco_remove_images_without_annotations` in
pytorch/vision references/detection/coco_utils.py, `num_classes` of coco in train.py there, and `CocoDetection` and
`VOCDetection` in torchvision.datasets; what stops it was tried with pycocotools 2.0.11.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ....errors import show
from ....images import measure
from ..findings import Hit, Spot
from ..source import code_of
from .case import Case

__all__ = ["outlined", "pictures_hit", "torchvision_hits", "two_points"]

_CLASSES = 91
_KEYPOINTS = 10


def torchvision_hits(case: Case) -> list[Hit]:
    """Say what torchvision would make of a dataset."""
    hits = [] if case.format == "coco" else [case.other_format("torchvision's reference training", "coco")]
    if case.format == "voc":
        hits = [Hit("torchvision-voc", 1, words=case.words("coco"))]
    if case.format == "coco":
        hits += [*_classes(case), *_missing_keys(case), *two_points(case, "torchvision-two-points")]
    return [*hits, *_annotations(case), *_pictures(case), *_turned(case)]


def _classes(case: Case) -> list[Hit]:
    categories, table = case.dataset.categories, case.dataset.annotations
    words = {"renumber": case.convert("coco", "--category-ids", "1")}
    hits = []
    ids = list(categories.source_id or range(1, len(categories) + 1))
    if 0 in ids:
        name = show(categories.names[ids.index(0)])
        rows = np.flatnonzero(table.category == ids.index(0))
        hits += case.rows.hit("torchvision-background-class", rows, lambda _: f"{name}, class id 0", name=name, **words)
    large = [row for row, number in enumerate(ids) if not isinstance(number, int) or number >= _CLASSES]
    if large:
        spots = [Spot(what=f"{show(categories.names[row])}: class id {show(str(ids[row]))}") for row in large]
        hits.append(Hit("torchvision-class-ids", len(large), spots, words=words))
    return hits


def _missing_keys(case: Case) -> list[Hit]:
    """Count keys in the files as they stand: fewer than annotations means that some lack it."""
    hit = Hit("torchvision-missing-key")
    total = case.intake.read.annotations
    texts = [_bytes(path) for path in _files(case)]
    for key in ("segmentation", "iscrowd", "area") if texts else ():
        missing = total - sum(text.count(f'"{key}"'.encode()) for text in texts)
        if missing > 0:
            hit.count += missing
            hit.spots.append(Spot(what=f"{missing:,} of {total:,} annotations have no '{key}'"))
    return [hit] if hit.count else []


def _files(case: Case) -> list[str]:
    """Return the files that annotations were read from, by the places of the first annotation of each split."""
    if case.source.is_file():
        return [str(case.source)]
    if case.rows.where is None or not len(case.dataset.annotations):
        return []
    _, first = np.unique(case.dataset.images.split[case.dataset.annotations.image], return_index=True)
    names = {str(case.rows.where(row).file): None for row in first.tolist()}
    return [path for name in names if os.path.isfile(path := f"{case.source}/{name}")]


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def two_points(case: Case, code: str) -> list[Hit]:
    """Return the outlines of two points, which the reader has put aside."""
    hit = Hit(code)
    for item in case.intake.quarantine:
        if code_of(item) == "bad-outline" and item.found == "a polygon of 4 numbers":
            hit.add(Spot(what="two points", file=item.file, line=item.line, field=item.field, image=item.image))
    return [hit] if hit.count else []


def outlined(case: Case) -> NDArray[np.bool_]:
    """Tell which annotations have an outline or a mask."""
    table = case.dataset.annotations
    return np.asarray(table.has("polygons") | table.has("masks"))


def _annotations(case: Case) -> list[Hit]:
    table = case.dataset.annotations
    crowd = table.has("crowd")
    plain = outlined(case) | crowd
    hits = case.rows.hit("torchvision-crowd", np.flatnonzero(crowd), lambda _: "a crowd region")
    if case.format == "coco":
        hits += case.rows.hit("torchvision-no-outline", np.flatnonzero(~plain), lambda _: "no segmentation")
    if table.mask_listed is not None:
        packed = table.has("masks") & ~table.mask_listed & ~crowd
        hits += case.rows.hit("torchvision-compressed-mask", np.flatnonzero(packed), lambda _: "compressed run lengths")
    return hits


def _pictures(case: Case) -> list[Hit]:
    """Say which pictures of train are left out."""
    dataset, table = case.dataset, case.dataset.annotations
    if not len(table):
        return []  # nobody has labelled anything, and that is said once
    images = dataset.images
    train = np.ones(len(images), np.bool_)
    if "train" in images.splits:
        train = images.split == images.splits.index("train")
    count = np.diff(dataset.offsets)
    thin = np.bincount(table.image[(table.box[:, 2:] <= 1).any(axis=1)], minlength=len(images)) == count
    hits = pictures_hit(case, "torchvision-empty", train & (count == 0), "no annotations")
    hits += pictures_hit(case, "torchvision-thin-box", train & thin & (count > 0), "all boxes at most 1 pixel thin")
    if table.keypoints is not None:
        points = table.keypoints
        owner = np.repeat(np.arange(len(table)), points.lengths)
        seen = np.bincount(table.image[owner[points.values[:, 2] > 0]], minlength=len(images))
        first = np.zeros(len(images), np.bool_)
        first[count > 0] = points.lengths[dataset.offsets[:-1][count > 0]] > 0
        few = train & first & (seen < _KEYPOINTS)
        hits += pictures_hit(case, "torchvision-keypoints", few, "fewer than 10 visible keypoints")
    return hits


def pictures_hit(
    case: Case, code: str, which: NDArray[np.bool_], what: str, words: Mapping[str, str] | None = None
) -> list[Hit]:
    """Return the finding for pictures; none where there are no pictures."""
    names = case.dataset.images.names
    hit = Hit(code, words=words or {})
    for row in np.flatnonzero(which).tolist():
        hit.add(Spot(what=what, file=names[row], image=names[row]))
    return [hit] if hit.count else []


def _turned(case: Case) -> list[Hit]:
    if case.pictures is None:
        return []
    images = case.dataset.images
    rows = np.flatnonzero(images.folder >= 0)
    paths = [images.file(row) or "" for row in rows.tolist()]
    sizes = measure(paths, case.engine, decode=False, progress=case.progress)
    turned = np.zeros(len(images), np.bool_)
    turned[rows] = sizes.turned
    return pictures_hit(case, "torchvision-turned", turned, "stored lying on its side")
