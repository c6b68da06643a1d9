"""The door to Albumentations: what it knows, what it refuses, and that one seed is one outcome."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.augment.pipeline import Pipeline, catalogue, problem_of
from cvdata.augment.stages import PLACES
from cvdata.errors import AugmentError

from .recipes import BENDING, PLANE, RIGID, compose, one

NO_BOXES = np.zeros((0, 4))
UNKNOWN_MOVES = {
    "ConstrainedCoarseDropout",
    "CropNonEmptyMaskIfExists",
    "MaskDropout",
    "Mosaic",
    "OverlayElements",
    "PiecewiseAffine",
    "RandomCropNearBBox",
    "RandomGridShuffle",
}
REFUSED = {"FDA", "FromFloat", "HistogramMatching", "Normalize", "PixelDistributionAdaptation", "TextImage", "ToFloat"}
"""Transforms of pixels that need other pictures, fonts or numbers that are no picture."""

# By name: building one, as `problem_of` does, starts a thread of OpenCV, and this runs before any test.
PIXELS = sorted(name for name, info in catalogue().items() if info.kind == "pixels" and name not in REFUSED)


def noise(width: int = 96, height: int = 96) -> NDArray[np.uint8]:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    image.flags.writeable = False
    return image


def test_it_is_known_where_every_transform_moves_things_or_it_carries_nothing() -> None:
    moves = {name for name, info in catalogue().items() if info.kind == "moves"}

    assert moves - PLACES == UNKNOWN_MOVES
    assert all(not catalogue()[name].carries for name in UNKNOWN_MOVES)
    assert all(catalogue()[name].carries == {"boxes", "masks", "keypoints"} for name in PLACES)


def test_the_catalogue_says_what_a_transform_takes() -> None:
    assert catalogue()["HorizontalFlip"].parameters == ("p",)
    assert catalogue()["RandomGamma"].parameters == ("gamma_limit", "p")
    assert catalogue()["RandomGamma"].kind == "pixels"
    assert catalogue()["OneOf"].kind == "holds"
    assert "RandomCrop3D" not in catalogue()


@pytest.mark.parametrize(
    ("transform", "problem"),
    [
        (one("HorizontalFlip"), None),
        (one("HorizontalFlip", p=2), "p: should be less than or equal to 1"),
        (one("Affine", scale="a"), "scale: should be a list, or a number, or a mapping"),
        (one("RandomCrop", height=3), "width: is missing"),
        (one("CropAndPad"), "Both px and percent parameters cannot be None simultaneously."),
        (one("ToGray", num_output_channels=1), "what it makes is no picture of three colours from 0 to 255"),
        (one("Normalize"), "its pixels are not whole numbers from 0 to 255"),
        (one("PiecewiseAffine"), "it takes seconds for every picture; use ElasticTransform"),
        (one("FDA"), "it needs other pictures to learn from"),
        (one("CoarseDropout", fill_mask=0), "fill_mask: labels stay whole under what is painted over; leave it out"),
        (one("OneOf", transforms=[one("NoOp", p=0)]), "p is 0 in all that it holds"),
        (one("OneOf", transforms=[]), "it holds no transform"),
        (one("OneOf", p=7, transforms=[one("NoOp")]), "p: should be a number from 0 to 1"),
        (one("SomeOf", n="x", transforms=[one("NoOp")]), "n: should be a whole number from 1"),
        (
            one("SelectiveChannelTransform", transforms=[one("HorizontalFlip")]),
            "HorizontalFlip cannot be applied to some of the colours alone",
        ),
    ],
)
def test_a_transform_that_cannot_be_built_says_why(transform: dict[str, Any], problem: str | None) -> None:
    assert problem_of(transform) == problem


def test_an_unknown_transform_is_refused_with_the_near_spelling() -> None:
    with pytest.raises(AugmentError) as refused:
        compose(one("HorizontalFlop"))

    assert str(refused.value) == "there is no transform HorizontalFlop\n  hint: did you mean HorizontalFlip?"


def test_a_transform_that_cannot_be_built_is_named() -> None:
    with pytest.raises(AugmentError, match=r"^HorizontalFlip: p: should be less than or equal to 1$"):
        compose(one("OneOf", transforms=[one("HorizontalFlip", p=2)]))


def test_a_transform_that_tears_objects_apart_is_refused_only_where_there_are_objects() -> None:
    pipeline = compose(one("HorizontalFlip"), one("RandomGridShuffle"))

    pipeline.refuse(frozenset())
    with pytest.raises(AugmentError, match="RandomGridShuffle cannot take boxes along"):
        pipeline.refuse(frozenset({"boxes"}))


def test_two_flips_of_one_half_each_are_independent() -> None:
    pipeline = compose(one("HorizontalFlip", p=0.5), one("VerticalFlip", p=0.5))

    found = Counter(
        tuple(act["name"] for act in pipeline.apply(noise(8, 8), NO_BOXES, seed).transforms) for seed in range(400)
    )

    assert set(found) == {(), ("HorizontalFlip",), ("VerticalFlip",), ("HorizontalFlip", "VerticalFlip")}
    assert min(found.values()) > 70


@pytest.mark.parametrize("name", ["first", "pickled"])
def test_one_seed_is_one_outcome_whatever_was_applied_before(name: str) -> None:
    recipe = [one("OneOf", transforms=[*RIGID[:4], PLANE[0]]), one("ElasticTransform"), one("GaussNoise", p=0.5)]
    pipeline = compose(*recipe)
    wanted = pipeline.apply(noise(), NO_BOXES, 7)
    for seed in range(5):
        pipeline.apply(noise(50, 70), NO_BOXES, seed)

    again = (pipeline if name == "first" else pickle.loads(pickle.dumps(pipeline))).apply(noise(), NO_BOXES, 7)

    assert (again.image == wanted.image).all()
    assert again.transforms == wanted.transforms


@pytest.mark.parametrize("transform", [*RIGID, *PLANE, *BENDING], ids=lambda transform: transform["__class_fullname__"])
def test_a_transform_tells_in_json_what_it_did_and_leaves_the_old_picture_alone(transform: dict[str, Any]) -> None:
    image = noise()
    before = image.copy()

    applied = compose(transform).apply(image, np.array([[20.0, 20, 30, 30]]), 1)

    assert [act["name"] for act in applied.transforms] == [transform["__class_fullname__"]]
    assert msgspec.json.decode(msgspec.json.encode(applied.transforms)) == applied.transforms
    assert len(msgspec.json.encode(applied.transforms)) < 2000
    assert (applied.image.shape[1], applied.image.shape[0]) == applied.motion.size
    assert (image == before).all()


def test_every_other_transform_of_pixels_is_refused() -> None:
    kinds = {name for name, info in catalogue().items() if info.kind == "pixels"}

    assert {name for name in kinds if problem_of(one(name)) is not None} == REFUSED


@pytest.mark.parametrize("name", PIXELS)
def test_a_transform_of_pixels_moves_nothing(name: str) -> None:
    image = noise()
    before = image.copy()

    applied = compose(one(name)).apply(image, NO_BOXES, 1)

    assert applied.image.shape == image.shape
    assert applied.motion.stages == ()
    assert msgspec.json.decode(msgspec.json.encode(applied.transforms)) == applied.transforms
    assert (image == before).all()


def test_transforms_that_did_not_act_are_not_told() -> None:
    pipeline = compose(one("HorizontalFlip", p=0), one("OneOf", transforms=[one("VerticalFlip"), one("Blur", p=0)]))

    assert pipeline.apply(noise(), NO_BOXES, 0).transforms == [{"name": "VerticalFlip", "parameters": {}}]


def test_a_transform_that_fails_on_a_picture_is_named() -> None:
    with pytest.raises(AugmentError, match=r"^RandomCrop cannot be applied: Crop size .* exceeds image dimensions"):
        compose(one("HorizontalFlip"), one("RandomCrop", height=500, width=500)).apply(noise(), NO_BOXES, 0)


@pytest.mark.parametrize(
    "transform",
    [
        one("Affine", scale=[0, 0]),
        one("Affine", scale={"x": [0, 0], "y": [1, 1]}, fit_output=True),
        one("ShiftScaleRotate", scale_limit=[-1, -1]),
    ],
)
def test_a_transform_that_leaves_nothing_of_a_picture_is_named(transform: dict[str, Any]) -> None:
    name = transform["__class_fullname__"]

    with pytest.raises(AugmentError, match=f"^{name} cannot be applied: it leaves nothing of the picture$"):
        compose(one("HorizontalFlip"), transform).apply(noise(), NO_BOXES, 0)


def test_an_error_of_opencv_is_told_without_its_files() -> None:
    with pytest.raises(AugmentError, match=r"^RandomScale cannot be applied: inv_scale_x > 0"):
        compose(one("RandomScale", scale_limit=[-0.999, -0.999])).apply(noise(), NO_BOXES, 0)


@pytest.mark.parametrize("name", ["AtLeastOneBBoxRandomCrop", "BBoxSafeRandomCrop", "RandomSizedBBoxSafeCrop"])
@pytest.mark.parametrize(
    "boxes",
    [
        [[-1e-6, -1e-6, 96 + 2e-6, 96 + 2e-6]],
        [[96.0, 96, 0, 0]],
        [[5.0, 5, 0, 0], [40.0, 40, 0.2, 0.1]],
        [[-50.0, -50, 20, 20]],
        [[float("nan")] * 4],
        [],
    ],
)
def test_boxes_on_the_edge_of_what_there_can_be_never_stop_a_transform_that_looks_at_them(
    name: str, boxes: list[list[float]]
) -> None:
    size = {} if name == "BBoxSafeRandomCrop" else {"height": 40, "width": 40}
    pipeline = compose(one("Affine", rotate=[-30, 30]), one(name, **size), one("CoarseDropout"))

    made = [pipeline.apply(noise(), np.array(boxes).reshape(-1, 4), seed).image for seed in range(30)]

    if size:
        assert {image.shape for image in made} == {(40, 40, 3)}
    assert min(image.size for image in made) > 0


def test_without_albumentations_the_error_names_the_command_that_installs_it() -> None:
    code = (
        "import sys; sys.modules['albumentations'] = None\n"
        "from cvdata.augment.pipeline import catalogue\n"
        "from cvdata.errors import MissingExtraError\n"
        "try: catalogue()\n"
        "except MissingExtraError as error: print(error.hint)\n"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "pip install 'cvdata[augment]'\n"


def test_a_pipeline_is_what_albumentations_serialises() -> None:
    import albumentations

    made = albumentations.Compose([albumentations.HorizontalFlip(p=1), albumentations.RandomCrop(50, 50, p=1)])
    whole = albumentations.to_dict(made)["transform"]

    applied = Pipeline({key: whole[key] for key in ("__class_fullname__", "p", "transforms")}).apply(
        noise(), NO_BOXES, 0
    )

    assert applied.motion.size == (50, 50)
