"""Ultralytics' average precision, held against its rule written out in loops and figures worked out by hand."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.errors import UsageError
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.protocols import ultralytics_numbers
from cvdata.evaluate.protocols.rules import Release

from .drawn import hand, pair_of

RELEASES: list[Release] = ["8.3", "8.4.37", "8.4.180"]
FAULTLESS = 0.995
"""At recall 1 the curve has fallen to 0, so that the last of 100 steps counts half: `yolo val` never prints more."""

THRESHOLDS = np.linspace(0.5, 0.95, 10).tolist()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("seed", range(0, 20, 2))  # without equal scores, whose order it leaves to chance
def test_figures_are_those_of_the_rule_written_out(seed: int, release: Release) -> None:
    pair = _with_copies(pair_of(seed, objects=60, detections=150), seed)

    numbers = ultralytics_numbers(pair, "boxes", release=release)

    table = _averages(pair, release)
    assert numbers.metrics["AP50"] == pytest.approx(np.nanmean(table[:, 0]), abs=1e-12)
    assert numbers.metrics["AP"] == pytest.approx(np.nanmean(table), abs=1e-12)
    assert [row["AP50"] for row in numbers.classes] == pytest.approx(table[:, 0].tolist(), abs=1e-12)


@given(seed=st.integers(0, 10_000).map(lambda n: 2 * n), release=st.sampled_from(RELEASES))
@settings(max_examples=25)
def test_small_pairs_follow_the_rule_written_out(seed: int, release: Release) -> None:
    pair = pair_of(seed, images=2, classes=1, objects=12, detections=25)

    numbers = ultralytics_numbers(pair, "boxes", release=release)

    expected = _averages(pair, release)
    assert numbers.metrics["AP"] == pytest.approx(np.nanmean(expected), abs=1e-12)


@pytest.mark.parametrize("release", RELEASES)
def test_faultless_detections_have_0_995(release: Release) -> None:
    pair = hand(truth=[(0, 0, (0, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 10), 0.9)])

    numbers = ultralytics_numbers(pair, "boxes", release=release)

    assert numbers.metrics == pytest.approx({"AP50": FAULTLESS, "AP": FAULTLESS}, abs=1e-12)


@pytest.mark.parametrize(("release", "expected"), [("8.3", 0.75), ("8.4.37", 0.495), ("8.4.180", 0.495)])
def test_recall_that_was_never_reached_counts_only_before_8_4_37(release: Release, expected: float) -> None:
    # One of two objects is found: precision 1 up to recall 0.5, then 0; before, a line from there to (1, 0).
    # 0.495: 49 steps of 0.01 under 1, and the last one, from 1 at 0.49 down to 0 at 0.5, counts half.
    pair = hand(truth=[(0, 0, (0, 0, 10, 10)), (0, 0, (50, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 10), 0.9)])

    assert ultralytics_numbers(pair, "boxes", release=release).metrics["AP50"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("release", "expected"), [("8.4.37", 0.495), ("8.4.180", FAULTLESS)])
def test_since_8_4_180_a_detection_whose_best_object_is_taken_takes_another(release: Release, expected: float) -> None:
    pair = hand(
        truth=[(0, 0, (0, 0, 10, 10)), (0, 0, (0, 3, 10, 10))],
        found=[(0, 0, (0, 0, 10, 10), 0.9), (0, 0, (0, 1, 10, 10), 0.8)],
    )

    assert ultralytics_numbers(pair, "boxes", release=release).metrics["AP50"] == pytest.approx(expected, abs=1e-12)


def test_detections_in_a_crowd_region_are_false() -> None:
    pair = hand(
        truth=[(0, 0, (0, 0, 10, 10)), (0, 0, (50, 50, 40, 40))],
        found=[(0, 0, (60, 60, 10, 10), 0.9), (0, 0, (0, 0, 10, 10), 0.8)],
    )
    pair = _changed(pair, crowd=np.array([False, True]))

    # One object, found second: precision 1/2 up to recall 1, where it falls to 0; as COCO has crowds it would be 1.
    assert ultralytics_numbers(pair, "boxes").metrics["AP50"] == pytest.approx(0.4975, abs=1e-12)


def test_copies_of_an_object_and_objects_without_a_size_are_not_there() -> None:
    pair = hand(
        truth=[(0, 0, (0, 0, 10, 10)), (0, 0, (0, 0, 10, 10)), (0, 0, (5, 5, 0, 10))],
        found=[(0, 0, (0, 0, 10, 10), 0.9)],
    )

    assert ultralytics_numbers(pair, "boxes").metrics["AP50"] == pytest.approx(FAULTLESS, abs=1e-12)


def test_the_same_box_on_another_picture_is_no_copy() -> None:
    pair = hand(truth=[(0, 0, (0, 0, 10, 10)), (1, 0, (0, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 10), 0.9)])

    assert ultralytics_numbers(pair, "boxes").metrics["AP50"] == pytest.approx(0.495, abs=1e-12)


def test_the_same_box_of_another_class_is_no_copy() -> None:
    pair = hand(truth=[(0, 0, (0, 0, 10, 10)), (0, 1, (0, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 10), 0.9)])

    assert [row["AP50"] for row in ultralytics_numbers(pair, "boxes").classes] == pytest.approx([FAULTLESS, 0.0])


@pytest.mark.parametrize(("score", "expected"), [(0.001, 0.0), (0.0011, FAULTLESS)])
def test_a_score_must_lie_above_a_thousandth(score: float, expected: float) -> None:
    pair = hand(truth=[(0, 0, (0, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 10), score)])

    assert ultralytics_numbers(pair, "boxes").metrics["AP50"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("place", "expected"), [(300, FAULTLESS), (301, 0.0)])
def test_the_surest_300_of_a_picture_count_of_all_classes_together(place: int, expected: float) -> None:
    others = [(0, 1, (200, 200, 5, 5), 0.9) for _ in range(place - 1)]
    pair = hand(truth=[(0, 0, (0, 0, 10, 10))], found=[*others, (0, 0, (0, 0, 10, 10), 0.5)])

    assert ultralytics_numbers(pair, "boxes").classes[0]["AP50"] == pytest.approx(expected, abs=1e-12)


def test_as_many_detections_count_as_the_fullest_picture_has_objects() -> None:
    boxes = [(20.0 * (i % 40), 20.0 * (i // 40), 10.0, 10.0) for i in range(320)]
    pair = hand(truth=[(0, 0, box) for box in boxes], found=[(0, 0, box, 0.5) for box in boxes])

    newest, oldest = (ultralytics_numbers(pair, "boxes", release=name).metrics["AP50"] for name in ("8.4.180", "8.3"))

    assert newest == pytest.approx(FAULTLESS, abs=1e-12)
    # 300 of 320 are recall 0.9375; from there a line to (1, 0): 0.96, 0.8, 0.64, 0.48, 0.32, 0.16 at 0.94 to 0.99.
    assert oldest == pytest.approx((0.5 + 93 + 3.36) / 100, abs=1e-12)


def test_classes_without_objects_are_left_out_of_the_mean() -> None:
    pair = hand(truth=[(0, 0, (0, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 10), 0.9), (0, 1, (0, 0, 10, 10), 0.9)])

    numbers = ultralytics_numbers(pair, "boxes")

    assert numbers.metrics["AP50"] == pytest.approx(FAULTLESS, abs=1e-12)
    assert numbers.classes[1] == {"AP50": None, "AP": None}


def test_without_detections_everything_is_zero_and_without_objects_undefined() -> None:
    assert ultralytics_numbers(hand(truth=[(0, 0, (0, 0, 1, 1))], found=[]), "boxes").metrics == {"AP50": 0, "AP": 0}
    assert ultralytics_numbers(hand(truth=[], found=[(0, 0, (0, 0, 1, 1), 0.5)]), "boxes").metrics == {
        "AP50": None,
        "AP": None,
    }
    assert ultralytics_numbers(hand(truth=[], found=[]), "boxes").metrics == {"AP50": None, "AP": None}


def test_keypoints_are_refused() -> None:
    with pytest.raises(UsageError, match="no rule for keypoints"):
        ultralytics_numbers(hand(truth=[], found=[]), "keypoints")


def _averages(pair: Pair, release: Release) -> np.ndarray[Any, Any]:
    """Return the AP of every class and threshold by the rule in loops, shape (classes, 10); NaN without objects."""
    table = np.full((len(pair.classes), len(THRESHOLDS)), np.nan)
    for category in range(len(pair.classes)):
        verdicts: list[tuple[float, list[bool]]] = []
        objects = 0
        for picture in range(len(pair.truth.images)):
            boxes = _objects(pair, picture, category)
            objects += len(boxes)
            rows = [row for row in _kept(pair, picture) if pair.found.annotations.category[row] == category]
            verdicts += _verdicts(pair, rows, boxes, choices=release == "8.4.180")
        if objects:
            verdicts.sort(key=lambda verdict: -verdict[0])
            for line in range(len(THRESHOLDS)):
                table[category, line] = _area([flags[line] for _, flags in verdicts], objects, release)
    return table


def _objects(pair: Pair, picture: int, category: int) -> list[tuple[float, ...]]:
    truth = pair.truth.annotations
    rows = [i for i in range(len(truth)) if truth.image[i] == picture and truth.category[i] == category]
    boxes = [tuple(truth.box[i].tolist()) for i in rows if not truth.has("crowd")[i]]
    return list(dict.fromkeys(boxes))


def _kept(pair: Pair, picture: int) -> list[int]:
    rows = [i for i in range(len(pair.score)) if pair.found.annotations.image[i] == picture and pair.score[i] > 0.001]
    return sorted(rows, key=lambda row: -pair.score[row])[:300]


def _verdicts(
    pair: Pair, rows: list[int], boxes: list[tuple[float, ...]], *, choices: bool
) -> list[tuple[float, list[bool]]]:
    """Return the score of each detection and whether it is true at each threshold."""
    taken: list[set[int]] = [set() for _ in THRESHOLDS]
    verdicts = []
    for row in rows:
        overlaps = [_overlap(pair.found.annotations.box[row].tolist(), box) for box in boxes]
        flags = []
        for line, threshold in enumerate(THRESHOLDS):
            open_to_it = [i for i in range(len(boxes)) if not choices or i not in taken[line]]
            best = max(open_to_it, key=lambda i: overlaps[i], default=None)
            good = best is not None and overlaps[best] >= threshold and best not in taken[line]
            if good and best is not None:
                taken[line].add(best)
            flags.append(good)
        verdicts.append((float(pair.score[row]), flags))
    return verdicts


def _overlap(a: list[float], b: tuple[float, ...]) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / (a[2] * a[3] + b[2] * b[3] - wide * high)


def _area(flags: list[bool], objects: int, release: Release) -> float:
    """Return the area under the lines, read at 101 recalls."""
    if not flags:
        return 0.0
    points = [(0.0, 1.0)]
    for count, hits in enumerate(np.cumsum(flags).tolist(), start=1):
        points.append((hits / objects, hits / count))
    if release != "8.3":
        points.append((points[-1][0], 0.0))
    points.append((1.0, 0.0))
    recall = [r for r, _ in points]
    best = [max(p for _, p in points[i:]) for i in range(len(points))]
    heights = []
    for x in np.linspace(0, 1, 101).tolist():
        i = bisect_right(recall, x) - 1
        if i == len(points) - 1:
            heights.append(best[-1])
        else:
            share = (x - recall[i]) / (recall[i + 1] - recall[i])
            heights.append(best[i] + share * (best[i + 1] - best[i]))
    return sum((a + b) / 2 * 0.01 for a, b in pairwise(heights))


def _with_copies(pair: Pair, seed: int) -> Pair:
    table = pair.truth.annotations
    again = np.random.default_rng(seed).integers(0, len(table), 8)
    rows = np.sort(np.concatenate([np.arange(len(table)), again]))
    return replace(pair, truth=replace(pair.truth, annotations=table.take(rows)))


def _changed(pair: Pair, **columns: Any) -> Pair:
    return replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, **columns)))
