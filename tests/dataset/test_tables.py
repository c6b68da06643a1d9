from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Annotations, Categories, Dataset, Images, Polygons, Ragged, State

SQUARE = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]
TRIANGLE = [(5.0, 5.0), (7.0, 5.0), (5.0, 8.0)]


def pictures(count: int = 3, **columns: Any) -> Images:
    given: dict[str, Any] = {
        "names": tuple(f"{i}.jpg" for i in range(count)),
        "width": np.arange(count, dtype=np.int32) + 10,
        "height": np.full(count, 9, np.int32),
        "state": np.full(count, State.EMPTY, np.uint8),
        "split": np.full(count, -1, np.int32),
        "folder": np.zeros(count, np.int32),
        "folders": ("/pictures",),
    }
    return Images(**{**given, **columns})


def labels(owners: list[int], **columns: Any) -> Annotations:
    box = np.arange(4.0 * len(owners)).reshape(-1, 4)
    image = np.array(owners, np.int32)
    return Annotations(image=image, category=np.zeros(len(owners), np.int32), box=box, **columns)


def test_offsets_lead_from_an_image_to_its_annotations() -> None:
    dataset = Dataset(images=pictures(), annotations=labels([0, 2, 2]), categories=Categories(names=("cat",)))

    assert dataset.offsets.tolist() == [0, 1, 1, 3]


def test_a_dataset_without_annotations_or_images_has_offsets() -> None:
    empty = Dataset(images=pictures(0), annotations=labels([]), categories=Categories(names=()))
    bare = Dataset(images=pictures(2), annotations=labels([]), categories=Categories(names=()))

    assert empty.offsets.tolist() == [0]
    assert bare.offsets.tolist() == [0, 0, 0]


def test_the_three_states_are_three() -> None:
    assert (State.UNLABELLED, State.EMPTY, State.LABELLED) == (0, 1, 2)


@pytest.mark.parametrize("column", ["image", "category", "box", "score"])
def test_no_column_can_be_changed(column: str) -> None:
    table = labels([0, 1], score=np.array([0.5, 0.7]))

    with pytest.raises(ValueError, match="read-only"):
        getattr(table, column)[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(table, column, None)


def test_the_callers_array_stays_writeable() -> None:
    score = np.array([0.5])

    table = labels([0], score=score)

    assert score.flags.writeable
    assert table.score is not None
    assert not table.score.flags.writeable


def test_take_follows_every_column() -> None:
    table = labels(
        [0, 1, 2],
        polygons=Polygons.of([[SQUARE], [], [TRIANGLE, SQUARE]]),
        masks=Ragged.of([[], [1, 2, 3], [4]], np.uint32),
        score=np.array([0.1, 0.2, 0.3]),
        source_id=("a", 7, "c"),
    )

    taken = table.take(np.array([2, 0]))

    assert taken.image.tolist() == [2, 0]
    assert taken.box.tolist() == [[8, 9, 10, 11], [0, 1, 2, 3]]
    assert taken.score is not None and taken.score.tolist() == [0.3, 0.1]
    assert taken.source_id == ("c", "a")
    assert taken.masks is not None and [taken.masks[i].tolist() for i in (0, 1)] == [[4], []]
    assert taken.polygons is not None
    assert [[ring.tolist() for ring in taken.polygons[i]] for i in (0, 1)] == [
        [[list(p) for p in TRIANGLE], [list(p) for p in SQUARE]],
        [[list(p) for p in SQUARE]],
    ]
    assert taken.keypoints is None


def test_rows_of_a_column_that_holds_one_value_over_and_over_take_no_memory() -> None:
    boxes = np.broadcast_to(np.array([1.0, 2.0, 3.0, 4.0]), (3, 4))
    table = dataclasses.replace(labels([0, 1, 2]), box=boxes)

    taken = table.take(np.array([2, 0, 1, 1]))

    assert taken.box.tolist() == [[1.0, 2.0, 3.0, 4.0]] * 4
    assert taken.box.strides[0] == 0


def test_take_of_images_keeps_the_lists_that_rows_point_into() -> None:
    table = pictures(3, split=np.array([1, -1, 0], np.int32), splits=("train", "val"), files=("x", "y", "z"))

    taken = table.take(np.array([2, 0]))

    assert taken.names == ("2.jpg", "0.jpg")
    assert taken.splits == ("train", "val") and taken.split.tolist() == [0, 1]
    assert taken.file(0) == "/pictures/z"
    assert table.take(np.zeros(0, np.int64)).names == ()


def test_a_picture_that_was_not_found_has_no_file() -> None:
    table = pictures(2, folder=np.array([-1, 0], np.int32))

    assert table.file(0) is None
    assert table.file(1) == "/pictures/1.jpg"


def test_polygons_join_and_some_have_no_ring() -> None:
    joined = Polygons.concat([Polygons.of([[SQUARE], []]), Polygons.none(1), Polygons.of([[TRIANGLE, SQUARE]])])

    assert joined.ring_counts.tolist() == [1, 0, 0, 2]
    assert [len(ring) for ring in joined[3]] == [3, 4]
    assert len(Polygons.of([])) == 0


def test_has_tells_what_says_more_than_the_default() -> None:
    table = labels(
        [0, 0, 0],
        polygons=Polygons.of([[SQUARE], [], []]),
        masks=Ragged.of([[], [1], []], np.uint32),
        rotated=np.array([[np.nan] * 8, [0.0] * 8, [np.nan] * 8]),
        score=np.array([np.nan, 0.0, 1.0]),
        area=np.array([np.nan, 3.0, np.nan]),
        crowd=np.array([False, True, False]),
        difficult=np.array([-1, 0, 1], np.int8),
    )

    found = {c: table.has(c).tolist() for c in ("polygons", "masks", "rotated", "score", "area", "crowd", "difficult")}

    assert found == {
        "polygons": [True, False, False],
        "masks": [False, True, False],
        "rotated": [False, True, False],
        "score": [False, True, True],
        "area": [False, True, False],
        "crowd": [False, True, False],
        "difficult": [False, False, True],
    }
    assert table.has("keypoints").tolist() == [False] * 3


def test_without_unsets_columns_and_only_those() -> None:
    table = labels([0], score=np.array([0.5]), crowd=np.array([True]))

    rest = table.without(frozenset({"score"}))

    assert rest.score is None and rest.crowd is table.crowd and table.score is not None


def test_categories_are_taken_with_all_they_have() -> None:
    table = Categories(names=("cat", "dog"), source_id=(7, "x"), keypoints=(("nose",), ()))

    taken = table.take([1, 0])

    assert taken.names == ("dog", "cat")
    assert taken.source_id == ("x", 7) and taken.keypoints == ((), ("nose",)) and taken.supercategory is None


def test_rows_are_what_people_read() -> None:
    table = labels([1], score=np.array([0.5]), crowd=np.array([False]))
    dataset = Dataset(images=pictures(), annotations=table, categories=Categories(names=("cat",)))

    (row,) = dataset.rows()

    assert (row.image, row.category, row.box) == ("1.jpg", "cat", (0.0, 1.0, 2.0, 3.0))
    assert row.columns == {"score": 0.5}
