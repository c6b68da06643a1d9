"""Datasets that cannot be learnt from are refused, with one clear message each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Dataset, Ragged, State
from cvdata.dataset.select import keep_annotations
from cvdata.errors import TrainingError, UsageError
from cvdata.train.data.prepare import prepare
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

from .preparing import prepared, refused, with_split
from .shapes import draw_classes, draw_shapes


def without_annotations(dataset: Dataset, state: State) -> Dataset:
    bare = keep_annotations(dataset, np.zeros(0, np.int64))
    return replace(bare, images=replace(bare.images, state=np.full(len(bare.images), state, np.uint8)))


def without_outlines(dataset: Dataset) -> Dataset:
    return replace(dataset, annotations=dataset.annotations.without(frozenset({"polygons", "masks", "keypoints"})))


def of_one_class(dataset: Dataset) -> Dataset:
    return replace(dataset, annotations=replace(dataset.annotations, category=np.zeros(12, np.int32)))


def lost(dataset: Dataset) -> Dataset:
    return replace(dataset, images=replace(dataset.images, folder=np.full(len(dataset.images), -1, np.int32)))


SHAPES: list[tuple[str, Callable[[Dataset], Dataset], str]] = [
    (
        "detector",
        lambda d: without_annotations(d, State.UNLABELLED),
        "nobody has labelled these pictures, so there is nothing to learn\n  hint: give a dataset with labels",
    ),
    (
        "detector",
        lambda d: without_annotations(d, State.EMPTY),
        "no picture has an object, so there is nothing to learn\n  hint: give a dataset with labels",
    ),
    (
        "detector",
        lost,
        "none of the 8 pictures was found, such as '0000.png'\n  hint: say where they lie with --images DIR",
    ),
    (
        "classifier",
        lambda d: d,
        "a classifier learns labels of whole pictures, and these are boxes\n"
        "  hint: --crops learns the class of what is in each box; or train a detector",
    ),
    (
        "segmenter",
        without_outlines,
        "a segmenter needs masks, outlines or maps of classes, and these labels have none\n"
        "  hint: train a detector or a classifier, or give the folder of the maps",
    ),
    (
        "detector",
        lambda d: with_split(d, ("a", "b"), [0] * 4 + [1] * 4),
        "there is no split 'train' to learn from\n  hint: name one with --train-split; there are: a, b",
    ),
    (
        "detector",
        lambda d: keep_annotations(d, np.flatnonzero(d.annotations.image < 6)),
        "the split 'val' has no picture that can be used\n"
        "  hint: it needs pictures that are there and that somebody labelled",
    ),
]


@pytest.mark.parametrize(("task", "change", "message"), SHAPES)
def test_a_dataset_that_cannot_be_learnt_from_is_refused_with_one_clear_message(
    tmp_path: Path, task: str, change: Callable[[Dataset], Dataset], message: str
) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)

    assert refused(change(dataset), task) == message


def test_a_detector_of_labels_of_whole_pictures_is_refused(tmp_path: Path) -> None:
    assert refused(draw_classes(tmp_path, 8)) == (
        "a detector needs boxes, and these labels are of whole pictures\n"
        "  hint: train a classifier: cvdata train classifier SRC"
    )


def test_a_classifier_of_one_class_is_refused(tmp_path: Path) -> None:
    assert refused(of_one_class(draw_classes(tmp_path, 12)), "classifier") == (
        "everything is of one class, 'square', so there is nothing to tell apart\n"
        "  hint: give a dataset of two classes or more"
    )


def test_validation_pictures_without_an_object_are_refused(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    bare = keep_annotations(dataset, np.flatnonzero(dataset.annotations.image < 6))
    state = np.where(bare.images.state == State.UNLABELLED, State.EMPTY, bare.images.state).astype(np.uint8)

    assert refused(replace(bare, images=replace(bare.images, state=state))) == (
        "there is no object in the pictures to validate with\n  hint: divide the dataset anew: cvdata split"
    )


def test_a_split_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no split 'vall'\n  hint: did you mean 'val'"):
        prepared(draw_shapes(tmp_path, 4, 64), val="vall")


def test_nothing_to_validate_with_is_refused(tmp_path: Path) -> None:
    dataset = with_split(draw_shapes(tmp_path, 4, 64), (), [-1] * 4)

    with pytest.raises(UsageError, match="there is no split to validate with, and --hold-out 0 makes none"):
        prepared(dataset, hold_out=0)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("mask-rcnn", "mask-rcnn learns the mask of each object, and these labels are boxes alone"),
        ("keypoint-rcnn", "keypoint-rcnn learns keypoints, and these labels have none"),
    ],
)
def test_an_architecture_that_learns_more_than_there_is_is_refused(
    tmp_path: Path, architecture: str, message: str
) -> None:
    dataset = without_outlines(draw_shapes(tmp_path, 4, 64))

    with pytest.raises(TrainingError, match=message):
        prepare(Source(dataset=dataset), TrainSettings(task="detector", architecture=architecture))


def test_classes_of_different_skeletons_are_refused(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 6, 64)
    classes = dataset.categories
    points = (("top",), ("top", "left", "right"), ("top", "left", "right"))
    table = dataset.annotations
    rows = [
        table.keypoints[row].tolist()[: 1 if table.category[row] == 0 else 3] if table.keypoints is not None else []
        for row in range(len(table))
    ]
    changed = replace(
        dataset,
        annotations=replace(table, keypoints=Ragged.of(rows, np.float64)),
        categories=replace(classes, keypoints=points, skeleton=None),
    )

    with pytest.raises(TrainingError, match="'square' 1, 'disc' 3, 'triangle' 3"):
        prepare(Source(dataset=changed), TrainSettings(task="detector", architecture="keypoint-rcnn"))
