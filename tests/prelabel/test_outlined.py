"""Masks for what a detector found."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from cvdata.dataset import Ragged
from cvdata.prelabel.looking.outlined import Outlined

from .detections import Says, detections, picture, rows_of


class Counts:
    """An outliner whose masks tell what it was asked: the colour of the picture, and the box's x.

    Attributes:
        asked: number of boxes of each call.
    """

    name, sha256, architecture = "counts", "22" * 32, "counter"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def outline(self, picture: NDArray[np.uint8], box: NDArray[np.float64]) -> Ragged:
        self.asked.append(len(box))
        return Ragged.of([[int(picture[0, 0, 0]), int(x)] for x in box[:, 0]], np.uint32)


def test_each_box_gets_the_mask_of_its_own_picture() -> None:
    found = detections((0, 0, 0.9, [1, 0, 5, 5]), (2, 1, 0.8, [3, 0, 5, 5]), (2, 0, 0.7, [2, 0, 5, 5]), images=3)
    counts = Counts()

    outlined = Outlined(Says(found), counts).find([picture(value=value) for value in (10, 20, 30)])

    assert outlined.masks is not None
    assert [outlined.masks[row].tolist() for row in range(3)] == [[10, 1], [30, 3], [30, 2]]
    assert rows_of(outlined) == rows_of(found)
    assert counts.asked == [1, 2]  # of the picture in the middle there is nothing to ask


def test_nobody_outlines_what_is_not_sure_enough() -> None:
    found = detections((0, 0, 0.9, [1, 0, 5, 5]), (0, 0, 0.1, [2, 0, 5, 5]))
    counts = Counts()

    outlined = Outlined(Says(found), counts, least=0.2).find([picture()])

    assert counts.asked == [1] and len(rows_of(outlined)) == 1


def test_what_has_no_score_is_outlined_as_any() -> None:
    found = detections((0, 0, float("nan"), [1, 0, 5, 5]), (0, 0, 0.1, [2, 0, 5, 5]))
    counts = Counts()

    Outlined(Says(found), counts, least=0.2).find([picture()])

    assert counts.asked == [1]


def test_pictures_without_anything_have_no_masks() -> None:
    outlined = Outlined(Says(detections(images=2)), Counts()).find([picture(), picture()])

    assert outlined.masks is not None and len(outlined.masks) == 0


def test_it_is_the_detector_with_masks() -> None:
    outlined = Outlined(Says(detections(), name="finds", sha256="11" * 32), Counts())

    assert outlined.spec.masks and outlined.spec.classes == ("cat", "dog")
    assert outlined.spec.architecture == "told + counter" and outlined.name == "finds + counts"
    assert outlined.sha256 == hashlib.sha256(("11" * 32 + "22" * 32).encode()).hexdigest()
