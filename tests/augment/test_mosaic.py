"""Mosaic: four pictures around a centre."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.augment.mosaic import mosaic
from cvdata.augment.remnants import Remnants
from cvdata.augment.sample import Sample
from cvdata.dataset.rle import to_mask
from cvdata.errors import UsageError

from .coloured import BLUE, RED, bounds_of, labelled, painted, plain, redness, with_ids

EVERYTHING = Remnants(min_visible=0.0, min_side=0.0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_every_picture_fills_its_quarter_and_nothing_is_grey() -> None:
    colours = [(10, 0, 0), (0, 20, 0), (0, 0, 30), (40, 40, 0)]
    sizes = [(64, 48), (20, 90), (300, 30), (64, 64)]
    samples = [labelled(plain(*size, colour), []) for size, colour in zip(sizes, colours, strict=True)]

    mixed = mosaic(samples, (80, 60), rng(), Remnants())

    x, y = mixed.parameters["centre"]
    image = mixed.sample.image
    assert image.shape == (60, 80, 3)
    assert [tuple(np.unique(part.reshape(-1, 3), axis=0).ravel().tolist()) for part in quarters(image, x, y)] == colours


def quarters(image: Any, x: int, y: int) -> list[Any]:
    return [image[:y, :x], image[:y, x:], image[y:, :x], image[y:, x:]]


def test_the_centre_keeps_a_quarter_from_every_edge() -> None:
    blank = labelled(plain(40, 30), [])

    centres = [mosaic([blank] * 4, (100, 80), rng(seed), Remnants()).parameters["centre"] for seed in range(50)]

    across, down = np.array(centres).T
    assert 25 <= across.min() < 35 < 65 < across.max() <= 75
    assert 20 <= down.min() < 28 < 52 < down.max() <= 60


@settings(max_examples=60)
@given(st.integers(0, 1000), st.tuples(st.integers(12, 90), st.integers(12, 90)), st.data())
def test_boxes_fit_what_is_to_be_seen(seed: int, size: tuple[int, int], data: st.DataObject) -> None:
    samples = [data.draw(pictures()) for _ in range(4)]

    mixed = mosaic(samples, size, rng(seed), EVERYTHING)

    x, y = mixed.parameters["centre"]
    corners = [(0, 0), (x, 0), (0, y), (x, y)]
    found = np.zeros(len(mixed.sample.table), np.bool_)
    for (left, top), part in zip(corners, quarters(redness(mixed.sample.image), x, y), strict=True):
        if (part > 0.5).any():
            around = np.add(bounds_of(part > 0.5), [left, top, 0, 0])
            off = np.abs(edges(mixed.sample.table.box) - edges(around[None])).max(axis=1)
            assert off.min() <= 1.0
            found[off.argmin()] = True
    # A label without a red pixel is of a sliver.
    assert (mixed.sample.table.box[~found, 2:].min(axis=1) <= 1.5).all()


@st.composite
def pictures(draw: st.DrawFn) -> Sample:
    width, height = draw(st.integers(8, 120)), draw(st.integers(8, 120))
    x, y = draw(st.integers(0, width - 4)), draw(st.integers(0, height - 4))
    return painted(width, height, (x, y, draw(st.integers(4, width - x)), draw(st.integers(4, height - y))))


def edges(box: Any) -> Any:
    return np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)


def test_masks_outlines_and_keypoints_follow_their_box() -> None:
    inside = np.zeros((40, 40), np.bool_)
    inside[10:30, 10:30] = True
    columns = {
        "rings": [[(10, 10), (30, 10), (30, 30), (10, 30)]],
        "mask": inside,
        "keypoints": [[10, 10, 2], [30, 30, 1]],
        "rotated": [10, 10, 30, 10, 30, 30, 10, 30],
        "occluded": 1,
        "extra": {"colour": "red"},
    }
    sample = painted(40, 40, (10, 10, 20, 20), **columns)

    mixed = mosaic([sample] * 4, (80, 80), rng(3), Remnants(min_visible=1.0))

    table = mixed.sample.table
    assert len(table) == 4 - mixed.dropped > 0
    assert table.polygons and table.masks and table.keypoints and table.rotated is not None and table.extra
    assert table.occluded is not None and table.occluded.tolist() == [1] * len(table)
    assert table.extra.to_bytes() == [b'{"colour":"red"}'] * len(table)
    for row in range(len(table)):
        x, y, w, h = table.box[row].tolist()
        corners = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
        np.testing.assert_allclose(table.polygons[row][0], corners, atol=1.0)
        np.testing.assert_allclose(table.rotated[row].reshape(4, 2), corners, atol=1.0)
        np.testing.assert_allclose(table.keypoints[row], [[x, y, 2], [x + w, y + h, 1]], atol=1.0)
        drawn = to_mask(table.masks[row], 80, 80)
        np.testing.assert_allclose(bounds_of(drawn), [x, y, w, h], atol=1.0)
        assert (redness(mixed.sample.image)[drawn] > 0.2).all()


def test_what_is_cut_off_too_far_is_dropped_and_counted() -> None:
    wide = painted(400, 40, (0, 10, 400, 20))

    mixed = mosaic([wide] * 4, (60, 60), rng(), Remnants(min_visible=0.9))

    assert len(mixed.sample.table) == 0
    assert mixed.dropped == 4


def test_the_part_shown_is_one_with_an_object() -> None:
    far = painted(1000, 40, (900, 10, 20, 20))

    shown = [len(mosaic([far] * 4, (60, 60), rng(seed), Remnants()).sample.table) for seed in range(20)]

    assert shown == [4] * 20


def test_the_same_seed_gives_the_same_picture_and_another_seed_another() -> None:
    samples = [painted(50, 40, (10, 10, 20, 20))] * 4

    one, again, other = (mosaic(samples, (64, 48), rng(seed), Remnants()) for seed in (1, 1, 2))

    assert np.array_equal(one.sample.image, again.sample.image)
    assert np.array_equal(one.sample.table.box, again.sample.table.box)
    assert one.parameters == again.parameters != other.parameters


def test_the_pictures_it_is_made_of_stay_as_they_are_and_ids_are_dropped() -> None:
    sample = with_ids(painted(50, 40, (10, 10, 20, 20)))

    mixed = mosaic([sample] * 4, (50, 40), rng(), Remnants())

    assert mixed.sample.table.source_id is None
    assert sample.table.box.tolist() == [[10, 10, 20, 20]]
    assert np.array_equal(sample.image, painted(50, 40, (10, 10, 20, 20)).image)


def test_the_label_of_a_whole_picture_is_refused() -> None:
    whole = labelled(plain(8, 8, RED), [{"box": [np.nan] * 4}])

    with pytest.raises(UsageError, match="mosaic needs boxes"):
        mosaic([labelled(plain(8, 8, BLUE), [])] * 3 + [whole], (8, 8), rng(), Remnants())


def test_a_picture_of_one_pixel_has_no_four_quarters() -> None:
    with pytest.raises(UsageError, match="too small for a mosaic"):
        mosaic([labelled(plain(8, 8), [])] * 4, (1, 8), rng(), Remnants())
