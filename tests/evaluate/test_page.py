"""The page of an evaluation: whole and well formed for every report, small, self-contained, and with pictures drawn."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np
import pytest

from cvdata.evaluate.page import report_page
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
from .reports_made import bare, classification, comparison, detection, pixels
from .reports_read import text_of, without_style

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
        ("AR1", {}, "share of the objects found with at most 1 detection per picture and class"),
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
    assert "The class is right, but the likeness is only 0.1 to 0.5." in seen
    assert "count, from a likeness of 0.5 on." in seen
    assert "mean IoU" not in seen


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


@pytest.mark.parametrize(("after", "panels"), [(0.7, 0), (0.6, 1)])
def test_coco_itself_has_a_panel_only_where_a_rule_changes_something(after: float, panels: int) -> None:
    steps = [Difference(rule="rounding", what="boxes are rounded", metric="AP50", before=0.7, after=after)]

    seen = text_of(report_page(bare(explanation=[Explanation(protocol="coco", metrics={"AP50": 0.7}, steps=steps)])))

    assert seen.count("Within COCO") == panels
    assert "From COCO to COCO" not in seen


def test_a_comparison_comes_first_and_says_what_the_rest_is_about() -> None:
    seen = text_of(report_page(comparison()))

    assert seen.index("+0.021") < seen.index("0.505")
    assert "All that follows is about exp3/predictions.json" in seen
    assert "exp4/predictions.json is better than exp3/predictions.json: AP +0.021 (+0.012 to +0.030)" in seen
    assert "too few objects to say" in seen


def test_a_comparison_explains_classes_whose_interval_leaves_out_0_without_a_verdict() -> None:
    report = comparison()
    assert report.comparison is not None
    classes = [msgspec.structs.replace(row, verdict="too few objects to say") for row in report.comparison.classes]
    undecided = msgspec.structs.replace(report.comparison, classes=classes)

    why = "An interval without 0 is not enough for a class"
    assert why in text_of(report_page(msgspec.structs.replace(report, comparison=undecided)))
    assert why not in text_of(report_page(report))


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
