"""Proposals go into FiftyOne, a person works on them there, and exactly that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from cvdata.browse import put_review, read_review, review_name
from cvdata.browse.session import opened
from cvdata.errors import BrowseError

from .reviews import numbers, proposals

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]


@pytest.fixture
def name() -> Iterator[str]:
    """Return the name of a review that is not there yet."""
    name = review_name("shapes", uuid4().hex[:8])
    yield name


def test_what_nobody_touched_comes_back_bit_for_bit(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path)

    put = put_review(given, numbers(given), name)
    pulled = read_review(name)

    assert (put.pictures, put.added, put.labels, put.missing) == (4, 4, len(given.annotations), 0)
    assert pulled.dataset.annotations.box.tobytes() == given.annotations.box.tobytes()
    assert np.array_equal(pulled.dataset.annotations.score, given.annotations.score)  # type: ignore[arg-type]
    assert pulled.dataset.annotations.category.tolist() == given.annotations.category.tolist()
    assert pulled.dataset.images.names == given.images.names
    assert pulled.dataset.categories.names == given.categories.names
    assert pulled.rows.tolist() == numbers(given).tolist()
    assert not pulled.touched.any()
    assert pulled.deleted.tolist() == []
    assert pulled.problems == ()


def test_what_a_person_did_comes_back_and_nothing_else(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path)
    put_review(given, numbers(given), name)
    samples = opened(name)
    moved, relabelled, removed, tagged = _labels(samples)[:4]
    sample = samples.match({"proposals.detections._id": moved._id}).first()
    width, height = sample.metadata.width, sample.metadata.height
    drawn = type(moved)(label="rhombus", bounding_box=[0.25, 0.5, 0.125, 0.25])

    _edit(samples, moved.number, bounding_box=[10 / width, 20 / height, 30 / width, 40 / height])
    _edit(samples, relabelled.number, label="disc" if relabelled.label != "disc" else "square")
    samples.delete_labels(ids=[removed.id])
    samples.select_labels(ids=[tagged.id]).tag_labels("accept")
    sample.reload()
    sample.proposals.detections.append(drawn)
    sample.tags.append("reject")
    sample.save()
    pulled = read_review(name)

    rows = pulled.rows.tolist()
    assert pulled.deleted.tolist() == [removed.number]
    assert sorted(np.array(rows)[pulled.touched]) == sorted([moved.number, relabelled.number, -1])
    assert pulled.dataset.annotations.box[rows.index(moved.number)] == pytest.approx([10, 20, 30, 40], abs=1e-9)
    classes = pulled.dataset.categories.names
    assert classes == ("square", "disc", "triangle", "rhombus")
    new = rows.index(-1)
    assert classes[pulled.dataset.annotations.category[new]] == "rhombus"
    assert pulled.dataset.annotations.box[new].tolist() == [0.25 * width, 0.5 * height, 0.125 * width, 0.25 * height]
    assert [number for number, tags in zip(rows, pulled.tags, strict=True) if tags] == [tagged.number]
    assert pulled.tags[rows.index(tagged.number)] == ("accept",)
    assert pulled.image_tags[pulled.dataset.images.names.index(sample.name)] == ("reject",)
    untouched = ~pulled.touched
    there = [numbers(given).tolist().index(row) for row in np.array(rows)[untouched]]
    assert pulled.dataset.annotations.box[untouched].tobytes() == given.annotations.box[there].tobytes()


def test_a_review_that_is_opened_again_keeps_what_the_person_did(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path)
    put_review(given, numbers(given), name)
    samples = opened(name)
    first, second = _labels(samples)[:2]
    samples.delete_labels(ids=[first.id])
    _edit(samples, second.number, label="rhombus")
    left = read_review(name)

    again = put_review(given, numbers(given), name)

    pulled = read_review(name)
    assert (again.pictures, again.added, again.labels) == (4, 0, 0)
    assert pulled.rows.tolist() == left.rows.tolist()
    assert pulled.deleted.tolist() == [first.number]
    assert pulled.dataset.annotations.box.tobytes() == left.dataset.annotations.box.tobytes()


def test_pictures_that_were_moved_are_shown_where_they_are_now(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path / "old")
    put_review(given, numbers(given), name)
    opened(name).limit(1).tag_samples("accept")
    (tmp_path / "old").rename(tmp_path / "new")
    moved = replace(given, images=replace(given.images, folders=(str(tmp_path / "new"),)))

    put_review(moved, numbers(moved), name)

    assert opened(name).values("filepath") == [moved.images.file(row) for row in range(4)]
    assert opened(name).values("tags") == [["accept"], [], [], []]


def test_views_of_a_class_hold_it_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path)
    odd = replace(given, categories=replace(given.categories, names=("$label", "disc\udcff", "<b>")))
    bands = ["$sure" if row % 2 else "unsure" for row in range(len(given.annotations))]

    views = put_review(odd, numbers(odd), name, bands=bands).views

    samples = opened(name)
    assert len(views) > 2 + 3
    assert all(len(samples.load_saved_view(view)) for view in views)


def test_another_sample_brings_its_own_and_takes_away_what_nobody_touched(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path, 4)
    rows = numbers(given)
    # The first sample: pictures 0 and 1, without the very first proposal; the second: pictures 1, 2 and 3.
    put_review(*_part(given, rows, [0, 1], without=0), name)
    samples = opened(name)
    of_first = samples.match({"name": given.images.names[0]}).first()
    samples.delete_labels(ids=[of_first.proposals.detections[0].id])

    touched = put_review(*_part(given, rows, [1, 2, 3]), name)
    samples.match({"name": given.images.names[3]}).tag_samples("accept")
    later = put_review(*_part(given, rows, [0]), name)

    assert (touched.added, touched.removed, touched.kept, touched.pictures) == (2, 0, 1, 4)
    # Picture 0 gets the proposal that was left out at first; what was deleted there stays so.
    assert (later.added, later.removed, later.kept, later.labels) == (0, 2, 1, 1)
    assert rows[0] in read_review(name).rows.tolist()
    assert rows[1] in read_review(name).deleted.tolist()


def test_a_review_of_other_proposals_of_that_name_is_not_mixed_in(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path)
    rows = numbers(given)
    put_review(given, rows, name, identity="first")
    # Nobody has touched the first one yet, so the model may look again.
    again = put_review(given, rows + 1000, name, identity="second")

    assert again.added == 4
    assert read_review(name, identity="second").rows.tolist() == (rows + 1000).tolist()
    with pytest.raises(BrowseError, match="review of other proposals"):
        read_review(name, identity="first")

    opened(name).limit(1).tag_samples("accept")
    with pytest.raises(BrowseError, match=rf"work on other proposals.*\n.*fiftyone datasets delete {name}"):
        put_review(given, rows, name, identity="third")
    assert len(read_review(name, identity="second").rows) == len(rows)


def test_views_of_an_earlier_sample_go_and_those_of_the_person_stay(tmp_path: Path, name: str) -> None:
    given = proposals(tmp_path)
    count = len(given.annotations)
    first = put_review(given, numbers(given), name, bands=["low"] * (count - 1) + ["high"])
    samples = opened(name)
    samples.save_view("mine", samples.limit(1))

    second = put_review(given, numbers(given), name, bands=["middle"] + ["top"] * (count - 1))

    samples.reload()
    assert set(samples.values("proposals.detections.score_band", unwind=True)) == {"middle", "top"}
    assert any(view.endswith(", low") for view in first.views)
    assert not any(view.endswith(", low") for view in second.views)
    assert set(samples.list_saved_views()) == {*second.views, "mine"}


def _part(given: Any, rows: Any, pictures: list[int], without: int | None = None) -> tuple[Any, Any]:
    """Return the labels of some pictures, and their numbers; `without`: a row to leave out."""
    from dataclasses import replace

    kept = np.flatnonzero(np.isin(given.annotations.image, pictures) & (np.arange(len(rows)) != without))
    table = given.annotations.take(kept)
    image = np.searchsorted(np.array(pictures), table.image).astype(np.int32)
    images = given.images.take(np.array(pictures, np.int64))
    return replace(given, images=images, annotations=replace(table, image=image)), rows[kept]


def _labels(samples: Any) -> list[Any]:
    return [label for labels in samples.values("proposals.detections") for label in labels]


def _edit(samples: Any, number: int, **changes: Any) -> None:
    for sample in samples.iter_samples():
        for found in sample.proposals.detections:
            if found.number == number:
                for field, value in changes.items():
                    found[field] = value
        sample.save()
