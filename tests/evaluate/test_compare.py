"""Two models on the same pictures."""

from __future__ import annotations

import numpy as np
import pytest

from cvdata.errors import UsageError
from cvdata.evaluate.coco import coco_numbers
from cvdata.evaluate.report import Comparison
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty import Paired, compare, comparison_of
from cvdata.evaluate.uncertainty.compare import holm
from cvdata.evaluate.uncertainty.resampling import Units, described
from tests.evaluate.drawn import hand
from tests.evaluate.rivals import rivals

SETTINGS = EvalSettings(resamples=300)
UNDECIDED = "too few objects to say"


def _verdicts(comparison: Comparison) -> list[str]:
    return [row.verdict for row in comparison.classes]


def test_a_clear_difference_is_found_in_all_and_in_each_class() -> None:
    first, second = rivals(0, blur=(6.0, 2.0))

    comparison = compare(first, second, "boxes", SETTINGS, ("old", "new"))

    assert (comparison.first, comparison.second) == ("old", "new")
    assert comparison.metrics[0].metric == "AP"
    assert comparison.metrics[0].verdict == "better"
    assert _verdicts(comparison) == ["better"] * 4


def test_the_other_way_round_it_is_worse() -> None:
    first, second = rivals(0, blur=(6.0, 2.0))

    there, back = (compare(*pairs, "boxes", SETTINGS) for pairs in ((first, second), (second, first)))

    assert back.metrics[0].verdict == "worse"
    one, other = there.metrics[0].difference, back.metrics[0].difference
    assert one.value is not None and one.low is not None and one.high is not None
    assert (other.value, other.low, other.high) == pytest.approx((-one.value, -one.high, -one.low))


def test_the_figures_are_those_of_coco() -> None:
    pairs = rivals(1, blur=(4.0, 3.0))

    comparison = compare(*pairs, "boxes", SETTINGS)

    numbers = [coco_numbers(pair, "boxes", SETTINGS) for pair in pairs]
    assert [row.metric for row in comparison.metrics] == list(numbers[0].metrics)
    for row in comparison.metrics:
        assert [row.first, row.second] == pytest.approx([one.metrics[row.metric] for one in numbers], abs=1e-12)
    for place, row in enumerate(comparison.classes):
        assert (row.name, row.metric) == (f"class {place}", "AP")
        assert [row.first, row.second] == pytest.approx([one.classes[place]["AP"] for one in numbers], abs=1e-12)
        assert row.objects == int((pairs[0].truth.annotations.category == place).sum())


def test_a_model_is_not_better_than_itself() -> None:
    first, _ = rivals(2)

    comparison = compare(first, first, "boxes", SETTINGS)

    assert {row.verdict for row in (*comparison.metrics, *comparison.classes)} == {UNDECIDED}
    assert comparison.metrics[0].difference.value == 0


def test_differences_are_known_better_than_figures() -> None:
    # Pictures that are hard for one are hard for the other; the difference of unpaired figures would vary by more.
    from cvdata.evaluate.coco import overlaps_of
    from cvdata.evaluate.uncertainty import sure_numbers

    first, second = rivals(3, images=100, objects=500)

    row = compare(first, second, "boxes", SETTINGS).metrics[0]
    wide = []
    for pair in (first, second):
        overlaps = overlaps_of(pair, "boxes", least=0.1)
        number = sure_numbers(pair, "boxes", SETTINGS, overlaps, coco_numbers(pair, "boxes", SETTINGS)).metrics["AP"]
        assert number.low is not None and number.high is not None
        wide.append(number.high - number.low)

    assert row.difference.low is not None and row.difference.high is not None
    assert row.difference.high - row.difference.low < 0.9 * np.hypot(wide[0], wide[1])


@pytest.mark.parametrize("pictures", [1, 2, 3])
def test_equal_models_are_hardly_told_apart_on_three_pictures(pictures: int) -> None:
    # Of 40 comparisons at a level of 0.95 two are wrong on average, more than six one time in a hundred.
    settings = EvalSettings(resamples=200, areas={"all": (0.0, 1e10)})

    found = [
        compare(*rivals(seed, images=pictures, classes=1, objects=15 * pictures), "boxes", settings).metrics[0].verdict
        for seed in range(40)
    ]

    assert sum(verdict != UNDECIDED for verdict in found) <= 6


def test_many_objects_on_two_pictures_tell_no_more_than_two_would() -> None:
    # 14 of 20 objects are found by the second model alone; they are on two of fifty pictures.
    boxes = [(row // 10, 0, (9.0 * (row % 10), 0.0, 8.0, 8.0)) for row in range(20)]
    others = [(picture, 1, (0.0, 0.0, 8.0, 8.0)) for picture in range(2, 50)]
    common = [(*box, 0.5) for box in (boxes[0], boxes[10], *others)]
    more = sorted([*common, *((*box, 0.5) for place, box in enumerate(boxes[:16]) if place % 10)])

    comparison = compare(hand([*boxes, *others], common), hand([*boxes, *others], more), "boxes", SETTINGS)

    row = comparison.classes[0]
    assert (row.objects, row.verdict) == (20, UNDECIDED)


def test_a_class_with_few_objects_gets_no_verdict() -> None:
    intervals = described(Units.pictures(100), EvalSettings(), 1000)
    apart = 0.5 + 0.01 * np.random.default_rng(0).normal(size=1000)
    rows = [
        Paired(name, "AP", objects, objects, 0.2, 0.7, apart) for name, objects in (("many", 40), ("few", 9), ("no", 0))
    ]

    comparison = comparison_of([], rows, ("a", "b"), intervals)

    assert [(row.name, row.verdict) for row in comparison.classes] == [("many", "better"), ("few", UNDECIDED)]
    assert "over 1 verdict;" in comparison.correction


def test_where_no_class_has_enough_objects_no_number_of_verdicts_is_told() -> None:
    intervals = described(Units.pictures(100), EvalSettings(), 1000)
    rows = [Paired("few", "AP", 9, 9, 0.2, 0.7, 0.5 + 0.01 * np.random.default_rng(0).normal(size=1000))]

    comparison = comparison_of([], rows, ("a", "b"), intervals)

    assert comparison.correction == "classes: no verdict; figures over all classes: none"


def test_holm_stops_at_the_first_that_fails() -> None:
    # Thresholds at 0.05: 0.0125, 0.0167, 0.025, 0.05. The third fails, so the fourth does not stand either.
    assert holm([0.03, 0.01, None, 0.04, 0.015], 0.05) == [False, True, False, False, True]
    assert holm([0.04], 0.05) == [True]
    assert holm([], 0.05) == []


def test_a_protocol_that_cannot_be_resampled_is_refused() -> None:
    first, second = rivals(0)

    with pytest.raises(UsageError, match="cannot be compared under the protocol 'openimages'"):
        compare(first, second, "boxes", EvalSettings(protocol="openimages"))


def test_comparing_without_resamples_is_refused() -> None:
    first, second = rivals(0)

    with pytest.raises(UsageError, match="without resamples"):
        compare(first, second, "boxes", EvalSettings(resamples=0))


@pytest.mark.slow
def test_equal_models_are_told_apart_no_more_often_than_stated() -> None:
    # Of 300 comparisons of equals at a level of 0.9, at most 30 may find a difference in any class, and about 30 in AP;
    # with chance, the 99.9th percentile of the binomial distribution is 47.
    settings = EvalSettings(resamples=200, level=0.9, areas={"all": (0.0, 1e10)})
    in_a_class, in_all = 0, 0
    for seed in range(300):
        comparison = compare(*rivals(seed, images=100, classes=8, objects=400), "boxes", settings)
        in_a_class += any(verdict != UNDECIDED for verdict in _verdicts(comparison))
        in_all += comparison.metrics[0].verdict != UNDECIDED

    assert in_a_class <= 30
    assert 15 <= in_all <= 47
