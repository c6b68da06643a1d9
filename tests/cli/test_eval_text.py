"""What `cvdata eval` prints for people."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cvdata.cli.eval_figures import change, figure, meaning
from cvdata.cli.eval_text import eval_text
from cvdata.cli.pen import Paper, Pen
from cvdata.evaluate.gates import judge, parse_gates
from cvdata.evaluate.report import (
    Comparison,
    ComparisonRow,
    Confusion,
    Difference,
    Errors,
    EvalReport,
    Explanation,
    Intervals,
    LabelError,
    Number,
    Slice,
    TideKind,
    WorstPicture,
)
from cvdata.evaluate.settings import EvalSettings
from cvdata.files import Finding
from tests.evaluate import reports_made
from tests.evaluate.reports_made import class_of

INTERVALS = Intervals(resamples=1000, level=0.95, unit="pictures", units=40, method="percentile", seed=0)


def report_of(**changes: Any) -> EvalReport:
    values: dict[str, Any] = {
        "truth": "labels.json",
        "found": "results.json",
        "found_format": "COCO results",
        "images": 40,
        "objects": 1200,
        "detections": 1,
        "metrics": {"AP": Number(0.5049, 0.47, 0.54), "APs": Number(None)},
        "classes": [class_of("cat", AP=0.25)],
        "settings": msgspec.to_builtins(EvalSettings()),
    }
    return reports_made.bare(**values | changes)


def text_of(report: EvalReport, *gates: str, width: int | None = None, page: bool = True) -> str:
    return eval_text(report, judge(report, parse_gates(gates)), page=page, paper=Paper(Pen(False), width))


def part_of(text: str, heading: str) -> list[str]:
    """Return the lines from a heading to the next empty line."""
    lines = text.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(heading))
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return lines[start:end]


def test_the_text_begins_with_what_was_compared_and_the_figures() -> None:
    text = text_of(report_of(intervals=INTERVALS))

    assert text.splitlines() == [
        "truth  labels.json (coco): 40 pictures, 1,200 objects, 1 class",
        "found  results.json (COCO results): 1 detection",
        "rules  COCO, boxes",
        "",
        "AP   0.505 [0.470, 0.540]  mean over classes and IoU 0.5 to 0.95",
        "APs  -                     small objects, up to 32 x 32 pixels",
        "- is not defined: the truth has no such objects",
        "[ ] 95 % intervals from 1,000 resamples of 40 pictures; percentile",
        "",
        "classes",
        "class  objects  found     AP",
        "cat          2      3  0.250",
    ]


def test_a_finding_stands_with_what_was_compared() -> None:
    finding = Finding(code="x", message="2 pictures are odd", count=2, examples=["a.jpg", "b.jpg"])

    lines = text_of(report_of(findings=[finding])).splitlines()

    assert lines[3] == "note: 2 pictures are odd (a.jpg, b.jpg)"


def test_of_many_classes_the_weakest_are_shown_and_those_without_objects_are_not() -> None:
    classes = [class_of(f"class {i}", AP=i / 100) for i in range(25, 0, -1)] + [class_of("none", AP=None)]

    lines = part_of(text_of(report_of(classes=classes)), "the 20 weakest")

    assert lines[0] == "the 20 weakest of the 26 classes, by AP (--json has all)"
    assert [line.split("  ")[0] for line in lines[2:]] == [f"class {i}" for i in range(1, 21)]


def test_classes_of_a_few_objects_are_not_called_weak_where_there_are_enough_others() -> None:
    small = [class_of(f"small {i}", AP=0.0) for i in range(20)]
    large = [msgspec.structs.replace(class_of(f"large {i}", AP=i / 100), objects=10) for i in range(12)]

    lines = part_of(text_of(report_of(classes=small + large)), "the 12 weakest")

    assert lines[0] == "the 12 weakest of the 12 classes with 10 objects or more, by AP (--json has all)"
    assert [line.split("  ")[0] for line in lines[2:]] == [f"large {i}" for i in range(12)]


def test_few_classes_keep_their_order() -> None:
    classes = [class_of(name, AP=value) for name, value in (("dog", 0.9), ("cat", 0.1), ("bus", None))]

    assert [line.split()[0] for line in part_of(text_of(report_of(classes=classes)), "classes")[2:]] == [
        "dog",
        "cat",
        "bus",
    ]


@pytest.mark.parametrize(("width", "columns"), [(60, ["AP50", "F1"]), (None, ["AP50", "F1", "AR100", "mean_IoU"])])
def test_the_class_table_has_as_many_figures_as_fit(width: int | None, columns: list[str]) -> None:
    row = class_of("a name of twenty let", AP=0.1, AP50=0.2, AR100=0.3, F1=0.4, mean_IoU=0.5)

    head = part_of(text_of(report_of(classes=[row]), width=width), "classes")[1]

    assert head.split() == ["class", "objects", "found", "AP", *columns]


def test_errors_stand_with_the_dearest_first_and_those_that_are_not_there_not_at_all() -> None:
    kinds = [
        TideKind(name="class", count=1200, cost=Number(0.0125)),
        TideKind(name="duplicate", count=0, cost=Number(0.0)),
        TideKind(name="missed", count=7, cost=Number(0.1, 0.05, 0.15)),
    ]
    none = Number(None)
    errors = Errors(ap=0.6, kinds=kinds, false_positive=none, false_negative=none, verdicts={}, score=0.5)

    assert part_of(text_of(report_of(errors=errors)), "errors, and") == [
        "errors, and what AP50 (now 0.600) would gain without them (TIDE)",
        "        count                     gain",
        "missed      7  +0.100 [+0.050, +0.150]  no detection comes near",
        "class   1,200                   +0.013  right place, wrong class",
    ]


def test_confused_classes_are_named_without_the_background() -> None:
    counts = [[9, 2, 50], [30, 9, 0], [40, 0, 0]]
    confusion = Confusion(names=["cat", "dog"], counts=counts, score=0.5, iou=0.5, background=True)

    assert part_of(text_of(report_of(confusion=confusion)), "classes that are") == [
        "classes that are taken for each other",
        "truth  found  times",
        "dog    cat       30",
        "cat    dog        2",
    ]


def test_suspicious_labels_say_where_they_are() -> None:
    box = (10.4, 20.0, 30.6, 40.0)
    found = [
        LabelError(kind="missing", image="a.jpg", box=box, truth=None, found="cat", score=0.98, iou=None, surety=0.9),
        LabelError(kind="swapped", image="b.jpg", box=box, truth="dog", found="cat", score=0.9, iou=0.8, surety=0.8),
        LabelError(kind="spurious", image="c.jpg", box=box, truth="dog", found=None, score=None, iou=None, surety=0.7),
    ]

    assert part_of(text_of(report_of(label_errors=found)), "labels of the truth") == [
        "labels of the truth to look at first: 1 missing, 1 spurious, 1 swapped",
        "                                  x,y,w,h      picture",
        "missing   cat 0.98                10,20,31,40  a.jpg",
        "swapped   dog, found as cat 0.90  10,20,31,40  b.jpg",
        "spurious  dog, nothing finds it   10,20,31,40  c.jpg",
    ]


def test_the_worst_pictures_are_five_at_most() -> None:
    verdicts = {"true": 2, "missed": 3, "both": 0}
    worst = [WorstPicture(image=f"{i}.jpg", errors=12 - i, objects=9, verdicts=verdicts) for i in range(8)]

    lines = part_of(text_of(report_of(worst=worst)), "pictures with")

    assert lines[1] == "    12  3 missed  0.jpg"
    assert len(lines) == 6


def test_two_models_stand_side_by_side_with_a_verdict_each() -> None:
    rows = [
        ("AP", None, 0.5, 0.55, Number(0.05, 0.02, 0.08), "better"),
        ("AP50", None, 0.7, 0.6999, Number(-0.0001, -0.02, 0.02), "too few objects to say"),
    ]
    classes = [("AP", "cat", 0.5, None, Number(None), "too few objects to say")]

    def made(row: tuple[Any, ...]) -> ComparisonRow:
        metric, name, first, second, difference, verdict = row
        return ComparisonRow(
            name=name, metric=metric, objects=9, first=first, second=second, difference=difference, verdict=verdict
        )

    comparison = Comparison(
        first="a.json",
        second="b.json",
        metrics=[made(row) for row in rows],
        classes=[made(row) for row in classes],
        intervals=INTERVALS,
        correction="Holm over 1 class.",
    )
    text = text_of(report_of(comparison=comparison))

    assert part_of(text, "first and second") == [
        "first and second model, on the same pictures; all else is about the first",
        "first   a.json",
        "second  b.json",
        "      first  second               difference",
        "AP    0.500   0.550  +0.050 [+0.020, +0.080]  better",
        "AP50  0.700   0.700   0.000 [-0.020, +0.020]  too few objects to say",
    ]
    assert part_of(text, "class (AP)") == [
        "class (AP)  first  second  difference",
        "cat         0.500       -           -  too few objects to say",
        "of the second model's classes: 1 with too few objects to say",
        "Holm over 1 class; 95 % intervals of the difference",
    ]


def test_a_class_whose_interval_leaves_out_0_without_a_verdict_is_explained() -> None:
    report = reports_made.comparison()
    assert report.comparison is not None
    classes = [msgspec.structs.replace(row, verdict="too few objects to say") for row in report.comparison.classes]
    undecided = msgspec.structs.replace(report.comparison, classes=classes)

    why = "an interval without 0 is not enough for a class"
    assert why in text_of(msgspec.structs.replace(report, comparison=undecided))
    assert why not in text_of(report)


@pytest.mark.parametrize(
    ("pictures", "said"), [(1, "1 picture does not say how far"), (2, "2 pictures do not say how far")]
)
def test_where_no_figure_has_an_interval_the_text_does_not_explain_any(pictures: int, said: str) -> None:
    made = Intervals(resamples=1000, level=0.95, unit="pictures", units=pictures, method="bootstrap", seed=0)

    text = text_of(report_of(intervals=made, metrics={"AP": Number(1.0)}))

    assert f"no intervals: {said} figures move on others" in text
    assert "[ ]" not in text


def test_slices_are_a_table_for_each_column() -> None:
    def made(by: str, value: str) -> Slice:
        return Slice(by=by, value=value, of="objects", pictures=4, objects=5, detections=6, metrics={"AP": Number(0.5)})

    text = text_of(report_of(slices=[made("size", "small"), made("size", "large"), made("light", "night")]))

    assert part_of(text, "by size") == [
        "by size  pictures  objects     AP",
        "small           4        5  0.500",
        "large           4        5  0.500",
    ]
    assert part_of(text, "by light")[1:] == ["night            4        5  0.500"]


def test_rules_that_change_nothing_share_a_line_and_small_changes_are_not_shown_as_none() -> None:
    steps = [
        Difference(rule="crowd", what="crowds are objects", metric="AP50", before=0.5, after=0.49),
        Difference(rule="rounding", what="boxes are rounded", metric="AP50", before=0.49, after=0.4900004),
        Difference(rule="difficult", what="set aside", metric="AP50", before=0.4900004, after=0.4900004),
        Difference(rule="recalls", what="11 recalls", metric="AP50", before=0.4900004, after=0.4900004 + 1e-16),
    ]
    made = [
        Explanation(protocol="coco", metrics={"AP": 0.3, "AP50": 0.5}, steps=[]),
        Explanation(protocol="voc07", metrics={"AP50": 0.4900004}, steps=steps),
    ]
    text = text_of(report_of(explanation=made))

    assert part_of(text, "the same predictions") == [
        "the same predictions by other rules",
        "by the rules of     AP   AP50",
        "COCO             0.300  0.500",
        "VOC 2007             -  0.490",
    ]
    assert part_of(text, "from COCO") == [
        "from COCO to VOC 2007: AP50 0.500 -> 0.490",
        "  crowd      -0.010  crowds are objects",
        "  rounding   +4e-07  boxes are rounded",
        "  no difference: difficult, recalls",
    ]


def test_gates_that_hold_end_the_text_and_those_that_fail_are_left_to_stderr() -> None:
    assert text_of(report_of(), "AP=0.5,AP.cat=0.3").splitlines()[-2:] == ["", "passed: AP is 0.5049, at least 0.5"]


def test_the_page_is_recommended_unless_there_is_one() -> None:
    worst = [WorstPicture(image="a.jpg", errors=1, objects=1, verdicts={})]

    assert "--html FILE" in text_of(report_of(worst=worst), page=False)
    assert "--html FILE" not in text_of(report_of(worst=worst), page=True)


@pytest.mark.parametrize(
    "report",
    [
        reports_made.detection(),
        reports_made.comparison(),
        reports_made.classification(),
        reports_made.pixels(),
        reports_made.pixels("panoptic"),
    ],
    ids=["detection", "comparison", "classification", "segmentation", "panoptic"],
)
def test_a_report_of_any_task_fits_a_terminal_of_80_columns(report: EvalReport) -> None:
    lines = text_of(report, width=80, page=False).splitlines()

    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_hostile_name_stays_one_harmless_line() -> None:
    evil = "a\x1b[2J\u202eb\nc"
    classes = [class_of(evil, AP=0.5)]
    worst = [WorstPicture(image=evil, errors=1, objects=1, verdicts={"missed": 1})]

    text = text_of(report_of(classes=classes, worst=worst))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a\\x1b[2J\\u202eb\\nc" in text


def test_a_terminal_shows_headings_in_bold_and_verdicts_in_colour() -> None:
    report = report_of()

    text = eval_text(report, judge(report, parse_gates(["AP=0.1"])), paper=Paper(Pen(True), 80))

    assert "\x1b[1mclasses\x1b[0m" in text
    assert "\x1b[1;32mpassed\x1b[0m: AP is" in text


def test_a_figure_is_written_as_papers_do() -> None:
    assert figure(Number(0.5)) == "0.500"
    assert figure(Number(None)) == "-"
    assert figure(Number(0.5, 0.4, 0.6)) == "0.500 [0.400, 0.600]"
    assert [change(value) for value in (0.1, -0.1, 0.0001, -0.0001, None)] == [
        "+0.100",
        "-0.100",
        "0.000",
        "0.000",
        "-",
    ]


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("AP", {}, "mean over classes and IoU 0.5 to 0.95"),
        ("AP", {"thresholds": (0.5,)}, "at IoU 0.5"),
        ("AP50", {}, "at IoU 0.5"),
        ("AP72.5", {}, "at IoU 0.725"),
        ("APm", {}, "medium objects, up to 96 x 96 pixels"),
        ("APl", {}, "large objects, from 96 x 96 pixels"),
        ("AP_tiny", {"areas": {"tiny": (0.0, 200.0)}}, "tiny objects, up to 200 square pixels"),
        ("APr", {"protocol": "lvis"}, "rare classes"),
        ("AR1", {}, "recall, 1 detection a picture and class"),
        ("AR300", {}, "recall, 300 detections a picture and class"),
        ("ARs", {}, "recall of small objects"),
        ("AR", {"kind": "keypoints"}, "recall"),
        ("AP", {"kind": "keypoints"}, "mean over classes and OKS 0.5 to 0.95"),
        ("AP50", {"kind": "keypoints"}, "at OKS 0.5"),
        ("mean_IoU", {"kind": "keypoints"}, "likeness (OKS) of found objects"),
        ("AR75", {"kind": "keypoints"}, "recall at OKS 0.75"),
        ("precision", {}, "mean over classes, at that confidence"),
        ("PQ_things", {}, "SQ x RQ, mean over classes, things"),
        ("unheard", {}, ""),
    ],
)
def test_each_figure_is_said_in_a_few_words(name: str, settings: dict[str, Any], said: str) -> None:
    assert meaning(name, {**msgspec.to_builtins(EvalSettings()), **settings}, "detection") == said
