"""What counts of each object and detection: its kind of shape, its area, and whether it is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Images
from ..dataset.geometry import polygon_areas
from ..dataset.rle import mask_areas
from ..files import Finding
from ..reports.scales import plural
from .pair import Pair

__all__ = [
    "Kind",
    "found_area",
    "keypoint_counts",
    "kind_of",
    "set_aside",
    "sized_by_boxes",
    "truth_area",
    "without_crowds",
]

Kind: TypeAlias = Literal["boxes", "masks", "keypoints"]

_BODY = 0.53
"""Share of its box that a person fills (Jin et al., `xtcocotools/cocoeval.py`)."""


def kind_of(pair: Pair) -> Kind:
    """Return the richest kind of shape that truth and found both have: masks, else keypoints, else boxes."""
    truth, found = pair.truth.annotations, pair.found.annotations
    if _has_outlines(truth) and _has_outlines(found):
        return "masks"
    if truth.has("keypoints").any() and found.has("keypoints").any():
        return "keypoints"
    return "boxes"


def _has_outlines(table: Annotations) -> bool:
    return bool(table.has("polygons").any() or table.has("masks").any())


def truth_area(dataset: Dataset, kind: Kind = "boxes") -> NDArray[np.float64]:
    """Return the area that puts each object into a size class, float64, shape (objects,), in square pixels.

    The area that the source gives, as COCO's evaluation takes it; where it gives none the area of the mask, else of
    the outline, else of the box. Keypoints lie on a body that fills 0.53 of its box, where nothing else is known: so
    CrowdPose's tool and Ultralytics have it.
    """
    table = dataset.annotations
    area = shape_area(table)
    if kind == "keypoints":
        area = np.where(table.has("polygons") | table.has("masks"), area, _BODY * area)
    if table.area is not None:
        area = np.where(np.isnan(table.area), area, table.area)
    return area


def found_area(pair: Pair, kind: Kind) -> NDArray[np.float64]:
    """Return the area that puts each detection into a size class, float64, shape (detections,), in square pixels.

    For boxes width times height. For masks and keypoints the area that the reader of the results set: pycocotools'
    `loadRes` takes that of the box wherever results have one, that of the mask only where they have none.
    """
    table = pair.found.annotations
    if kind == "boxes" or table.area is None:
        return table.box[:, 2] * table.box[:, 3] if kind != "masks" else shape_area(table)
    return np.where(np.isnan(table.area), shape_area(table), table.area)


def sized_by_boxes(pair: Pair, areas: Mapping[str, tuple[float, float]]) -> list[Finding]:
    """Say how many masks COCO puts into another size class than their pixels would, as it looks at their boxes.

    Detectron2 and MMDetection take the box out of their results for that reason, Ultralytics leaves it in.
    """
    given, own = found_area(pair, "masks"), shape_area(pair.found.annotations)
    moved = np.zeros(len(given), np.bool_)
    for low, high in areas.values():
        moved |= ((low <= given) & (given <= high)) != ((low <= own) & (own <= high))
    count = int(moved.sum())
    if not count:
        return []
    message = (
        f"COCO takes the size of {plural(count, 'detection')} from the box, which is of another size class than the "
        "mask: figures by size suffer; results without bbox are sized by their masks"
    )
    return [Finding(code="masks-sized-by-boxes", message=message, count=count, examples=[])]


def shape_area(table: Annotations) -> NDArray[np.float64]:
    """Return the area of the mask, else of the outline, else of the box, float64, shape (annotations,)."""
    area = table.box[:, 2] * table.box[:, 3]
    if table.polygons is not None:
        area = np.where(table.has("polygons"), polygon_areas(table.polygons), area)
    if table.masks is not None:
        area = np.where(table.has("masks"), mask_areas(table.masks), area)
    return area


def set_aside(pair: Pair, kind: Kind) -> NDArray[np.bool_]:
    """Tell which objects count neither as found nor as missed, bool, shape (objects,).

    Crowd regions, and for keypoints objects of which no keypoint is labelled (pycocotools, `COCOeval._prepare`).
    """
    aside = pair.truth.annotations.has("crowd")
    if kind == "keypoints":
        aside = aside | (keypoint_counts(pair.truth.annotations) == 0)
    return aside


def without_crowds(pair: Pair) -> Pair:
    """Return the pair with crowd regions as objects like others, for protocols that know none."""
    if not pair.truth.annotations.has("crowd").any():
        return pair
    return replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, crowd=None)))


def keypoint_counts(table: Annotations) -> NDArray[np.int64]:
    """Return the number of labelled keypoints of each annotation, int64, shape (annotations,)."""
    if table.keypoints is None:
        return np.zeros(len(table), np.int64)
    seen = table.keypoints.values[:, 2] > 0
    return np.bincount(table.keypoints.owner[seen], minlength=len(table)).astype(np.int64)


def sizes_of(images: Images, rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return height and width of the pictures that annotations lie on, int64, shape (annotations, 2)."""
    return np.stack([images.height[rows], images.width[rows]], axis=1).astype(np.int64)
