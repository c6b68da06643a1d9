"""How near keypoints lie, with the bits of pycocotools."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvdata.dataset import Annotations, Dataset
from cvdata.dataset.ragged import Ragged
from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.coco import coco_numbers, keypoint_overlaps
from cvdata.evaluate.coco.sigmas import COCO_SIGMAS, CROWDPOSE_SIGMAS, sigmas_for
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.run import evaluate
from cvdata.evaluate.settings import EvalSettings

from .drawn import hand, pair_of
from .shapes import peer, with_keypoints


@pytest.mark.parametrize("seed", range(8))
def test_every_similarity_has_the_bits_of_pycocotools(seed: int) -> None:
    pair = with_keypoints(pair_of(seed, classes=2, detections=60), seed)
    book = peer(pair, "keypoints", maxDets=[1000])

    overlaps = keypoint_overlaps(pair)

    ids = pair.truth.images.source_id
    assert ids is not None
    wanted: list[tuple[int, int, float]] = []
    for (image, category), table in book.ious.items():
        row = list(ids).index(image)
        truth = _rows(pair, row, category, found=False)
        found = _rows(pair, row, category, found=True)
        found = found[np.argsort(-pair.score[found], kind="mergesort")]
        if len(table):
            wanted += [(d, g, table[i, j]) for i, d in enumerate(found) for j, g in enumerate(truth) if table[i, j] > 0]
    assert list(zip(overlaps.found, overlaps.truth, overlaps.value, strict=True)) == sorted(wanted)


def _rows(pair: Pair, image: int, category: int, *, found: bool) -> np.ndarray:
    table = pair.found.annotations if found else pair.truth.annotations
    return np.flatnonzero((table.image == image) & (table.category == category))


def _posed(truth: list[list[float]], found: list[list[float]], area: float = 50.0) -> Pair:
    """Make a pair of one object and one detection, of x, y, visibility triples, in a box of 10 by 10 at the origin."""
    pair = hand([(0, 0, [0, 0, 10, 10])], [(0, 0, [0, 0, 10, 10], 0.5)])
    ours = replace(pair.truth.annotations, keypoints=Ragged.of([truth], np.float64), area=np.array([area]))
    theirs = replace(pair.found.annotations, keypoints=Ragged.of([found], np.float64))
    return replace(pair, truth=replace(pair.truth, annotations=ours), found=replace(pair.found, annotations=theirs))


def test_two_keypoints_a_known_way_off_have_the_similarity_worked_out_by_hand() -> None:
    # Sigmas of a class with two keypoints are 1/2, so k = 1: exp(-d² / (2 * 50 * 1)) for d² = 100 and for d = 0.
    pair = _posed([[2, 2, 2], [8, 8, 1]], [[8, 10, 1], [8, 8, 1]])

    overlaps = keypoint_overlaps(pair)

    assert overlaps.value == pytest.approx([(np.exp(-1) + 1) / 2], abs=1e-12)


def test_a_keypoint_that_is_not_labelled_does_not_count() -> None:
    pair = _posed([[2, 2, 0], [8, 8, 1]], [[90, 90, 2], [8, 8, 0]])

    assert keypoint_overlaps(pair).value == pytest.approx([1.0])


def test_keypoints_inside_twice_the_box_are_on_an_object_that_has_none_labelled() -> None:
    # The box doubled about its middle goes from -10 to 20; 30 is 10 outside: exp(-100 / (2 * 50)).
    pair = _posed([[0, 0, 0], [0, 0, 0]], [[-10, 20, 2], [30, 5, 2]])

    assert keypoint_overlaps(pair).value == pytest.approx([(1 + np.exp(-1)) / 2], abs=1e-12)


def test_an_object_without_area_fills_half_its_box() -> None:
    # 0.53 of 100 square pixels; d² = 106: exp(-106 / (2 * 53)).
    pair = _posed([[2, 2, 2], [8, 8, 0]], [[2 + 106**0.5, 2, 2], [0, 0, 2]], area=np.nan)

    assert keypoint_overlaps(pair).value == pytest.approx([np.exp(-1)], abs=1e-12)


def test_sigmas_are_those_of_coco_of_crowdpose_and_else_one_over_the_number() -> None:
    crowdpose = ("left_shoulder", "right_shoulder", *"abcdefghij", "head", "neck")

    assert sigmas_for(17) is COCO_SIGMAS
    assert sigmas_for(14, crowdpose) is CROWDPOSE_SIGMAS
    assert sigmas_for(14).tolist() == [1 / 14] * 14
    assert sigmas_for(4).tolist() == [0.25] * 4


def test_a_detection_with_another_number_of_keypoints_is_refused() -> None:
    pair = with_keypoints(pair_of(1), 1)
    table = pair.found.annotations
    assert table.keypoints is not None
    shorter = Ragged(
        table.keypoints.values[:-1], np.append(table.keypoints.offsets[:-1], len(table.keypoints.values) - 1)
    )
    pair = replace(pair, found=replace(pair.found, annotations=replace(table, keypoints=shorter)))

    with pytest.raises(EvaluationError, match="1 detection with another number of keypoints") as caught:
        coco_numbers(pair, "keypoints", EvalSettings())

    assert "has 16, and 'class" in str(caught.value)


def test_detections_without_keypoints_are_refused() -> None:
    pair = with_keypoints(pair_of(1), 1)
    pair = replace(pair, found=replace(pair.found, annotations=replace(pair.found.annotations, keypoints=None)))

    with pytest.raises(EvaluationError, match="the detections have no keypoints"):
        keypoint_overlaps(pair)


def test_classes_with_different_numbers_of_keypoints_are_each_evaluated_as_if_alone() -> None:
    pair = pair_of(4, classes=2, crowd=0.0)
    mixed, alone = _with_points(pair, (17, 5)), [_with_points(pair, (points, points)) for points in (17, 5)]

    numbers = coco_numbers(mixed, "keypoints", EvalSettings())

    for row, one in enumerate(alone):
        assert numbers.classes[row] == coco_numbers(one, "keypoints", EvalSettings()).classes[row]


def test_the_report_names_what_computed_the_figures() -> None:
    pair = pair_of(4, classes=2, crowd=0.0)
    mixed, alike = _with_points(pair, (17, 5)), _with_points(pair, (5, 5))
    settings = EvalSettings(engine="pycocotools", details=False)

    engines = [evaluate(one.truth, one.found, settings).report.engine for one in (mixed, alike)]

    assert engines == ["cvdata", "pycocotools"]


@pytest.mark.parametrize(
    "settings", [EvalSettings(protocol="voc12", by=("nothing",)), EvalSettings(explain=True, by=("nothing",))]
)
def test_rules_without_keypoints_are_refused_before_all_else(settings: EvalSettings) -> None:
    pair = with_keypoints(pair_of(1), 1)

    with pytest.raises(UsageError, match="no rule for keypoints"):
        evaluate(pair.truth, pair.found, settings)


def _with_points(pair: Pair, counts: tuple[int, int]) -> Pair:
    """Give each class its number of keypoints: the first of 17 that `with_keypoints` draws."""
    full = with_keypoints(pair, 4)
    sides = []
    for dataset in (full.truth, full.found):
        table = dataset.annotations
        assert table.keypoints is not None
        rows = [table.keypoints[row][: counts[category]] for row, category in enumerate(table.category.tolist())]
        keypoints = Ragged(np.concatenate(rows), np.cumsum([0, *map(len, rows)]))
        sides.append(replace(dataset, annotations=replace(table, keypoints=keypoints)))
    return replace(full, truth=sides[0], found=sides[1])


def test_classes_with_as_many_keypoints_can_be_held_against_each_other() -> None:
    pair = with_keypoints(pair_of(5, classes=3), 5)
    one_class = replace(
        pair,
        truth=replace(pair.truth, annotations=_of_one_class(pair.truth)),
        found=replace(pair.found, annotations=_of_one_class(pair.found)),
    )

    across, wanted = keypoint_overlaps(pair, same_class=False), keypoint_overlaps(one_class)

    assert len(across) > 2 * len(keypoint_overlaps(pair))
    for name in ("found", "truth", "value"):
        assert np.array_equal(getattr(across, name), getattr(wanted, name))


def _of_one_class(dataset: Dataset) -> Annotations:
    return replace(dataset.annotations, category=np.zeros_like(dataset.annotations.category))
