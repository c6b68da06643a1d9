"""Figures that must be reached: how they are written, and how they are judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.errors import UsageError
from cvdata.evaluate.gates import Gate, check_classes, judge, parse_gates
from cvdata.evaluate.report import EvalReport, Number

from .reports_made import bare, class_of, classification, detection, pixels


def report_of(metrics: dict[str, float | None], classes: dict[str, dict[str, float | None]]) -> EvalReport:
    return bare(
        metrics={name: Number(value) for name, value in metrics.items()},
        classes=[class_of(name, **figures) for name, figures in classes.items()],
    )


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        ("mAP=0.4", [("mAP", None, 0.4)]),
        ("mAP=0.4,AP50.cat=0.6", [("mAP", None, 0.4), ("AP50", "cat", 0.6)]),
        (" AP = 1 , AP75.dog = .5 ,", [("AP", None, 1.0), ("AP75", "dog", 0.5)]),
        ("F1.traffic light=0.5", [("F1", "traffic light", 0.5)]),
        ("AP.v1.2=0.5", [("AP", "v1.2", 0.5)]),
        ('AP."a, b=c"=0.5,AP=0', [("AP", "a, b=c", 0.5), ("AP", None, 0.0)]),
        ("AP.'a, b=c'=0.5", [("AP", "a, b=c", 0.5)]),
        ('AP."the ""best"" one"=0.5', [("AP", 'the "best" one', 0.5)]),
        ('AP."driver\'s, own"=0.5', [("AP", "driver's, own", 0.5)]),
        ('AP." lead"=0.5', [("AP", " lead", 0.5)]),
        ("AP.猫=5e-1", [("AP", "猫", 0.5)]),
    ],
)
def test_gates_are_read_as_people_write_them(text: str, gates: list[tuple[str, str | None, float]]) -> None:
    assert parse_gates([text]) == tuple(Gate(*gate) for gate in gates)


def test_the_option_may_be_given_several_times() -> None:
    assert [gate.metric for gate in parse_gates(["AP=0.1", "AR100=0.2,AP50=0.3"])] == ["AP", "AR100", "AP50"]


@given(st.text(min_size=1).filter(lambda name: name.isprintable()))
def test_any_class_can_be_named_in_quotes(name: str) -> None:
    quoted = name.replace('"', '""')

    assert parse_gates([f'AP50."{quoted}"=0.25,AP=0.5']) == (Gate("AP50", name, 0.25), Gate("AP", None, 0.5))


@pytest.mark.parametrize(
    "text", ["", "AP", "=0.5", "AP.=0.5", 'AP."cat=0.5', "AP=0.4,,AR=0.5", "AP.it's=0.5", "AP 0.5"]
)
def test_what_is_no_gate_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is no gate") as caught:
        parse_gates([text])

    assert "mAP=0.4,AP50.cat=0.6" in str(caught.value)


@pytest.mark.parametrize("number", ["40", "-0.1", "nan", "inf", "half", "", "0.4=0.5"])
def test_a_figure_goes_from_0_to_1(number: str) -> None:
    with pytest.raises(UsageError, match="is no number from 0 to 1"):
        parse_gates([f"AP={number}"])


def test_a_figure_that_is_reached_exactly_passes() -> None:
    report = report_of({"AP": 0.4, "AP50": 0.6}, {"cat": {"AP": 0.3, "AP50": 0.7}})

    judged = judge(report, parse_gates(["AP=0.4,AP50=0.61,AP.cat=0.2,AP50.cat=0.8"]))

    assert [one.passed for one in judged] == [True, False, True, False]
    assert [one.value for one in judged] == [0.4, 0.6, 0.3, 0.7]
    assert str(judged[0]) == "AP is 0.4000, at least 0.4"
    assert str(judged[3]) == "AP50 of cat is 0.7000, under 0.8"


def test_a_figure_just_under_its_gate_is_not_shown_as_if_it_had_passed() -> None:
    judged = judge(report_of({"AP": 0.39999999}, {}), parse_gates(["AP=0.4"]))

    assert str(judged[0]) == "AP is 0.39999999, under 0.4"


def test_an_undefined_figure_fails_and_says_why() -> None:
    (judged,) = judge(report_of({"APl": None}, {}), parse_gates(["APl=0"]))

    assert not judged.passed
    assert str(judged) == "APl is not defined (no such objects), and should be at least 0"


@pytest.mark.parametrize(
    ("text", "known"),
    [("mAP", "AP"), ("map", "AP"), ("ap", "AP"), ("mAP50-95", "AP"), ("mAP50", "AP50"), ("AP", "mAP")],
)
def test_a_figure_goes_by_the_names_that_others_give_it(text: str, known: str) -> None:
    (judged,) = judge(report_of({known: 0.5, "AR100": 0.1}, {}), parse_gates([f"{text}=0.5"]))

    assert judged.value == 0.5


def test_small_and_large_letters_tell_figures_apart_where_both_are_there() -> None:
    report = report_of({"APS": 0.1, "APs": 0.2}, {})

    assert [one.value for one in judge(report, parse_gates(["APs=0,APS=0"]))] == [0.2, 0.1]


def test_an_unknown_figure_or_class_names_the_nearest() -> None:
    report = report_of({"AP": 0.5, "AP50": 0.5}, {"bicycle": {"AP": 0.5}, "bus": {"AP": 0.5}})

    with pytest.raises(UsageError, match=r"no figure 'AP5'\n  hint: did you mean 'AP50'"):
        judge(report, parse_gates(["AP5=0.5"]))
    with pytest.raises(UsageError, match=r"no class 'bicycel'\n  hint: did you mean 'bicycle'"):
        judge(report, parse_gates(["AP.bicycel=0.5"]))
    with pytest.raises(UsageError, match=r"no figure 'AP50' of a class\n  hint: did you mean 'AP'"):
        judge(report, parse_gates(["AP50.bus=0.5"]))


def test_a_figure_with_a_point_in_its_name_is_known() -> None:
    report = report_of({"AP72": 0.1, "AP72.5": 0.2}, {"cat": {"AP72.5": 0.3}, "5": {"AP72": 0.4}})

    judged = judge(report, parse_gates(["AP72=0,AP72.5=0,AP72.5.cat=0"]))

    assert [one.value for one in judged] == [0.1, 0.2, 0.3]


def test_a_gate_on_the_calibration_error_which_is_best_at_0_is_refused() -> None:
    with pytest.raises(UsageError, match="ECE is better the lower it is"):
        judge(report_of({"ECE": 0.4}, {}), parse_gates(["ECE=0.1"]))


@pytest.mark.parametrize(("text", "near"), [("APP50=0.5", "AP50"), ("recal.cat=0.5", "recall"), ("toop1=0.5", "top1")])
def test_a_mistyped_figure_is_refused_before_there_is_a_report(text: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no figure .*\n  hint: did you mean '{near}'"):
        parse_gates([text])


@pytest.mark.parametrize("report", [detection(), classification(), pixels(), pixels("panoptic")])
def test_no_figure_of_any_report_is_taken_for_a_mistyped_one(report: EvalReport) -> None:
    names = {*report.metrics, *(name for row in report.classes for name in row.metrics)} - {"ECE"}

    assert {gate.metric for gate in parse_gates([f"{name}=0" for name in names])} == names


def test_a_class_that_is_not_there_is_refused_before_there_is_a_report() -> None:
    with pytest.raises(UsageError, match=r"no class 'cta'\n  hint: did you mean 'cat'"):
        check_classes(parse_gates(["AP=0.1,AP50.cat=0.1,AP50.cta=0.1"]), ["dog", "cat"])


def test_what_stands_behind_the_point_of_a_figure_is_not_taken_for_a_class() -> None:
    check_classes(parse_gates(["AP72.5=0.1,AP72.5.cat=0.1,AP_8.5px=0.1"]), ["dog", "cat"])


def test_a_figure_that_the_quick_way_leaves_out_says_so() -> None:
    quick = bare(settings={"details": False})

    with pytest.raises(UsageError, match=r"no figure 'F1'\n  hint: leave out --quick"):
        judge(quick, parse_gates(["F1=0.5"]))
