"""Large pictures in tiles: every object is found once, as it would be found in the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.dataset.rle import to_mask
from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.prelabel.looking.tiled import Tiled, TileSettings

from .detections import Says, boxes_of, classifier, detections, detector, rows_of
from .exact_finder import ExactFinder, ExactMaps, KnowsBoxes, blank, draw_box, draw_disc, map_of_places

TILES = st.builds(
    TileSettings,
    tile=st.integers(16, 60),
    overlap=st.floats(0.05, 0.75),
    whole=st.booleans(),
    merge=st.sampled_from(["nms", "wbf"]),
)


def found_in(picture: NDArray[np.uint8], chosen: TileSettings, *, masks: bool = False) -> Columns:
    return Tiled(ExactFinder(masks=masks), chosen, batch=3).find([picture])


def apart(taken: Sequence[tuple[int, ...]], x: int, y: int, width: int, height: int) -> bool:
    return not any(x < a + c and a < x + width and y < b + d and b < y + height for a, b, c, d in taken)


@st.composite
def placed(draw: st.DrawFn, *, touching: bool) -> tuple[int, int, list[tuple[int, int, int, int]]]:
    """A picture's size, and objects from a pixel to more than a tile: apart (they may touch), or on each other.

    Where they lie on each other the picture is no strip: on one of a pixel's width an object that ends with a tile and
    lies within a longer one of its class may be taken for a piece of that.
    """
    least = 20 if touching else 1
    width, height = draw(st.integers(least, 150)), draw(st.integers(least, 150))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    largest = draw(st.sampled_from([6, 30, 140]))
    taken: list[tuple[int, int, int, int]] = []
    for _ in range(draw(st.integers(0, 12))):
        wide, tall = (int(rng.integers(1, min(largest, side) + 1)) for side in (width, height))
        x, y = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - tall + 1))
        if touching or apart(taken, x, y, wide, tall):
            taken.append((x, y, wide, tall))
    return width, height, taken


# --- the property: every object exactly once


@settings(max_examples=120)
@given(placed(touching=False), TILES, st.booleans())
def test_every_object_is_found_exactly_once(
    drawn: tuple[int, int, list[tuple[int, int, int, int]]], chosen: TileSettings, round_ones: bool
) -> None:
    width, height, places = drawn
    picture = blank(width, height)
    for number, (x, y, wide, tall) in enumerate(places):
        if round_ones:
            draw_disc(picture, number, number % 2, x, y, min(wide, tall))
        else:
            draw_box(picture, number, number % 2, x, y, wide, tall)

    found = found_in(picture, chosen)

    assert boxes_of(found) == boxes_of(ExactFinder().find([picture]))


@settings(max_examples=120)
@given(placed(touching=True), TILES)
def test_objects_that_lie_on_each_other_stay_as_many(
    drawn: tuple[int, int, list[tuple[int, int, int, int]]], chosen: TileSettings
) -> None:
    width, height, places = drawn
    boxes = list(dict.fromkeys(places))  # two in one place are one to anybody who sees boxes alone
    knows = KnowsBoxes(boxes, [number % 2 for number in range(len(boxes))])

    found = Tiled(knows, chosen).find([map_of_places(width, height)])

    assert boxes_of(found) == sorted((number % 2, *box) for number, box in enumerate(boxes))


@settings(max_examples=60)
@given(placed(touching=False), TILES)
def test_masks_are_those_of_the_whole_picture(
    drawn: tuple[int, int, list[tuple[int, int, int, int]]], chosen: TileSettings
) -> None:
    width, height, places = drawn
    picture = blank(width, height)
    for number, (x, y, wide, tall) in enumerate(places):
        draw_disc(picture, number, 0, x, y, min(wide, tall))

    found = found_in(picture, chosen, masks=True)

    assert found.masks is not None
    masks = [to_mask(found.masks[row], height, width) for row in range(len(found.masks))]
    codes = picture.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    assert sorted(codes[mask][0] for mask in masks) == sorted(set(codes[codes > 0].tolist()))
    assert all((mask == (codes == codes[mask][0])).all() for mask in masks)


@settings(max_examples=40)
@given(st.integers(1, 150), st.integers(1, 150), TILES, st.integers(0, 2**32))
def test_maps_are_stitched_without_a_seam(width: int, height: int, chosen: TileSettings, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 4, (height, width, 3), dtype=np.uint8)

    found = Tiled(ExactMaps(), chosen).find([picture])

    assert found.maps is not None and (found.maps[0] == picture[..., 0]).all()


# --- cases by hand: a picture of 100 x 20 in tiles of 40 with 10 in common: 0-40, 30-70, 60-100

STRIP = TileSettings(tile=40, overlap=0.25, whole=False)


class Sees:
    """A detector that says of the tile that begins at x what it is told, in pixels of the tile."""

    def __init__(self, *said: list[tuple[int, int, float, list[float]]]) -> None:
        self.said = dict(zip((0, 30, 60), said, strict=True))
        self.spec, self.name, self.sha256 = detector(), "sees", "0" * 64

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        rows = [(n, *row[1:]) for n, one in enumerate(pictures) for row in self.said[int(one[0, 0, 0])]]
        return detections(*rows, images=len(pictures))


def strip(said: Sees, chosen: TileSettings = STRIP) -> list[tuple[int, int, float, list[float]]]:
    return rows_of(Tiled(said, chosen).find([map_of_places(100, 20)]))


def test_a_piece_of_an_object_that_another_tile_sees_whole_is_dropped_however_sure_it_is() -> None:
    # 32-46: the first tile sees 32-40
    said = Sees([(0, 0, 0.9, [32, 5, 8, 10])], [(0, 0, 0.6, [2, 5, 14, 10])], [])

    assert strip(said) == [(0, 0, 0.6, [32, 5, 14, 10])]


def test_pieces_of_an_object_that_no_tile_sees_whole_are_one() -> None:
    # 20-80 runs through all three
    said = Sees([(0, 0, 0.7, [20, 5, 20, 10])], [(0, 0, 0.9, [0, 5, 40, 10])], [(0, 0, 0.8, [0, 6, 20, 10])])

    assert strip(said) == [(0, 0, 0.9, [20, 5, 60, 11])]


def test_pieces_of_different_classes_are_different_objects() -> None:
    said = Sees([(0, 0, 0.7, [20, 5, 20, 10])], [(0, 1, 0.9, [0, 5, 20, 10])], [])

    assert strip(said) == [(0, 1, 0.9, [30, 5, 20, 10]), (0, 0, 0.7, [20, 5, 20, 10])]


def test_a_piece_that_nothing_explains_stays() -> None:
    said = Sees([(0, 0, 0.7, [20, 5, 20, 10])], [], [])

    assert strip(said) == [(0, 0, 0.7, [20, 5, 20, 10])]


def test_neighbours_on_both_sides_of_a_seam_stay_two() -> None:
    # one ends at 35 and the other begins there: each tile sees one of them whole and a piece of the other
    said = Sees(
        [(0, 0, 0.9, [20, 5, 15, 10]), (0, 0, 0.8, [35, 5, 5, 10])],
        [(0, 0, 0.8, [0, 5, 5, 10]), (0, 0, 0.9, [5, 5, 15, 10])],
        [],
    )

    assert strip(said) == [(0, 0, 0.9, [20, 5, 15, 10]), (0, 0, 0.9, [35, 5, 15, 10])]


def test_what_two_tiles_see_whole_is_the_surer_one_or_the_mean() -> None:
    # 31-39 in both; the second is a pixel off: (0.9 * 31 + 0.6 * 32) / 1.5 = 31.4
    said = Sees([(0, 0, 0.9, [31.5, 5, 7, 10])], [(0, 0, 0.6, [2, 5, 7, 10])], [])

    assert strip(said) == [(0, 0, 0.9, [31.5, 5, 7, 10])]
    assert strip(said, msgspec.structs.replace(STRIP, merge="wbf")) == [(0, 0, 0.75, [31.7, 5, 7, 10])]


def test_two_that_one_tile_sees_on_each_other_stay_two() -> None:
    # they overlap by two thirds, which from two tiles would be one object
    two = [(0, 0, 0.9, [10.0, 5.0, 10.0, 10.0]), (0, 0, 0.8, [12.0, 5.0, 10.0, 10.0])]

    assert strip(Sees(two, [], [])) == two


def test_the_loose_end_of_a_bent_object_is_no_object() -> None:
    # a U: the first tile sees its two ends, the second the whole of the rest
    ends = [(0, 0, 0.9, [20.0, 0.0, 20.0, 4.0]), (0, 0, 0.8, [20.0, 16.0, 20.0, 4.0])]
    said = Sees(ends, [(0, 0, 0.7, [0, 0, 20, 20])], [])

    assert strip(said) == [(0, 0, 0.9, [20, 0, 30, 20])]


def test_a_second_loose_piece_of_an_object_is_no_object_either() -> None:
    # 32-46 again; the first tile takes the end of it for two
    said = Sees([(0, 0, 0.9, [32, 5, 8, 10]), (0, 0, 0.4, [33, 6, 7, 8])], [(0, 0, 0.6, [2, 5, 14, 10])], [])

    assert strip(said) == [(0, 0, 0.6, [32, 5, 14, 10])]


def test_points_of_a_joined_object_come_from_the_tile_that_is_surest_of_them() -> None:
    class Points(ExactFinder):
        def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
            found = super().find(pictures)
            # the corner is sure where it is in sight, inside the tile
            assert found.keypoints is not None
            points = found.keypoints.copy()
            points[..., 2] = np.where(points[..., 0] > 0, 0.9, 0.2)
            return replace(found, keypoints=points)

    picture = blank(100, 20)
    draw_box(picture, 7, 0, 20, 5, 60, 10)

    found = Tiled(Points(), STRIP).find([picture])

    assert found.keypoints is not None and found.keypoints.tolist() == [[[20, 5, 0.9]]]


# --- what is looked at


def test_a_picture_no_larger_than_a_tile_is_looked_at_once_and_as_it_is() -> None:
    finder = ExactFinder()
    small = blank(40, 30)
    draw_box(small, 1, 0, 5, 5, 10, 10)

    found = Tiled(finder, TileSettings(tile=40)).find([small, small])

    assert finder.looked == [[(40, 30), (40, 30)]]
    assert [row[0] for row in rows_of(found)] == [0, 1]


def test_tiles_are_looked_at_in_lots_of_one_picture() -> None:
    finder = ExactFinder()

    Tiled(finder, TileSettings(tile=40, overlap=0.25, whole=True), batch=2).find([blank(100, 20), blank(100, 20)])

    lot = [[(40, 20)] * 2, [(40, 20)], [(100, 20)]]
    assert finder.looked == lot * 2


def test_of_the_whole_picture_only_what_is_larger_than_the_overlap_counts() -> None:
    class Coarse(Sees):
        def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
            if pictures[0].shape[1] == 100:
                return detections((0, 0, 0.9, [0, 0, 8, 8]), (0, 0, 0.8, [20, 5, 60, 10]))
            return super().find(pictures)

    chosen = TileSettings(tile=40, overlap=0.25, whole=True)

    assert strip(Coarse([], [], []), chosen) == [(0, 0, 0.8, [20, 5, 60, 10])]


def test_small_and_large_pictures_come_back_in_their_order() -> None:
    small, large = blank(30, 30), blank(90, 30)
    draw_box(small, 1, 0, 1, 2, 3, 4)
    draw_box(large, 2, 1, 70, 2, 9, 9)

    found = Tiled(ExactFinder(masks=True), STRIP).find([large, small, large])

    assert [(owner, label, box) for owner, label, _, box in rows_of(found)] == [
        (0, 1, [70, 2, 9, 9]),
        (1, 0, [1, 2, 3, 4]),
        (2, 1, [70, 2, 9, 9]),
    ]


def test_a_picture_says_the_same_in_any_company() -> None:
    rng = np.random.default_rng(5)
    pictures = [map_of_places(*rng.integers(20, 200, 2).tolist()) for _ in range(6)]
    boxes = np.concatenate([rng.integers(0, 150, (40, 2)), rng.integers(2, 90, (40, 2))], axis=1)
    tiled = Tiled(KnowsBoxes([tuple(box) for box in boxes.tolist()], [0] * 40), TileSettings(tile=50))

    together = rows_of(tiled.find(pictures))

    alone = [(n, *row[1:]) for n, one in enumerate(pictures) for row in rows_of(tiled.find([one]))]
    assert together == alone


def test_nothing_found_in_any_tile_is_an_empty_picture() -> None:
    found = found_in(blank(100, 20), STRIP)

    assert found.images == 1 and rows_of(found) == []


def test_a_model_in_tiles_is_still_that_model() -> None:
    model = Says(detections(), name="cells", sha256="12" * 32)

    tiled = Tiled(model, STRIP)

    assert (tiled.name, tiled.sha256, tiled.spec) == ("cells", "12" * 32, model.spec)


# --- refused


def test_a_classifier_is_refused() -> None:
    with pytest.raises(UsageError, match="a classifier says what a whole picture is"):
        Tiled(Says(Columns(images=1), classifier()), STRIP)
