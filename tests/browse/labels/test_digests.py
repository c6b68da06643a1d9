"""What tells whether a picture was changed."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.browse.labels.digests import is_touched, source_digest, source_digests, truth_digest
from cvdata.browse.labels.documents import sample_documents
from cvdata.dataset import Dataset, Ragged, State

from .subjects import TRUTH_ROWS, dataset_of, every_kind

pytest.importorskip("bson")


def put() -> list[dict[str, Any]]:
    return list(sample_documents(every_kind(), np.arange(3)))


def changed(row: int, **columns: Any) -> Dataset:
    rows = [dict(one) for one in TRUTH_ROWS]
    rows[row] |= columns
    return dataset_of(rows)


def test_the_digest_of_a_picture_is_the_same_alone_and_among_all() -> None:
    dataset = dataset_of(TRUTH_ROWS)

    every = source_digests(dataset)

    assert every == [source_digest(dataset, row) for row in range(3)]
    assert len(set(every)) == 3
    assert [document["cvdata_put"]["source"] for document in put()] == every


@pytest.mark.parametrize(
    "columns",
    [
        {"category": "a.b$c"},
        {"box": [8, 4, 20, 10.5]},
        {"difficult": 0},
        {"difficult": -1},
        {"occluded": 0},
        {"extra": {"pose": "right", "age": 3}},
        {"rings": [[(8, 4), (28, 4), (28, 14)]]},
        {"rings": [[(8, 4), (28, 4)], [(28, 14)]]},
        {"mask": np.ones((40, 80), np.bool_)},
        {"keypoints": [[8, 4, 1]]},
        {"rotated": [8, 4, 28, 4, 28, 14, 8, 14]},
        {"crowd": True},
        {"score": 0.5},
    ],
)
def test_any_change_of_a_label_changes_the_digest_of_its_picture_alone(columns: dict[str, Any]) -> None:
    before, after = source_digests(dataset_of(TRUTH_ROWS)), source_digests(changed(0, **columns))

    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False, False]


def test_the_same_points_in_other_rings_are_another_outline() -> None:
    points = [(8, 4), (28, 4), (28, 14), (8, 14)]

    one, two = changed(0, rings=[points[:1], points[1:]]), changed(0, rings=[points[:2], points[2:]])

    assert source_digest(one, 0) != source_digest(two, 0)


def test_state_and_split_belong_to_the_digest_and_the_order_of_classes_does_not() -> None:
    dataset = dataset_of(TRUTH_ROWS)
    images, table = dataset.images, dataset.annotations
    state = images.state.copy()
    state[2] = State.EMPTY
    looked = replace(dataset, images=replace(images, state=state))
    unsplit = replace(dataset, images=replace(images, split=np.array([0, -1, -1], np.int32)))
    turned = replace(
        dataset,
        categories=replace(dataset.categories, names=dataset.categories.names[::-1]),
        annotations=replace(table, category=3 - table.category),
    )

    every = source_digests(dataset)

    assert [one != other for one, other in zip(source_digests(looked), every, strict=True)] == [False, False, True]
    assert [one != other for one, other in zip(source_digests(unsplit), every, strict=True)] == [False, True, False]
    assert source_digests(turned) == every


def test_a_column_that_says_nothing_of_a_picture_does_not_change_its_digest() -> None:
    dataset = dataset_of([{"image": "c.png", "category": "bolt", "box": [1, 1, 2, 2]}])
    table = dataset.annotations
    wider = replace(
        dataset,
        annotations=replace(
            table,
            box=table.box * 1.0 - 0.0,
            crowd=np.zeros(1, np.bool_),
            truncated=np.full(1, -1, np.int8),
            score=np.array([np.nan]),
            rotated=np.full((1, 8), np.nan),
            extra=Ragged.texts([b""]),
            keypoints=Ragged(np.empty((0, 3)), np.zeros(2, np.int64)),
        ),
        images=replace(dataset.images, extra=Ragged.texts([b"", b"", b""])),
    )

    assert source_digests(wider) == source_digests(dataset)


def test_what_was_put_is_not_touched() -> None:
    assert [is_touched(document) for document in put()] == [False, False, False]


@pytest.mark.parametrize(
    ("field", "key", "value"),
    [
        ("truth.detections", "label", "nut"),
        ("truth.detections", "bounding_box", [0.1, 0.1, 0.25, 0.26]),
        ("truth.detections", "mask", b"other"),
        ("truth.detections", "tags", ["fix"]),
        ("truth_outlines.polylines", "points", [[[0.1, 0.1], [0.5, 0.1]]]),
        ("found.detections", "tags", ["accept"]),
    ],
)
def test_a_changed_or_tagged_label_touches_its_picture(field: str, key: str, value: Any) -> None:
    document = put()[0]
    group, name = field.split(".")

    document[group][name][0] = {**document[group][name][0], key: value}

    assert is_touched(document)


def test_a_removed_and_a_drawn_label_touch_their_picture_and_so_does_a_tag() -> None:
    removed, drawn, tagged = (copy.deepcopy(put()[0]) for _ in range(3))
    removed["truth"]["detections"].pop()
    drawn["truth"]["detections"].append({"label": "bolt", "bounding_box": [0, 0, 0.5, 0.5], "tags": []})
    tagged["tags"].append("drop")

    assert all(map(is_touched, (removed, drawn, tagged)))
    assert is_touched({"filepath": "/somebody/elses.png"})


def test_a_found_label_that_moved_and_a_tag_of_ours_that_went_touch_nothing() -> None:
    document = put()[0]
    document["found"] = {"_cls": "Detections", "detections": []}
    document["tags"] = []

    assert not is_touched(document)


def test_whole_numbers_as_the_app_may_write_them_are_the_same_shape() -> None:
    document = put()[0]
    last = document["truth"]["detections"][3]
    assert last["bounding_box"] == [0.0, 0.0, 0.1, 0.2]

    document["truth"]["detections"][3] = {**last, "bounding_box": [0, 0, 0.1, 0.2]}

    assert truth_digest(document) == document["cvdata_put"]["truth"]


def test_what_was_shown_has_another_digest_where_anything_else_differs() -> None:
    subject = every_kind()
    assert subject.worth is not None
    worth = subject.worth.copy()
    worth[2] = 0.75
    other = list(sample_documents(replace(subject, worth=worth), np.arange(3)))

    shown = [one["cvdata_put"]["shown"] != two["cvdata_put"]["shown"] for one, two in zip(put(), other, strict=True)]

    assert shown == [False, False, True]
