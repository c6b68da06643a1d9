"""What each transform of Albumentations 2.0.8 does to the place of things, read from the parameters that it drew.

The library moves keypoints by itself, too, but in its own terms: in float32 in part, counted from the middle of the
first pixel where it flips and rotates, from its corner where it scales, and in bent pictures by looking for drawn dots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .motion import Plane, Warp, from_indices, scaled, shifted

__all__ = ["BENDS", "PLACES", "Act", "stage_of"]

Matrix = NDArray[np.float64]
Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, eq=False)
class Act:
    """One transform at work on one picture.

    Attributes:
        name: of the transform.
        params: as it drew them; for one of `BENDS`, `map_x` and `map_y` among them: where each new pixel was, in pixels
            counted from the middle of the first one.
        old, new: size of the picture before and after.
    """

    name: str
    params: Mapping[str, Any]
    old: Size
    new: Size


def stage_of(act: Act) -> Plane | Warp | None:
    """Return what a transform did to the place of things; None where it moved nothing.

    Raises:
        KeyError: it is not known what a transform of this name does.
        ValueError: nothing of the picture is left, as where it is scaled by 0.
    """
    if act.name in BENDS:
        return Warp(np.stack([act.params["map_x"], act.params["map_y"]], axis=2).astype(np.float64) + 0.5)
    matrix = _MATRICES[act.name](act)
    if matrix is None:
        return None
    plane = Plane(matrix, *act.new)
    if plane.flattens:
        raise ValueError("it leaves nothing of the picture")
    return plane


def _flipped(act: Act) -> Matrix:
    return _matrix([-1, 0, act.old[0]], [0, 1, 0])


def _upside_down(act: Act) -> Matrix:
    return _matrix([1, 0, 0], [0, -1, act.old[1]])


def _transposed(_: Act) -> Matrix:
    return _matrix([0, 1, 0], [1, 0, 0])


def _turned(act: Act) -> Matrix:
    """By quarters, counter-clockwise as seen on the screen, as `numpy.rot90`."""
    width, height = act.old
    return (
        _matrix([1, 0, 0], [0, 1, 0]),
        _matrix([0, 1, 0], [-1, 0, width]),
        _matrix([-1, 0, width], [0, -1, height]),
        _matrix([0, -1, height], [1, 0, 0]),
    )[int(act.params["factor"]) % 4]


def _square(act: Act) -> Matrix:
    """One of the eight symmetries of the square; `hvt` mirrors at the other diagonal."""
    element = str(act.params["group_element"])
    if element in _QUARTERS:
        return _turned(replace(act, params={"factor": _QUARTERS.index(element)}))
    if element == "hvt":
        return _matrix([0, -1, act.old[1]], [-1, 0, act.old[0]])
    return {"h": _flipped, "v": _upside_down, "t": _transposed}[element](act)


_QUARTERS = ("e", "r90", "r180", "r270")


def _cropped(act: Act) -> Matrix:
    """Padded where the picture was too small, cropped, and resized where a size was asked for."""
    left, top, right, bottom = (float(edge) for edge in act.params["crop_coords"])
    pad = act.params.get("pad_params") or {"pad_left": 0, "pad_top": 0}
    x, y = act.new[0] / (right - left), act.new[1] / (bottom - top)
    return _matrix([x, 0, x * (pad["pad_left"] - left)], [0, y, y * (pad["pad_top"] - top)])


def _crop_and_pad(act: Act) -> Matrix:
    left, top = (act.params["crop_params"] or (0, 0))[:2]
    above, _, before, _ = act.params["pad_params"] or (0, 0, 0, 0)
    rows, columns = act.params["result_shape"]
    x, y = act.new[0] / columns, act.new[1] / rows
    return _matrix([x, 0, x * (before - left)], [0, y, y * (above - top)])


def _padded(act: Act) -> Matrix:
    return shifted(act.params["pad_left"], act.params["pad_top"])


def _resized(act: Act) -> Matrix:
    return scaled(act.new[0] / act.old[0], act.new[1] / act.old[1])


def _affine(act: Act) -> Matrix:
    return from_indices(act.params["matrix"])


def _rotated(act: Act) -> Matrix:
    """About the middle; with `crop_border` the largest part without border, whose corner is -1 where it is off."""
    matrix = from_indices(act.params["matrix"])
    matrix[0, 2] -= max(int(act.params["x_min"]), 0)
    matrix[1, 2] -= max(int(act.params["y_min"]), 0)
    return matrix


def _perspective(act: Act) -> Matrix:
    """Into a picture of its own size, which is then resized where the old size is kept: in terms of indices, too."""
    scale = np.array([act.new[0] / act.params["max_width"], act.new[1] / act.params["max_height"], 1.0])
    return from_indices(scale[:, None] * np.asarray(act.params["matrix"], np.float64))


def _matrix(x: list[float], y: list[float]) -> Matrix:
    return np.array([x, y, [0, 0, 1]], np.float64)


_MATRICES: dict[str, Callable[[Act], Matrix | None]] = {
    "HorizontalFlip": _flipped,
    "TimeReverse": _flipped,
    "VerticalFlip": _upside_down,
    "Transpose": _transposed,
    "RandomRotate90": _turned,
    **dict.fromkeys(("D4", "SquareSymmetry"), _square),
    **dict.fromkeys(("AtLeastOneBBoxRandomCrop", "BBoxSafeRandomCrop", "RandomSizedBBoxSafeCrop"), _cropped),
    **dict.fromkeys(("CenterCrop", "Crop", "RandomCrop", "RandomCropFromBorders"), _cropped),
    **dict.fromkeys(("RandomResizedCrop", "RandomSizedCrop"), _cropped),
    "CropAndPad": _crop_and_pad,
    **dict.fromkeys(("Pad", "PadIfNeeded"), _padded),
    **dict.fromkeys(("LongestMaxSize", "RandomScale", "Resize", "SmallestMaxSize"), _resized),
    **dict.fromkeys(("Affine", "SafeRotate", "ShiftScaleRotate"), _affine),
    "Rotate": _rotated,
    "Perspective": _perspective,
    **dict.fromkeys(("CoarseDropout", "Erasing", "GridDropout", "XYMasking"), lambda _: None),
    **dict.fromkeys(("FrequencyMasking", "TimeMasking", "Morphological", "NoOp", "PixelDropout"), lambda _: None),
}

BENDS = frozenset({"ElasticTransform", "GridDistortion", "GridElasticDeform", "OpticalDistortion", "ThinPlateSpline"})
"""Transforms that bend straight lines."""

PLACES = BENDS | frozenset(_MATRICES)
"""Transforms of which it is known where they move things."""
