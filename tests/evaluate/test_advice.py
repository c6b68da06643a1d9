"""What a report says in a few sentences: what matters most comes first, and nothing is said without ground."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cvdata.evaluate.advice import Advice, advice
from cvdata.evaluate.report import (
    Calibration,
    ClassResult,
    ComparisonRow,
    Errors,
    EvalReport,
    Intervals,
    LabelError,
    Number,
    OperatingPoint,
    ReliabilityBin,
    TideKind,
)
from cvdata.evaluate.words import brief, model_names

from .reports_made import bare, classification, comparison, detection, pixels

KINDS: tuple[Literal["class", "location", "both", "duplicate", "background", "missed"], ...] = (
    "class", "location", "both", "duplicate", "background", "missed",
)  # fmt: skip


def titles(report: EvalReport) -> list[str]:
    return [said.title for said in advice(report)]


def only(report: EvalReport) -> Advice:
    (said,) = advice(report)
    return said


def errors(**costs: float) -> Errors:
    kinds = [TideKind(name=name, count=9, cost=Number(costs.get(name, 0.0))) for name in KINDS]
    side = Number(0.1)
    return Errors(ap=0.5, kinds=kinds, false_positive=side, false_negative=side, verdicts={}, score=0.4)


def test_figures_alone_give_no_advice() -> None:
    assert advice(bare()) == []


def test_the_dearest_error_is_named_with_what_mending_it_would_bring_and_the_next() -> None:
    said = only(bare(errors=errors(duplicate=0.25, background=0.125)))

    assert said.title == "Duplicates cost most: without them AP50 would be 0.75, not 0.50"
    assert "non-maximum suppression" in said.text
    assert said.text.endswith("Next: detections on background, 0.125.")


def test_errors_that_cost_next_to_nothing_are_not_named() -> None:
    assert advice(bare(errors=errors(missed=0.009))) == []


def test_an_interval_wider_than_a_tenth_is_a_warning_about_all_figures() -> None:
    intervals = Intervals(resamples=1000, level=0.95, unit="pictures", units=1, method="m", seed=0)

    said = only(bare(metrics={"AP": Number(0.5, 0.375, 0.625)}, intervals=intervals))

    assert said.title == "The figures are rough: AP may be anything from 0.375 to 0.625"
    assert "with 1 picture." in said.text
    assert "smaller than about 0.12 cannot be seen" in said.text  # half of 0.25, which rounds to even


def test_a_narrow_interval_needs_no_words() -> None:
    assert advice(bare(metrics={"AP": Number(0.5, 0.46, 0.54)})) == []


def test_where_there_is_nothing_to_judge_nothing_else_is_said() -> None:
    classes = [result("cat", 0, None), result("dog", 0, None)]

    for counts in ({"objects": 0}, {"detections": 0}):
        assert len(advice(bare(classes=classes, **counts))) == 1
    assert len(advice(bare(objects=0, calibration=confidences(0.9, 0.0)))) == 1


def test_an_empty_truth_or_an_empty_result_is_said_first() -> None:
    assert titles(detection(objects=0))[0] == "The truth has no objects"
    assert titles(detection(detections=0))[0] == "Nothing was found"
    assert "Nothing was found" not in titles(pixels())


def test_probable_label_errors_are_counted_by_kind() -> None:
    kinds: list[Any] = ["missing", "missing", "swapped"]
    found = [
        LabelError(kind=k, image="a", box=(0, 0, 1, 1), truth=None, found=None, score=None, iou=None, surety=1.0)
        for k in kinds
    ]

    said = only(bare(label_errors=found))

    assert said.title == "3 labels may be wrong"
    assert said.text.startswith("2 seem to lack a label, 1 seems to be of another class.")
    assert titles(bare(label_errors=found * 70)) == ["At least 210 labels may be wrong"]


def at_half(**changes: Any) -> EvalReport:
    """Return a report with 80 true, 15 false and 7 other detections at its best confidence, of 200 objects."""
    verdicts = {"true": 80, "background": 10, "wrong class": 5, "ignored": 3, "unsure": 4, "found": 80, "missed": 120}
    point = OperatingPoint(name=None, score=0.5, f1=0.75, precision=0.9, recall=0.64)
    return bare(
        operating_points=[point],
        objects=200,
        errors=msgspec.structs.replace(errors(), verdicts=verdicts),
        **changes,
    )


def test_the_confidence_to_cut_at_comes_with_what_it_gives_of_all_detections_not_the_mean_over_classes() -> None:
    said = only(at_half())

    assert said.title == "Best confidence to cut at: 0.50"
    assert said.text.startswith("There 84 of 100 detections are right and 40 of 100 objects are found (F1 0.75).")


def test_f1_of_several_classes_is_said_to_be_their_mean() -> None:
    report = at_half(classes=[result("cat", 50, 0.7), result("dog", 50, 0.25)])

    assert any("(F1 0.75, mean over classes)." in said.text for said in advice(report))


def result(name: str, objects: int, ap: float | None) -> ClassResult:
    return ClassResult(name=name, images=objects, objects=objects, detections=0, metrics={"AP": Number(ap)})


def test_the_weakest_classes_are_named_but_none_with_too_few_objects_to_say() -> None:
    classes = [result("cat", 50, 0.7), result("rare", 3, 0.0), result("dog", 50, 0.25), result("absent", 0, None)]

    said = only(bare(classes=classes))

    assert said.title == "Weakest classes: dog (AP 0.25), cat (AP 0.70)"
    assert said.text.startswith("2 classes have fewer than 10 objects here")


def test_where_all_classes_are_small_none_is_named() -> None:
    said = only(bare(classes=[result("cat", 5, 0.7), result("dog", 6, 0.1)]))

    assert said.title == "2 classes have fewer than 10 objects here"
    assert "dog" not in said.text


def test_whole_pictures_are_ranked_by_f1_and_not_by_precision() -> None:
    weakest = next(title for title in titles(classification()) if title.startswith("Weakest"))

    assert "(F1 0.75)" in weakest


def confidences(confidence: float, accuracy: float) -> Calibration:
    held = ReliabilityBin(low=0, high=1, count=10, confidence=confidence, accuracy=accuracy)
    return Calibration(ece=Number(abs(confidence - accuracy)), mce=None, bins=[held], of="detections")


def test_confidences_that_mislead_are_said_to_be_too_high_or_too_low() -> None:
    assert titles(bare(calibration=confidences(0.9, 0.5))) == ["Confidences are too high: off by 0.40 on average"]
    assert titles(bare(calibration=confidences(0.5, 0.75))) == ["Confidences are too low: off by 0.25 on average"]
    assert titles(bare(calibration=confidences(0.5, 0.52))) == []


# --- two models


def compared(verdict: Literal["better", "worse", "too few objects to say"], difference: Number) -> EvalReport:
    held = comparison().comparison
    assert held is not None
    row = ComparisonRow(
        name=None, metric="AP", objects=9, first=0.5, second=0.6, difference=difference, verdict=verdict
    )
    return bare(comparison=msgspec.structs.replace(held, metrics=[row], classes=[]))


def test_a_verdict_on_the_second_model_comes_first() -> None:
    better, worse, unsure = (
        advice(compared("better", Number(0.1, 0.05, 0.15)))[0],
        advice(compared("worse", Number(-0.1, -0.15, -0.05)))[0],
        advice(compared("too few objects to say", Number(0.01, -0.05, 0.07)))[0],
    )

    names = "exp4/predictions.json is {} than exp3/predictions.json: AP {}"
    assert better.title == names.format("better", "+0.100 (+0.050 to +0.150)")
    assert worse.title == names.format("worse", "-0.100 (-0.150 to -0.050)")
    assert unsure.title == "Too few objects to say which model is better: AP +0.010 (-0.050 to +0.070)"
    assert (better.tone, worse.tone, unsure.tone) == ("good", "warning", "info")


def test_models_are_called_by_as_little_of_their_paths_as_tells_them_apart() -> None:
    assert model_names("runs/a.json", "runs/b.json") == ("a.json", "b.json")
    assert model_names("x/one/p.json", "x/two/p.json") == ("one/p.json", "two/p.json")
    assert model_names("p.json", "old/p.json") == ("p.json", "old/p.json")
    assert model_names("same", "same") == ("same", "same")


def test_long_names_of_pictures_keep_their_ends() -> None:
    assert brief("val/a.jpg", 20) == "val/a.jpg"
    assert brief("a/very/long/folder/a.jpg", 20) == "a.jpg"
    assert brief("0123456789abcdef.jpg", 11) == "01234…f.jpg"


def test_confidences_of_a_classifier_are_not_said_to_leave_its_ap_alone() -> None:
    held = msgspec.structs.replace(confidences(0.9, 0.5), of="pictures")

    said = only(bare(calibration=held))

    assert "The surest class stays, and so does top1" in said.text
    assert "AP" not in said.text


def test_two_models_without_a_difference_are_not_said_to_need_more_pictures() -> None:
    held = comparison().comparison
    assert held is not None
    same = [
        msgspec.structs.replace(row, second=row.first, difference=Number(0.0), verdict="too few objects to say")
        for row in held.metrics
    ]

    said = only(bare(comparison=msgspec.structs.replace(held, metrics=same, classes=[])))

    assert said.title == "The two models have the same figures"
    assert "more pictures" not in said.text


def test_a_class_that_is_found_almost_always_is_not_called_weak() -> None:
    assert (
        only(bare(classes=[result("sky", 50, 1.0), result("cat", 50, 0.6)])).title == "Weakest classes: cat (AP 0.60)"
    )
    assert titles(bare(classes=[result("sky", 50, 1.0), result("cat", 50, 0.97)])) == []


def test_a_badly_placed_skeleton_is_not_said_to_overlap_too_little() -> None:
    said = only(bare(kind="keypoints", errors=errors(location=0.1)))

    assert said.text.startswith("The class is right, but the likeness is only 0.1 to 0.5.")
