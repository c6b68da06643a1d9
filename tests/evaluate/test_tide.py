"""TIDE's kinds of error and what they cost: hand-made cases, and a second computation picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.convert import read
from cvdata.dataset.select import keep_annotations
from cvdata.evaluate.diagnosis import diagnose
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.precision import class_curves, coco_precision, mean_of
from cvdata.evaluate.report import Errors
from cvdata.formats.results import read_results

from .drawn import hand, pair_of

KINDS = ("class", "location", "both", "duplicate", "background", "missed")

HERE, THERE = (10, 10, 10, 10), (50, 50, 10, 10)
SHORT = (10, 10, 10, 4)  # 40 of the 100 pixels of HERE: IoU 0.4


def errors_of(pair: Pair) -> Errors:
    overlaps = box_overlaps(pair, least=0.1)
    return diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes").errors


def counts(errors: Errors) -> dict[str, int]:
    return {kind.name: kind.count for kind in errors.kinds if kind.count}


def costs(errors: Errors) -> dict[str, float]:
    return {kind.name: round(kind.cost.value, 12) for kind in errors.kinds if kind.cost.value}


def test_a_wrong_class_costs_a_true_detection_of_the_one_class_and_a_false_one_of_the_other() -> None:
    pair = hand(
        [(0, 0, HERE), (1, 0, HERE), (2, 1, HERE)],
        [(0, 0, HERE, 0.9), (1, 1, HERE, 0.8), (2, 1, HERE, 0.7)],
    )

    errors = errors_of(pair)

    # Class 0: one of two found, precision 1 at the 51 recalls to 0.5. Class 1: false, then true: 1/2 at all.
    before = (51 / 101 + 1 / 2) / 2
    assert errors.ap == pytest.approx(before, abs=1e-12)
    assert counts(errors) == {"class": 1}
    assert costs(errors) == {"class": round(1 - before, 12)}
    # Without the false detection class 1 has 1; without the object that none found class 0 has 1.
    assert errors.false_positive.value == pytest.approx((51 / 101 + 1) / 2 - before, abs=1e-12)
    assert errors.false_negative.value == pytest.approx((1 + 1 / 2) / 2 - before, abs=1e-12)


def test_a_badly_placed_detection_costs_the_object_that_it_would_have_found() -> None:
    pair = hand([(0, 0, HERE), (1, 0, HERE)], [(0, 0, HERE, 0.9), (1, 0, SHORT, 0.8)])

    errors = errors_of(pair)

    # 51 of 101 recalls are reached; with the second object found all are.
    assert errors.ap == pytest.approx(51 / 101, abs=1e-12)
    assert counts(errors) == {"location": 1}
    assert costs(errors) == {"location": round(50 / 101, 12)}


def test_both_wrong_costs_the_false_detection() -> None:
    pair = hand([(0, 0, HERE), (1, 1, HERE)], [(0, 1, SHORT, 0.9), (0, 0, HERE, 0.7), (1, 1, HERE, 0.8)])

    errors = errors_of(pair)

    # Class 0 has 1; class 1: false, then true, precision 1/2 at all recalls.
    assert errors.ap == pytest.approx(3 / 4, abs=1e-12)
    assert counts(errors) == {"both": 1}
    assert costs(errors) == {"both": 0.25}


@pytest.mark.parametrize(("kind", "box"), [("duplicate", HERE), ("background", THERE)])
def test_a_false_detection_before_a_true_one_costs_precision(kind: str, box: Sequence[int]) -> None:
    pair = hand([(0, 0, HERE), (1, 0, HERE)], [(0, 0, HERE, 0.9), (0, 0, box, 0.8), (1, 0, HERE, 0.7)])

    errors = errors_of(pair)

    # Precision 1 at 51 recalls, then 2/3 at 50.
    assert errors.ap == pytest.approx((51 + 50 * 2 / 3) / 101, abs=1e-12)
    assert counts(errors) == {kind: 1}
    assert costs(errors) == {kind: round(50 / 3 / 101, 12)}
    assert errors.false_positive.value == pytest.approx(50 / 3 / 101, abs=1e-12)


def test_a_missed_object_costs_the_recalls_that_are_not_reached() -> None:
    pair = hand([(0, 0, HERE), (1, 0, HERE)], [(0, 0, HERE, 0.9)])

    errors = errors_of(pair)

    assert counts(errors) == {"missed": 1}
    assert costs(errors) == {"missed": round(50 / 101, 12)}
    assert errors.false_negative.value == pytest.approx(50 / 101, abs=1e-12)


def test_of_two_that_point_to_one_object_the_surest_is_mended_and_the_other_goes() -> None:
    wide = (10, 10, 4, 10)
    pair = hand([(0, 0, HERE), (1, 0, HERE)], [(0, 0, SHORT, 0.9), (0, 0, wide, 0.8), (1, 0, HERE, 0.7)])

    errors = errors_of(pair)

    # False, false, true: 1/3 at 51 recalls. Mended: two of two found, nothing false.
    assert errors.ap == pytest.approx(51 / 3 / 101, abs=1e-12)
    assert counts(errors) == {"location": 2}
    assert costs(errors) == {"location": round(1 - 51 / 3 / 101, 12)}


def test_overlaps_on_the_border_fall_as_in_the_paper() -> None:
    tenth, half = (10, 10, 10, 1), (10, 10, 10, 5)  # IoU 0.1 and 0.5 with HERE, exactly
    pair = hand(
        [(0, 0, HERE), (1, 0, HERE), (2, 0, HERE), (3, 1, HERE)],
        [
            (0, 0, HERE, 0.9),
            (0, 0, half, 0.8),  # the object is taken and the overlap at most 0.5: badly placed, no duplicate
            (1, 0, tenth, 0.8),  # its class at 0.1: badly placed
            (2, 1, tenth, 0.8),  # another class at 0.1: background
            (3, 0, half, 0.8),  # another class at 0.5: wrong class
        ],
    )

    assert counts(errors_of(pair)) == {"class": 1, "location": 2, "background": 1, "missed": 1}


def test_a_detection_on_a_crowd_region_is_counted_and_costs_nothing() -> None:
    pair = with_crowd(hand([(0, 0, HERE), (1, 0, HERE)], [(0, 0, HERE, 0.8), (1, 0, HERE, 0.9)]), row=1)

    errors = errors_of(pair)

    assert errors.ap == pytest.approx(1, abs=1e-12)
    assert counts(errors) == {"background": 1}
    assert costs(errors) == {}
    assert errors.verdicts["ignored"] == 1


@pytest.mark.parametrize("objects", [20, 35, 60, 100, 700])
def test_its_ap_is_that_of_coco_to_the_last_bit(objects: int) -> None:
    pair = pair_of(objects, classes=2, objects=objects, detections=2 * objects)
    overlaps = box_overlaps(pair, least=0.1)
    matches = match(pair, overlaps, Rules(thresholds=(0.5,)))

    ap = diagnose(pair, overlaps, matches, "boxes").errors.ap

    assert ap == mean_of(coco_precision(pair, class_curves(pair, matches)).precision)


@pytest.mark.parametrize(("objects", "found"), [(20, 19), (100, 35), (100, 94)])
def test_a_recall_that_is_a_last_bit_short_of_that_of_coco_is_not_reached(objects: int, found: int) -> None:
    # COCO's recall number 95 is 0.9500000000000001: linspace, not 95 / 100.
    pair = hand([(row, 0, HERE) for row in range(objects)], [(row, 0, HERE, 0.9) for row in range(found)])

    errors = errors_of(pair)

    reached = sum(found / objects >= recall for recall in np.linspace(0, 1, 101).tolist())
    assert reached == found * 100 // objects
    assert errors.ap == pytest.approx(reached / 101, abs=1e-12)


def test_without_objects_nothing_has_a_cost() -> None:
    errors = errors_of(hand([], [(0, 0, HERE, 0.9)]))

    assert errors.ap is None
    assert [kind.cost.value for kind in errors.kinds] == [None] * 6


def test_without_detections_all_objects_are_missed() -> None:
    errors = errors_of(hand([(0, 0, HERE), (0, 1, THERE)], []))

    assert errors.ap == 0
    assert counts(errors) == {"missed": 2}


@pytest.mark.parametrize("seed", range(0, 80, 2))
def test_counts_and_costs_are_those_of_a_computation_picture_by_picture(seed: int) -> None:
    pair = pair_of(seed, images=8, objects=40 + seed % 30, crowd=0.1 * (seed % 4 == 0))

    errors = errors_of(pair)

    expected = slow_tide(pair)
    assert errors.ap == pytest.approx(expected["ap"], abs=1e-12)
    for kind in errors.kinds:
        count, cost = expected[kind.name]
        assert (kind.name, kind.count) == (kind.name, count)
        assert kind.cost.value == pytest.approx(cost, abs=1e-12)
    assert errors.false_positive.value == pytest.approx(expected["false_positive"], abs=1e-12)
    assert errors.false_negative.value == pytest.approx(expected["false_negative"], abs=1e-12)


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_without_crowds_and_ties_hotcoco_says_the_same(seed: int) -> None:
    # With crowd regions it does not count the detections on them, which tidecv does.
    pair = pair_of(seed, images=8, objects=40 + seed % 30, crowd=0)

    errors = errors_of(pair)

    theirs = hotcoco_tide(pair)
    short = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")
    assert errors.ap == pytest.approx(theirs["ap_base"], abs=1e-12)
    assert [kind.count for kind in errors.kinds] == [theirs["counts"][name] for name in short]
    ours = [kind.cost.value for kind in errors.kinds] + [errors.false_positive.value, errors.false_negative.value]
    assert ours == pytest.approx([theirs["delta_ap"][name] for name in (*short, "FP", "FN")], abs=1e-12)


def test_real_detections_have_the_errors_that_tidecv_counts(shared: Path) -> None:
    folder = shared / "data/coco_eval_100/tests/dataset/cocoapi"
    truth = read(folder / "instances_val2014_100.json", format="coco", verify="none").dataset
    pair = align(truth, read_results(folder / "instances_val2014_fakebbox100_results.json", truth))

    errors = errors_of(pair)

    assert errors.ap == pytest.approx(0.6969727247299577, abs=1e-12)  # the published AP50
    assert counts(errors) == {"class": 83, "location": 1, "duplicate": 1, "missed": 97}

    # tidecv 1.0.1 without the nine detections of classes that have no objects; its order of equal confidences, and its
    # recalls, make the rest of the difference.
    real = np.isin(pair.found.annotations.category, truth.annotations.category[~truth.annotations.has("crowd")])
    errors = errors_of(replace(pair, found=keep_annotations(pair.found, np.flatnonzero(real))))
    theirs = [0.1556878, 0.0024742, 0, 0.0002060, 0, 0.1055877, 0.0740630, 0.1930256]
    ours = [kind.cost.value for kind in errors.kinds] + [errors.false_positive.value, errors.false_negative.value]
    assert counts(errors) == {"class": 74, "location": 1, "duplicate": 1, "missed": 106}
    assert ours == pytest.approx(theirs, abs=2e-4)


def with_crowd(pair: Pair, row: int) -> Pair:
    table = pair.truth.annotations
    crowd = np.arange(len(table)) == row
    return replace(pair, truth=replace(pair.truth, annotations=replace(table, crowd=crowd)))


def hotcoco_tide(pair: Pair) -> dict[str, Any]:
    import hotcoco

    truth, found = pair.truth.annotations, pair.found.annotations
    images = [{"id": i + 1, "file_name": n, "width": 100, "height": 100} for i, n in enumerate(pair.truth.images.names)]
    classes = [{"id": i + 1, "name": name} for i, name in enumerate(pair.classes)]
    columns = (truth.image.astype(np.int64) + 1, truth.category.astype(np.int64) + 1, truth.box)
    coco = hotcoco.COCO.from_arrays(images, classes, *columns, area=truth.area)
    rows = np.column_stack([found.image + 1, found.box, pair.score, found.category + 1]).astype(np.float64)
    held = hotcoco.COCOeval(coco, coco.load_res(rows), "bbox")
    held.evaluate()
    return dict(held.tide_errors())


# --- the second computation: the paper's rules, one picture and one detection after the other ---


def iou(a: Sequence[float], b: Sequence[float], crowd: bool = False) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    union = a[2] * a[3] if crowd else a[2] * a[3] + b[2] * b[3] - shared
    return shared / union


def slow_tide(pair: Pair) -> dict[str, Any]:
    truth, found = pair.truth.annotations, pair.found.annotations
    crowd = truth.has("crowd").tolist()
    objects = list(zip(truth.image.tolist(), truth.category.tolist(), truth.box.tolist(), crowd, strict=True))
    detections = list(zip(found.image.tolist(), found.category.tolist(), found.box.tolist(), strict=True))
    by_score = sorted(range(len(detections)), key=lambda row: -pair.score[row])
    true: dict[int, int] = {}
    aside: set[int] = set()
    for row in by_score:
        image, category, box = detections[row]
        own = [g for g, other in enumerate(objects) if other[0] == image and other[1] == category]
        free = [g for g in own if not objects[g][3] and g not in true.values()]
        best = max(free, key=lambda g: iou(box, objects[g][2]), default=None)
        if best is not None and iou(box, objects[best][2]) >= 0.5:
            true[row] = best
        elif any(objects[g][3] and iou(box, objects[g][2], crowd=True) >= 0.5 for g in own):
            aside.add(row)

    kinds: dict[int, str] = {}
    points: dict[int, int] = {}
    for row in by_score:
        if row in true:
            continue
        image, category, box = detections[row]
        real = [g for g, other in enumerate(objects) if other[0] == image and not other[3]]
        values = {g: iou(box, objects[g][2]) for g in real}
        own_best = max([g for g in real if objects[g][1] == category], key=values.__getitem__, default=None)
        other_best = max([g for g in real if objects[g][1] != category], key=values.__getitem__, default=None)
        if own_best is not None and 0.1 <= values[own_best] <= 0.5:
            kinds[row], points[row] = "location", own_best
        elif other_best is not None and values[other_best] >= 0.5:
            kinds[row], points[row] = "class", other_best
        elif any(g in true.values() and objects[g][1] == category and values[g] >= 0.5 for g in real):
            kinds[row] = "duplicate"
        elif max(values.values(), default=0.0) <= 0.1:
            kinds[row] = "background"
        else:
            kinds[row] = "both"
    mended: dict[int, int] = {}
    for row in by_score:
        if row in points and points[row] not in true.values() and points[row] not in mended.values():
            mended[row] = points[row]
    unfound = [g for g, other in enumerate(objects) if not other[3] and g not in true.values()]
    missed = [g for g in unfound if g not in mended.values()]

    plain = [(row, detections[row][1], row in true) for row in by_score if row not in aside]

    def ap(judged: list[tuple[int, int, bool]], gone: list[int]) -> float:
        judged = sorted(judged, key=lambda one: -pair.score[one[0]])
        values = []
        for category in range(len(pair.classes)):
            everything = [g for g, o in enumerate(objects) if o[1] == category and not o[3]]
            left = len([g for g in everything if g not in gone])
            flags = [flag for _, of, flag in judged if of == category]
            if everything and (left or flags):
                values.append(ap_101(flags, left))
        return sum(values) / len(values) if values else float("nan")

    base = ap(plain, [])
    result: dict[str, Any] = {"ap": base}
    for kind in KINDS[:-1]:
        kept = [one for one in plain if kinds.get(one[0]) != kind]
        kept += [(row, objects[g][1], True) for row, g in mended.items() if kinds[row] == kind]
        result[kind] = (list(kinds.values()).count(kind), max(ap(kept, []) - base, 0))
    result["missed"] = (len(missed), max(ap(plain, missed) - base, 0))
    result["false_positive"] = max(ap([one for one in plain if one[2]], []) - base, 0)
    result["false_negative"] = max(ap(plain, unfound) - base, 0)
    return result


def ap_101(flags: list[bool], objects: int) -> float:
    if not objects:
        return 0.0
    total = 0.0
    for recall in np.linspace(0, 1, 101).tolist():
        reached = [
            sum(flags[: stop + 1]) / (stop + 1)
            for stop in range(len(flags))
            if sum(flags[: stop + 1]) / objects >= recall
        ]
        total += max(reached, default=0.0)
    return total / 101
