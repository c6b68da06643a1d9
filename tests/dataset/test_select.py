from __future__ import annotations

import numpy as np

from cvdata.dataset import State
from cvdata.dataset.select import keep_annotations, keep_classes, keep_images

from ..tiny import tiny


def test_a_picture_without_the_kept_classes_is_empty_and_not_unlabelled() -> None:
    kept = keep_classes(tiny(), [3])

    states = dict(zip(kept.images.names, kept.images.state.tolist(), strict=True))
    assert kept.categories.names == ("person",)
    assert states["street.jpg"] == State.EMPTY
    assert states["rooms/two words é.png"] == State.LABELLED
    assert states["new.jpg"] == State.UNLABELLED


def test_classes_come_in_the_order_asked_for() -> None:
    kept = keep_classes(tiny(), [3, 0])

    assert kept.categories.names == ("person", "cat")
    assert {row.category for row in kept.rows()} == {"person", "cat"}


def test_a_picture_whose_annotations_are_taken_away_is_not_known_to_be_empty() -> None:
    dataset = tiny()

    kept = keep_annotations(dataset, np.flatnonzero(dataset.annotations.image != 0))

    assert kept.images.state[0] == State.UNLABELLED
    assert len(kept.images) == len(dataset.images)


def test_kept_pictures_keep_their_annotations() -> None:
    dataset = tiny()

    kept = keep_images(dataset, np.array([1, 5]))

    assert kept.images.names == ("rooms/two words é.png", "UPPER.JPG")
    assert [row.image for row in kept.rows()] == ["rooms/two words é.png"] * 2 + ["UPPER.JPG"] * 2
