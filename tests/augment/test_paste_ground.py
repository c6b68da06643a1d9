"""Copy-paste: where objects may go, and what becomes of the labels below them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata import load
from cvdata.augment._paste_shape import coverage
from cvdata.augment.paste import PasteSettings, paste
from cvdata.augment.remnants import Remnants
from cvdata.augment.sample import Sample
from cvdata.dataset import Dataset
from cvdata.dataset.geometry import polygon_areas
from cvdata.dataset.rle import mask_areas, to_mask
from cvdata.dataset.select import keep_images
from cvdata.images.decode import decode

from .coloured import drawn, ellipse, labelled, painted, plain, redness, with_ids


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def changed(**changes: Any) -> PasteSettings:
    """Return settings with which objects keep their size and their way round, but for what is given."""
    return PasteSettings(**{"smallest": 1.0, "largest": 1.0, "mirror": False, **changes})


# --- the place


@settings(max_examples=60)
@given(
    st.sampled_from(["mask", "box"]),
    st.integers(0, 10_000),
    st.integers(0, 12),
    st.integers(1, 6),
    st.sampled_from([0.0, 0.1, 0.4]),
)
def test_no_object_is_covered_beyond_the_limit(kind: str, seed: int, there: int, pasted: int, limit: float) -> None:
    draw = np.random.Generator(np.random.PCG64(seed))
    low = draw.integers(0, 70, (there, 2))
    rows = [{"box": [*xy.tolist(), *draw.integers(4, 30, 2).tolist()]} for xy in low]
    target = labelled(plain(100, 100), rows)
    source = ellipse(100, 100, (50, 50), (14, 9), "mask")
    if kind == "box":
        source = labelled(plain(100, 100, (255, 0, 0)), [{"box": [20, 20, 40, 40]}])

    mixed = paste(target, [(source, 0)] * pasted, rng(seed), PasteSettings(max_overlap=limit, feather=0), Remnants())

    boxes = mixed.sample.table.box
    assert len(boxes) + mixed.left_out == there + pasted
    red = redness(mixed.sample.image) > 0.5
    for x, y, w, h in boxes[:there].astype(int).tolist():
        assert red[y : y + h, x : x + w].sum() <= limit * w * h + 1


def test_many_objects_together_cover_no_more_than_the_limit() -> None:
    target = labelled(plain(100, 100), [{"box": [0, 0, 100, 100]}])
    source = ellipse(100, 100, (50, 50), (14, 9), "mask")

    mixed = paste(target, [(source, 0)] * 20, rng(), changed(max_overlap=0.1), Remnants())

    assert 0 < (redness(mixed.sample.image) > 0.5).sum() <= 1000
    assert mixed.left_out > 10


def test_what_fades_around_a_box_covers_nothing_either() -> None:
    target = labelled(plain(100, 100), [{"box": [0, 0, 100, 30]}])
    source = painted(100, 100, (30, 30, 40, 40))

    top = [
        paste(target, [(source, 0)], rng(seed), changed(max_overlap=0.0), Remnants()).sample.table.box[1, 1]
        for seed in range(30)
    ]

    assert min(top) >= 34


def test_objects_pasted_earlier_are_not_covered_beyond_the_limit_either() -> None:
    source = ellipse(100, 100, (50, 50), (20, 20), "mask")

    mixed = paste(labelled(plain(100, 100), []), [(source, 0)] * 9, rng(), changed(), Remnants())

    assert mixed.sample.table.masks is not None
    shown = mask_areas(mixed.sample.table.masks)
    whole = np.array([np.prod(said["scale"] * 20.0) ** 2 * np.pi for said in mixed.parameters["pasted"]])
    assert len(shown) > 3
    assert (shown >= 0.85 * whole).all()


def test_an_object_is_made_smaller_where_there_is_little_room() -> None:
    target = labelled(plain(100, 100), [{"box": [0, 0, 100, 70]}])
    source = ellipse(100, 100, (50, 50), (20, 25), "rings")

    mixed = paste(target, [(source, 0)], rng(), changed(max_overlap=0.0), Remnants())

    assert mixed.left_out == 0
    assert mixed.parameters["pasted"][0]["scale"] in (pytest.approx(0.5, abs=0.03), pytest.approx(0.64, abs=0.03))
    assert mixed.sample.table.box[1, 1] >= 70


def test_an_object_without_room_is_left_out_and_counted() -> None:
    halves = [{"box": [0, 0, 50, 100]}, {"box": [50, 0, 50, 100]}]
    target = with_ids(labelled(plain(100, 100), [{"box": [0, 0, 100, 100]}, *halves]))
    source = ellipse(100, 100, (50, 50), (30, 30), "rings")

    mixed = paste(target, [(source, 0), (source, 0)], rng(), changed(max_overlap=0.05), Remnants())

    assert mixed.left_out == 2
    assert mixed.parameters == {"pasted": []}
    assert np.array_equal(mixed.sample.image, target.image)
    assert mixed.sample.table.box.tolist() == target.table.box.tolist()
    assert mixed.sample.table.source_id is None


def test_a_small_picture_takes_a_large_object_made_smaller() -> None:
    source, target = ellipse(50, 100, (25, 50), (20, 45), "rings"), labelled(plain(100, 50), [])

    mixed = paste(target, [(source, 0)], rng(), changed(), Remnants())

    _, y, _, h = mixed.sample.table.box[0].tolist()
    assert y >= 0 and y + h <= 50


# --- what lies below


def covering(table_row: dict[str, Any], **changes: Any) -> Any:
    """Paste an ellipse over an object that fills the picture."""
    target = labelled(plain(60, 60), [{"box": [0, 0, 60, 60], **table_row}])
    source = ellipse(60, 60, (30, 30), (8, 8), "mask")
    return paste(target, [(source, 0)], rng(), changed(max_overlap=1.0, **changes), Remnants())


def test_a_mask_loses_exactly_the_covered_pixels() -> None:
    mixed = covering({"mask": np.ones((60, 60), np.bool_), "area": 3600.0, "occluded": 0})

    below, above = drawn(mixed.sample, 0), drawn(mixed.sample, 1)
    table = mixed.sample.table
    assert np.array_equal(below, ~above)
    assert table.area is not None and table.area[0] == below.sum()
    assert table.occluded is not None and table.occluded.tolist() == [1, -1]


def test_an_outline_runs_around_what_covers_it() -> None:
    mixed = covering({"rings": [[(0, 0), (60, 0), (60, 60), (0, 60)]], "area": 3600.0})

    table = mixed.sample.table
    assert table.polygons is not None and table.masks is not None and table.area is not None
    shown = to_mask(table.masks[1], 60, 60)
    below = coverage(table.polygons[0], 60, 60) > 0.5
    assert len(table.polygons[0]) == 1  # a hole cannot be a ring of its own: rings are joined
    assert (below == shown).mean() < 0.01
    assert polygon_areas(table.polygons)[0] == pytest.approx(3600 - shown.sum(), rel=0.01)
    assert table.area[0] == 3600 - shown.sum()


def test_the_box_of_an_outline_is_that_of_what_is_left_and_a_bare_box_stays() -> None:
    outline = {"rings": [[(20, 20), (60, 20), (60, 40), (20, 40)]]}
    bare, outlined = ({"box": [20.0, 20.0, 40.0, 20.0], **columns} for columns in ({}, outline))
    target = labelled(plain(60, 60), [bare, outlined])
    source = painted(60, 60, (30, 0, 30, 60))  # cut off at three edges, so that it goes to the right one

    mixed = paste(target, [(source, 0)], rng(), changed(max_overlap=1.0), Remnants())

    x = mixed.parameters["pasted"][0]["box"][0]
    assert x == 30
    assert mixed.sample.table.box[:2].tolist() == [[20, 20, 40, 20], [20, 20, 10, 20]]


def test_an_object_that_all_but_vanishes_is_dropped_and_counted() -> None:
    target = labelled(plain(60, 60), [{"box": [32.0, 20.0, 20.0, 20.0]}, {"box": [2.0, 2.0, 20.0, 20.0]}])
    source = painted(60, 60, (30, 0, 30, 60))

    mixed = paste(target, [(source, 0)], rng(), changed(max_overlap=1.0), Remnants())

    assert mixed.dropped == 1
    assert mixed.sample.table.box[0].tolist() == [2, 2, 20, 20]


def test_an_object_that_is_covered_too_far_is_dropped_and_counted() -> None:
    target = labelled(plain(60, 60), [{"box": [20.0, 20.0, 40.0, 20.0]}])
    source = painted(60, 60, (30, 0, 30, 60))

    left = [
        paste(target, [(source, 0)], rng(), changed(max_overlap=1.0), Remnants(min_visible=share)).dropped
        for share in (0.24, 0.26)
    ]

    assert left == [0, 1]


def test_visible_keypoints_below_an_object_become_hidden() -> None:
    target = labelled(plain(60, 60), [{"box": [0, 0, 60, 60], "keypoints": [[45, 30, 2], [5, 30, 2], [50, 30, 1]]}])
    source = painted(60, 60, (30, 0, 30, 60))

    mixed = paste(target, [(source, 0)], rng(), changed(max_overlap=1.0), Remnants())

    assert mixed.sample.table.keypoints is not None
    assert mixed.sample.table.keypoints[0].tolist() == [[45, 30, 1], [5, 30, 2], [50, 30, 1]]


def test_free_ground_is_taken_before_any_is_covered() -> None:
    target = labelled(plain(100, 100), [{"box": [0, 0, 60, 100]}])
    source = ellipse(100, 100, (50, 50), (10, 10), "mask")

    low = [
        paste(target, [(source, 0)], rng(seed), changed(max_overlap=1.0), Remnants()).sample.table.box[1, 0]
        for seed in range(20)
    ]

    assert min(low) >= 60


# --- real pictures


def test_objects_with_outlines_find_room_in_real_pictures(shared: Path) -> None:
    folder = shared / "data/dali_coco/db/coco"
    dataset = load(folder / "instances.json", images=folder / "images", verify="none")
    samples = [sample_of(dataset, row) for row in range(12)]
    objects = [(sample, 0) for sample in samples if len(sample.table)]

    for seed, target in enumerate(samples):
        mixed = paste(target, objects[seed % 9 :][:3], rng(seed), PasteSettings(), Remnants())

        assert len(mixed.sample.table) == len(target.table) + 3 - mixed.left_out - mixed.dropped
        x, y, w, h = mixed.sample.table.box.T
        assert min(x.min(), y.min()) >= -0.01
        assert max((x + w).max() - target.width, (y + h).max() - target.height) <= 0.01


def sample_of(dataset: Dataset, row: int) -> Sample:
    """Read a picture of a dataset with its annotations."""
    keep = keep_images(dataset, np.array([row]))
    path = keep.images.file(0)
    assert path is not None
    return Sample(decode(path), keep.annotations)
