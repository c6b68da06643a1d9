"""How well matched pairs overlap."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cvdata.evaluate.diagnosis.ious import matched_overlaps
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.report import Overlap

from .drawn import hand

HERE = (10, 10, 10, 10)


Objects = list[tuple[int, int, Sequence[float]]]
Detections = list[tuple[int, int, Sequence[float], float]]


def overlaps_of(truth: Objects, found: Detections) -> list[Overlap]:
    pair = hand(truth, found)
    overlaps = box_overlaps(pair, least=0.1)
    return matched_overlaps(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))))


def test_mean_median_and_bins_are_of_the_pairs_that_were_matched() -> None:
    truth: Objects = [*((row, 0, HERE) for row in range(4)), (4, 1, HERE)]
    heights = (10, 5, 8, 4)  # IoU 1, 0.5, 0.8, and 0.4, which is no match
    found: Detections = [(row, 0, (10, 10, 10, height), 0.9) for row, height in enumerate(heights)]

    overall, first, second = overlaps_of(truth, found)

    assert first.name == "class 0"
    assert first.mean == pytest.approx(2.3 / 3)
    assert (first.pairs, first.median) == (3, 0.8)
    assert first.counts == [1, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert (overall.name, overall.pairs, overall.counts) == (None, 3, first.counts)
    assert second == Overlap(name="class 1", pairs=0, mean=None, median=None, counts=[0] * 10)


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    truth: Objects = [(0, 0, HERE), (1, 0, HERE)]

    overall, *_ = overlaps_of(truth, [(0, 0, HERE, 0.9), (1, 0, (10, 10, 10, 6), 0.9)])

    assert overall.median == pytest.approx(0.8)


def test_without_pairs_nothing_is_defined() -> None:
    overall, first = overlaps_of([(0, 0, HERE)], [])

    assert (overall.mean, overall.median, first.mean) == (None, None, None)
