"""COCO's numbers by its two engines, and the overlaps of masks and keypoints."""

from .arrays import CocoNumbers
from .engine import coco_numbers, engine_of, overlaps_of
from .grid import Grid, figures, figures_by_class, grid_of
from .lvis import lvis_numbers
from .masks import mask_overlaps
from .oks import keypoint_overlaps
from .openimages import openimages_numbers

__all__ = [
    "CocoNumbers",
    "Grid",
    "coco_numbers",
    "engine_of",
    "figures",
    "figures_by_class",
    "grid_of",
    "keypoint_overlaps",
    "lvis_numbers",
    "mask_overlaps",
    "openimages_numbers",
    "overlaps_of",
]
