"""The page of an evaluation: whole and well formed for every report, small, self-contained, and with pictures drawn."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from cvdata.dataset import Categories
from cvdata.engine import start
from cvdata.evaluate.diagnosis import diagnose
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.page import PictureSource, report_page
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.report import (
    ClassResult,
    Confusion,
    Difference,
    EvalReport,
    Explanation,
    Intervals,
    LabelError,
    Number,
    Slice,
    WorstPicture,
)
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.words import meaning
from cvdata.files import Finding

from ..reports.test_page import HOSTILE, Tags
from ..tiny import build
from .reports_made import bare, classification, comparison, detection, pixels

REPORTS = {
    "figures alone": bare(),
    "detection": detection(),
    "two models": comparison(),
    "1 class": detection(names=("cat",)),
    "1,200 classes": detection(names=tuple(f"class {i}" for i in range(1200))),
    "1 picture": detection(images=1, objects=1, detections=1, worst=[], label_errors=[]),
    "no detections": bare(detections=0, metrics={"AP": Number(0.0), "AP50": Number(0.0)}),
    "no objects": bare(objects=0, metrics={"AP": Number(None), "AP50": Number(None)}),
    "no figures": bare(metrics={}),
    "classification": classification(),
    "segmentation": pixels(),
    "panoptic": pixels("panoptic"),
}


def without_style(html: str) -> str:
    return re.sub(r"<style>.*?</style>|<script>.*?</script>", "", html, flags=re.DOTALL)


def text_of(html: str) -> str:
    """Return what a reader sees, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", without_style(html)).split())


# --- every report


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_gives_a_well_formed_page_without_undefined_numbers(name: str) -> None:
    html = report_page(REPORTS[name])

    assert Tags(html).open == []
    assert not re.search(r"[^a-z](?:nan|inf|None)[^a-z]", without_style(html))


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_small_and_fetches_nothing(name: str) -> None:
    html = report_page(REPORTS[name])

    assert len(html) < 3_000_000
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//)""", html)


def test_the_same_report_gives_the_same_page() -> None:
    assert report_page(detection()) == report_page(detection())


def hostile() -> EvalReport:
    """Return a report all of whose names are an attack."""
    number = {"AP": Number(0.5, 0.4, 0.6)}
    classes = [
        ClassResult(name=f"{HOSTILE}{i}", images=20, objects=20, detections=20, metrics=number) for i in range(3)
    ]
    names = [row.name for row in classes]
    error = LabelError(
        kind="swapped", image=HOSTILE, box=(0, 0, 9, 9), truth=HOSTILE, found=HOSTILE, score=0.9, iou=1.0, surety=0.9
    )
    slices = [Slice(by=HOSTILE, value=HOSTILE, of="objects", pictures=1, objects=1, detections=1, metrics=number)]
    held = comparison().comparison
    assert held is not None
    rows = [msgspec.structs.replace(row, name=HOSTILE) for row in held.classes]
    return detection(
        truth=HOSTILE,
        found=HOSTILE,
        truth_format=HOSTILE,
        classes=classes,
        curves=[msgspec.structs.replace(curve, name=HOSTILE) for curve in detection().curves[:3]],
        operating_points=[msgspec.structs.replace(p, name=HOSTILE) for p in detection().operating_points[:2]],
        overlaps=[*detection().overlaps[:1], *(msgspec.structs.replace(o, name=HOSTILE) for o in detection().overlaps)],
        confusion=Confusion(names=names, counts=[[5, 1, 1]] * 3, score=None, iou=None, background=False),
        label_errors=[error],
        worst=[WorstPicture(image=HOSTILE, errors=3, objects=4, verdicts={HOSTILE: 3})],
        slices=slices,
        comparison=msgspec.structs.replace(held, first=HOSTILE, second=f"{HOSTILE}2", classes=rows),
        findings=[Finding(code="code", message=HOSTILE, count=1, examples=[HOSTILE])],
        settings={"by": [HOSTILE], HOSTILE: HOSTILE},
    )


def test_no_name_from_a_file_becomes_markup() -> None:
    html = report_page(hostile())

    tags = Tags(html)
    assert tags.names.count("img") == 0
    assert tags.names.count("script") == 1
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert "\x1b" not in html
    assert "\u202e" not in html


# --- what a reader sees first


def test_the_page_begins_with_figures_then_how_sure_then_what_to_do() -> None:
    seen = text_of(report_page(detection()))

    order = [
        "0.505",
        "0.475 to 0.535",
        "1,000 resamples of 500 pictures",
        "Missed objects cost most",
        "How much AP50 would rise",
    ]
    places = [seen.index(part) for part in order]
    assert places == sorted(places)


def test_without_intervals_the_page_says_so() -> None:
    assert "No intervals were computed" in text_of(report_page(bare()))


def test_one_picture_has_no_intervals_and_the_page_does_not_explain_any() -> None:
    made = Intervals(resamples=1000, level=0.95, unit="pictures", units=1, method="bootstrap", seed=0)

    seen = text_of(report_page(bare(intervals=made)))

    assert "There are no intervals: 1 picture does not say" in seen
    assert "Below each figure" not in seen


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("APs", {}, "AP of small objects, up to 32 x 32 pixels"),
        ("APs", {"settings": {"areas": {"small": (0.0, 200.0)}}}, "AP of small objects, up to 200 square pixels"),
        (
            "AR_tiny",
            {"settings": {"areas": {"tiny": (0.0, 100.0)}}},
            "share found of tiny objects, up to 10 x 10 pixels",
        ),
        ("APr", {"protocol": "lvis"}, "AP of rare classes"),
        ("AP30", {}, "average precision where an overlap (IoU) of 0.3 is enough"),
        ("AR50", {}, "share of the objects found with at most 50 detections per picture and class"),
        ("AR50", {"kind": "keypoints"}, "share of the objects found where a likeness (OKS) of 0.5 is enough"),
    ],
)
def test_a_figure_is_explained_by_the_settings_that_it_was_made_with(
    name: str, changes: dict[str, Any], said: str
) -> None:
    settings = {"settings": msgspec.to_builtins(EvalSettings())}

    assert meaning(name, bare(**settings | changes)) == said


def test_keypoints_are_held_together_by_their_likeness() -> None:
    seen = text_of(report_page(detection(kind="keypoints")))

    assert "At a likeness (OKS) of 0.5" in seen
    assert "Likeness (OKS) of the detections with the objects that they found." in seen


def test_an_undefined_figure_is_said_to_be_undefined_and_never_zero() -> None:
    seen = text_of(report_page(bare(objects=0, metrics={"AP": Number(None)})))

    assert "– not defined here" in seen
    assert "0.000" not in seen


def test_each_kind_of_error_comes_with_what_it_costs_and_what_helps_dearest_first() -> None:
    html = report_page(detection())

    titles = re.findall(r"<strong>(Missed|Badly placed|On background|Wrong class|Class and place|Duplicate) \(", html)
    assert titles == ["Missed", "Badly placed", "On background", "Wrong class", "Class and place", "Duplicate"]
    assert "Duplicate (21). An object that a surer detection has found already. Lower" in text_of(html)


# --- single parts


def test_the_matrix_says_row_and_column_and_the_pairs_come_most_frequent_first() -> None:
    confusion = Confusion(
        names=["cat", "dog"], counts=[[8, 2, 10], [6, 14, 0], [1, 3, 0]], score=0.25, iou=0.5, background=True
    )

    html = report_page(bare(confusion=confusion))

    assert "cat taken for dog: 2 (10.0 %)" in html  # of 20
    assert "cat taken for background: 10 (50.0 %)" in html
    assert "background taken for dog: 3 (75.0 %)" in html
    seen = text_of(html)
    assert seen.index("dog cat 6 30.0 %") < seen.index("cat dog 2 10.0 %")
    assert "Detections of confidence 0.25 or more count, from an overlap of 0.5 on." in seen


def test_of_many_classes_the_matrix_shows_those_that_are_confused_most() -> None:
    table = np.diag(np.full(100, 50))
    table[3, 70] = 9
    confusion = Confusion(
        names=[f"c{i}" for i in range(100)], counts=table.tolist(), score=None, iou=None, background=False
    )

    html = report_page(bare(confusion=confusion))

    assert html.count(" taken for ") == 20 * 20
    assert "c3 taken for c70: 9" in html
    assert "80 classes not" in text_of(html)


def test_rules_that_change_nothing_stand_in_one_line() -> None:
    steps = [
        Difference(rule="crowd", what="crowds count as objects", metric="AP50", before=0.7, after=0.6),
        Difference(rule="rounding", what="boxes are rounded", metric="AP50", before=0.6, after=0.6 + 1e-16),
    ]

    seen = text_of(report_page(bare(explanation=[Explanation(protocol="voc07", metrics={"AP50": 0.6}, steps=steps)])))

    assert "crowds count as objects AP50 0.700 0.600 -0.100" in seen
    assert "Without effect here: rounding." in seen
    assert "boxes are rounded" not in seen


def test_a_comparison_comes_first_and_says_what_the_rest_is_about() -> None:
    seen = text_of(report_page(comparison()))

    assert seen.index("+0.021") < seen.index("0.505")
    assert "All that follows is about exp3/predictions.json" in seen
    assert "exp4/predictions.json is better than exp3/predictions.json: AP +0.021 (+0.012 to +0.030)" in seen
    assert "too few objects to say" in seen


def test_curves_are_those_of_the_mean_and_of_the_seven_most_frequent_classes() -> None:
    html = report_page(detection())

    for curve in ("F1 against confidence", "Precision against recall"):
        drawing = re.search(rf'<svg[^>]*aria-label="{curve}".*?</svg>', html, re.DOTALL)
        assert drawing is not None
        lines = re.findall(r"<title>([^<]*)</title></path>", drawing.group())
        assert lines[-1] == "all classes"
        assert lines[:-1] == ["person", "bicycle", "car", "traffic light", "dog", "frisbee", "teddy bear"]


def test_pixels_are_counted_as_pixels_and_nobody_misses_their_pictures() -> None:
    seen = text_of(report_page(pixels()))

    assert "wrong pixels" in seen
    assert "none were given" not in seen
    assert "detections" not in seen


# --- pictures


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
