"""Labels drawn on pictures: each in the colour of its class, where it is, with a name that can be read."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from cvdata.dataset import Categories, Dataset
from cvdata.reports.canvas import Canvas, fit
from cvdata.reports.draw import draw_labels
from cvdata.reports.fonts import lettering
from cvdata.reports.names import Tag, place_tags
from cvdata.reports.palette import class_colour, ink_on, rgb

from ..tiny import build

SIZE = (400, 300)
CLASSES = Categories(
    names=("cat", "dog", "bird"),
    keypoints=(("nose", "tail"), (), ()),
    skeleton=(((0, 1),), (), ()),
)


def one(*rows: dict[str, Any]) -> Dataset:
    return build({"a.png": SIZE}, [{"image": "a.png", "category": "cat"} | row for row in rows], CLASSES)


def drawn(dataset: Dataset, within: tuple[int, int] = SIZE, **options: Any) -> NDArray[np.uint8]:
    picture = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    return np.asarray(draw_labels(picture, dataset, 0, within=within, **options))


def near(pixel: NDArray[np.uint8], colour: str, tolerance: int = 24) -> bool:
    return int(np.abs(pixel.astype(int) - rgb(colour)).max()) <= tolerance


@pytest.mark.parametrize("category", ["cat", "dog", "bird"])
def test_a_box_has_the_colour_of_its_class_on_its_edge_and_leaves_its_inside_alone(category: str) -> None:
    picture = drawn(one({"category": category, "box": [100, 100, 200, 120]}), names=False)

    colour = class_colour(CLASSES.names.index(category))
    assert near(picture[160, 100], colour)
    assert near(picture[160, 300], colour)
    assert near(picture[100, 200], colour)
    assert near(picture[220, 200], colour)
    assert picture[160, 200].tolist() == [128, 128, 128]


def test_a_box_is_drawn_to_the_scale_of_the_tile() -> None:
    picture = drawn(one({"box": [100, 100, 200, 120]}), within=(200, 150), names=False)

    assert picture.shape == (150, 200, 3)
    assert near(picture[80, 50], class_colour(0), 60)
    assert picture[80, 100].tolist() == [128, 128, 128]


def test_an_outline_shines_through_inside_and_not_where_its_rings_are_not() -> None:
    left, right = [(50, 50), (150, 50), (150, 150), (50, 150)], [(250, 50), (350, 50), (350, 150), (250, 150)]

    picture = drawn(one({"box": [50, 50, 300, 100], "rings": [left, right]}), names=False)

    for x in (100, 300):
        assert picture[100, x].tolist() != [128, 128, 128]
        assert not near(picture[100, x], class_colour(0))
    assert picture[100, 200].tolist() == [128, 128, 128]


def test_a_mask_covers_its_own_pixels() -> None:
    mask = np.zeros((SIZE[1], SIZE[0]), np.bool_)
    mask[100:200, 50:150] = True
    mask[140:160, 90:110] = False

    picture = drawn(one({"box": [50, 100, 100, 100], "mask": mask}), names=False)

    changed = (picture != 128).any(axis=2)
    assert (changed == mask).mean() > 0.995
    assert not changed[150, 100]


def test_a_crowd_is_hatched() -> None:
    mask = np.ones((SIZE[1], SIZE[0]), np.bool_)

    plain = drawn(one({"box": [0, 0, 400, 300], "mask": mask}), names=False)
    crowd = drawn(one({"box": [0, 0, 400, 300], "mask": mask, "crowd": True}), names=False)

    assert len(np.unique(plain[50:250, 50:350].reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(crowd[50:250, 50:350].reshape(-1, 3), axis=0)) > 1


def test_a_rotated_box_is_drawn_turned() -> None:
    picture = drawn(one({"box": [100, 50, 200, 200], "rotated": [200, 50, 300, 150, 200, 250, 100, 150]}), names=False)

    assert near(picture[100, 150], class_colour(0), 60)
    assert picture[60, 110].tolist() == [128, 128, 128]


def test_keypoints_are_joined_and_those_not_labelled_are_left_out() -> None:
    seen = drawn(one({"box": [50, 50, 300, 200], "keypoints": [[100, 150, 2], [300, 150, 1]]}), names=False)
    unseen = drawn(one({"box": [50, 50, 300, 200], "keypoints": [[100, 150, 2], [300, 150, 0]]}), names=False)

    assert near(seen[150, 200], class_colour(0))
    assert unseen[150, 200].tolist() == [128, 128, 128]
    assert near(unseen[150, 100], class_colour(0))


def test_the_class_of_a_whole_picture_stands_at_its_top() -> None:
    picture = drawn(one({"category": "dog", "box": [float("nan")] * 4}))

    assert near(picture[1, 3], class_colour(1))
    assert (picture[100:] == 128).all()


def test_only_the_classes_asked_for_are_drawn() -> None:
    dataset = one({"box": [10, 10, 50, 50]}, {"category": "dog", "box": [200, 100, 100, 100]})

    picture = drawn(dataset, classes=[1], names=False)

    assert (picture[:70, :70] == 128).all()
    assert near(picture[150, 200], class_colour(1))


def test_a_name_stands_on_the_colour_of_its_class_above_the_box() -> None:
    picture = drawn(one({"category": "dog", "box": [100, 100, 200, 120]}))

    # The ground is nearly opaque, so a little of the picture shines through.
    assert near(picture[91, 101], class_colour(1), 40)


def test_three_hundred_names_are_left_out_and_a_note_says_so() -> None:
    rows = [{"box": [(n % 20) * 20, (n // 20) * 20, 15, 15]} for n in range(300)]

    with_names, without = drawn(one(*rows)), drawn(one(*rows), names=False)

    changed = np.argwhere((with_names != without).any(axis=2))
    assert changed[:, 0].min() > SIZE[1] - 25
    assert changed[:, 1].min() > SIZE[0] - 220


def test_small_objects_are_drawn_on_large_ones() -> None:
    small, large = {"category": "dog", "box": [150, 99, 20, 20]}, {"box": [50, 100, 300, 150]}

    picture = drawn(one(small, large), names=False)

    assert near(picture[100, 150], class_colour(1), 60)


def test_a_label_that_leaves_the_picture_is_cut() -> None:
    assert drawn(one({"box": [-50, -50, 500, 400]})).shape == (300, 400, 3)


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3)])
def test_a_picture_of_any_shape_can_be_drawn_on(size: tuple[int, int]) -> None:
    rows = [{"image": "a.png", "category": "cat", "box": [0, 0, size[0], size[1]]}]
    dataset = build({"a.png": size}, rows, CLASSES)

    picture = draw_labels(np.zeros((size[1], size[0], 3), np.uint8), dataset, 0, within=(320, 400))

    assert picture.size == fit(*size, (320, 400))


def test_a_picture_grows_four_times_at_most() -> None:
    assert fit(8, 8, (320, 400)) == (32, 32)
    assert fit(640, 480, (320, 400)) == (320, 240)
    assert fit(100, 1000, (320, 400)) == (40, 400)


def test_labels_of_a_resized_picture_are_scaled_and_those_of_another_shape_are_not() -> None:
    dataset = one({"box": [100, 100, 200, 120]})
    half = np.full((SIZE[1] // 2, SIZE[0] // 2, 3), 128, np.uint8)
    other = np.full((400, 400, 3), 128, np.uint8)

    resized = np.asarray(draw_labels(half, dataset, 0, within=(200, 150), names=False))
    misnamed = np.asarray(draw_labels(other, dataset, 0, within=(400, 400), names=False))

    assert near(resized[80, 50], class_colour(0), 60)
    assert (resized[135:] == 128).all()
    assert near(misnamed[160, 100], class_colour(0))
    assert near(misnamed[220, 200], class_colour(0))
    assert not (misnamed[380:] == 128).all()  # a note says so


def test_drawing_twice_gives_the_same_pixels() -> None:
    dataset = one({"box": [100, 100, 200, 120]}, {"category": "dog", "box": [50, 60, 30, 40], "score": 0.5})

    assert drawn(dataset).tobytes() == drawn(dataset).tobytes()


def test_the_picture_given_is_not_drawn_on() -> None:
    picture = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)

    draw_labels(picture, one({"box": [100, 100, 200, 120]}), 0, within=SIZE)

    assert (picture == 128).all()


def test_a_dashed_line_has_gaps() -> None:
    canvas = Canvas(Image.new("RGB", SIZE, (128, 128, 128)), SIZE)
    canvas.box((50, 50, 300, 200), class_colour(0), dashed=True)

    edge = np.asarray(canvas.finish())[50, 60:340]

    share = np.mean([near(pixel, class_colour(0), 60) for pixel in edge])
    assert 0.3 < share < 0.7


boxes = st.lists(
    st.tuples(st.integers(0, 380), st.integers(0, 280), st.integers(1, 200), st.integers(1, 200)), max_size=40
)


@given(boxes)
def test_names_stay_inside_and_never_lie_on_each_other(found: list[tuple[int, int, int, int]]) -> None:
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in found], np.float64).reshape(-1, 4)

    places = place_tags([Tag(60, 15)] * len(found), corners, SIZE)

    rects = [(x, y, x + 60, y + 15) for x, y in (place for place in places if place is not None)]
    assert all(min(a, b) >= 0 and c <= SIZE[0] and d <= SIZE[1] for a, b, c, d in rects)
    for n, (a, b, c, d) in enumerate(rects):
        assert not any(a < g and e < c and b < h and f < d for e, f, g, h in rects[:n])


def test_the_first_choice_is_above_the_box_and_below_where_there_is_no_room() -> None:
    tag = Tag(40, 15)

    assert place_tags([tag], np.array([[100.0, 100, 200, 200]]), SIZE) == [(100, 85)]
    assert place_tags([tag], np.array([[100.0, 100, 200, 200]]), SIZE, [(100, 85, 200, 116)]) == [(100, 200)]


def test_neighbouring_classes_have_colours_apart_and_every_class_has_one_of_its_own() -> None:
    colours = [class_colour(n) for n in range(200)]

    assert len(set(colours)) == 200
    distances = [max(abs(a - b) for a, b in zip(rgb(one), rgb(two), strict=True)) for one, two in pairwise(colours)]
    assert min(distances) > 40


def test_ink_is_read_on_every_colour() -> None:
    def luminance(colour: str) -> float:
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb(colour))]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for n in range(200):
        light, dark = sorted((luminance(class_colour(n)), luminance(ink_on(class_colour(n)))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_name_that_no_font_has_is_escaped() -> None:
    assert lettering("a\U00013000b", 12).text in ("a\\U00013000b", "a\U00013000b")
    assert lettering("a\ue000\x1b[31m", 12).text == "a\\ue000\\x1b[31m"


def test_a_name_is_cut_to_the_room_there_is() -> None:
    name = lettering("a very long name of a class", 12)

    assert name.fitted(10_000) is name
    assert name.fitted(60).width <= 60
    assert name.fitted(60).text.endswith("…")
    assert name.fitted(60, middle=True).text.endswith("ss")
    assert name.fitted(0).text == ""
