"""What comes back of labels that are not simply boxes, and of what a person may do wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from cvdata.browse import put_review, read_review
from cvdata.browse.outlines import mask_in_box, runs_of
from cvdata.browse.session import fiftyone, opened
from cvdata.dataset import Polygons
from cvdata.dataset.rle import to_mask
from cvdata.errors import BrowseError

from ..train.shapes import draw_classes
from .reviews import numbers, proposals


@pytest.fixture
def name(fiftyone_there: None) -> str:
    """Return the name of a review that is not there yet."""
    return f"cvdata-review-shapes-{uuid4().hex[:8]}"


def first(samples: Any) -> Any:
    """Return the first sample with two boxes."""
    return next(sample for sample in samples if len(sample.proposals.detections) > 1)


@pytest.mark.slow
def test_labels_of_whole_pictures_come_back(tmp_path: Path, name: str) -> None:
    given = draw_classes(tmp_path, 5)
    put = put_review(given, numbers(given), name)
    samples = opened(name)
    sample = samples.match({"name": given.images.names[1]}).first()
    sample.picture_proposals.classifications[0].label = "square"
    sample.save()

    pulled = read_review(name)

    assert put.views == (
        "Everything, least sure first",
        "square, least sure first",
        "disc, least sure first",
        "triangle, least sure first",
    )
    assert np.isnan(pulled.dataset.annotations.box).all()
    assert pulled.dataset.annotations.score is None
    assert pulled.dataset.annotations.category.tolist() == [0, 0, 2, 0, 1]
    assert pulled.touched.tolist() == [False, True, False, False, False]
    assert pulled.rows.tolist() == numbers(given).tolist()


@pytest.mark.slow
def test_masks_are_shown_and_a_drawn_one_comes_back(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 2, shapes=True)
    put_review(given, numbers(given), name)
    samples = opened(name)
    sample = samples.match({"name": given.images.names[0]}).first()
    shown = sample.proposals.detections[0]
    width, height = sample.metadata.width, sample.metadata.height
    brush = np.zeros((4, 8), np.bool_)
    brush[1:3, 2:7] = True
    box = [16 / width, 32 / height, 8 / width, 4 / height]
    sample.proposals.detections.append(type(shown)(label="disc", bounding_box=box, mask=brush))
    sample.save()

    pulled = read_review(name)

    row = int(given.offsets[0])
    assert shown.mask.tolist() == mask_in_box(given, row).tolist()  # type: ignore[union-attr]
    assert pulled.dataset.annotations.masks is not None
    drawn = int(np.flatnonzero(pulled.rows < 0)[0])
    whole = np.zeros((height, width), np.bool_)
    whole[32:36, 16:24] = brush
    assert to_mask(pulled.dataset.annotations.masks[drawn], height, width).tolist() == whole.tolist()
    assert (pulled.dataset.annotations.masks.lengths > 0).sum() == 1  # a proposal's own shape stays with it


@pytest.mark.slow
def test_what_cannot_be_taken_is_said(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 2)
    put_review(given, numbers(given), name)
    sample = first(opened(name))
    nameless, outside = sample.proposals.detections[:2]
    nameless.label = None
    outside.bounding_box = [1.5, 0.1, 0.2, 0.2]
    sample.save()

    pulled = read_review(name)

    assert pulled.problems == (
        f"label without a class in {sample.name}",
        f"{outside.label} outside the picture in {sample.name}",
    )
    assert pulled.deleted.tolist() == [nameless.number, outside.number]


@pytest.mark.slow
def test_a_copy_of_a_label_is_one_that_a_person_drew(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 2)
    put_review(given, numbers(given), name)
    samples = opened(name)
    sample = first(samples)
    other = next(s for s in samples if s.id != sample.id)
    copied = sample.proposals.detections[0]
    sample.proposals.detections.append(copied.copy())
    sample.save()
    other.proposals.detections.append(copied.copy())
    other.save()

    pulled = read_review(name)

    assert sorted(pulled.rows.tolist()) == [-1, -1, *numbers(given).tolist()]
    assert pulled.touched.sum() == 2


@pytest.mark.slow
def test_a_tag_on_a_cut_out_box_comes_back(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 3)
    put_review(given, numbers(given), name)
    samples = opened(name)
    least_sure = int(np.argmin(given.annotations.score))  # type: ignore[arg-type]

    samples.load_saved_view("Box by box, least sure first").limit(1).tag_labels("accept")

    pulled = read_review(name)
    tagged = [row for row, tags in zip(pulled.rows.tolist(), pulled.tags, strict=True) if tags == ("accept",)]
    assert tagged == [numbers(given)[least_sure]]


@pytest.mark.slow
def test_a_view_shows_the_class_and_the_band_that_it_says(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 6)
    score = given.annotations.score
    assert score is not None
    bands = ["score 0.10 to 0.50" if value < 0.5 else "score 0.50 to 1.00" for value in score]

    put = put_review(given, numbers(given), name, bands=bands)

    samples = opened(name)
    assert len(put.views) == 11
    assert samples.list_saved_views() == list(put.views)
    of_discs = (given.annotations.category == 1) & (score < 0.5)
    shown = samples.load_saved_view("disc, score 0.10 to 0.50").values("proposals.detections.number", unwind=True)
    assert sorted(shown) == numbers(given)[of_discs].tolist()
    worst = [
        min(row) for row in samples.load_saved_view("disc, least sure first").values("proposals.detections.confidence")
    ]
    assert worst == sorted(worst)
    assert len(worst) == len(set(given.annotations.image[given.annotations.category == 1].tolist()))


@pytest.mark.slow
def test_names_in_any_letters_have_views(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 4)
    given = replace(given, categories=replace(given.categories, names=("犬", "猫", "\x1b[31mred")))

    put = put_review(given, numbers(given), name)

    assert put.views[2:] == ("犬, least sure first", "猫, least sure first (2)", "\\x1b[31mred, least sure first")
    assert read_review(name).dataset.categories.names == given.categories.names


@pytest.mark.slow
def test_a_dataset_of_the_users_own_is_left_alone(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 2)
    fiftyone().Dataset(name)

    with pytest.raises(BrowseError, match="does not come from cvdata"):
        put_review(given, numbers(given), name)
    with pytest.raises(BrowseError, match="does not come from cvdata"):
        read_review(name)


@pytest.mark.slow
def test_pictures_that_were_not_found_are_counted(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 3)
    lost = np.array([0, -1, 0], np.int32)
    given = replace(given, images=replace(given.images, folder=lost))

    assert put_review(given, numbers(given), name).missing == 1

    none = replace(given, images=replace(given.images, folder=np.full(3, -1, np.int32)))
    with pytest.raises(BrowseError, match="no picture of the review was found"):
        put_review(none, numbers(given), name)


def test_an_outline_is_filled_inside_its_box(tmp_path: Path) -> None:
    given = proposals(tmp_path, 1)
    count = len(given.annotations)
    rings = [[[(10.0, 10.0), (20.0, 10.0), (20.0, 30.0), (10.0, 30.0)]], *([[]] * (count - 1))]
    box = given.annotations.box.copy()
    box[0] = [10, 10, 10, 20]
    given = replace(given, annotations=replace(given.annotations, box=box, polygons=Polygons.of(rings)))

    filled = mask_in_box(given, 0)

    assert filled is not None
    assert filled.shape == (20, 10)
    assert filled.all()
    assert mask_in_box(given, 1) is None


def test_a_mask_is_stretched_over_its_box() -> None:
    mask = np.array([[True, False], [False, True]])

    runs = runs_of(mask, np.array([2.0, 1.0, 4.0, 2.0]), (8, 4))

    whole = to_mask(runs, 4, 8)
    assert whole[1].tolist() == [False, False, True, True, False, False, False, False]
    assert whole[2].tolist() == [False, False, False, False, True, True, False, False]
    assert whole.sum() == 4
