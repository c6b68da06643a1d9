"""The verdict on every detection and every object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.dataset.select import keep_annotations
from cvdata.evaluate.diagnosis import Verdict, Verdicts, diagnose
from cvdata.evaluate.diagnosis.kinds import faults
from cvdata.evaluate.diagnosis.verdicts import judge
from cvdata.evaluate.matching import Matches, Rules, match
from cvdata.evaluate.overlaps import Overlaps, box_overlaps
from cvdata.evaluate.pair import Pair

from .drawn import hand, pair_of

HERE, THERE, SHORT = (10, 10, 10, 10), (50, 50, 10, 10), (10, 10, 10, 4)


def parts(pair: Pair) -> tuple[Overlaps, Matches]:
    overlaps = box_overlaps(pair, least=0.1)
    return overlaps, match(pair, overlaps, Rules(thresholds=(0.5,)))


def judged(pair: Pair, score: float = 0.0) -> Verdicts:
    overlaps, matches = parts(pair)
    return judge(pair, overlaps, matches, faults(pair, overlaps, matches), score)


def words(codes: NDArray[np.uint8]) -> list[str]:
    return [Verdict(code).words for code in codes.tolist()]


def test_each_detection_gets_the_verdict_of_what_went_wrong() -> None:
    truth = [(0, 0, HERE), (1, 0, HERE), (2, 1, HERE), (3, 1, HERE), (4, 0, THERE)]
    found = [
        (0, 0, HERE, 0.9),
        (0, 0, HERE, 0.8),
        (1, 0, SHORT, 0.9),
        (2, 0, HERE, 0.9),
        (3, 0, SHORT, 0.9),
        (4, 0, HERE, 0.9),
        (4, 0, THERE, 0.1),
        (4, 0, (50, 50, 10, 4), 0.05),
    ]

    verdicts = judged(hand(truth, found), score=0.5)

    assert words(verdicts.found) == [
        "true", "duplicate", "badly placed", "wrong class", "both", "background", "unsure", "unsure",
    ]  # fmt: skip
    assert words(verdicts.truth) == ["found", "badly placed", "wrong class", "missed", "missed"]
    assert verdicts.found_other.tolist() == [0, 0, 1, 2, 3, -1, -1, -1]
    assert verdicts.truth_other.tolist() == [0, 2, 3, -1, -1]
    np.testing.assert_allclose(verdicts.found_overlap, [1, 1, 0.4, 1, 0.4, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(verdicts.truth_overlap, [1, 0.4, 1, np.nan, np.nan])


def test_a_detection_on_a_crowd_region_is_ignored_and_names_it() -> None:
    pair = hand([(0, 0, HERE)], [(0, 0, SHORT, 0.9)])
    table = replace(pair.truth.annotations, crowd=np.array([True]))
    pair = replace(pair, truth=replace(pair.truth, annotations=table))

    verdicts = judged(pair)

    assert (words(verdicts.found), words(verdicts.truth)) == (["ignored"], ["ignored"])
    assert (verdicts.found_other.tolist(), verdicts.found_overlap.tolist()) == ([0], [1.0])
    assert verdicts.truth_other.tolist() == [-1]


def test_detections_beyond_the_surest_hundred_are_ignored() -> None:
    found = [(0, 0, THERE, 0.5)] * 100 + [(0, 0, HERE, 0.4)]

    verdicts = judged(hand([(0, 0, HERE)], found))

    assert words(verdicts.found) == ["background"] * 100 + ["ignored"]
    assert verdicts.found_other[-1] == -1
    assert words(verdicts.truth) == ["missed"]


def test_an_object_names_the_surest_detection_that_points_to_it() -> None:
    wide = (10, 10, 4, 10)

    verdicts = judged(hand([(0, 0, HERE)], [(0, 0, SHORT, 0.6), (0, 1, HERE, 0.9), (0, 0, wide, 0.7)]))

    assert words(verdicts.truth) == ["wrong class"]
    assert verdicts.truth_other.tolist() == [1]


def test_an_object_that_is_found_keeps_its_finder_whatever_else_points_to_it() -> None:
    verdicts = judged(hand([(0, 0, HERE)], [(0, 1, HERE, 0.9), (0, 0, HERE, 0.6)]))

    assert words(verdicts.found) == ["wrong class", "true"]
    assert words(verdicts.truth) == ["found"]
    assert verdicts.truth_other.tolist() == [1]


@pytest.mark.parametrize("seed", range(12))
def test_unsure_detections_change_nothing_for_the_others(seed: int) -> None:
    pair = pair_of(seed, objects=60, detections=120)
    score = 0.5

    verdicts = judged(pair, score)

    sure = np.flatnonzero(pair.score >= score)
    alone = judged(replace(pair, found=keep_annotations(pair.found, sure)))
    assert verdicts.found[sure].tolist() == alone.found.tolist()
    assert verdicts.found_other[sure].tolist() == alone.found_other.tolist()
    assert verdicts.truth.tolist() == alone.truth.tolist()
    assert (verdicts.found[pair.score < score] == Verdict.UNSURE).all()


@pytest.mark.parametrize("seed", range(12))
def test_objects_are_found_by_true_detections_and_no_others(seed: int) -> None:
    pair = pair_of(seed)

    verdicts = judged(pair, 0.3)

    true = np.flatnonzero(verdicts.found == Verdict.TRUE)
    found = np.flatnonzero(verdicts.truth == Verdict.FOUND)
    assert sorted(verdicts.found_other[true].tolist()) == found.tolist()
    assert verdicts.truth_other[verdicts.found_other[true]].tolist() == true.tolist()
    same = pair.found.annotations.category[true] == pair.truth.annotations.category[verdicts.found_other[true]]
    assert same.all()
    assert (verdicts.found_overlap[true] >= 0.5).all()


def test_counts_of_a_diagnosis_are_those_of_its_verdicts() -> None:
    pair = pair_of(3)
    overlaps, matches = parts(pair)

    diagnosis = diagnose(pair, overlaps, matches, "boxes")

    counts = diagnosis.errors.verdicts
    assert diagnosis.verdicts.score == diagnosis.errors.score == diagnosis.operating_points[0].score
    assert sum(counts.values()) - counts["found"] - counts["missed"] == len(pair.score)
    assert counts["found"] == counts["true"]
    assert counts["missed"] == int((diagnosis.verdicts.truth == Verdict.MISSED).sum())
