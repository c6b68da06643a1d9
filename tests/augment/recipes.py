"""Recipes written as code, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvdata.augment.follow import Followed, follow
from cvdata.augment.pipeline import Pipeline
from cvdata.augment.remnants import Remnants
from cvdata.augment.sample import Sample
from cvdata.dataset import Categories

__all__ = ["BENDING", "EVERYTHING", "PLANE", "RIGID", "compose", "drawn", "followed", "one"]

EVERYTHING = Remnants(min_visible=0.0, min_side=0.0)


def one(name: str, **settings: Any) -> dict[str, Any]:
    """Return a transform that always acts, as the library serialises it."""
    return {"__class_fullname__": name, "p": 1.0, **settings}


def compose(*transforms: dict[str, Any]) -> Pipeline:
    """Return a pipeline of transforms."""
    return Pipeline(one("Compose", transforms=list(transforms)))


def followed(sample: Sample, *transforms: dict[str, Any], seed: int = 0, remnants: Remnants = EVERYTHING) -> Followed:
    """Apply transforms to a picture of cats and dogs."""
    return follow(sample, Categories(names=("cat", "dog")), compose(*transforms), seed, remnants)


RIGID: list[dict[str, Any]] = [
    one("HorizontalFlip"),
    one("VerticalFlip"),
    one("Transpose"),
    one("RandomRotate90"),
    one("D4"),
    one("SquareSymmetry"),
    one("TimeReverse"),
    one("NoOp"),
    one("Affine", translate_px={"x": [-20, 20], "y": [-15, 15]}),
    one("CenterCrop", height=40, width=44, pad_if_needed=True),
    one("Crop", x_min=5, y_min=4, x_max=47, y_max=45, pad_if_needed=True),
    one("RandomCrop", height=44, width=41, pad_if_needed=True),
    one("RandomCrop", height=90, width=60, pad_if_needed=True),
    one("RandomCropFromBorders", crop_left=0.1, crop_right=0.1, crop_top=0.1, crop_bottom=0.1),
    one("AtLeastOneBBoxRandomCrop", height=30, width=28),
    one("BBoxSafeRandomCrop"),
    one("CropAndPad", px=[-8, 8], keep_size=False),
    one("Pad", padding=[3, 5, 7, 9]),
    one("PadIfNeeded", min_height=100, min_width=90, position="random"),
]
"""Transforms that keep the size and shape of things; any two fit a picture of 50 pixels."""

PLANE: list[dict[str, Any]] = [
    one("Affine", rotate=[-40, 40], scale=[0.8, 1.25], shear=[-10, 10], translate_percent=[-0.1, 0.1]),
    one("Affine", rotate=[-40, 40], fit_output=True),
    one("ShiftScaleRotate"),
    one("SafeRotate", limit=90),
    one("Rotate", limit=60),
    one("Rotate", limit=20, crop_border=True),
    one("Perspective", scale=[0.05, 0.1]),
    one("Perspective", scale=[0.05, 0.1], keep_size=False),
    one("Perspective", scale=[0.05, 0.1], fit_output=True),
    one("Resize", height=111, width=87),
    one("LongestMaxSize", max_size=70),
    one("SmallestMaxSize", max_size=80),
    one("RandomScale", scale_limit=0.25),
    one("RandomResizedCrop", size=[90, 80], scale=[0.5, 1.0]),
    one("RandomSizedCrop", min_max_height=[45, 60], size=[70, 90]),
    one("RandomSizedBBoxSafeCrop", height=80, width=75),
    one("CropAndPad", percent=[-0.1, 0.1]),
]
"""Transforms that keep straight lines straight."""

BENDING: list[dict[str, Any]] = [
    one("ElasticTransform", alpha=60, sigma=8),
    one("GridDistortion", distort_limit=0.3),
    one("OpticalDistortion", distort_limit=0.3),
    one("OpticalDistortion", distort_limit=0.3, mode="fisheye"),
    one("ThinPlateSpline", scale_range=[0.05, 0.1]),
    one("GridElasticDeform", num_grid_xy=[3, 3], magnitude=4),
]
"""Transforms that bend lines."""


def drawn(pool: list[dict[str, Any]], rng: np.random.Generator, most: int) -> list[dict[str, Any]]:
    """Draw a few transforms of a pool."""
    return [pool[number] for number in rng.integers(0, len(pool), rng.integers(1, most + 1)).tolist()]
