"""Objects as pixels, and maps of classes that follow a motion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.augment.motion import Motion, Plane, scaled, shifted
from cvdata.dataset import Annotations, Categories, Polygons, Ragged
from cvdata.dataset.rings import rings_of_mask
from cvdata.dataset.rle import from_mask
from cvdata.train.data.moving import move_pixels
from cvdata.train.data.painting import fill_rings, masks_of, paint, painted_classes
from cvdata.train.data.prepare import prepare
from cvdata.train.data.reading import read_pixels
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

from .shapes import draw_shapes


def square(left: float, top: float, right: float, bottom: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def test_a_square_holds_the_pixels_whose_middle_is_inside() -> None:
    mask = fill_rings([square(1, 2, 4, 4)], 5, 6)

    assert mask.astype(int).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert np.argwhere(fill_rings([square(0.6, 0.4, 2.4, 1.6)], 3, 3)).tolist() == [[0, 1], [1, 1]]


def test_rings_are_joined_and_may_leave_the_picture() -> None:
    mask = fill_rings([square(-3, -3, 1, 1), square(0, 0, 2, 1), square(3, 3, 9, 9)], 4, 4)

    assert np.argwhere(mask).tolist() == [[0, 0], [0, 1], [3, 3]]


@given(st.lists(st.booleans(), min_size=42, max_size=42))
def test_a_mask_without_holes_comes_back_from_its_rings(cells: list[bool]) -> None:
    mask = np.array(cells).reshape(6, 7)
    # The even-odd rule over all rings, which `fill_rings` applies to each one.
    parity = np.zeros_like(mask)
    for ring in rings_of_mask(mask):
        parity ^= fill_rings([ring], 6, 7)

    assert (parity == mask).all()


def test_filling_agrees_with_counting_turns() -> None:
    # An independent rule: a point is inside where the angles to all corners sum to a full turn.
    rng = np.random.default_rng(0)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = np.stack([16 + 11 * np.cos(angle), 14 + 9 * np.sin(angle)], axis=1)
    y, x = np.mgrid[0.5:30, 0.5:32]
    away = ring[:, None, None] - np.stack([x, y], axis=-1)
    turn = np.arctan2(away[..., 1], away[..., 0])
    step = (np.diff(turn, axis=0, append=turn[:1]) + np.pi) % (2 * np.pi) - np.pi

    assert (fill_rings([ring], 30, 32) == (np.abs(step.sum(axis=0)) > np.pi)).all()


def table(rings: list[list[list[float]]], category: list[int]) -> Annotations:
    count = len(rings)
    polygons = Polygons.of([[ring] if ring else [] for ring in rings])
    box = np.array([[0.0, 0.0, 4.0, 4.0]] * count)
    image = np.zeros(count, np.int32)
    return Annotations(image=image, category=np.array(category, np.int32), box=box, polygons=polygons)


def test_smaller_objects_are_painted_over_larger_ones_and_boxes_alone_are_void() -> None:
    small, large = square(0, 0, 2, 2).ravel().tolist(), square(0, 0, 4, 3).ravel().tolist()
    objects = table([small, large, []], [0, 1, 0])

    pixels = paint(objects, np.array([1, 2]), 5, 5)

    assert pixels.tolist() == [
        [1, 1, 2, 2, 0],
        [1, 1, 2, 2, 0],
        [2, 2, 2, 2, 0],
        [255, 255, 255, 255, 0],
        [0, 0, 0, 0, 0],
    ]


def test_a_mask_counts_before_an_outline_and_a_box_stands_for_what_has_neither() -> None:
    objects = table([square(0, 0, 1, 1).ravel().tolist(), []], [0, 0])
    drawn = np.zeros((5, 5), np.bool_)
    drawn[4, 4] = True
    with_mask = replace(objects, masks=Ragged.of([from_mask(drawn).tolist(), []], np.uint32))

    masks = masks_of(with_mask, 5, 5)

    assert np.argwhere(masks[0]).tolist() == [[4, 4]]
    assert masks[1].sum() == 16


def test_background_is_a_class_of_its_own_unless_there_is_one() -> None:
    names, became = painted_classes(Categories(names=("cat", "dog")))
    assert (names, became.tolist()) == (("background", "cat", "dog"), [1, 2])

    names, became = painted_classes(Categories(names=("cat", "Background", "dog")))
    assert (names, became.tolist()) == (("Background", "cat", "dog"), [1, 0, 2])


def test_painted_pictures_hold_what_was_drawn(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 6, 64)
    found = prepare(Source(dataset=dataset), TrainSettings(task="segmenter", architecture="any"))

    pixels = read_pixels(found.train, 0)

    assert found.classes == ("background", "square", "disc", "triangle")
    assert pixels is not None
    assert pixels.shape == (64, 64)
    drawn = np.unique(dataset.annotations.category[dataset.annotations.image == 0]) + 1
    assert np.unique(pixels).tolist() == [0, *drawn.tolist()]
    total = sum(int(np.count_nonzero(read_pixels(found.train, row) == 0)) for row in range(len(found.train)))
    assert found.class_counts[0] == total


MOTIONS = {
    "flip": [Plane(np.array([[-1.0, 0, 6], [0, 1, 0], [0, 0, 1]]), 6, 4)],
    "crop": [Plane(shifted(-2, -1), 3, 3)],
    "shift": [Plane(shifted(2, 1), 6, 4)],
    "quarter turn": [Plane(np.array([[0.0, -1, 4], [1, 0, 0], [0, 0, 1]]), 4, 6)],
    "larger": [Plane(scaled(2, 3), 12, 12)],
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flip", [[5, 4, 3, 2, 1, 0], [11, 10, 9, 8, 7, 6], [17, 16, 15, 14, 13, 12], [23, 22, 21, 20, 19, 18]]),
        ("crop", [[8, 9, 10], [14, 15, 16], [20, 21, 22]]),
        ("shift", [[255] * 6, [255, 255, 0, 1, 2, 3], [255, 255, 6, 7, 8, 9], [255, 255, 12, 13, 14, 15]]),
        (
            "quarter turn",
            [[18, 12, 6, 0], [19, 13, 7, 1], [20, 14, 8, 2], [21, 15, 9, 3], [22, 16, 10, 4], [23, 17, 11, 5]],
        ),
    ],
)
def test_maps_follow_a_motion_pixel_by_pixel(name: str, expected: list[list[int]]) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)

    assert move_pixels(pixels, Motion(6, 4, tuple(MOTIONS[name]))).tolist() == expected


def test_maps_that_grow_repeat_their_pixels() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)

    grown = move_pixels(pixels, Motion(6, 4, tuple(MOTIONS["larger"])))

    assert (grown == np.repeat(np.repeat(pixels, 3, axis=0), 2, axis=1)).all()
