"""What nobody touched is bit for bit as it was, in a dataset with every column; and what was pulled is pulled once."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

import bson
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.browse.labels.documents import sample_documents
from cvdata.browse.pull import PullCounts, pull
from cvdata.browse.subject import Subject
from cvdata.dataset import Dataset, State
from cvdata.dataset.rle import to_mask

from ...compare import identical
from ...tiny import tiny

Document = dict[str, Any]


def documents(dataset: Dataset) -> list[Document]:
    """Return the documents of all pictures as they lie in the database once they were put."""
    rows = np.arange(len(dataset.images))
    return [bson.decode(bson.encode(one)) for one in sample_documents(Subject(dataset=dataset), rows)]


def edited(name: str, work: Callable[[Document], object]) -> list[Document]:
    """Return the documents of the tiny dataset, with work done on one picture."""
    all_of_them = documents(tiny())
    work(next(one for one in all_of_them if one["name"] == name))
    return all_of_them


def packed(mask: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, mask)
    return zlib.compress(file.getvalue())


def rows_of(dataset: Dataset, name: str) -> list[int]:
    at = dataset.images.names.index(name)
    return list(range(int(dataset.offsets[at]), int(dataset.offsets[at + 1])))


def test_the_dataset_itself_comes_back_where_nothing_was_done() -> None:
    dataset = tiny()

    pulled = pull(dataset, documents(dataset))

    assert pulled.dataset is dataset
    assert (pulled.counts, pulled.touched) == (PullCounts(), ())


def test_others_are_bit_for_bit_as_they_were_when_one_label_is_moved() -> None:
    dataset = tiny()

    def work(document: Document) -> None:
        document["truth"]["detections"][1]["bounding_box"] = [0.5, 0.5, 0.25, 0.25]

    after = pull(dataset, edited("street.jpg", work)).dataset

    (row,) = [1]
    others = np.delete(np.arange(len(dataset.annotations)), row)
    identical(after.annotations.take(others), dataset.annotations.take(others))
    identical(
        after.annotations.take(np.array([row])), dataset.annotations.take(np.array([row])), but=frozenset({"box"})
    )
    assert after.annotations.box[row].tolist() == [32, 24, 16, 12]
    identical(after.images, dataset.images)
    identical(after.categories, dataset.categories)


def test_the_corners_of_a_rotated_box_come_back_exactly() -> None:
    def work(document: Document) -> None:
        outline = document["truth_outlines"]["polylines"][1]
        outline["points"] = [[[x / 33, y / 21] for x, y in ((6, 4), (10, 8), (6, 12), (2, 8))]]

    pulled = pull(tiny(), edited("UPPER.JPG", work))

    table = pulled.dataset.annotations
    assert pulled.counts == PullCounts(pictures=1, reshaped=1)
    assert table.rotated is not None
    np.testing.assert_allclose(table.rotated[9], [6, 4, 10, 8, 6, 12, 2, 8])
    np.testing.assert_allclose(table.box[9], [2, 4, 8, 8])


def test_a_keypoint_that_was_moved_comes_back_and_one_that_is_not_labelled_stays_so() -> None:
    def work(document: Document) -> None:
        document["truth_keypoints"]["keypoints"][0]["points"][2] = [0.5, 0.25]

    pulled = pull(tiny(), edited("rooms/two words é.png", work))

    table = pulled.dataset.annotations
    assert pulled.counts == PullCounts(pictures=1, reshaped=1)
    assert table.keypoints is not None
    np.testing.assert_allclose(table.keypoints[6], [[2, 3, 2], [0, 0, 0], [20, 10, 1]])
    assert table.box[6].tolist() == [1, 2, 10, 12]


def test_a_painted_mask_takes_the_place_of_the_outline_and_unsets_the_area() -> None:
    def work(document: Document) -> None:
        document["truth"]["detections"][2]["mask"] = packed(np.ones((20, 30), np.bool_))

    table = pull(tiny(), edited("street.jpg", work)).dataset.annotations

    assert table.masks is not None
    assert table.polygons is not None
    assert table.area is not None
    expected = np.zeros((48, 64), np.bool_)
    expected[10:30, 10:40] = True
    assert np.array_equal(to_mask(table.masks[2], 48, 64), expected)
    assert table.polygons[2] == []
    assert np.isnan(table.area[2])


def test_accepting_a_picture_with_nothing_in_it_says_that_somebody_looked() -> None:
    pulled = pull(tiny(), edited("new.jpg", lambda document: document["tags"].append("accept")))

    at = pulled.dataset.images.names.index("new.jpg")
    assert (tiny().images.state[at], pulled.dataset.images.state[at]) == (State.UNLABELLED, State.EMPTY)
    assert pulled.counts == PullCounts(pictures=1)


def test_a_tag_of_a_persons_own_is_nothing_to_pull() -> None:
    pulled = pull(tiny(), edited("street.jpg", lambda document: document["tags"].append("mine")))

    assert (pulled.counts, pulled.read) == (PullCounts(), {})


def test_a_label_noted_before_keeps_its_note_and_is_not_counted_again() -> None:
    dataset = pull(
        tiny(), edited("turned.jpg", lambda one: one["truth"]["detections"][0]["tags"].append("fix"))
    ).dataset
    again = documents(dataset)
    next(one for one in again if one["name"] == "turned.jpg")["truth"]["detections"][0]["tags"].append("fix")

    assert pull(dataset, again).counts == PullCounts()


_CHOICES = ("as it is", "moved", "relabelled", "deleted", "dropped")


@settings(max_examples=25)
@given(st.lists(st.sampled_from(_CHOICES), min_size=10, max_size=10), st.integers(0, 2), st.data())
def test_any_edits_come_back_and_are_there_the_next_time(todo: list[str], drawn: int, data: st.DataObject) -> None:
    """What is wanted is worked out from plain lists, the next pull from the same documents must find it there."""
    dataset, left = tiny(), documents(tiny())
    boxes, names = dataset.annotations.box, dataset.categories.names
    wanted: dict[str, list[tuple[str, list[float]]]] = {}
    for document in left:
        width, height = document["metadata"]["width"], document["metadata"]["height"]
        own, stays = [], []
        for row, label in zip(rows_of(dataset, document["name"]), document["truth"]["detections"], strict=True):
            name, box = names[dataset.annotations.category[row]], boxes[row].tolist()
            if todo[row] == "moved":
                box = [1.0, 2.0, width - 4.0, height - 5.0]
                label["bounding_box"] = [1 / width, 2 / height, (width - 4) / width, (height - 5) / height]
            elif todo[row] == "relabelled":
                name = label["label"] = data.draw(st.sampled_from(("unused", "new one")))
            elif todo[row] == "dropped":
                label["tags"].append("drop")
            if todo[row] != "deleted":
                stays.append(label)
            if todo[row] not in ("deleted", "dropped"):
                own.append((name, box))
        for _ in range(drawn if document["name"] == "new.jpg" else 0):
            stays.append({"label": "cat", "bounding_box": [0, 0, 0.5, 0.5], "tags": []})
            own.append(("cat", [0, 0, 10, 10]))
        document["truth"]["detections"] = stays
        wanted[document["name"]] = own

    pulled = pull(dataset, left)
    again = pull(pulled.dataset, left)

    table = pulled.dataset.annotations
    for name, own in wanted.items():
        rows = rows_of(pulled.dataset, name)
        assert [pulled.dataset.categories.names[table.category[row]] for row in rows] == [label for label, _ in own]
        np.testing.assert_allclose(table.box[rows].reshape(-1, 4), np.reshape([box for _, box in own], (-1, 4)))
    assert (pulled.conflicts, again.conflicts) == ((), ())
    assert again.counts.pictures == 0
    assert again.dataset is pulled.dataset
    untouched = [row for row, one in enumerate(todo) if one == "as it is"]
    at = np.cumsum([one not in ("deleted", "dropped") for one in todo]) - 1
    drawn_before = np.array([drawn if row >= 8 else 0 for row in untouched], np.int64)
    same = frozenset({"image"})
    identical(
        table.take(at[untouched] + drawn_before).without(frozenset()),
        dataset.annotations.take(np.array(untouched, np.int64)),
        but=same,
    )


def test_a_picture_that_the_dataset_has_no_more_is_a_conflict_unless_it_was_to_go() -> None:
    dataset = tiny()
    left = documents(dataset)
    left[0]["name"], left[0]["tags"] = "gone.jpg", ["drop"]
    left[1]["name"], left[1]["tags"] = "renamed.jpg", ["fix"]

    pulled = pull(dataset, left)

    assert pulled.again == ("gone.jpg",)
    assert [(one.image, one.dataset) for one in pulled.conflicts] == [("renamed.jpg", "it is gone, or was renamed")]


@pytest.mark.parametrize("confidence, accepted", [(0.7, 1), (0.5, 0)])
def test_accepting_a_picture_takes_what_the_model_was_sure_of(confidence: float, accepted: int) -> None:
    label = {"label": "cat", "bounding_box": [0, 0, 0.5, 0.5], "tags": [], "number": 0, "confidence": confidence}

    def work(document: Document) -> None:
        document["tags"].append("accept")
        document["found"] = {"detections": [label]}

    pulled = pull(tiny(), edited("new.jpg", work), found=[("model", 0.6)])

    assert pulled.counts.accepted == accepted
    assert len(pulled.dataset.annotations) == 10 + accepted
