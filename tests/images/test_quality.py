from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cvdata.engine import InProcess, Silent
from cvdata.images.facts import facts_of
from cvdata.images.find import find_pictures
from cvdata.images.masks import masks_among
from cvdata.images.quality import quality

from .pictures import scene


def codes(folder: Path, *images: Image.Image) -> list[list[str]]:
    paths = []
    for number, image in enumerate(images):
        paths.append(str(folder / f"{number}.png"))
        image.save(paths[-1])
    read = facts_of(paths, InProcess(), Silent())
    found = quality(read.facts, read.width, read.height)
    return [[code for code, rows in found.items() if rows[row]] for row in range(len(images))]


def exposed(stops: float) -> Image.Image:
    """Return the scene with so many times two more light."""
    linear = (np.asarray(scene()) / 255) ** 2.2 * 2**stops
    return Image.fromarray((np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))


def test_an_ordinary_picture_is_nothing(tmp_path: Path) -> None:
    assert codes(tmp_path, scene(), exposed(-1), exposed(1)) == [[], [], []]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_colour_is_blank_and_nothing_else(value: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(value, 0.7, (200, 200)).clip(0, 255).astype(np.uint8)

    assert codes(tmp_path, Image.new("L", (200, 200), value), Image.fromarray(noise)) == [["blank"], ["blank"]]


def test_a_small_thing_on_an_empty_ground_is_not_blank(tmp_path: Path) -> None:
    sky = np.full((480, 640), 180, np.uint8)
    sky[200:230, 300:340] = 60

    assert codes(tmp_path, Image.fromarray(sky)) == [[]]


def test_too_little_and_too_much_light_are_told(tmp_path: Path) -> None:
    assert codes(tmp_path, exposed(-7), exposed(7)) == [["dark"], ["bright"]]


def test_a_lit_thing_on_black_ground_is_not_dark(tmp_path: Path) -> None:
    night = Image.new("RGB", (400, 300))
    night.paste(scene(100, 100), (50, 50))

    assert codes(tmp_path, night) == [[]]


def test_a_blurred_picture_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sharp = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    sharp = sharp.resize((640, 480), Image.Resampling.NEAREST)

    assert codes(tmp_path, sharp, sharp.filter(ImageFilter.GaussianBlur(12))) == [[], ["blurred"]]


def test_a_picture_of_few_pixels_is_tiny(tmp_path: Path) -> None:
    assert codes(tmp_path, scene(15, 200), scene(16, 16)) == [["tiny"], []]


def test_a_picture_beyond_cameras_is_huge(tmp_path: Path) -> None:
    scene(8, 8).save(tmp_path / "a.png")
    facts = facts_of([str(tmp_path / "a.png")] * 2, InProcess(), Silent()).facts

    found = quality(facts, np.array([8_000, 9_000], np.int32), np.array([6_000, 6_000], np.int32))

    assert found["huge"].tolist() == [False, True]


def test_a_picture_that_was_not_read_is_nothing(tmp_path: Path) -> None:
    read = facts_of([str(tmp_path / "none.jpg")], InProcess(), Silent())

    found = quality(read.facts, read.width, read.height)

    assert list(found) == ["tiny", "huge", "dark", "bright", "blank", "blurred"]
    assert not any(rows.any() for rows in found.values())


@pytest.mark.slow
def test_no_real_picture_is_accused(shared: Path) -> None:
    for name in ("bccd_voc", "clothing_cls", "dali_coco", "padilla_multiformat", "rice_pest_yolo", "unet_membrane"):
        index = find_pictures(shared / "data" / name)
        masks = masks_among(index.names)
        read = facts_of([f"{index.root}/{n}" for n in index.names if n not in masks], InProcess(), Silent())

        found = quality(read.facts, read.width, read.height)

        assert {code for code, rows in found.items() if rows.any()} == set(), name
