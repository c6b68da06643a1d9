"""A model that calls things as the dataset does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cvdata.dataset import Ragged
from cvdata.models.columns import Columns
from cvdata.prelabel.looking.renamed import Renamed

from .detections import Says, classifier, detections, detector, picture, rows_of
from .exact_finder import ExactMaps

NAMES = ("animal", "person")


def rows(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def test_classes_get_their_new_numbers_and_what_is_left_out_goes() -> None:
    found = detections((0, 2, 0.9, [0, 0, 5, 5]), (0, 1, 0.8, [9, 0, 5, 5]), (1, 0, 0.7, [0, 0, 5, 5]), images=2)
    model = Says(found, detector("person", "chair", "dog"), "coco", "ab" * 32)

    renamed = Renamed(model, NAMES, rows(1, -1, 0))

    assert rows_of(renamed.find([picture()] * 2)) == [(0, 0, 0.9, [0, 0, 5, 5]), (1, 1, 0.7, [0, 0, 5, 5])]
    assert renamed.spec.classes == NAMES
    assert (renamed.name, renamed.sha256) == ("coco", "ab" * 32)


def test_an_object_that_was_found_as_two_classes_that_are_one_stands_once() -> None:
    # 10 x 10 and, a pixel further, 10 x 10: they share 90 of 110
    found = detections((0, 0, 0.6, [1, 0, 10, 10]), (0, 1, 0.9, [0, 0, 10, 10]), (0, 2, 0.5, [0, 0, 10, 10]))

    renamed = Renamed(Says(found, detector("cat", "dog", "man")), NAMES, rows(0, 0, 1)).find([picture()])

    assert rows_of(renamed) == [(0, 0, 0.9, [0, 0, 10, 10]), (0, 1, 0.5, [0, 0, 10, 10])]


def test_what_the_model_itself_took_for_two_stays_two() -> None:
    found = detections((0, 0, 0.9, [1, 0, 10, 10]), (0, 0, 0.6, [0, 0, 10, 10]))

    renamed = Renamed(Says(found, detector("cat", "dog", "man")), NAMES, rows(0, 0, 1)).find([picture()])

    assert len(rows_of(renamed)) == 2


def test_regions_without_scores_stay_as_they_are() -> None:
    found = detections((0, 0, float("nan"), [0, 0, 10, 10]), (0, 1, float("nan"), [0, 0, 10, 10]))
    found = replace(found, masks=Ragged.of([[0, 4], [4, 8]], np.uint32))

    renamed = Renamed(Says(found, detector("cat", "dog", "man")), NAMES, rows(0, 0, 1)).find([picture()])

    assert renamed.label is not None and renamed.label.tolist() == [0, 0]
    assert renamed.masks is not None and len(renamed.masks) == 2


def test_probabilities_of_classes_that_become_one_add_up() -> None:
    scores = Columns(images=1, scores=np.array([[0.25, 0.5, 0.125, 0.125]]))

    renamed = Renamed(Says(scores, classifier("cat", "man", "dog", "car")), NAMES, rows(0, 1, 0, -1)).find([picture()])

    assert renamed.scores is not None and renamed.scores.tolist() == [[0.375, 0.5]]


def test_of_several_labels_the_likelier_counts() -> None:
    scores = Columns(images=1, scores=np.array([[0.75, 0.5, 0.875]]))

    renamed = Renamed(
        Says(scores, classifier("cat", "man", "dog", several=True)), NAMES, rows(0, 1, 0)
    ).find([picture()])  # fmt: skip

    assert renamed.scores is not None and renamed.scores.tolist() == [[0.875, 0.5]]


def test_pixels_of_a_class_that_is_left_out_have_none() -> None:
    one = picture(4, 1)
    one[0, :, 0] = (0, 1, 2, 3)

    renamed = Renamed(ExactMaps(), ("ground", "animal"), rows(0, 1, -1, 1)).find([one])

    assert renamed.maps is not None and renamed.maps[0].tolist() == [[0, 1, 255, 1]]
