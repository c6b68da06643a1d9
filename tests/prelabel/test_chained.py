"""Two stages: a detector finds boxes, and a classifier says what is in each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.prelabel.looking.chained import Chained

from .detections import Says, classifier, detections, detector, picture, rows_of


class Reds:
    """A classifier: the redder what it sees, the more it is a `hot`.

    Attributes:
        seen: sizes (width, height) of what it was shown, lot by lot.
    """

    def __init__(self, crop_margin: float | None = None) -> None:
        self.spec = classifier("cold", "hot", "none", crop_margin=crop_margin)
        self.name, self.sha256 = "reds", "22" * 32
        self.seen: list[list[tuple[int, int]]] = []

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        self.seen.append([(one.shape[1], one.shape[0]) for one in pictures])
        hot = np.array([one[..., 0].mean() / 255 for one in pictures])
        return Columns(images=len(pictures), scores=np.stack([1 - hot, hot, 0 * hot], axis=1))


def half_red() -> NDArray[np.uint8]:
    """A picture of 40 x 30 whose right half is red."""
    one = picture(40, 30)
    one[:, 20:, 0] = 255
    return one


def test_the_classifier_names_the_boxes_and_both_say_how_sure() -> None:
    found = detections((0, 0, 0.5, [0, 0, 10, 10]), (0, 1, 0.4, [15, 0, 20, 10]))

    named = Chained(Says(found), Reds()).find([half_red()])

    # 0.5 * 1.0 cold; 0.4 * 0.75 hot, as three quarters of the second box are red
    assert rows_of(named) == [(0, 0, 0.5, [0, 0, 10, 10]), (0, 1, 0.3, [15, 0, 20, 10])]


def test_the_surest_come_first_by_what_both_say() -> None:
    # 0.9 * 0.5 is less than 0.8 * 1
    found = detections((0, 0, 0.9, [15, 0, 10, 10]), (0, 0, 0.8, [0, 0, 10, 10]))

    named = Chained(Says(found), Reds()).find([half_red()])

    assert [row[2] for row in rows_of(named)] == [0.8, 0.45]


def test_boxes_are_cut_out_with_the_margin_that_the_classifier_learnt() -> None:
    found = detections((0, 0, 0.9, [10, 10, 10, 10]))
    learnt, told = Reds(crop_margin=0.2), Reds(crop_margin=0.2)

    Chained(Says(found), learnt).find([half_red()])
    Chained(Says(found), told, margin=0.0).find([half_red()])

    assert learnt.seen == [[(14, 14)]] and told.seen == [[(10, 10)]]


def test_nobody_names_what_is_not_sure_enough() -> None:
    found = detections((0, 0, 0.9, [0, 0, 10, 10]), (0, 0, 0.1, [5, 5, 10, 10]))
    reds = Reds()

    named = Chained(Says(found), reds, least=0.2).find([half_red()])

    assert reds.seen == [[(10, 10)]] and len(rows_of(named)) == 1


def test_where_the_detector_says_nothing_of_how_sure_it_is_the_probability_stands_alone() -> None:
    found = detections((0, 0, float("nan"), [15, 0, 20, 10]))

    named = Chained(Says(found), Reds(), least=0.2).find([half_red()])

    assert rows_of(named) == [(0, 1, 0.75, [15, 0, 20, 10])]


def test_boxes_are_looked_at_in_lots_of_one_picture() -> None:
    box = [0.0, 0.0, 10.0, 10.0]
    found = detections(*[(owner, 0, 0.9, box) for owner in (0, 0, 0, 2)], images=3)
    reds = Reds()

    named = Chained(Says(found), reds, batch=2).find([half_red()] * 3)

    assert [len(lot) for lot in reds.seen] == [2, 1, 1]
    assert [row[0] for row in rows_of(named)] == [0, 0, 0, 2] and named.images == 3


def test_a_picture_with_nothing_in_it_needs_no_second_look() -> None:
    reds = Reds()

    named = Chained(Says(detections(images=2)), reds).find([half_red()] * 2)

    assert reds.seen == [] and rows_of(named) == [] and named.images == 2


def test_it_is_a_detector_with_the_classes_of_the_classifier() -> None:
    chained = Chained(Says(detections(), detector(masks=True), "finds", "11" * 32), Reds())

    assert chained.spec.task == "detector" and chained.spec.classes == ("cold", "hot", "none") and chained.spec.masks
    assert chained.name == "finds + reds"
    assert chained.sha256 == hashlib.sha256(("11" * 32 + "22" * 32).encode()).hexdigest()


def test_stages_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match="the first stage is a classifier, expected a detector"):
        Chained(Reds(), Reds())
    with pytest.raises(UsageError, match="the second stage is a detector, expected a classifier"):
        Chained(Says(detections()), Says(detections()))
