"""What is annotated follows what happens to the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.augment.follow import flip_pairs, follow, needs_of, with_flip_pairs
from cvdata.augment.remnants import Remnants
from cvdata.augment.sample import Sample
from cvdata.dataset import Annotations, Categories
from cvdata.dataset.rle import to_mask
from cvdata.errors import AugmentError

from .coloured import labelled, plain, with_ids
from .recipes import EVERYTHING, compose, followed, one

W, H = 96, 64
FLIP, UPSIDE = one("HorizontalFlip"), one("VerticalFlip")


def everything() -> Sample:
    """A picture with every kind of annotation in it."""
    mask = np.zeros((H, W), np.bool_)
    mask[5:20, 10:40] = True
    mask[8:12, 20:25] = False
    rows: list[dict[str, Any]] = [
        {"box": [4.125, 4, 20.5, 12], "difficult": 1, "score": 0.5, "extra": {"pose": "Left"}},
        {"box": [10, 10, 30, 20], "rings": [[(10, 10), (20, 10), (20, 30)], [(30, 12.5), (40, 12), (35, 30)]]},
        {"box": [10, 5, 30, 15], "mask": mask, "crowd": True, "listed": True, "area": 450.0},
        {"box": [50, 10, 30, 40], "keypoints": [[52, 12, 2], [0, 0, 0], [78.5, 48.25, 1]]},
        {"box": [42, 12, 8, 8], "rotated": [46, 12, 50, 16, 46, 20, 42, 16], "truncated": 0},
        {"box": [float("nan")] * 4, "category": "dog"},
    ]
    return with_ids(labelled(plain(W, H), rows))


def same(one_table: Annotations, other: Annotations) -> None:
    """Check that two tables are the same, bit by bit, but for ids."""
    np.testing.assert_array_equal(one_table.box, other.box)
    np.testing.assert_array_equal(one_table.category, other.category)
    for name in ("rotated", "score", "crowd", "difficult", "truncated", "area", "mask_listed"):
        np.testing.assert_array_equal(getattr(one_table, name), getattr(other, name))
    for name in ("masks", "keypoints", "extra"):
        ours, theirs = getattr(one_table, name), getattr(other, name)
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.offsets, theirs.offsets)
    assert one_table.polygons is not None and other.polygons is not None
    np.testing.assert_array_equal(one_table.polygons.points, other.polygons.points)
    np.testing.assert_array_equal(one_table.polygons.rings, other.polygons.rings)
    np.testing.assert_array_equal(one_table.polygons.owners, other.polygons.owners)


@pytest.mark.parametrize("name", ["HorizontalFlip", "VerticalFlip", "Transpose"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_flip_applied_twice_returns_the_original_exactly(name: str, at_once: bool) -> None:
    sample = everything()

    if at_once:
        twice = followed(sample, one(name), one(name)).sample
    else:
        twice = followed(followed(sample, one(name)).sample, one(name)).sample

    same(twice.table, replace(sample.table, source_id=None))
    assert (twice.image == sample.image).all()


grid = st.integers(0, 90 * 1024).map(lambda value: value / 1024)
numbers = st.floats(0, 90, allow_subnormal=False)


def boxes(number: st.SearchStrategy[float]) -> st.SearchStrategy[list[list[float]]]:
    side = number.map(lambda value: value / 16 + 1 / 1024)
    return st.lists(st.tuples(number, number.map(lambda v: v * 0.625), side, side).map(list), min_size=1, max_size=5)


@settings(max_examples=60)
@given(boxes(grid))
def test_boxes_on_a_fine_grid_survive_two_flips_bit_by_bit(given_boxes: list[list[float]]) -> None:
    sample = labelled(plain(W, H), [{"box": box} for box in given_boxes])

    twice = followed(followed(sample, FLIP, UPSIDE).sample, UPSIDE, FLIP).sample

    inside = followed(sample, one("NoOp")).sample
    np.testing.assert_array_equal(twice.table.box, inside.table.box)


@settings(max_examples=60)
@given(boxes(numbers))
def test_any_box_survives_two_flips_of_one_recipe_bit_by_bit_and_of_two_to_the_last_digits(
    given_boxes: list[list[float]],
) -> None:
    sample = labelled(plain(W, H), [{"box": box} for box in given_boxes])
    turns = [one("Transpose"), FLIP, one("Transpose"), UPSIDE]

    at_once = followed(sample, *turns).sample
    apart = followed(followed(sample, *turns[:2]).sample, *turns[2:]).sample

    np.testing.assert_array_equal(at_once.table.box, sample.table.box)
    np.testing.assert_allclose(apart.table.box, sample.table.box, rtol=0, atol=1e-9)


def test_a_flip_mirrors_each_kind_of_annotation() -> None:
    made = followed(everything(), FLIP)

    table = made.sample.table
    assert made.mirrored
    assert made.rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert table.box[0].tolist() == [96 - 24.625, 4, 20.5, 12]
    assert table.polygons is not None
    assert table.polygons[1][0].tolist() == [[86, 10], [76, 10], [76, 30]]
    assert table.masks is not None and table.crowd is not None
    mask = to_mask(table.masks[2], H, W)
    assert (mask == to_mask(everything().table.masks[2], H, W)[:, ::-1]).all()  # type: ignore[index]
    assert table.crowd.tolist() == [False, False, True, False, False, False]
    assert table.keypoints is not None
    assert table.keypoints[3].tolist() == [[44, 12, 2], [0, 0, 0], [17.5, 48.25, 1]]
    assert np.isnan(table.box[5]).all()
    assert table.extra is not None and table.score is not None and table.difficult is not None
    assert table.extra.to_bytes()[0] == b'{"pose":"Left"}'
    assert table.score[0] == 0.5
    assert table.difficult[0] == 1
    assert table.source_id is None


def test_the_corners_of_a_rotated_box_keep_their_way_round_and_the_edge_they_begin_with() -> None:
    table = followed(everything(), FLIP).sample.table

    assert table.rotated is not None
    # The first edge ran from the top corner to the right one; seen in a mirror it runs from the left to the top.
    assert table.rotated[4].tolist() == [46, 16, 50, 12, 54, 16, 50, 20]


def test_left_and_right_keypoints_change_places_in_a_mirror_only() -> None:
    classes = Categories(names=("cat", "dog"), keypoints=(("nose", "left_eye", "right_eye"), ()))
    sample = labelled(plain(W, H), [{"box": [0, 0, 50, 50], "keypoints": [[9, 9, 2], [1, 5, 2], [20, 6, 1]]}])

    mirrored = follow(sample, classes, compose(FLIP), 0, EVERYTHING).sample.table
    turned = follow(sample, classes, compose(FLIP, UPSIDE), 0, EVERYTHING).sample.table

    assert mirrored.keypoints is not None and turned.keypoints is not None
    assert mirrored.keypoints[0].tolist() == [[87, 9, 2], [76, 6, 1], [95, 5, 2]]
    assert turned.keypoints[0].tolist() == [[87, 55, 2], [95, 59, 2], [76, 58, 1]]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("nose", "left_eye", "right_eye"), [0, 2, 1]),
        (("eye_l", "eye_r", "l_ear", "r_ear"), [1, 0, 3, 2]),
        (("LShoulder", "RShoulder", "Neck"), [1, 0, 2]),
        (("Right Knee", "Left Knee"), [1, 0]),
        (("tail", "left_ear"), [0, 1]),
        (("llama", "real"), [0, 1]),
    ],
)
def test_flip_pairs_are_read_from_the_names_of_keypoints(names: tuple[str, ...], wanted: list[int]) -> None:
    pairs = flip_pairs(Categories(names=("a",), keypoints=(names,)))

    assert pairs.get(0, np.arange(len(names))).tolist() == wanted


def test_flip_pairs_of_a_yolo_dataset_are_those_of_its_yaml() -> None:
    from tests.tiny import build

    classes = Categories(names=("a",), keypoints=(("0", "1", "2"),))
    dataset = build({"a.jpg": (9, 9)}, [], classes, meta={"yolo": {"flip_idx": [2, 1, 0]}})

    assert flip_pairs(with_flip_pairs(dataset))[0].tolist() == [2, 1, 0]


def test_flip_pairs_that_name_no_order_are_ignored() -> None:
    classes = Categories(names=("a",), extra=({"flip_idx": [0, 0, 5]},))

    assert flip_pairs(classes) == {}


def test_keypoints_outside_count_as_not_labelled() -> None:
    made = followed(everything(), one("Crop", x_min=0, y_min=0, x_max=76, y_max=64))

    assert made.sample.table.keypoints is not None
    assert made.sample.table.keypoints[3].tolist() == [[52, 12, 2], [0, 0, 0], [0, 0, 0]]


def test_what_a_crop_cut_off_does_not_come_back_with_a_border() -> None:
    ring = [(5, 5), (45, 5), (45, 25), (5, 25)]
    mask = np.zeros((H, W), np.bool_)
    mask[5:25, 5:45] = True
    rows: list[dict[str, Any]] = [
        {"box": [5, 5, 40, 20], "rings": [ring], "area": 800.0, "truncated": 0},
        {"box": [5, 5, 40, 20], "mask": mask, "area": 800.0, "truncated": 0},
        {"box": [5, 5, 40, 20], "keypoints": [[6, 6, 2], [40, 20, 2]], "truncated": 0},
        {"box": [60, 40, 20, 20], "truncated": 0},
    ]

    crop = one("Crop", x_min=0, y_min=0, x_max=25, y_max=64)
    made = followed(labelled(plain(W, H), rows), crop, one("Pad", padding=[10, 0, 60, 0]))

    table = made.sample.table
    assert made.sample.width == 95
    assert made.rows.tolist() == [0, 1, 2]
    assert made.dropped == 1
    assert table.box.tolist() == [[15, 5, 20, 20]] * 3
    assert table.area is not None and table.truncated is not None
    assert table.area[:2].tolist() == [400, 400]
    assert table.truncated.tolist() == [1, 1, 1]
    assert table.keypoints is not None and table.masks is not None
    assert table.keypoints[2].tolist() == [[16, 6, 2], [0, 0, 0]]
    assert int(to_mask(table.masks[1], H, 95).sum()) == 400


@pytest.mark.parametrize("turn", [one("NoOp"), one("Rotate", limit=[1, 1])])
def test_an_object_whose_outline_is_outside_is_gone_though_its_box_reaches_in(turn: dict[str, Any]) -> None:
    ring = [(2, 40), (12, 40), (12, 60)]
    rows: list[dict[str, Any]] = [{"box": [0, 0, 90, 60], "rings": [ring]}, {"box": [60, 40, 20, 20], "rings": [ring]}]
    crops = [one("Crop", x_min=20, y_min=0, x_max=96, y_max=64), one("Pad", padding=20)]

    made = followed(labelled(plain(W, H), rows), turn, *crops)

    assert made.rows.tolist() == []
    assert made.dropped == 2


def test_areas_that_the_source_gave_grow_with_the_picture() -> None:
    table = followed(everything(), one("Resize", height=2 * H, width=3 * W)).sample.table

    assert table.area is not None
    assert table.area[2] == 450 * 6
    assert np.isnan(table.area[0])


def test_a_rotated_picture_has_boxes_that_fit_outlines_again() -> None:
    ring = [(48 + 20 * np.cos(t), 32 + 20 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 80, endpoint=False)]
    rows: list[dict[str, Any]] = [{"box": [28, 12, 40, 40], "rings": [ring]}, {"box": [28, 12, 40, 40]}]

    table = followed(labelled(plain(W, H), rows), one("Rotate", limit=[45, 45])).sample.table

    np.testing.assert_allclose(table.box[0], [28, 12, 40, 40], atol=0.1)  # a circle fits the same box
    np.testing.assert_allclose(table.box[1], [48 - 20 * 2**0.5, 32 - 20 * 2**0.5, 40 * 2**0.5, 40 * 2**0.5], atol=4.3)


def spots(points: NDArray[np.float64], width: int, height: int) -> NDArray[np.uint8]:
    """Draw a soft spot around each point."""
    rows, columns = np.indices((height, width)) + 0.5
    bright = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18) for x, y in points.tolist())
    return np.repeat(np.round(np.minimum(bright, 1) * 255).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize(
    "transform",
    [
        FLIP,
        one("D4"),
        one("RandomCrop", height=150, width=170),
        one("Resize", height=333, width=287),
        one("RandomScale", scale_limit=[0.3, 0.3]),
        one("CropAndPad", percent=[0.1, 0.1]),
        one("Affine", rotate=[17, 17], scale=1.2, shear=[5, 5]),
        one("SafeRotate", limit=[30, 30]),
        one("Perspective", scale=[0.08, 0.08]),
        one("Perspective", scale=[0.08, 0.08], keep_size=False),
        one("GridDistortion", distort_limit=[0.1, 0.1]),
        one("OpticalDistortion", distort_limit=[0.1, 0.1]),
    ],
    ids=lambda transform: transform["__class_fullname__"],
)
def test_a_keypoint_stays_in_the_middle_of_what_it_marks(transform: dict[str, Any]) -> None:
    points = np.array([[60.25, 70.5], [140.0, 61.75], [101.3, 130.2]])
    marks = [[x, y, 2] for x, y in points.tolist()]
    sample = labelled(spots(points, 200, 190), [{"box": [50, 50, 100, 100], "keypoints": marks}])

    made = followed(sample, transform, seed=3).sample

    assert made.table.keypoints is not None
    rows, columns = np.indices(made.image.shape[:2]) + 0.5
    for x, y, seen in made.table.keypoints[0].tolist():
        near = (np.abs(columns - x) < 16) & (np.abs(rows - y) < 16)
        light = made.image[:, :, 0] * near
        assert seen == 2
        # OpenCV 4 moves pixels in steps of 1/32, OpenCV 5 does not.
        assert (light * columns).sum() / light.sum() == pytest.approx(x, abs=0.15)
        assert (light * rows).sum() / light.sum() == pytest.approx(y, abs=0.15)


def test_an_object_under_a_hole_is_dropped_and_a_keypoint_under_it_is_hidden() -> None:
    rows: list[dict[str, Any]] = [
        {"box": [20, 20, 10, 10]},
        {"box": [0, 0, 96, 64], "keypoints": [[25, 25, 2], [90, 60, 2], [25, 26, 1]]},
    ]
    sample = labelled(plain(W, H), rows)
    recipe = [FLIP, one("XYMasking", num_masks_x=[1, 1], num_masks_y=[0, 0], mask_x_length=[40, 40], mask_y_length=0)]
    pipeline = compose(*recipe)
    classes = Categories(names=("cat", "dog"))

    outcomes = [follow(sample, classes, pipeline, seed, Remnants(min_visible=0.3)) for seed in range(40)]

    for made in outcomes:
        left, _, right, _ = made.transforms[1]["parameters"]["holes"][0]
        shown = 1 - max(0, min(right, 76) - max(left, 66)) / 10
        assert made.dropped == (shown < 0.3)
        keypoints = made.sample.table.keypoints
        assert keypoints is not None
        hidden = [1 if left <= x < right else 2 for x in (71, 6)]
        assert keypoints[len(keypoints) - 1][:, 2].tolist() == [*hidden, 1]
    assert {made.dropped for made in outcomes} == {0, 1}


def test_an_object_too_small_before_a_flip_is_no_remnant_but_one_made_small_is() -> None:
    sample = labelled(plain(W, H), [{"box": [10, 10, 1, 1]}, {"box": [10, 10, 20, 20]}])
    rule = Remnants(min_side=2.0)

    assert followed(sample, FLIP, remnants=rule).rows.tolist() == [0, 1]
    assert followed(sample, one("Resize", height=H // 2, width=W // 2), remnants=rule).rows.tolist() == [1]
    assert followed(sample, one("Resize", height=H // 16, width=W // 16), remnants=rule).rows.tolist() == []


def test_a_picture_that_is_folded_is_refused_where_it_has_labels() -> None:
    fold = one("ThinPlateSpline", scale_range=[1.0, 1.0])
    whole = labelled(plain(W, H), [{"box": [float("nan")] * 4}])

    assert followed(whole, fold).rows.tolist() == [0]
    with pytest.raises(AugmentError, match="ThinPlateSpline folds the picture"):
        followed(everything(), fold)


def test_a_picture_that_is_torn_apart_is_refused_where_it_has_labels() -> None:
    with pytest.raises(AugmentError, match="RandomGridShuffle cannot take boxes and keypoints and masks along"):
        followed(everything(), one("RandomGridShuffle"))


def test_a_picture_without_annotations_goes_through() -> None:
    made = followed(labelled(plain(W, H), []), one("Affine", rotate=[10, 10]), one("CoarseDropout"), FLIP)

    assert len(made.sample.table) == 0


def test_what_a_recipe_must_carry_is_what_the_table_has() -> None:
    assert needs_of(everything().table) == {"boxes", "keypoints", "masks"}
    assert needs_of(labelled(plain(9, 9), [{"box": [float("nan")] * 4}]).table) == frozenset()
