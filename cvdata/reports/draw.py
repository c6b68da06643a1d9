"""A picture with its labels drawn on it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..dataset import Dataset
from .canvas import Canvas, fit
from .measures import box_areas
from .palette import class_colour

__all__ = ["draw_labels", "draw_shape"]


_CROWDED = 60  # labels from which on lines get thinner


def draw_labels(
    picture: NDArray[np.uint8],
    dataset: Dataset,
    image: int,
    *,
    within: tuple[int, int],
    classes: Collection[int] | None = None,
    names: bool = True,
) -> Image.Image:
    """Draw the labels of a picture: boxes, outlines, masks, keypoints, names; large objects first.

    Args:
        picture: uint8, shape (height, width, 3), as `images.decode.decode` reads it.
        image: row of the picture in the dataset.
        within: width and height that the drawing is fitted into, in pixels.
        classes: rows of the classes to draw; None for all.
        names: write the name of its class, and its score, at each object.
    """
    table = dataset.annotations
    said = int(dataset.images.width[image]), int(dataset.images.height[image])
    size = picture.shape[1], picture.shape[0]
    # Labels of another shape than the picture are in its pixels, as trainers take them; of the same, it was resized.
    alike = min(said) > 0 and abs(said[0] * size[1] - said[1] * size[0]) <= 0.02 * said[0] * size[1]
    canvas = Canvas(picture, fit(*size, within), said if alike else size)
    if min(said) > 0 and not alike:
        canvas.note(f"{size[0]} × {size[1]}, the labels say {said[0]} × {said[1]}")
    rows = _large_first(dataset, image, classes)
    if len(rows) > _CROWDED:
        canvas.line = max(1.0, canvas.line * 0.6)
    for row in rows:
        category = int(table.category[row])
        colour, text = class_colour(category), _text(dataset, row)
        if np.isnan(table.box[row]).any():
            canvas.banner(text, colour)
            continue
        draw_shape(canvas, dataset, row, colour)
        if names:
            canvas.name(text, table.box[row].tolist(), colour, _top_of(dataset, row))
    return canvas.finish()


def _large_first(dataset: Dataset, image: int, classes: Collection[int] | None) -> list[int]:
    """Return the annotation rows of a picture, so that small objects come to lie on large ones."""
    first, last = dataset.offsets[image], dataset.offsets[image + 1]
    table = dataset.annotations
    rows = np.arange(first, last)
    if classes is not None:
        rows = rows[np.isin(table.category[rows], np.array(sorted(classes), np.int32))]
    size = box_areas(table.box[rows])
    chosen: list[int] = rows[np.argsort(-size, kind="stable")].tolist()
    return chosen


def _text(dataset: Dataset, row: int) -> str:
    table = dataset.annotations
    name = dataset.categories.names[table.category[row]]
    score = np.nan if table.score is None else table.score[row]
    return name if np.isnan(score) else f"{name} {score:.2f}"


def _top_of(dataset: Dataset, row: int) -> tuple[float, float] | None:
    """Return the highest point of an outline: the corner of the box around it may be far from it."""
    table = dataset.annotations
    rings = [] if table.polygons is None else [ring for ring in table.polygons[row] if len(ring)]
    if table.rotated is not None and not np.isnan(table.rotated[row]).any():
        rings.append(table.rotated[row].reshape(4, 2))
    if not rings:
        return None
    points = np.concatenate(rings)
    x, y = points[points[:, 1].argmin()].tolist()
    return x, y


def draw_shape(canvas: Canvas, dataset: Dataset, row: int, colour: str) -> None:
    """Draw the most exact shape that an annotation (a row of the dataset) has, and its keypoints."""
    table = dataset.annotations
    crowd = table.crowd is not None and bool(table.crowd[row])
    rings = [] if table.polygons is None else table.polygons[row]
    height = int(dataset.images.height[table.image[row]])
    if table.masks is not None and len(table.masks[row]) and height > 0:
        canvas.fill_mask(table.masks[row], height, colour, hatched=crowd)
    elif rings:
        canvas.fill(rings, colour, hatched=crowd)
        for ring in rings:
            canvas.outline(ring, colour)
    elif table.rotated is not None and not np.isnan(table.rotated[row]).any():
        canvas.outline(table.rotated[row].reshape(4, 2), colour)
    else:
        canvas.box(table.box[row].tolist(), colour, dashed=crowd)
    if table.keypoints is not None and len(table.keypoints[row]):
        skeleton = dataset.categories.skeleton
        edges = () if skeleton is None else skeleton[table.category[row]]
        canvas.keypoints(table.keypoints[row], edges, colour)
