"""What cannot stand in a recipe, and why, in words for people: tables, and the library's own messages made plain."""

from __future__ import annotations

import re

__all__ = ["NOT_TAKEN", "REFUSED", "SUCCESSORS", "SURPLUS", "largest", "plainly", "tidy"]

_LATER = "leave it to your training: augment writes pictures"
_TOGETHER = "pictures are put together below 'cvdata:', as in 'cvdata: {%s: {p: 0.5}}'"
_FLOATS = ("its pixels are not whole numbers from 0 to 255", _LATER)
_TENSORS = ("it makes tensors, not pictures", _LATER)
_STRIPS = ("it is for spectrograms", "XYMasking hides strips of pictures")
_OTHERS = "it needs other pictures, which a recipe cannot name"
_COLOURS = (_OTHERS, "RandomToneCurve and HueSaturationValue vary colours without")
_PASTED = (_OTHERS, "cvdata balance --strategy copy-paste pastes objects")

REFUSED = {
    "FDA": _COLOURS,
    "FrequencyMasking": _STRIPS,
    "FromFloat": _FLOATS,
    "HistogramMatching": _COLOURS,
    "Lambda": ("it is code of its own, and a recipe runs none", "use transforms of Albumentations"),
    "MixUp": (_OTHERS, _TOGETHER % "mixup"),
    "Mosaic": (_OTHERS, _TOGETHER % "mosaic"),
    "Normalize": _FLOATS,
    "OverlayElements": _PASTED,
    "PixelDistributionAdaptation": _COLOURS,
    "TemplateTransform": _PASTED,
    "TimeMasking": _STRIPS,
    "TimeReverse": ("it is for spectrograms", "HorizontalFlip mirrors pictures"),
    "ToFloat": _FLOATS,
    "ToRGB": ("the pictures have three colours already", "leave it out"),
    "ToTensor": _TENSORS,
    "ToTensorV2": _TENSORS,
}
"""Transforms, of this version and of others, that no recipe can use: why, and what to do instead."""

SUCCESSORS = {
    "Cutout": "CoarseDropout",
    "Flip": "HorizontalFlip",
    "IAAAffine": "Affine",
    "IAAPerspective": "Perspective",
    "IAASharpen": "Sharpen",
    "JpegCompression": "ImageCompression",
    "RandomBrightness": "RandomBrightnessContrast",
    "RandomContrast": "RandomBrightnessContrast",
}
"""Transforms of earlier versions, and what came in their place."""

NOT_TAKEN = {
    "additional_targets": "a recipe has one picture and its labels",
    "bbox_params": "cvdata says itself how boxes follow, and 'cvdata: {remnants: ...}' which are kept",
    "keypoint_params": "cvdata says itself how keypoints follow",
    "mask_interpolation": "masks follow without new values between the old",
    "seed": "every picture has a seed of its own, from --seed",
}
"""Settings of a Compose that cvdata does not take from a recipe, and why."""

SURPLUS = {
    "PadIfNeeded": frozenset({"padding"}),
    "RGBShift": frozenset({"approximation", "noise_params", "noise_type", "spatial_mode"}),
    "SafeRotate": frozenset(
        {
            "balanced_scale",
            "fit_output",
            "keep_ratio",
            "rotate",
            "scale",
            "shear",
            "translate_percent",
            "translate_px",
        }
    ),
}
"""Settings that Albumentations 2.0.8 saves with a transform, and itself leaves out when it loads it."""

_LARGEST = {
    **dict.fromkeys(("height", "max_size", "max_size_hw", "min_height", "min_width", "size", "width"), 20_000),
    **dict.fromkeys(("padding", "px", "translate_px", "x_max", "x_min", "y_max", "y_min"), 20_000),
    **dict.fromkeys(("grid", "nb_cols", "nb_rows", "num_control_points", "num_grid_xy", "tile_grid_size"), 256),
    **dict.fromkeys(("blur_limit", "blur_value", "kernel_size", "max_delta", "radius"), 999),
    "iterations": 100,
    "max_factor": 10,
}


def largest(setting: str) -> int | None:
    """Return the number above which a setting would eat all memory or time, or None: a slip of the keyboard, mostly."""
    return None if setting in ("alpha", "temperature_limit") else _LARGEST.get(setting, 4096)


_PLAIN = (
    (r"should be a valid boolean", "true or false"),
    (r"should be a valid string", "text"),
    (r"should be greater than or equal to (\S+)", r"a number of at least \1"),
    (r"should be less than or equal to (\S+)", r"a number of at most \1"),
    (r"should be greater than (\S+)", r"a number above \1"),
    (r"should be less than (\S+)", r"a number below \1"),
    (r"should have at (?:least|most) (\d+) items?.*", r"a list of \1 values"),
    (r"is missing|[Ff]ield required", "a list of 2 values"),
    (r"(?:should be )?a valid list", "a list"),
    (
        r"(?:should be )?((?:a list|a mapping|a number|a whole number)|(?:None|\d|'\w+')(?:(?:, | or )(?:\d|'\w+'))*)",
        r"\1",
    ),
    (r"unable to .*|got a .*", ""),
    (r"(?:should be )?(?:an instance of .*|callable)", ""),
)


def plainly(problem: str, *, given: bool = True) -> str:
    """Say what is wrong with a setting in one plain line: "height must be a whole number".

    Args:
        problem: as `problem_of` says it.
        given: whether the recipe has that setting at all.
    """
    setting, colon, said = problem.partition(": ")
    if not given and said == "is missing":
        return f"{setting} is missing"
    wanted = [_wanted(text) for text in re.split(r", (?:or |(?=unable|got))", said)] if colon else [None]
    if None in wanted:
        return f"{setting}: {tidy(said)}" if colon else tidy(problem)
    return f"{setting} must be {' or '.join(filter(None, dict.fromkeys(wanted))) or 'left out'}"


def tidy(said: str) -> str:
    """Return a message of a library without what only its makers need."""
    said = said.removesuffix(".").removesuffix(" for tuple inputs").removesuffix(" instead")
    rest = said[1:].partition(" ")[0]
    # OneOf and RGB are names, Both is not.
    return f"{said[:1].lower()}{said[1:]}" if rest == rest.lower() else said


def _wanted(text: str) -> str | None:
    """Return what a setting should be, nothing where the text adds nothing, or None for what is not known."""
    for pattern, plain in _PLAIN:
        if re.fullmatch(pattern, text):
            return re.sub(pattern, plain, text)
    return None
