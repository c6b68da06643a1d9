"""Why protocols differ: every difference is given to the rule that makes it, and the steps add up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.convert import load
from cvdata.errors import UsageError
from cvdata.evaluate.coco import coco_numbers, overlaps_of
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.protocols import explain, ultralytics_numbers, voc_numbers
from cvdata.evaluate.report import Explanation
from cvdata.evaluate.settings import EvalSettings
from cvdata.formats.results import read_results

from .drawn import hand, pair_of

Steps = dict[str, tuple[float | None, float | None]]

HIT = (0.0, 0.0, 10.0, 10.0)
MISS = (60.0, 60.0, 10.0, 10.0)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_steps_lead_from_coco_to_the_protocol_without_a_gap(seed: int) -> None:
    pair = _with_everything(pair_of(seed, detections=120), seed)

    explained = _explained(pair)

    coco = explained["coco"].metrics
    for name in ("voc07", "voc12", "ultralytics"):
        for metric in ("AP50", "AP") if name == "ultralytics" else ("AP50",):
            steps = [step for step in explained[name].steps if step.metric == metric]
            assert steps[0].before == pytest.approx(coco[metric], abs=1e-12)
            assert steps[-1].after == explained[name].metrics[metric]
            assert all(one.after == following.before for one, following in pairwise(steps))


@pytest.mark.parametrize("seed", range(6))
def test_figures_are_those_that_the_protocols_give_alone(seed: int) -> None:
    pair = _with_everything(pair_of(seed), seed)
    overlaps = box_overlaps(pair, least=0.1)

    explained = {one.protocol: one.metrics for one in explain(pair, "boxes", EvalSettings(), overlaps)}

    coco = coco_numbers(pair, "boxes", EvalSettings(engine="pycocotools")).metrics
    assert explained["coco"] == pytest.approx({name: coco[name] for name in ("AP50", "AP")}, abs=1e-12)
    assert explained["voc07"] == {
        **voc_numbers(pair, "boxes", 2007).metrics,
        "AP50 with +1 pixel": voc_numbers(pair, "boxes", 2007, pixel=1.0).metrics["AP50"],
    }
    assert explained["voc12"]["AP50"] == voc_numbers(pair, "boxes", 2012).metrics["AP50"]
    newest = ultralytics_numbers(pair, "boxes").metrics
    oldest = ultralytics_numbers(pair, "boxes", release="8.3").metrics
    assert {name: explained["ultralytics"][name] for name in newest} == newest
    assert {name: explained["ultralytics"][f"{name} before 8.4.37"] for name in oldest} == oldest


def test_the_order_of_the_steps_is_fixed() -> None:
    explained = _explained(hand([], []))

    voc = ["crowd", "difficult", "max-detections", "second-choice", "interpolation"]
    assert [step.rule for step in explained["voc07"].steps] == voc
    assert [step.rule for step in explained["voc12"].steps] == voc
    assert [step.rule for step in explained["ultralytics"].steps if step.metric == "AP"] == [
        "crowd",
        "labels",
        "score-cut",
        "max-detections",
        "interpolation",
    ]
    assert [step.rule for step in explained["coco"].steps] == ["rounding", "rounding"]


def test_nothing_but_interpolation_tells_plain_predictions_apart() -> None:
    # True, false, true: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
    pair = hand(
        truth=[(0, 0, HIT), (0, 0, (30, 0, 10, 10))],
        found=[(0, 0, HIT, 0.9), (0, 0, MISS, 0.8), (0, 0, (30, 0, 10, 10), 0.7)],
    )

    coco = (51 + 50 * 2 / 3) / 101
    assert _changes(pair, "voc12") == {"interpolation": pytest.approx((coco, (1 + 2 / 3) / 2))}
    assert _changes(pair, "voc07") == {"interpolation": pytest.approx((coco, (6 + 5 * 2 / 3) / 11))}
    # A line from (0, 1) to (1/2, 1), at 1/2 down to 2/3, and at 1 to 0.
    area = 0.49 + 0.01 * (1 + 2 / 3) / 2 + 0.49 * 2 / 3 + 0.01 * (2 / 3) / 2
    assert _changes(pair, "ultralytics") == {"interpolation": pytest.approx((coco, area))}


def test_detections_in_a_crowd_region_are_given_to_crowd() -> None:
    # 4 detections inside the region come first; COCO passes over them.
    crowd = (100.0, 100.0, 80.0, 80.0)
    inside = [(0, 0, (100.0 + 20 * i, 100.0, 10.0, 10.0), 0.9) for i in range(4)]
    pair = hand(truth=[(0, 0, HIT), (0, 0, crowd)], found=[*inside, (0, 0, HIT, 0.5)])
    pair = _changed(pair, crowd=np.array([False, True]))

    assert _changes(pair, "ultralytics") == {
        "crowd": pytest.approx((1.0, 1 / 5)),
        "interpolation": pytest.approx((1 / 5, 0.995 / 5)),  # at recall 1 the curve falls to 0
    }
    # For VOC the region is an object that nobody found, too.
    assert _changes(pair, "voc12") == {
        "crowd": pytest.approx((1.0, 51 / 101 / 5)),
        "interpolation": pytest.approx((51 / 101 / 5, 1 / 10)),
    }


def test_the_hundred_and_first_detection_is_given_to_max_detections() -> None:
    false = [(0, 0, (60.0 + i, 60.0, 10.0, 10.0), 0.9) for i in range(100)]
    pair = hand(truth=[(0, 0, HIT)], found=[*false, (0, 0, HIT, 0.5)])

    assert _changes(pair, "voc12") == {"max-detections": pytest.approx((0.0, 1 / 101))}
    assert _changes(pair, "voc07") == {"max-detections": pytest.approx((0.0, 1 / 101))}
    assert _changes(pair, "ultralytics")["max-detections"] == pytest.approx((0.0, 1 / 101))


def test_the_limit_for_all_classes_of_a_picture_is_given_to_max_detections() -> None:
    others = [(0, 1 + i % 3, (60.0 + i, 60.0, 10.0, 10.0), 0.9) for i in range(300)]
    pair = hand(truth=[(0, 0, HIT)], found=[*others, (0, 0, HIT, 0.5)])

    assert _changes(pair, "ultralytics") == {"max-detections": pytest.approx((1.0, 0.0))}
    assert _changes(pair, "voc12") == {}


def test_the_number_of_detections_that_coco_counts_is_that_of_the_settings() -> None:
    pair = hand(truth=[(0, 0, HIT)], found=[(0, 0, MISS, 0.9), (0, 0, HIT, 0.5)])

    (coco, _, voc12, _) = explain(pair, "boxes", EvalSettings(max_detections=(1,)), None)

    assert coco.metrics["AP50"] == 0.0
    step = next(step for step in voc12.steps if step.rule == "max-detections")
    assert (step.before, step.after) == pytest.approx((0.0, 0.5))
    assert "surest 1 of" in step.what


def test_a_second_detection_between_two_objects_is_given_to_the_second_choice() -> None:
    pair = hand(truth=[(0, 0, HIT), (0, 0, (0, 3, 10, 10))], found=[(0, 0, HIT, 0.9), (0, 0, (0, 1, 10, 10), 0.8)])

    assert _changes(pair, "voc12") == {
        "second-choice": pytest.approx((1.0, 51 / 101)),
        "interpolation": pytest.approx((51 / 101, 1 / 2)),
    }
    assert _changes(pair, "ultralytics") == {"interpolation": pytest.approx((1.0, 0.995))}


def test_a_difficult_object_is_given_to_difficult() -> None:
    pair = hand(truth=[(0, 0, HIT), (0, 0, (30, 0, 10, 10))], found=[(0, 0, HIT, 0.9)])
    pair = _changed(pair, difficult=np.array([0, 1], np.int8))

    assert _changes(pair, "voc12") == {"difficult": pytest.approx((51 / 101, 1.0))}
    assert _changes(pair, "voc07") == {"difficult": pytest.approx((51 / 101, 1.0))}


def test_a_low_score_is_given_to_the_score_cut() -> None:
    pair = hand(truth=[(0, 0, HIT)], found=[(0, 0, HIT, 0.0005)])

    assert _changes(pair, "ultralytics") == {"score-cut": pytest.approx((1.0, 0.0))}
    assert _changes(pair, "voc12") == {}


def test_a_copied_object_is_given_to_labels() -> None:
    pair = hand(truth=[(0, 0, HIT), (0, 0, HIT)], found=[(0, 0, HIT, 0.9)])

    assert _changes(pair, "ultralytics") == {
        "labels": pytest.approx((51 / 101, 1.0)),
        "interpolation": pytest.approx((1.0, 0.995)),
    }


def test_digits_that_predictions_json_has_not_are_given_to_rounding() -> None:
    # A half of the object but for 0.0004 pixels of height: rounded to a thousandth it reaches the threshold.
    pair = hand(truth=[(0, 0, HIT)], found=[(0, 0, (0.0, 0.0, 10.0, 4.9996), 0.9)])

    assert _changes(pair, "coco") == {"rounding": pytest.approx((1.0, 0.0))}


def test_scores_that_rounding_makes_equal_are_given_to_rounding() -> None:
    # Equal scores stand as they came, the false one first.
    pair = hand(truth=[(0, 0, HIT)], found=[(0, 0, MISS, 0.900001), (0, 0, HIT, 0.900002)])

    assert _changes(pair, "coco") == {"rounding": pytest.approx((0.5, 1.0))}


def test_an_added_pixel_is_told_beside_the_figure() -> None:
    # 8 of 17 pixels; with one more all around 9 x 2 of 17 x 2 and 9 x 2: over a half.
    pair = hand(truth=[(0, 0, (0, 0, 17, 1))], found=[(0, 0, (0, 0, 8, 1), 0.9)])

    (_, voc07, voc12, _) = explain(pair, "boxes", EvalSettings(), None)

    assert voc12.metrics == {"AP50": 0.0, "AP50 with +1 pixel": 1.0}
    assert voc07.metrics == pytest.approx({"AP50": 0.0, "AP50 with +1 pixel": 1.0})


def test_keypoints_are_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="no rule for keypoints") as caught:
        explain(hand([], []), "keypoints", EvalSettings(), None)

    assert "--kind boxes" in str(caught.value.hint)


def test_masks_are_explained_without_an_added_pixel(shared: Path) -> None:
    folder = shared / "data/coco_eval_100/tests/dataset/cocoapi"
    truth = load(folder / "instances_val2014_100.json", "coco", verify="none")
    pair = align(truth, read_results(folder / "instances_val2014_fakesegm100_results.json", truth))

    explained = explain(pair, "masks", EvalSettings(), overlaps_of(pair, "masks", least=0.1, same_class=False))

    # The published AP and AP50 of these files.
    assert explained[0].metrics["AP"] == pytest.approx(0.3195452758576433, abs=1e-12)
    assert explained[0].metrics["AP50"] == pytest.approx(0.5622883972521636, abs=1e-12)
    assert list(explained[2].metrics) == ["AP50"]
    assert explained[2].metrics == voc_numbers(pair, "masks", 2012).metrics


def test_the_same_files_give_the_same_explanation_from_any_overlaps() -> None:
    pair = _with_everything(pair_of(3), 3)

    assert explain(pair, "boxes", EvalSettings(), None) == explain(
        pair, "boxes", EvalSettings(), box_overlaps(pair, least=0.1)
    )


def _explained(pair: Pair) -> dict[str, Explanation]:
    return {one.protocol: one for one in explain(pair, "boxes", EvalSettings(), None)}


def _changes(pair: Pair, protocol: str) -> Steps:
    """Return AP50 before and after each step that changes it."""
    steps = [step for step in _explained(pair)[protocol].steps if step.metric == "AP50"]
    return {
        step.rule: (step.before, step.after)
        for step in steps
        if step.before is None or step.after is None or abs(step.after - step.before) > 1e-12
    }


def _with_everything(pair: Pair, seed: int) -> Pair:
    """Mark objects as difficult, copy some, and let scores fall below Ultralytics' cut."""
    rng = np.random.default_rng(seed)
    table = pair.truth.annotations
    rows = np.sort(np.concatenate([np.arange(len(table)), rng.integers(0, len(table), 5)]))
    difficult = (rng.random(len(rows)) < 0.1).astype(np.int8)
    truth = replace(pair.truth, annotations=replace(table.take(rows), difficult=difficult))
    score = np.where(rng.random(len(pair.score)) < 0.1, 0.0005, pair.score)
    found = replace(pair.found, annotations=replace(pair.found.annotations, score=score))
    return replace(pair, truth=truth, found=found)


def _changed(pair: Pair, **columns: Any) -> Pair:
    return replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, **columns)))
