"""Recipes: the ready ones, files of people and of Albumentations, and what is taken from them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.augment._recipe_words import REFUSED
from cvdata.augment.follow import follow
from cvdata.augment.pipeline import Pipeline, catalogue, problem_of
from cvdata.augment.recipe import (
    MixUp,
    Mosaic,
    Recipe,
    load_recipe,
    ready_recipes,
    recipe_text,
    recipe_title,
)
from cvdata.augment.remnants import Remnants
from cvdata.augment.sample import Sample
from cvdata.dataset import Categories
from cvdata.errors import UsageError

from ..tiny import build

READY = ("light", "standard", "heavy", "weather", "document", "aerial", "medical")
PEOPLE = Categories(names=("person",), keypoints=(("left_eye", "right_eye"),))


def recipe_of(tmp_path: Path, text: str) -> Recipe:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(str(path))


def flat(transform: dict[str, Any]) -> list[str]:
    """Return the names of the transforms that a holder has, and of those in them."""
    names = []
    for inner in transform.get("transforms", []):
        names += [inner["__class_fullname__"], *flat(inner)]
    return names


def scene() -> Sample:
    """A grey picture with one object of each kind in its middle."""
    mask = np.zeros((96, 128), np.bool_)
    mask[40:60, 50:80] = True
    rows: list[dict[str, Any]] = [
        {"image": "a.png", "category": "person", "box": [44, 30, 40, 36]},
        {"image": "a.png", "category": "person", "box": [50, 40, 30, 20], "rings": [[(50, 40), (80, 45), (60, 60)]]},
        {"image": "a.png", "category": "person", "box": [50, 40, 30, 20], "mask": mask},
        {"image": "a.png", "category": "person", "box": [50, 40, 30, 20], "keypoints": [[55, 45, 2], [75, 45, 2]]},
    ]
    table = build({"a.png": (128, 96)}, rows, PEOPLE).annotations
    shade = np.linspace(60, 190, 128).astype(np.uint8)
    image: NDArray[np.uint8] = np.ascontiguousarray(np.broadcast_to(shade[None, :, None], (96, 128, 3)))
    return Sample(image, table)


def test_there_is_a_ready_recipe_for_each_field() -> None:
    assert ready_recipes() == READY


@pytest.mark.parametrize("name", READY)
def test_a_ready_recipe_loads_without_a_finding_and_says_what_it_is_for(name: str) -> None:
    recipe = load_recipe(name)

    assert recipe.name == name
    assert recipe.findings == ()
    assert recipe.mosaic is None  # not for classification, so nobody gets it unasked
    assert recipe_text(name).decode().startswith(f"# {recipe_title(name)}.\n")
    assert 30 < len(recipe_title(name)) <= 68  # fits beside its name in 80 columns


@pytest.mark.parametrize("name", READY)
def test_a_ready_recipe_takes_boxes_outlines_masks_and_keypoints_along(name: str) -> None:
    # given
    recipe, before = load_recipe(name), scene()
    pipeline = Pipeline(recipe.transform)
    pipeline.refuse(frozenset({"boxes", "masks", "keypoints"}))

    # when
    made = [follow(before, PEOPLE, pipeline, seed, recipe.remnants) for seed in range(20)]

    # then
    assert all(followed.rows.tolist() == [0, 1, 2, 3] for followed in made)
    assert len({followed.sample.image.tobytes() for followed in made}) > 10
    for followed in made:
        image = followed.sample.image
        assert 40 < image.mean() < 225  # neither black nor white
        assert image.std() > 8  # and there is still something to be seen


@pytest.mark.parametrize("name", READY)
def test_albumentations_itself_loads_a_ready_recipe(name: str, tmp_path: Path) -> None:
    import albumentations

    path = tmp_path / "recipe.yaml"
    path.write_bytes(recipe_text(name))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded: Any = albumentations.load(path, data_format="yaml")

    assert [type(inner).__name__ for inner in loaded.transforms] == [
        inner["__class_fullname__"] for inner in load_recipe(name).transform["transforms"]
    ]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("document", {"HorizontalFlip", "VerticalFlip", "D4", "Transpose", "RandomRotate90"}),
        ("weather", {"VerticalFlip", "D4", "Transpose", "RandomRotate90", "Rotate"}),
        ("medical", {"HorizontalFlip", "D4", "HueSaturationValue", "ColorJitter", "ToGray"}),
    ],
)
def test_a_ready_recipe_has_nothing_that_is_wrong_in_its_field(name: str, wrong: set[str]) -> None:
    names = flat(dict(load_recipe(name).transform))

    assert names
    assert wrong.isdisjoint(names)


def test_what_albumentations_saves_is_read_back_as_it_was(tmp_path: Path) -> None:
    import albumentations as library

    # given
    made = library.Compose(
        [
            library.HorizontalFlip(p=0.5),
            library.OneOf([library.Blur(p=1), library.GaussNoise(p=0.3)], p=0.4),
            library.SomeOf([library.D4(), library.Rotate((-10, 10))], n=2, replace=False),
            library.Affine(scale=(0.9, 1.1), translate_px={"x": (-5, 5), "y": (0, 3)}),
        ]
    )
    path = tmp_path / "saved.yaml"
    library.save(made, path, data_format="yaml")

    # when
    recipe = load_recipe(str(path))

    # then
    again: Any = library.from_dict({"transform": dict(recipe.transform)})
    assert library.to_dict(again) == library.to_dict(made)
    assert recipe.findings == ()
    assert recipe.name == "saved.yaml"


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library advises against some of its transforms
def test_every_usable_transform_with_its_defaults_survives_saving_and_loading(tmp_path: Path) -> None:
    import albumentations as library

    survived = 0
    for name, info in catalogue().items():
        if info.kind == "holds" or name in REFUSED or problem_of({"__class_fullname__": name, "p": 0.5}):
            continue
        library.save(library.Compose([getattr(library, name)(p=0.5)]), tmp_path / "r.yaml", data_format="yaml")

        recipe = load_recipe(str(tmp_path / "r.yaml"))

        assert flat(dict(recipe.transform)) == [name]
        survived += 1
    assert survived >= 80


@pytest.mark.parametrize(
    "text",
    [
        "- __class_fullname__: HorizontalFlip\n  p: 0.5\n",
        "__class_fullname__: HorizontalFlip\np: 0.5\n",
        "__class_fullname__: Compose\ntransforms:\n- {__class_fullname__: HorizontalFlip, p: 0.5}\n",
        "transform:\n- {__class_fullname__: HorizontalFlip, p: 0.5}\n",
        "transform: {__class_fullname__: HorizontalFlip, p: 0.5}\n",
        "- __class_fullname__: albumentations.augmentations.geometric.transforms.HorizontalFlip\n  p: 0.5\n",
        "- __class_fullname__: HorizontalFlip\n  always_apply: false\n  p: 0.5\n",
        "# a comment\ntransform:\n- {p: 5.0e-1, __class_fullname__: 'HorizontalFlip'}\ncvdata:\n",
    ],
)
def test_a_recipe_by_hand_may_leave_out_what_is_clear(text: str, tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, text)

    assert recipe.transform == {
        "__class_fullname__": "Compose",
        "p": 1.0,
        "transforms": [{"__class_fullname__": "HorizontalFlip", "p": 0.5}],
    }
    assert recipe.findings == ()
    assert recipe.digest == "a4441007304ef4694da3a69fe19489daa608aca30e492a5e8d914dcb6e35b3f0"


def test_the_digest_changes_with_what_the_recipe_does_and_not_with_how_it_is_written(tmp_path: Path) -> None:
    flip = "transform:\n- {__class_fullname__: HorizontalFlip, p: %s}\n"

    plain = recipe_of(tmp_path, flip % "0.5").digest
    commented = recipe_of(tmp_path, f"# why\n{flip % '0.50'}cvdata: {{}}\n").digest
    rarer = recipe_of(tmp_path, flip % "0.4").digest
    with_mosaic = recipe_of(tmp_path, f"{flip % '0.5'}cvdata: {{mosaic: {{p: 0.1}}}}\n").digest

    assert commented == plain
    assert len({plain, rarer, with_mosaic}) == 3


def test_what_albumentations_does_not_know_stands_under_cvdata(tmp_path: Path) -> None:
    text = "transform:\n- {__class_fullname__: D4, p: 1}\ncvdata:\n  mosaic: {p: 0.3}\n  mixup: {p: 0.1, alpha: 8}\n"

    recipe = recipe_of(tmp_path, text + "  remnants: {min_visible: 0.25, min_side: 4}\n")

    assert recipe.mosaic == Mosaic(p=0.3)
    assert recipe.mixup == MixUp(p=0.1, alpha=8.0)
    assert recipe.remnants == Remnants(min_visible=0.25, min_side=4.0)


def test_the_summary_says_how_often_each_thing_happens(tmp_path: Path) -> None:
    text = """\
transform:
- {__class_fullname__: HorizontalFlip, p: 0.5}
- __class_fullname__: OneOf
  p: 0.2
  transforms:
  - {__class_fullname__: Blur, p: 1}
  - __class_fullname__: Sequential
    p: 1
    transforms:
    - {__class_fullname__: D4, p: 1}
    - {__class_fullname__: CLAHE, p: 1}
cvdata: {mosaic: {p: 0.3}}
"""
    assert recipe_of(tmp_path, text).summary == (
        "  30%  mosaic of four pictures\n  50%  HorizontalFlip\n  20%  one of Blur, (all of D4, CLAHE)"
    )


def test_a_transform_that_does_not_say_how_often_acts_in_half_of_the_pictures_and_it_is_said(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, "- __class_fullname__: HorizontalFlip\n- __class_fullname__: D4\n")

    assert [inner["p"] for inner in recipe.transform["transforms"]] == [0.5, 0.5]
    assert [finding.partition("recipe.yaml: ")[2] for finding in recipe.findings] == [
        "line 1: 2 transforms have no 'p' and act in half of the pictures, as in Albumentations"
    ]


def test_settings_that_cvdata_makes_itself_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    text = """\
transform:
  __class_fullname__: Compose
  p: 1.0
  bbox_params: {format: coco, min_visibility: 0.3}
  keypoint_params: null
  additional_targets: {}
  is_check_shapes: true
  seed: 7
  transforms:
  - {__class_fullname__: D4, always_apply: true, p: 0.1}
"""
    recipe = recipe_of(tmp_path, text)

    assert recipe.transform["transforms"] == [{"__class_fullname__": "D4", "p": 1.0}]
    assert [finding.partition("recipe.yaml: ")[2] for finding in recipe.findings] == [
        "line 4: bbox_params is not used: cvdata says itself how boxes follow, and 'cvdata: {remnants: ...}'"
        " which are kept",
        "line 8: seed is not used: every picture has a seed of its own, from --seed",
        "line 10: D4: always_apply is now written as p: 1.0",
    ]


@pytest.mark.parametrize("name", ["Perspective", "GridDistortion", "ElasticTransform", "ThinPlateSpline"])
def test_a_fill_of_one_number_is_grey_and_not_red(name: str, tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, f"- {{__class_fullname__: {name}, fill: 114, p: 1}}\n")

    assert recipe.transform["transforms"][0]["fill"] == [114, 114, 114]


def test_a_ready_recipe_comes_before_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("light").write_text("- {__class_fullname__: D4, p: 1}\n", encoding="utf-8")

    assert flat(dict(load_recipe("light").transform)) == ["HorizontalFlip", "RandomBrightnessContrast"]
    assert flat(dict(load_recipe("./light").transform)) == ["D4"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("standrad", "there is neither a ready recipe nor a file 'standrad'\n  hint: did you mean 'standard'?"),
        (
            "x",
            "there is neither a ready recipe nor a file 'x'\n"
            "  hint: there are light, standard, heavy, weather, document, aerial, medical",
        ),
        ("aeriel.yaml", "there is no recipe file 'aeriel.yaml'\n  hint: did you mean 'aerial'?"),
        (
            "mine/my.yaml",
            "there is no recipe file 'mine/my.yaml'\n"
            "  hint: check the path, or take light, standard, heavy, weather, document, aerial, medical",
        ),
        (
            "a\0b\x1b[31m",
            "there is neither a ready recipe nor a file 'a\\x00b\\x1b[31m'\n"
            "  hint: there are light, standard, heavy, weather, document, aerial, medical",
        ),
    ],
)
def test_a_name_that_is_nothing_gets_the_nearest_one(name: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_recipe(name)

    assert str(raised.value) == message


def test_the_text_of_a_recipe_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no ready recipe 'hevy'\n  hint: did you mean 'heavy'"):
        recipe_text("hevy")
