"""Typed rows of COCO results to checked columns."""

from __future__ import annotations

from itertools import chain
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Polygons, Ragged
from ..dataset.geometry import bounds, polygon_areas
from ..dataset.rle import mask_areas, mask_boxes
from ..errors import show
from ._results_names import Names
from ._results_shapes import LARGEST, Checked, Masks, keypoints_of, masks_of, outlines_of

__all__ = ["make_table"]


def make_table(rows: list[Any], names: Names, shown: str, first: int) -> Annotations:
    """Make columns of the rows of a piece, checked against the truth; not yet sorted by image.

    The area is that of pycocotools' `loadRes`: of the box where the result has one, also for a mask; else of the mask;
    else of the box around the keypoints.

    Args:
        first: place in the file of the first row, for messages.

    Raises:
        FormatError: a picture or class is not of the truth; a number is not finite, or negative where it may not be; a
            mask does not fit its picture, an outline or a list of keypoints has a wrong length.
    """
    checked = Checked(shown, first)
    image = names.images([row.image_id for row in rows])
    checked.refuse(
        image < 0,
        lambda row: ("image_id", f"is {show(repr(rows[row].image_id), 60)}, {names.why(rows[row].image_id)}"),
        names.expected_image,
        names.image_hint,
    )
    _refuse_other_files(rows, image, names, checked)
    category = names.classes([row.category_id for row in rows])
    checked.refuse(
        category < 0,
        lambda row: ("category_id", f"is {show(repr(rows[row].category_id), 60)}, which is no class of the truth"),
        names.expected_class,
        names.class_hint,
    )
    score = np.array([row.score for row in rows], np.float64)
    checked.refuse(
        ~((score >= 0) & (score < LARGEST)),
        lambda row: ("score", f"is {score[row]:g}"),
        "a number from 0 on, the higher the surer",
    )
    return Annotations(
        image=image.astype(np.int32),
        category=category.astype(np.int32),
        score=score,
        **_shapes(rows, image, category, names.truth, checked),
    )


def _refuse_other_files(rows: list[Any], image: NDArray[np.int64], names: Names, checked: Checked) -> None:
    """Refuse an id of one picture beside the file name of another: the truth's pictures were numbered anew."""
    files = [row.file_name or "" for row in rows] if rows and hasattr(rows[0], "file_name") else []
    if not any(files):  # as in most lists, which are long
        return
    known = names.truth.images.names
    pairs = list(zip(files, image.tolist(), strict=True))
    other = {(file, at) for file, at in set(pairs) if file and not _may_be_one(file, known[at])}
    checked.refuse(
        np.array([pair in other for pair in pairs], np.bool_),
        lambda row: (
            "file_name",
            f"is '{show(files[row], 60)}', and the image_id that of '{show(known[image[row]], 60)}'",
        ),
        "the same picture",
        "hold the results against the truth as it was then; where nothing but names changed, leave file_name out",
    )


def _may_be_one(name: str, other: str) -> bool:
    """Tell whether two names may be of one picture: folders, suffix, case and the form of accents do not count."""
    if other.endswith(name) and other[-len(name) - 1 : -len(name)] in ("", "/"):
        return True
    (file, stem), (other_file, other_stem) = _parts(name), _parts(other)
    return stem in (other_stem, other_file) or file == other_stem


def _parts(name: str) -> tuple[str, str]:
    """Return the file name and that without suffix, which a name like `v1.5` may already lack."""
    # Names that went through a Mac have their accents apart (NFD).
    file = normalize("NFC", name).replace("\\", "/").rpartition("/")[2].casefold()
    return file, file.rpartition(".")[0] or file


def _shapes(
    rows: list[Any], image: NDArray[np.int64], category: NDArray[np.int64], truth: Dataset, checked: Checked
) -> dict[str, Any]:
    """Return the columns of boxes, areas and whatever else the rows have."""
    box = _boxes([row.bbox for row in rows], checked)
    columns: dict[str, Any] = {"box": box, "area": box[:, 2] * box[:, 3]}
    if rows and hasattr(rows[0], "segmentation"):
        outlines, images = [row.segmentation or () for row in rows], truth.images
        masks = masks_of(outlines, np.stack([images.height[image], images.width[image]], axis=1), checked)
        polygons = outlines_of(outlines, checked)
        known = truth.categories.keypoints or ((),) * len(truth.categories)
        points = np.array([len(names) for names in known], np.int64)
        keypoints = keypoints_of([row.keypoints or () for row in rows], points[category], checked)
        _fill(box, columns["area"], masks, polygons, keypoints)
        columns |= {"polygons": polygons, "keypoints": keypoints}
        if masks is not None:
            columns |= {"masks": masks.runs, "mask_listed": masks.listed}
    bare = np.isnan(box[:, 0])
    if bare.any() and not np.isnan(truth.annotations.box).all():  # else they label whole pictures, as the truth does
        checked.refuse(bare, lambda _: ("", "has neither bbox nor segmentation nor keypoints"), "one of them")
    return columns


def _boxes(given: list[Any], checked: Checked) -> NDArray[np.float64]:
    """Return the boxes, float64, shape (rows, 4), NaN where a result has none."""
    nothing = (np.nan,) * 4
    box = np.fromiter(chain.from_iterable([one or nothing for one in given]), np.float64, 4 * len(given)).reshape(-1, 4)
    bad = np.asarray(~(np.abs(box) < LARGEST).all(axis=1) | (box[:, 2:] < 0).any(axis=1))
    if bad.any():
        bad &= np.array([bool(one) for one in given])
    checked.refuse(
        bad,
        lambda row: ("bbox", f"is [{', '.join(f'{side:g}' for side in box[row].tolist())}]"),
        "[x, y, width, height] in pixels, width and height not negative",
    )
    return box


def _fill(
    box: NDArray[np.float64],
    area: NDArray[np.float64],
    masks: Masks | None,
    polygons: Polygons | None,
    keypoints: Ragged | None,
) -> None:
    """Take box and area from the mask, else the outline, else the keypoints, where a result has no box."""
    bare = np.isnan(box[:, 0])
    if masks is not None:
        rows = np.flatnonzero(bare & (masks.runs.lengths > 0))
        runs = masks.runs.take(rows)
        box[rows], area[rows] = mask_boxes(runs, masks.height[rows]), mask_areas(runs)
    if polygons is not None:
        rows = np.flatnonzero(bare & (polygons.ring_counts > 0))
        chosen = polygons.take(rows)
        box[rows], area[rows] = bounds(chosen), polygon_areas(chosen)
    if keypoints is not None:
        rows = np.flatnonzero(np.isnan(box[:, 0]) & (keypoints.lengths > 0))
        box[rows] = _boxes_around(keypoints.take(rows))
        area[rows] = box[rows, 2] * box[rows, 3]


def _boxes_around(keypoints: Ragged) -> NDArray[np.float64]:
    """Return the box around all keypoints of each row, also those of visibility 0, as `loadRes` does."""
    if not len(keypoints):
        return np.zeros((0, 4))
    low = np.minimum.reduceat(keypoints.values[:, :2], keypoints.offsets[:-1])
    high = np.maximum.reduceat(keypoints.values[:, :2], keypoints.offsets[:-1])
    return np.concatenate([low, high - low], axis=1)
