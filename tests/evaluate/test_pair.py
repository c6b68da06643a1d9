"""Truth and found on the same rows, and what counts of each object."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Annotations, Categories, Dataset, Images, Polygons, Ragged, State
from cvdata.dataset.rle import from_mask
from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.objects import found_area, keypoint_counts, kind_of, set_aside, truth_area
from cvdata.evaluate.pair import Pair, align, chosen, undeclared_class

from .drawn import dataset_of, hand, pair_of

Row = tuple[str, str, float]


def made(
    names: tuple[str, ...],
    rows: list[Row],
    *,
    classes: tuple[str, ...] = ("cat", "dog"),
    states: dict[str, State] | None = None,
    ids: Any = None,
    whole: tuple[int, ...] = (),
) -> Dataset:
    """Make a dataset from rows of picture, class and score; `whole` are rows without box."""
    rows = sorted(rows, key=lambda row: names.index(row[0]))
    used = {name for name, _, _ in rows}
    state = [(states or {}).get(name, State.LABELLED if name in used else State.EMPTY) for name in names]
    box = np.array([[i, 0.0, 5, 5] for i in range(len(rows))]).reshape(-1, 4)
    box[list(whole)] = np.nan
    return Dataset(
        images=Images(
            names=names,
            width=np.full(len(names), 100, np.int32),
            height=np.full(len(names), 100, np.int32),
            state=np.array(state, np.uint8),
            split=np.full(len(names), -1, np.int32),
            folder=np.full(len(names), -1, np.int32),
            source_id=ids,
        ),
        annotations=Annotations(
            image=np.array([names.index(name) for name, _, _ in rows], np.int32),
            category=np.array([classes.index(category) for _, category, _ in rows], np.int32),
            box=box,
            score=np.array([score for _, _, score in rows], np.float64),
        ),
        categories=Categories(names=classes),
    )


def places(pair: Pair) -> list[tuple[str, str, float]]:
    table = pair.found.annotations
    return [
        (pair.truth.images.names[i], pair.classes[c], s)
        for i, c, s in zip(table.image.tolist(), table.category.tolist(), pair.score.tolist(), strict=True)
    ]


def codes(pair: Pair) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.count) for finding in pair.findings]


def test_pictures_and_classes_are_matched_by_name_whatever_their_order() -> None:
    truth = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 1), ("b.jpg", "dog", 1)])
    found = made(
        ("b.jpg", "a.jpg"),
        [("b.jpg", "dog", 0.5), ("a.jpg", "cat", 0.25), ("b.jpg", "cat", 0.75)],
        classes=("dog", "cat"),
    )

    pair = align(truth, found)

    assert places(pair) == [("a.jpg", "cat", 0.25), ("b.jpg", "dog", 0.5), ("b.jpg", "cat", 0.75)]
    assert pair.found.images is pair.truth.images
    assert pair.classes == ("cat", "dog")
    assert codes(pair) == []


def test_the_boxes_that_scores_of_a_table_share_stay_shared() -> None:
    truth = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 1), ("b.jpg", "dog", 1)], whole=(0, 1))
    found = made(("b.jpg", "a.jpg"), [("b.jpg", "dog", 0.5), ("a.jpg", "cat", 0.25), ("b.jpg", "cat", 0.75)])
    shared = np.broadcast_to(np.array(np.nan), (3, 4))

    pair = align(truth, replace(found, annotations=replace(found.annotations, box=shared)))

    assert pair.found.annotations.box.strides[0] == 0


def test_detections_of_a_picture_stay_in_the_order_of_their_source() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    found = made(("a.jpg",), [("a.jpg", "cat", score) for score in (0.1, 0.9, 0.5)])

    assert [score for _, _, score in places(align(truth, found))] == [0.1, 0.9, 0.5]


def test_pictures_in_other_folders_are_matched_by_file_name_and_then_by_stem() -> None:
    truth = made(("val/a.jpg", "val/b.jpg"), [("val/a.jpg", "cat", 1), ("val/b.jpg", "cat", 1)])
    found = made(("a.jpg", "b.png"), [("a.jpg", "cat", 0.5), ("b.png", "cat", 0.25)])

    pair = align(truth, found)

    assert places(pair) == [("val/a.jpg", "cat", 0.5), ("val/b.jpg", "cat", 0.25)]
    assert codes(pair) == [("matched-by-file-name", 1), ("matched-by-stem", 1)]


def test_a_picture_that_is_gone_is_not_taken_for_one_of_its_name_in_another_folder() -> None:
    truth = made(("b/1.jpg", "b/2.jpg"), [("b/1.jpg", "cat", 1)])
    found = made(("a/1.jpg", "b/2.jpg"), [("a/1.jpg", "cat", 0.5), ("b/2.jpg", "cat", 0.25)])

    with pytest.raises(EvaluationError, match=r"the truth lacks 1 picture with detections: a/1\.jpg") as refused:
        align(truth, found)
    assert "if 'a/1.jpg' is 'b/1.jpg' there, moved to another folder" in (refused.value.hint or "")


def test_detections_on_unknown_pictures_are_refused_by_name() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    found = made(("a.jpg", "b.jpg", "c.jpg"), [("c.jpg", "cat", 0.5)])

    with pytest.raises(EvaluationError, match=r"the truth lacks 1 picture with detections: c\.jpg"):
        align(truth, found)


def test_unknown_pictures_without_detections_do_no_harm() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    found = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 0.5)])

    assert len(align(truth, found).found.images) == 1


def test_pictures_that_nobody_labelled_are_left_out_with_what_was_found_there() -> None:
    names = ("a.jpg", "b.jpg", "c.jpg")
    truth = made(names, [("a.jpg", "cat", 1), ("c.jpg", "dog", 1)], states={"b.jpg": State.UNLABELLED})
    found = made(names, [("b.jpg", "cat", 0.5), ("c.jpg", "dog", 0.25)])

    pair = align(truth, found)

    assert pair.truth.images.names == ("a.jpg", "c.jpg")
    assert places(pair) == [("c.jpg", "dog", 0.25)]
    assert codes(pair) == [("unlabelled-pictures", 1)]


def test_a_truth_that_nobody_labelled_is_refused() -> None:
    truth = made(("a.jpg",), [], states={"a.jpg": State.UNLABELLED})

    with pytest.raises(EvaluationError, match="no picture of the truth is labelled"):
        align(truth, made(("a.jpg",), []))


def test_pictures_that_found_does_not_have_are_told_where_they_have_objects() -> None:
    truth = made(("a.jpg", "b.jpg", "c.jpg"), [("a.jpg", "cat", 1), ("b.jpg", "cat", 1)])
    found = made(("a.jpg",), [("a.jpg", "cat", 0.5)])

    pair = align(truth, found)

    assert codes(pair) == [("pictures-not-in-found", 1)]
    assert pair.findings[0].examples == ["b.jpg"]


def test_a_class_that_the_truth_lacks_is_refused_with_the_nearest() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    found = made(("a.jpg",), [("a.jpg", "cats", 0.5)], classes=("cats",))

    with pytest.raises(EvaluationError, match="detections are of class 'cats'") as refused:
        align(truth, found)

    assert refused.value.hint is not None
    assert "the truth has 'cat'" in refused.value.hint


def test_a_class_that_is_like_no_other_is_refused_with_a_way_to_leave_it_out() -> None:
    assert "--drop" in (undeclared_class("zebra", ["cat", "dog"]).hint or "")


def test_a_class_that_the_truth_lacks_and_nothing_is_of_does_no_harm() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    found = made(("a.jpg",), [("a.jpg", "cat", 0.5)], classes=("horse", "cat"))

    assert places(align(truth, found)) == [("a.jpg", "cat", 0.5)]


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ([np.nan, np.nan], "FOUND has no scores"),
        ([0.5, np.nan], "no usable score at 1 detection; the first, on a.jpg, has no score"),
        ([0.5, -1.0], "has the score -1"),
        ([np.inf, 0.5], "has the score inf"),
    ],
)
def test_detections_without_a_usable_score_are_refused(scores: list[float], found: str) -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])

    with pytest.raises(EvaluationError, match=found):
        align(truth, made(("a.jpg",), [("a.jpg", "cat", score) for score in scores]))


def test_scores_above_one_are_told() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])

    pair = align(truth, made(("a.jpg",), [("a.jpg", "cat", score) for score in (0.5, 1.0, 1.5, 12.0)]))

    assert codes(pair) == [("scores-above-1", 2)]


def test_labels_in_place_of_predictions_are_refused() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    labels = replace(truth, annotations=replace(truth.annotations, score=None))

    with pytest.raises(EvaluationError, match="FOUND has no scores"):
        align(truth, labels)


def test_a_model_that_found_nothing_needs_no_scores() -> None:
    truth = made(("a.jpg",), [("a.jpg", "cat", 1)])
    nothing = made(("a.jpg",), [])

    pair = align(truth, replace(nothing, annotations=replace(nothing.annotations, score=None)))

    assert len(pair.score) == 0


@pytest.mark.parametrize("labels_first", [True, False])
def test_labels_of_whole_pictures_against_boxes_are_refused(labels_first: bool) -> None:
    boxes = made(("a.jpg",), [("a.jpg", "cat", 0.5)])
    labels = made(("a.jpg",), [("a.jpg", "cat", 0.5)], whole=(0,))

    with pytest.raises(EvaluationError, match=r"the truth has .* and FOUND has"):
        align(*((labels, boxes) if labels_first else (boxes, labels)))


def test_labels_of_whole_pictures_among_boxes_are_left_out_and_told() -> None:
    truth = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 1), ("b.jpg", "dog", 1)], whole=(1,))
    found = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 0.5), ("b.jpg", "dog", 0.25)], whole=(1,))

    pair = align(truth, found)

    assert len(pair.truth.annotations) == 1
    assert places(pair) == [("a.jpg", "cat", 0.5)]
    assert codes(pair) == [("labels-among-boxes", 1), ("labels-among-boxes", 1)]


@pytest.mark.parametrize(
    ("ids", "order"),
    [
        (None, [0, 1, 2]),
        (np.array([30, 10, 20]), [2, 0, 1]),
        ((2**70, 10, 20), [2, 0, 1]),
        (("b", "a", 3), [0, 1, 2]),
    ],
)
def test_pictures_are_gone_through_by_number_where_ids_are_numbers(ids: Any, order: list[int]) -> None:
    names = ("a.jpg", "b.jpg", "c.jpg")
    pair = align(made(names, [("a.jpg", "cat", 1)], ids=ids), made(names, []))

    assert pair.order.tolist() == order


def test_a_part_of_a_pair_has_the_objects_and_detections_of_its_pictures() -> None:
    pair = pair_of(0, images=6)

    part = chosen(pair, np.array([1, 4]))

    assert part.truth.images.names == ("1.jpg", "4.jpg")
    for whole, some in ((pair.truth, part.truth), (pair.found, part.found)):
        rows = np.isin(whole.annotations.image, [1, 4])
        assert some.annotations.box.tolist() == whole.annotations.box[rows].tolist()
        assert set(some.annotations.image.tolist()) <= {0, 1}
    assert part.order.tolist() == pair.order[[1, 4]].tolist()


# --- kinds of shape, areas and what is set aside


def shaped(box: list[float], **columns: Any) -> Pair:
    """Return a pair of one object with more columns, and one detection with the same."""
    pair = hand([(0, 0, box)], [(0, 0, box, 0.5)])
    truth = replace(pair.truth, annotations=replace(pair.truth.annotations, **columns))
    return replace(
        pair, truth=truth, found=replace(pair.found, annotations=replace(truth.annotations, score=pair.score))
    )


MASK = np.zeros((100, 100), np.bool_)
MASK[0:3, 0:7] = True
MASKED = {"masks": Ragged.of([from_mask(MASK).tolist()], np.uint32)}
OUTLINED = {"polygons": Polygons.of([[[(0, 0), (4, 0), (4, 4)]]])}
POINTED = {"keypoints": Ragged(np.array([[1.0, 1, 2], [0, 0, 0], [3, 3, 1]]), np.array([0, 3]))}


@pytest.mark.parametrize(
    ("columns", "kind"),
    [({}, "boxes"), (MASKED, "masks"), (OUTLINED, "masks"), (POINTED, "keypoints"), (MASKED | POINTED, "masks")],
)
def test_the_richest_kind_of_shape_is_compared(columns: dict[str, Any], kind: str) -> None:
    assert kind_of(shaped([0, 0, 10, 10], **columns)) == kind


def test_a_kind_that_only_one_side_has_is_not_compared() -> None:
    pair = shaped([0, 0, 10, 10], **MASKED)

    assert kind_of(replace(pair, found=hand([(0, 0, (0, 0, 1, 1))], [(0, 0, (0, 0, 1, 1), 0.5)]).found)) == "boxes"


@pytest.mark.parametrize(
    ("columns", "area"),
    [
        ({}, 100),
        (OUTLINED, 8),
        (MASKED, 21),
        (OUTLINED | MASKED, 21),
        (MASKED | {"area": np.array([5.0])}, 5),
        (MASKED | {"area": np.array([np.nan])}, 21),
    ],
)
def test_the_area_of_an_object_is_what_the_source_says_else_that_of_its_shape(
    columns: dict[str, Any], area: float
) -> None:
    assert truth_area(shaped([0, 0, 10, 10], **columns).truth).tolist() == [area]


def test_the_area_of_a_detection_is_that_of_its_box_for_boxes() -> None:
    pair = shaped([0, 0, 10, 10], area=np.array([5.0]), **MASKED)

    assert found_area(pair, "boxes").tolist() == [100]
    assert found_area(pair, "masks").tolist() == [5]
    assert found_area(pair, "keypoints").tolist() == [5]
    assert found_area(shaped([0, 0, 10, 10], **MASKED), "masks").tolist() == [21]
    assert found_area(shaped([0, 0, 10, 10], **POINTED), "keypoints").tolist() == [100]


def test_crowds_are_set_aside_and_for_keypoints_objects_without_any() -> None:
    truth: dict[str, Any] = {
        "image": np.zeros(3, np.int32),
        "category": np.zeros(3, np.int32),
        "box": np.tile([0.0, 0, 5, 5], (3, 1)),
        "crowd": np.array([True, False, False]),
        "keypoints": Ragged(np.array([[1.0, 1, 2], [1, 1, 0], [1, 1, 1]]), np.array([0, 1, 2, 3])),
    }
    nothing = {name: truth[name][:0] for name in ("image", "category", "box")}
    pair = align(dataset_of(1, 1, truth), dataset_of(1, 1, nothing))

    assert set_aside(pair, "boxes").tolist() == [True, False, False]
    assert set_aside(pair, "keypoints").tolist() == [True, True, False]
    assert keypoint_counts(pair.truth.annotations).tolist() == [1, 0, 1]


def test_a_split_of_a_truth_that_has_none_is_refused_in_these_words() -> None:
    pair = pair_of(1)

    with pytest.raises(UsageError, match="the truth has no split 'val'") as caught:
        align(pair.truth, pair.found, "val")

    assert caught.value.hint == "it has none at all: leave out --split"


def test_detections_on_pictures_of_other_splits_are_counted() -> None:
    truth = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 1), ("b.jpg", "dog", 1)])
    images = replace(truth.images, split=np.array([0, 1], np.int32), splits=("train", "val"))
    truth = replace(truth, images=images)
    found = made(("a.jpg", "b.jpg"), [("a.jpg", "cat", 0.5), ("a.jpg", "dog", 0.25), ("b.jpg", "dog", 0.75)])

    pair = align(truth, found, "val")

    assert places(pair) == [("b.jpg", "dog", 0.75)]
    assert codes(pair) == [("found-in-other-splits", 2)]
    assert pair.findings[0].message == "left out: 2 predictions on pictures of other splits than val"
