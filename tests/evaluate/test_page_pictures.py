"""Pictures on the page of an evaluation: drawn where they show something, small, and missed where they are gone."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from cvdata.dataset import Categories
from cvdata.engine import start
from cvdata.evaluate.diagnosis import diagnose
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.page import PictureSource, report_page
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.report import EvalReport, LabelError, WorstPicture

from ..tiny import build
from .reports_made import bare, classification
from .reports_read import text_of


def pair_on(folder: Path, side: int = 200) -> Pair:
    """Return two pictures: on a.png an object nobody finds and something found on nothing, on b.png a find."""
    sizes = {"a.png": (side, side), "b.png": (side, side)}
    categories = Categories(names=("cat", "dog"))
    objects: list[dict[str, Any]] = [
        {"image": "a.png", "category": "cat", "box": [20, 20, 60, 60]},
        {"image": "b.png", "category": "dog", "box": [20, 20, 60, 60]},
    ]
    found: list[dict[str, Any]] = [
        {"image": "a.png", "category": "cat", "box": [120, 120, 50, 50], "score": 0.9},
        {"image": "b.png", "category": "dog", "box": [20, 20, 60, 60], "score": 0.8},
    ]
    return align(build(sizes, objects, categories, folder=folder), build(sizes, found, categories))


def drawn_report(pair: Pair) -> tuple[EvalReport, PictureSource]:
    overlaps = box_overlaps(pair)
    held = diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes")
    errors = [
        LabelError(
            kind="missing",
            image="a.png",
            box=(120, 120, 50, 50),
            truth=None,
            found="cat",
            score=0.9,
            iou=None,
            surety=0.9,
        )
    ]
    report = bare(worst=held.worst, label_errors=errors)
    return report, PictureSource(pair, held.verdicts)


def white(folder: Path, side: int = 200) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (side, side), "#ffffff").save(folder / name)


def pictures_of(html: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for data in found]


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return bool(max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 60)


VERMILLION = (213, 94, 0)


def test_the_worst_picture_shows_truth_left_and_found_right_in_the_colours_of_the_verdicts(tmp_path: Path) -> None:
    white(tmp_path)
    report, source = drawn_report(pair_on(tmp_path))

    crop, truth, found = pictures_of(report_page(report, pictures=source))

    # 200 pixels are drawn as 340: edges of the missed object at 34 and 136, of the false alarm at 204 and 289.
    assert truth.size == found.size == (340, 340)
    assert near(truth.getpixel((34, 100)), VERMILLION)
    assert near(found.getpixel((289, 240)), VERMILLION)
    assert near(found.getpixel((34, 100)), (255, 255, 255))
    assert near(truth.getpixel((289, 240)), (255, 255, 255))
    assert crop.width <= 280


def test_a_crop_shows_the_place_with_its_surroundings(tmp_path: Path) -> None:
    Image.new("RGB", (1000, 1000), "#0000ff").save(tmp_path / "b.png")
    picture = Image.new("RGB", (1000, 1000), "#0000ff")
    picture.paste("#ffffff", (120, 120, 170, 170))
    picture.save(tmp_path / "a.png")
    report, source = drawn_report(pair_on(tmp_path, 1000))

    crop = pictures_of(report_page(report, pictures=source))[0]

    # Around the box of 50 pixels 0.6 of it on each side: 110 high, and 1.25 times as wide.
    assert crop.width == 280
    assert abs(crop.height - 224) <= 1
    middle, corner = crop.getpixel((140, 112)), crop.getpixel((4, 4))
    assert near(middle, (255, 255, 255))
    assert near(corner, (0, 0, 255))


def test_without_pictures_names_stand_alone_and_the_page_says_so(tmp_path: Path) -> None:
    report, source = drawn_report(pair_on(tmp_path))
    nowhere = replace(source.pair.truth.images, folder=np.full(2, -1, np.int32))
    unknown = replace(source.pair, truth=replace(source.pair.truth, images=nowhere))

    nothing_given = report_page(report)
    not_found = report_page(report, pictures=PictureSource(unknown, source.verdicts))

    assert pictures_of(nothing_given) == pictures_of(not_found) == []
    assert "none were given, so names alone stand here" in text_of(nothing_given)
    assert "Not drawn: 1 of 1, such as a.png: no picture file was found." in text_of(not_found)


def test_a_picture_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    report, source = drawn_report(pair_on(tmp_path))

    seen = text_of(report_page(report, pictures=source))

    assert "Not drawn: 1 of 1, such as a.png: the picture" in seen


def test_any_number_of_workers_draws_the_same_page(tmp_path: Path) -> None:
    white(tmp_path)
    report, source = drawn_report(pair_on(tmp_path))

    with start(2) as engine:
        parallel = report_page(report, pictures=PictureSource(source.pair, source.verdicts, engine))

    assert parallel == report_page(report, pictures=source)


def test_a_page_of_noisy_pictures_stays_below_its_bound(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"{i}.png" for i in range(30)]
    noise = Image.fromarray(rng.integers(0, 256, (300, 400, 3), np.uint8))
    for name in names:
        noise.save(tmp_path / name)
    rows = [{"image": name, "category": "cat", "box": [20, 20, 60, 60]} for name in names]
    sizes = dict.fromkeys(names, (400, 300))
    categories = Categories(names=("cat",))
    found = build(sizes, [row | {"score": 0.5, "box": [200, 200, 50, 50]} for row in rows], categories)
    pair = align(build(sizes, rows, categories, folder=tmp_path), found)
    report, source = drawn_report(pair)
    errors = [msgspec.structs.replace(report.label_errors[0], image=name) for name in names]

    html = report_page(msgspec.structs.replace(report, label_errors=errors), pictures=source)

    assert len(pictures_of(html)) == 24 + 2 * 24
    assert len(html) < 3_000_000


def test_a_label_of_a_whole_picture_is_written_on_it_once(tmp_path: Path) -> None:
    white(tmp_path)
    nan = float("nan")
    sizes = {"a.png": (200, 200), "b.png": (200, 200)}
    categories = Categories(names=("cat", "dog"))
    rows: list[dict[str, Any]] = [{"image": name, "category": "cat", "box": [nan] * 4} for name in sizes]
    found = [row | {"category": "dog", "score": 0.9} for row in rows]
    pair = align(build(sizes, rows, categories, folder=tmp_path), build(sizes, found, categories))
    report = classification(
        worst=[WorstPicture(image="a.png", errors=1, objects=1, verdicts={"wrong class": 1})], label_errors=[]
    )

    (drawn,) = pictures_of(report_page(report, pictures=PictureSource(pair)))

    # Both banners lie at the upper left: green with the label, and below it vermillion with what was found.
    colours = np.asarray(drawn)[:80, :8].reshape(-1, 3)
    assert any(near(pixel, (0, 158, 115)) for pixel in colours.tolist())
    assert any(near(pixel, VERMILLION) for pixel in colours.tolist())
