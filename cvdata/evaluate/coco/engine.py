"""COCO's numbers for boxes, masks and keypoints, and the overlaps that go with them."""

from __future__ import annotations

from typing import Literal

from ..objects import Kind
from ..overlaps import Overlaps, box_overlaps
from ..pair import Pair
from ..settings import EvalSettings
from .arrays import Arrays, CocoNumbers
from .checks import check_shapes
from .columns import by_hotcoco
from .core import by_overlaps
from .grid import Grid, figures, figures_by_class, grid_of
from .masks import mask_overlaps
from .oks import keypoint_overlaps
from .reference import by_pycocotools
from .sigmas import one_number_of_points

__all__ = ["coco_numbers", "engine_of", "overlaps_of"]


def coco_numbers(pair: Pair, kind: Kind, settings: EvalSettings) -> CocoNumbers:
    """Compute COCO's figures and tables with the engine of the settings.

    Twelve figures for boxes and masks, ten for keypoints, named as in the papers; every other threshold, size class
    and number of detections has its figure likewise, see `grid.Grid`.

    Raises:
        EvaluationError: truth or detections lack what is compared, or have it in a form that cannot be compared.
    """
    grid = grid_of(kind, settings)
    arrays = _arrays(pair, grid, settings)
    return CocoNumbers(
        metrics=figures(grid, arrays.precision, arrays.recall),
        classes=figures_by_class(grid, arrays.precision, arrays.recall),
        precision=arrays.precision,
        recall=arrays.recall,
        scores=arrays.scores,
    )


def _arrays(pair: Pair, grid: Grid, settings: EvalSettings) -> Arrays:
    check_shapes(pair, grid.kind)
    engine = engine_of(pair, grid.kind, settings)
    if engine == "cvdata":
        return by_overlaps(pair, grid, keypoint_overlaps(pair))
    return by_hotcoco(pair, grid) if engine == "hotcoco" else by_pycocotools(pair, grid)


def engine_of(pair: Pair, kind: Kind, settings: EvalSettings) -> Literal["hotcoco", "pycocotools", "cvdata"]:
    """Return what computes COCO's figures: neither engine can where classes differ in their keypoints."""
    if kind == "keypoints" and not one_number_of_points(pair):
        return "cvdata"
    return settings.engine


def overlaps_of(
    pair: Pair, kind: Kind, *, least: float = 0.0, same_class: bool = False, pixel: float = 0.0
) -> Overlaps:
    """Return how much detections and objects overlap, by what is compared; see `Overlaps`.

    Args:
        least: leave out pairs that overlap less than this.
        same_class: only pairs of one class.
        pixel: added to widths and heights of boxes, see `box_overlaps`.

    Raises:
        EvaluationError: truth or detections lack what is compared, or have it in a form that cannot be compared.
    """
    if kind == "masks":
        return mask_overlaps(pair, least=least, same_class=same_class)
    if kind == "keypoints":
        return keypoint_overlaps(pair, least=least, same_class=same_class)
    check_shapes(pair, kind)
    return box_overlaps(pair, least=least, same_class=same_class, pixel=pixel)
