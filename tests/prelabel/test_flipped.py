"""A model looks at mirrored pictures, too, and what it finds comes back into the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.dataset.rle import to_mask
from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.prelabel.looking.flipped import Flipped
from cvdata.prelabel.looking.fuse import FuseSettings

from .detections import Says, boxes_of, classifier, detections, detector, picture, rows_of
from .exact_finder import ExactFinder, ExactMaps, blank, draw_box, draw_disc


@settings(max_examples=60)
@given(st.integers(12, 60), st.integers(12, 60), st.booleans(), st.integers(0, 2**32))
def test_boxes_and_masks_of_all_views_fall_on_each_other(width: int, height: int, both: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = blank(width, height)
    for number in range(4):
        side = int(rng.integers(2, 12))
        x, y = rng.integers(0, (width - side + 1, height - side + 1)).tolist()
        draw_disc(drawn, number, number % 3, x, y, side)
    once = ExactFinder(masks=True).find([drawn])

    found = Flipped(ExactFinder(masks=True), FuseSettings(iou=0.9), both=both).find([drawn])

    # seen alike in every view, everything is as sure as in one
    assert boxes_of(found) == boxes_of(once)
    assert sorted(row[2] for row in rows_of(found)) == sorted(row[2] for row in rows_of(once))
    assert found.masks is not None and once.masks is not None
    masks = [{to_mask(one.masks[row], height, width).tobytes() for row in range(len(one.masks))}  # type: ignore[index, arg-type]
             for one in (found, once)]  # fmt: skip
    assert masks[0] == masks[1]


def test_what_only_one_of_two_views_shows_is_half_as_sure() -> None:
    # 40 wide: the mirrored view says it at x = 2, which is 40 - 2 - 10 = 28 in the picture
    said = Says(detections((0, 0, 0.8, [2, 3, 10, 10])))

    found = Flipped(said, FuseSettings()).find([picture(40, 30)])

    assert rows_of(found) == [(0, 0, 0.4, [2, 3, 10, 10]), (0, 0, 0.4, [28, 3, 10, 10])]


def test_four_views_are_the_picture_its_mirrors_and_its_half_turn() -> None:
    said = Says(detections((0, 0, 0.8, [2, 3, 10, 10])))

    found = Flipped(said, FuseSettings(), both=True).find([picture(40, 30)])

    assert sorted(box for *_, box in rows_of(found)) == [
        [2, 3, 10, 10],
        [2, 17, 10, 10],
        [28, 3, 10, 10],
        [28, 17, 10, 10],
    ]


def test_pictures_of_different_sizes_are_mirrored_at_their_own_borders() -> None:
    finder = ExactFinder()
    one, other = blank(40, 20), blank(24, 50)
    draw_box(one, 1, 0, 30, 2, 5, 5)
    draw_box(other, 2, 1, 1, 40, 6, 4)

    found = Flipped(finder, FuseSettings(), both=True).find([one, other])

    assert [(row[0], row[3]) for row in rows_of(found)] == [(0, [30, 2, 5, 5]), (1, [1, 40, 6, 4])]


class Hands:
    """Finds a left hand where red is, and a right hand where green is; the person is the whole picture.

    Blue in the upper left corner tells it which view it looks at; of one view it is surer than of the others.
    """

    def __init__(self, surest: int) -> None:
        self.spec = detector("person", keypoints=("left", "right"), flips=(1, 0))
        self.name, self.sha256, self.surest = "hands", "0" * 64, surest

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        one = pictures[0]
        hands = [[x + 0.5, y + 0.5, 1.0] for c in (0, 1) for y, x in np.argwhere(one[..., c] > 0).tolist()]
        view = int(one[0, 0, 2])
        found = detections((0, 0, 0.9 if view == self.surest else 0.5, [0, 0, one.shape[1], one.shape[0]]))
        # In a mirror a left hand looks like a right one, so that a network calls it so.
        return replace(found, keypoints=np.array([hands[::-1] if view in (_ACROSS, _DOWN) else hands]))


_PLAIN, _ACROSS, _DOWN, _HALF_TURN = 1, 2, 3, 4


@pytest.mark.parametrize("surest", [_PLAIN, _ACROSS, _DOWN, _HALF_TURN])
def test_a_left_hand_in_a_mirror_is_a_right_hand(surest: int) -> None:
    one = blank(20, 10)
    one[3, 4, 0] = one[6, 15, 1] = 200
    one[0, 0, 2], one[0, -1, 2], one[-1, 0, 2], one[-1, -1, 2] = _PLAIN, _ACROSS, _DOWN, _HALF_TURN

    found = Flipped(Hands(surest), FuseSettings(), both=True).find([one])

    assert found.keypoints is not None
    assert found.keypoints[0, :, :2].tolist() == [[4.5, 3.5], [15.5, 6.5]]


def test_the_mean_of_a_classifier_counts() -> None:
    class Counts(Says):
        def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
            super().find(pictures)
            return Columns(images=1, scores=np.array([[0.9, 0.1]] if len(self.seen) == 1 else [[0.5, 0.5]]))

    said = Counts(Columns(images=1), classifier())
    one = blank(3, 2)
    one[0, 0, 0] = 255

    found = Flipped(said, FuseSettings()).find([one])

    assert found.scores is not None and found.scores.tolist() == [[0.7, 0.3]]
    assert [np.argwhere(view[..., 0]).tolist() for view in said.seen] == [[[0, 0]], [[0, 2]]]


def test_a_segmenter_is_refused() -> None:
    with pytest.raises(UsageError, match="a segmenter says of each pixel which class it has, and not how sure it is"):
        Flipped(ExactMaps(), FuseSettings())
