"""Options of `cvdata eval`: those that are more than one word, and those that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.cli.eval_options import areas_in, counts_in, thresholds_in
from cvdata.errors import UsageError
from cvdata.evaluate.matching import COCO_THRESHOLDS
from tests.cli.command import cvdata


def test_the_default_range_gives_cocos_thresholds_to_the_last_bit() -> None:
    assert thresholds_in("0.5:0.95:0.05") == COCO_THRESHOLDS


@pytest.mark.parametrize(
    ("text", "thresholds"),
    [("0.5", (0.5,)), ("0.5,0.75", (0.5, 0.75)), ("0.3:0.7:0.2", (0.3, 0.5, 0.7)), ("0.5:0.5:0.1", (0.5,))],
)
def test_thresholds_are_a_list_or_a_range(text: str, thresholds: tuple[float, ...]) -> None:
    assert thresholds_in(text) == pytest.approx(thresholds, abs=1e-15)


@pytest.mark.parametrize("text", ["", "half", "0.5,,0.7", "nan", "0.5:0.95", "0.9:0.5:0.1", "0.5:0.9:0", "0.5:0.9:0.3"])
def test_other_thresholds_are_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--iou"):
        thresholds_in(text)


def test_a_range_of_a_million_steps_is_refused_before_it_is_made() -> None:
    with pytest.raises(UsageError, match="whole steps"):
        thresholds_in("0:1:0.000000001")


def test_sizes_have_names_and_bounds_and_all_sizes_come_first() -> None:
    areas = areas_in("tiny=0:256, rest = 256:inf")

    assert list(areas.items()) == [("all", (0.0, 1e10)), ("tiny", (0.0, 256.0)), ("rest", (256.0, 1e10))]


def test_all_sizes_may_be_bounded_too() -> None:
    assert list(areas_in("small=0:100,all=10:")) == ["all", "small"]
    assert areas_in("small=0:100,all=10:")["all"] == (10.0, 1e10)


@pytest.mark.parametrize("text", ["", "small", "small=100", "=0:100", "small=a:b", "a=0:1,a=1:2", "a=0:nan"])
def test_other_sizes_are_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--areas"):
        areas_in(text)


def test_numbers_of_detections_are_whole() -> None:
    assert counts_in("1,10,300") == (1, 10, 300)
    for text in ("", "1,,3", "1.5", "many", "inf"):
        with pytest.raises(UsageError, match="--max-detections"):
            counts_in(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--quick", "--explain"), "--quick gives the main figures alone, without --explain"),
        (("--quick", "--intervals", "500"), "without --intervals"),
        (("--quick", "--html", "page.html"), "without --html"),
        (("--iou", "0"), "thresholds lie above 0"),
        (("--iou", "0.7,0.5"), "not ascending"),
        (("--level", "2"), "no confidence level"),
        (("--intervals", "7"), "fewer than 100 resamples"),
        (("--fail-under", "mAP=40"), "'40' is no number from 0 to 1"),
        (("--pixel", "1"), "--pixel is of VOC's rules"),
        (("--pixel", "2"), "--pixel"),
        (("--by", ","), "--by names nothing"),
        (("--by", "sise"), "size"),
        (("--classes", "labels.txt"), "does not exist"),
        (("--void", "255"), "--void is for label maps"),
        (("--found-format", "cocoo"), "did you mean 'coco'"),
        (("--found-format", "resultss"), "did you mean 'results'"),
        (("--from", "label-map"), "did you mean 'label-maps'"),
        (("--intervals", "-5"), "fewer than 100 resamples"),
        (("--seed", "-1"), "a seed of -1 is negative"),
        (("--void", "-1"), "--void"),
        (("--kind", "circles"), "circles"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    truth: Path, found: Path, options: tuple[str, ...], said: str
) -> None:
    done = cvdata("eval", truth, found, *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
