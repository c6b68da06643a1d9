"""When two ways to look at the same pictures agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvdata.dataset import Ragged
from cvdata.dataset.rle import from_mask
from cvdata.models.columns import Columns
from cvdata.models.export.compare import compare
from cvdata.models.export.report import Comparison

SIZES = np.array([[100, 200]], np.int64)


def found(boxes: list[list[float]], labels: list[int], scores: list[float]) -> Columns:
    return Columns(
        images=1,
        owner=np.zeros(len(boxes), np.int64),
        box=np.array(boxes, np.float64).reshape(-1, 4),
        label=np.array(labels, np.int64),
        score=np.array(scores, np.float64),
    )


TWO = found([[10, 10, 20, 20], [50, 50, 30, 30]], [0, 1], [0.9, 0.5])


def held(expected: Columns, given: Columns) -> Comparison:
    return compare(expected, given, SIZES, against="network", score=0.05)


def test_the_same_detections_in_another_order_agree() -> None:
    swapped = found([[50, 50, 30, 30.1], [10, 10, 20, 20]], [1, 0], [0.5, 0.9])

    made = held(TWO, swapped)

    assert (made.agrees, made.detections, made.matched) == (True, 2, 2)
    assert made.largest["box"] == pytest.approx(0.1)
    assert made.largest["box_share"] == pytest.approx(0.1 / 200)
    assert made.largest["score"] == 0


@pytest.mark.parametrize(
    "other",
    [
        found([[10, 10, 20, 20], [50, 50, 30, 31]], [0, 1], [0.9, 0.5]),
        found([[10, 10, 20, 20], [50, 50, 30, 30]], [0, 0], [0.9, 0.5]),
        found([[10, 10, 20, 20], [50, 50, 30, 30]], [0, 1], [0.9, 0.6]),
        found([[10, 10, 20, 20]], [0], [0.9]),
        found([[10, 10, 20, 20], [50, 50, 30, 30], [1, 1, 9, 9]], [0, 1, 1], [0.9, 0.5, 0.3]),
        found([], [], []),
    ],
    ids=["moved", "another class", "another score", "one is missing", "one too many", "nothing"],
)
def test_other_detections_do_not_agree(other: Columns) -> None:
    assert not held(TWO, other).agrees


def test_a_detection_at_the_threshold_may_be_missing() -> None:
    unsure = found([[10, 10, 20, 20], [50, 50, 30, 30], [1, 1, 9, 9]], [0, 1, 1], [0.9, 0.5, 0.0502])

    assert held(unsure, TWO).agrees


def test_nothing_found_on_either_side_agrees() -> None:
    made = held(found([], [], []), found([], [], []))

    assert (made.agrees, made.detections, made.largest["box"]) == (True, 0, None)


def test_masks_are_compared_pixel_by_pixel() -> None:
    mask = np.zeros((100, 200), np.bool_)
    mask[:50, :40] = True
    less = mask.copy()
    less[0, :] = False  # 40 of 2,000 pixels

    def with_mask(pixels: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Columns:
        return replace(found([[0, 0, 40, 50]], [0], [0.9]), masks=Ragged.of([from_mask(pixels).tolist()], np.uint32))

    made = held(with_mask(mask), with_mask(less))

    assert made.largest["mask"] == 0.02
    assert not made.agrees


def test_maps_and_scores_of_pictures_are_compared() -> None:
    one, other = np.zeros((10, 100), np.uint8), np.zeros((10, 100), np.uint8)
    other[0, :2] = 1

    maps = held(Columns(images=1, maps=[one]), Columns(images=1, maps=[other]))
    scores = held(Columns(images=1, scores=np.array([[0.2, 0.8]])), Columns(images=1, scores=np.array([[0.2002, 0.8]])))

    assert (maps.largest, maps.agrees) == ({"map": 0.002}, False)
    assert scores.largest["score"] == pytest.approx(0.0002)
    assert scores.agrees
