"""Several detections of one object become one: the surest stands, or all are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.dataset import Ragged
from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.prelabel.looking.fuse import FuseSettings, check_fuse, non_maximum_suppression, weighted_box_fusion

from .detections import detections, rows_of


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def plain_suppression(box: Any, group: Any, score: Any, least: float) -> list[int]:
    """The rule as it is told: take the surest, strike out what overlaps it, and so on."""
    kept: list[int] = []
    for row in sorted(range(len(box)), key=lambda row: (-score[row], row)):
        if all(group[row] != group[other] or iou(box[row], box[other]) <= least for other in kept):
            kept.append(row)
    return kept


def plain_fusion(parts: list[Columns], chosen: FuseSettings) -> list[tuple[int, int, float, list[float]]]:
    """Section 3 of the paper, step by step, with every box held against every cluster."""
    weights = chosen.weights or (1.0,) * len(parts)
    entries = [
        (owner, label, weight * score, box)
        for part, weight in zip(parts, weights, strict=True)
        for owner, label, score, box in rows_of(part, 17)
        if score >= chosen.least
    ]
    clusters: list[list[tuple[int, int, float, list[float]]]] = []
    means: list[list[float]] = []
    for entry in sorted(entries, key=lambda entry: -entry[2]):
        same = [n for n, cluster in enumerate(clusters) if cluster[0][:2] == entry[:2]]
        best = max(same, key=lambda n: iou(means[n], entry[3]), default=None)
        if best is None or iou(means[best], entry[3]) <= chosen.iou:
            clusters.append([entry])
            means.append(entry[3])
        else:
            clusters[best].append(entry)
            means[best] = np.average([one[3] for one in clusters[best]], 0, [one[2] for one in clusters[best]]).tolist()
    rows = []
    for cluster, mean in zip(clusters, means, strict=True):
        score = float(np.mean([one[2] for one in cluster])) * min(len(cluster), len(parts)) / sum(weights)
        rows.append((cluster[0][0], cluster[0][1], round(min(score, 1.0), 6), [round(side, 6) for side in mean]))
    return sorted(rows)


def scattered(rng: np.random.Generator, count: int, room: float = 60, images: int = 2) -> Columns:
    owner = np.sort(rng.integers(0, images, count))
    box = np.concatenate([rng.uniform(0, room, (count, 2)), rng.uniform(5, 40, (count, 2))], axis=1)
    score = rng.permutation(np.linspace(0.05, 0.95, count))
    return Columns(images=images, owner=owner, box=box, label=rng.integers(0, 2, count), score=score)


# --- the surest stands


def test_a_box_that_overlaps_a_surer_one_too_much_goes() -> None:
    # the second covers 8 of the 12 columns that both have together, the third 5 of 15
    box = np.array([[0, 0, 10, 10], [2, 0, 10, 10], [5, 0, 10, 10]], float)

    kept = non_maximum_suppression(box, np.zeros(3, np.int64), np.array([0.9, 0.8, 0.7]), 0.5)

    assert kept.tolist() == [0, 2]


def test_what_is_struck_out_strikes_nothing_out() -> None:
    # the middle one overlaps both others; it goes with the first, and so the last stays
    box = np.array([[0, 0, 10, 10], [3, 0, 10, 10], [6, 0, 10, 10]], float)

    kept = non_maximum_suppression(box, np.zeros(3, np.int64), np.array([0.9, 0.8, 0.7]), 0.5)

    assert kept.tolist() == [0, 2]


def test_an_overlap_of_just_the_limit_is_not_too_much() -> None:
    box = np.array([[0, 0, 10, 10], [0, 5, 10, 5]], float)

    assert non_maximum_suppression(box, np.zeros(2, np.int64), np.array([0.9, 0.8]), 0.5).tolist() == [0, 1]


def test_boxes_of_different_groups_leave_each_other_alone() -> None:
    box = np.array([[0, 0, 10, 10]] * 3, float)

    kept = non_maximum_suppression(box, np.array([0, 1, 0]), np.array([0.5, 0.6, 0.7]), 0.5)

    assert kept.tolist() == [2, 1]


def test_of_equals_the_first_stands() -> None:
    box = np.array([[0, 0, 10, 10]] * 3, float)

    assert non_maximum_suppression(box, np.zeros(3, np.int64), np.full(3, 0.5), 0.5).tolist() == [0]


def test_no_boxes_are_no_trouble() -> None:
    none = np.empty(0, np.int64)

    assert non_maximum_suppression(np.empty((0, 4)), none, np.empty(0), 0.5).tolist() == []


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([0.1, 0.5, 0.9]))
def test_it_is_the_greedy_rule(seed: int, count: int, least: float) -> None:
    found = scattered(np.random.default_rng(seed), count)
    assert found.owner is not None and found.label is not None
    group = found.owner * 2 + found.label

    kept = non_maximum_suppression(found.box, group, found.score, least)  # type: ignore[arg-type]

    assert kept.tolist() == plain_suppression(found.box, group, found.score, least)


@pytest.mark.parametrize("least", [0.2, 0.6])
def test_it_is_the_greedy_rule_in_a_crowd(least: float) -> None:
    # so many in one place that their pairs are not written down
    found = scattered(np.random.default_rng(3), 700, room=8, images=1)
    assert found.label is not None

    kept = non_maximum_suppression(found.box, found.label, found.score, least)  # type: ignore[arg-type]

    assert kept.tolist() == plain_suppression(found.box, found.label, found.score, least)


# --- the mean stands


def test_two_looks_at_one_object_give_the_weighted_mean() -> None:
    # weights 0.9 and 0.6: x = (0.9 * 10 + 0.6 * 12) / 1.5 = 10.8; score (0.9 + 0.6) / 2
    parts = [detections((0, 1, 0.9, [10, 20, 30, 40])), detections((0, 1, 0.6, [12, 20, 30, 45]))]

    fused = weighted_box_fusion(parts, FuseSettings())

    assert rows_of(fused) == [(0, 1, 0.75, [10.8, 20, 30, 42])]


def test_what_one_of_three_looks_found_alone_has_a_third_of_the_score() -> None:
    nothing = detections()

    fused = weighted_box_fusion([nothing, detections((0, 0, 0.9, [1, 2, 3, 4])), nothing], FuseSettings())

    assert rows_of(fused) == [(0, 0, 0.3, [1, 2, 3, 4])]


def test_a_look_that_counts_more_pulls_the_box_and_the_score() -> None:
    # confidences 3 * 0.5 and 1 * 0.5: x = (1.5 * 0 + 0.5 * 2) / 2; score mean(1.5, 0.5) * 2 / 4
    parts = [detections((0, 0, 0.5, [0, 0, 10, 10])), detections((0, 0, 0.5, [2, 0, 10, 10]))]

    fused = weighted_box_fusion(parts, FuseSettings(weights=(3, 1)))

    assert rows_of(fused) == [(0, 0, 0.5, [0.5, 0, 10, 10])]


def test_other_classes_and_other_pictures_are_other_objects() -> None:
    one, other = (0, 0, 0.8, [0.0, 0.0, 10.0, 10.0]), (0, 1, 0.6, [0.0, 0.0, 10.0, 10.0])
    parts = [detections(one, other, images=2), detections((1, 0, 0.4, [0, 0, 10, 10]), images=2)]

    fused = weighted_box_fusion(parts, FuseSettings())

    assert [row[:3] for row in rows_of(fused)] == [(0, 0, 0.4), (0, 1, 0.3), (1, 0, 0.2)]
    assert fused.images == 2


def test_what_is_less_sure_than_asked_does_not_count() -> None:
    parts = [detections((0, 0, 0.9, [0, 0, 10, 10])), detections((0, 0, 0.1, [4, 0, 10, 10]))]

    fused = weighted_box_fusion(parts, FuseSettings(iou=0.3, least=0.2))

    assert rows_of(fused) == [(0, 0, 0.45, [0, 0, 10, 10])]


def test_scores_of_nothing_keep_the_first_box() -> None:
    parts = [detections((0, 0, 0.0, [0, 0, 10, 10])), detections((0, 0, 0.0, [1, 0, 10, 10]))]

    assert rows_of(weighted_box_fusion(parts, FuseSettings())) == [(0, 0, 0.0, [0, 0, 10, 10])]


def test_masks_and_points_are_those_of_the_surest() -> None:
    one, other = detections((0, 0, 0.5, [0, 0, 2, 2])), detections((0, 0, 0.9, [0, 0, 2, 2]))
    one = replace(one, masks=Ragged.of([[0, 4]], np.uint32), keypoints=np.array([[[1.0, 1, 0.2]]]))
    other = replace(other, masks=Ragged.of([[1, 3]], np.uint32), keypoints=np.array([[[2.0, 2, 0.1]]]))

    fused = weighted_box_fusion([one, other], FuseSettings())

    assert fused.masks is not None and fused.masks[0].tolist() == [1, 3]
    assert fused.keypoints is not None and fused.keypoints.tolist() == [[[2, 2, 0.1]]]


def test_masks_that_not_all_looks_have_are_left_out() -> None:
    one = replace(detections((0, 0, 0.5, [0, 0, 2, 2])), masks=Ragged.of([[0, 4]], np.uint32))

    assert weighted_box_fusion([one, detections((0, 0, 0.9, [0, 0, 2, 2]))], FuseSettings()).masks is None


def test_nothing_found_is_nothing() -> None:
    assert rows_of(weighted_box_fusion([detections(images=3), detections(images=3)], FuseSettings())) == []


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.sampled_from([0.05, 0.3, 0.55, 0.9]),
    st.booleans(),
)
def test_it_is_the_rule_of_the_paper(seed: int, counts: list[int], least: float, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    parts = [scattered(rng, count) for count in counts]
    weights = tuple(rng.uniform(0.5, 2, len(counts)).tolist()) if weighted else ()
    chosen = FuseSettings(iou=least, weights=weights, least=0.2)

    fused = weighted_box_fusion(parts, chosen)

    expected = plain_fusion(parts, chosen)
    got = sorted(rows_of(fused))
    assert [row[:2] for row in got] == [row[:2] for row in expected]
    np.testing.assert_allclose(_figures(got), _figures(expected), atol=2e-6)


def test_a_small_box_finds_a_long_one_whose_middle_is_far_away_among_many_others() -> None:
    # 10 x 10 in a corner of 60 x 15: they share 100 of 900, and the middles are 25 apart
    others = [(0, 0, 0.95, [100.0 + 20 * (n % 20), 100.0 + 20 * (n // 20), 10.0, 10.0]) for n in range(400)]
    parts = [detections(*others, (0, 0, 0.9, [0, 0, 60, 15])), detections((0, 0, 0.8, [0, 0, 10, 10]))]

    fused = weighted_box_fusion(parts, FuseSettings(iou=0.1))

    # (0.9 * 60 + 0.8 * 10) / 1.7 = 36.47 wide, (0.9 * 15 + 0.8 * 10) / 1.7 = 12.65 high
    assert rows_of(fused, 2)[0] == (0, 0, 0.85, [0, 0, 36.47, 12.65])
    assert len(rows_of(fused)) == 401


def test_pictures_come_in_order_and_the_surest_first() -> None:
    rng = np.random.default_rng(1)

    fused = weighted_box_fusion([scattered(rng, 30), scattered(rng, 30)], FuseSettings())

    keys = [(owner, -score) for owner, _, score, _ in rows_of(fused)]
    assert keys == sorted(keys)


def _figures(rows: list[tuple[int, int, float, list[float]]]) -> NDArray[np.float64]:
    return np.array([[score, *box] for _, _, score, box in rows]).reshape(-1, 5)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (FuseSettings(iou=0), "from an overlap of 0, expected above 0, and 1 at most"),
        (FuseSettings(iou=float("nan")), "from an overlap of nan"),
        (FuseSettings(least=2), "from a score of 2, expected 0 to 1"),
        (FuseSettings(weights=(1.0,)), "1 weights for 2 models"),
        (FuseSettings(weights=(1.0, 0.0)), "a weight of a model is not above 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(chosen: FuseSettings, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_fuse(chosen, 2)
