"""Copy-paste: objects of other pictures, laid on this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.augment.paste import PasteSettings, paste
from cvdata.augment.remnants import Remnants
from cvdata.errors import UsageError

from .coloured import BLUE, bounds_of, drawn, ellipse, labelled, painted, plain, redness, with_ids

STILL = PasteSettings(smallest=1.0, largest=1.0, mirror=False)
"""Objects keep their size and their way round."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


# --- the object


@settings(max_examples=60)
@given(
    st.sampled_from(["rings", "mask"]),
    st.integers(0, 1000),
    st.tuples(st.floats(6, 28), st.floats(6, 28)),
    st.tuples(st.integers(60, 150), st.integers(60, 150)),
    st.sampled_from([0.0, 2.0, 4.0]),
)
def test_the_label_of_an_object_is_its_pixels(
    kind: str, seed: int, radii: tuple[float, float], size: tuple[int, int], feather: float
) -> None:
    source = ellipse(100, 80, (45.3, 38.8), radii, kind)
    target = labelled(plain(*size), [])

    mixed = paste(target, [(source, 0)], rng(seed), PasteSettings(feather=feather), Remnants())

    table, red = mixed.sample.table, redness(mixed.sample.image)
    x, y, w, h = table.box[0].tolist()
    assert x >= 0 and y >= 0 and x + w <= size[0] and y + h <= size[1]
    # A pixel on the edge may be half red in the source, and half of it is laid on the blue.
    left, top, wide, tall = bounds_of(red > 0.25)
    np.testing.assert_allclose([left, top, left + wide, top + tall], [x, y, x + w, y + h], atol=1.6)
    shape = drawn(mixed.sample, 0)
    near = 2 + feather / 2  # a pixel of the source becomes up to two
    assert (red[~grown(~shape, near, beyond=True)] > 0.9).all()  # well inside
    assert (red[~grown(shape, near, beyond=False)] < 0.1).all()  # well outside


def grown(inside: Any, by: float, *, beyond: bool) -> Any:
    """Return pixels with all others up to so far from them; what lies beyond the picture counts as told."""
    reach = int(np.ceil(by))
    padded = np.pad(inside, reach, constant_values=beyond)
    height, width = inside.shape
    whole = np.zeros_like(inside)
    for down in range(2 * reach + 1):
        for across in range(2 * reach + 1):
            whole |= padded[down : down + height, across : across + width]
    return whole


def test_a_box_without_outline_is_pasted_with_what_surrounds_it_fading() -> None:
    source, target = painted(100, 100, (30, 30, 40, 40)), labelled(plain(100, 100, (0, 255, 0)), [])

    mixed = paste(target, [(source, 0)], rng(), STILL, Remnants())

    x, y, w, h = (round(value) for value in mixed.sample.table.box[0].tolist())
    image = mixed.sample.image
    assert (w, h) == (40, 40)
    assert image[y + 20, x + 20].tolist() == [255, 0, 0]
    untouched = np.ones((100, 100), np.bool_)
    untouched[max(0, y - 4) : y + h + 4, max(0, x - 4) : x + w + 4] = False
    assert (image[untouched] == (0, 255, 0)).all()
    steps = np.abs(np.diff(image[y + 20].astype(int), axis=0)).max()
    assert steps < 200  # no hard seam


def test_an_outline_that_is_only_the_box_is_pasted_as_a_box() -> None:
    corners = [[(30, 30), (70, 30), (70, 70), (30, 70)]]
    bare, outlined = painted(100, 100, (30, 30, 40, 40)), painted(100, 100, (30, 30, 40, 40), rings=corners)
    target = labelled(plain(100, 100, (0, 255, 0)), [])

    one, other = (paste(target, [(source, 0)], rng(), STILL, Remnants()) for source in (bare, outlined))

    assert np.array_equal(one.sample.image, other.sample.image)


def test_a_box_goes_where_the_ground_is_like_its_own() -> None:
    image = plain(200, 100, (0, 255, 0))
    image[:, 100:] = BLUE
    source = painted(60, 60, (20, 20, 20, 20))

    found = [
        paste(labelled(image, []), [(source, 0)], rng(seed), STILL, Remnants()).sample.table.box[0, 0]
        for seed in range(10)
    ]

    assert min(found) >= 100


def test_an_object_keeps_its_share_of_the_picture() -> None:
    source, target = ellipse(100, 80, (50, 40), (20, 10), "rings"), labelled(plain(200, 160), [])

    mixed = paste(target, [(source, 0)], rng(), STILL, Remnants())

    assert np.abs(mixed.sample.table.box[0, 2:] - (80, 40)).max() < 1
    assert mixed.parameters["pasted"][0]["scale"] == pytest.approx(2.0, abs=0.05)


def test_attributes_outlines_and_keypoints_follow_and_ids_do_not() -> None:
    columns = {
        "category": "dog",
        "rings": [[(20, 20), (40, 25), (30, 50)]],
        "keypoints": [[20, 20, 2], [0, 0, 0], [30, 50, 1]],
        "rotated": [20, 20, 40, 20, 40, 50, 20, 50],
        "area": 275.0,
        "difficult": 1,
        "extra": {"colour": "red"},
    }
    source = with_ids(painted(80, 80, (20, 20, 20, 30), **columns))
    target = with_ids(labelled(plain(80, 80), [{"box": [0, 0, 5, 5]}]))

    mixed = paste(target, [(source, 0)], rng(), PasteSettings(), Remnants())

    table = mixed.sample.table
    assert table.category.tolist() == [0, 1]
    assert table.source_id is None
    assert table.polygons and table.keypoints and table.rotated is not None and table.area is not None and table.extra
    x, y, w, h = table.box[1].tolist()
    scale = w / 20
    assert h / 30 == pytest.approx(scale, abs=0.05)
    np.testing.assert_allclose(table.polygons[1][0], [[x, y], [x + w, y + h / 6], [x + w / 2, y + h]])
    np.testing.assert_allclose(table.keypoints[1], [[x, y, 2], [0, 0, 0], [x + w / 2, y + h, 1]])
    np.testing.assert_allclose(table.rotated[1], [x, y, x + w, y, x + w, y + h, x, y + h])
    assert table.area[1] == pytest.approx(275 * w * h / 600)
    assert table.difficult is not None and table.difficult.tolist() == [-1, 1]
    assert table.extra.to_bytes() == [b"", b'{"colour":"red"}']


def test_the_box_of_a_mask_is_the_one_around_its_pixels() -> None:
    source, target = ellipse(100, 80, (45.3, 38.8), (20, 10), "mask"), labelled(plain(90, 90), [])

    mixed = [paste(target, [(source, 0)], rng(seed), PasteSettings(), Remnants()) for seed in range(20)]

    assert [one.sample.table.box[0].tolist() for one in mixed] == [bounds_of(drawn(one.sample, 0)) for one in mixed]


def test_a_mirrored_rotated_box_begins_at_the_same_edge_and_goes_the_same_way_round() -> None:
    source = painted(80, 80, (20, 20, 20, 30), rotated=[30, 20, 40, 35, 30, 50, 20, 35])
    target = labelled(plain(80, 80), [])
    still = PasteSettings(smallest=1.0, largest=1.0)

    found = [paste(target, [(source, 0)], rng(seed), still, Remnants()) for seed in range(20)]

    seen = {}
    for mixed in found:
        assert mixed.sample.table.rotated is not None
        x, y = mixed.sample.table.box[0, :2].tolist()
        corners = mixed.sample.table.rotated[0].reshape(4, 2) - (x, y)
        seen[mixed.parameters["pasted"][0]["mirrored"]] = corners.tolist()
    assert seen == {
        False: [[10, 0], [20, 15], [10, 30], [0, 15]],
        True: [[0, 15], [10, 0], [20, 15], [10, 30]],
    }


def test_half_of_the_objects_are_mirrored_but_none_with_keypoints() -> None:
    triangle = {"rings": [[(20, 20), (40, 20), (20, 50)]]}
    plain_one = painted(80, 80, (20, 20, 20, 30), **triangle)
    with_keypoints = painted(80, 80, (20, 20, 20, 30), **triangle, keypoints=[[20, 20, 2]])
    target = labelled(plain(80, 80), [])

    mirrored = [
        sum(
            paste(target, [(source, 0)], rng(seed), PasteSettings(), Remnants()).parameters["pasted"][0]["mirrored"]
            for seed in range(60)
        )
        for source in (plain_one, with_keypoints)
    ]

    assert 15 < mirrored[0] < 45
    assert mirrored[1] == 0


def test_a_mirrored_outline_lies_on_its_mirrored_pixels() -> None:
    image = plain(80, 80)
    down, across = np.mgrid[20:50, 20:40]
    image[20:50, 20:40][(across - 20) / 20 + (down - 20) / 30 < 1] = (255, 0, 0)
    source = labelled(image, [{"box": [20, 20, 20, 30], "rings": [[(20, 20), (40, 20), (20, 50)]]}])
    target = labelled(plain(80, 80), [])

    for seed in range(20):
        mixed = paste(target, [(source, 0)], rng(seed), PasteSettings(feather=0), Remnants())
        wrong = (redness(mixed.sample.image) > 0.5) != drawn(mixed.sample, 0)
        assert wrong.mean() < 0.01


def test_an_object_that_its_picture_cuts_off_stays_at_that_edge() -> None:
    source = painted(80, 60, (0, 20, 15, 20))

    left = [
        paste(labelled(plain(200, 100), []), [(source, 0)], rng(seed), PasteSettings(), Remnants())
        for seed in range(20)
    ]

    for mixed in left:
        x, _, w, _ = mixed.sample.table.box[0].tolist()
        assert x == 0 or x + w == pytest.approx(200, abs=1)
        assert (x == 0) is not mixed.parameters["pasted"][0]["mirrored"]


def test_a_box_does_not_fade_at_the_edge_that_it_is_cut_off_by() -> None:
    source, target = painted(80, 60, (0, 20, 15, 20)), labelled(plain(80, 60, (0, 255, 0)), [])

    mixed = paste(target, [(source, 0)], rng(), STILL, Remnants())

    _, y, _, h = mixed.sample.table.box[0].tolist()
    assert mixed.sample.image[round(y + h / 2), 0].tolist() == [255, 0, 0]


# --- the rules of the house


def test_the_same_seed_gives_the_same_picture_and_another_seed_another() -> None:
    target, source = painted(80, 80, (5, 5, 20, 20)), ellipse(80, 80, (40, 40), (10, 14), "rings")

    one, again, other = (paste(target, [(source, 0)] * 2, rng(seed), PasteSettings(), Remnants()) for seed in (1, 1, 2))

    assert np.array_equal(one.sample.image, again.sample.image)
    assert np.array_equal(one.sample.table.box, again.sample.table.box)
    assert one.parameters == again.parameters != other.parameters


def test_the_pictures_it_is_made_of_stay_as_they_are() -> None:
    target, source = painted(80, 80, (5, 5, 20, 20)), ellipse(80, 80, (40, 40), (10, 14), "rings")
    before = [array.tobytes() for array in (target.image, target.table.box, source.image, source.table.box)]

    paste(target, [(source, 0)] * 3, rng(), PasteSettings(max_overlap=1.0), Remnants())

    after = [array.tobytes() for array in (target.image, target.table.box, source.image, source.table.box)]
    assert before == after


def test_objects_that_do_not_fit_as_they_come_are_laid_anew_the_largest_first() -> None:
    small, large = painted(100, 100, (40, 40, 20, 20)), painted(100, 100, (2, 2, 96, 96))
    target = labelled(plain(100, 100), [])
    tight = PasteSettings(max_overlap=0.0)

    found = [paste(target, [(small, 0), (small, 0), (large, 0)], rng(seed), tight, Remnants()) for seed in range(40)]

    assert [mixed.left_out for mixed in found] == [0] * 40
    assert any([one["object"] for one in mixed.parameters["pasted"]] == [2, 0, 1] for mixed in found)


def test_an_object_without_a_pixel_is_left_out() -> None:
    source = labelled(plain(50, 50), [{"box": [10, 10, 0, 0]}])

    mixed = paste(labelled(plain(50, 50), []), [(source, 0)], rng(), PasteSettings(), Remnants())

    assert (len(mixed.sample.table), mixed.left_out) == (0, 1)


def test_the_label_of_a_whole_picture_is_refused() -> None:
    whole = labelled(plain(8, 8), [{"box": [np.nan] * 4}])

    with pytest.raises(UsageError, match="copy-paste needs boxes"):
        paste(whole, [], rng(), PasteSettings(), Remnants())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_overlap": 1.5}, "max_overlap"),
        ({"smallest": 0.0}, "smallest"),
        ({"smallest": 2.0}, "largest"),
        ({"feather": -1.0}, "feather"),
        ({"tries": 0}, "tries"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PasteSettings(**changes)
