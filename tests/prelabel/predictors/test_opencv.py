"""OpenCV's classical detectors, on drawn pictures and on real people."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.errors import MissingExtraError, UsageError
from cvdata.images.decode import decode
from cvdata.models.columns import Columns
from cvdata.models.predictor import Predictor
from cvdata.prelabel.predictors._opencv_finders import margin_scores, opencv_with
from cvdata.prelabel.predictors.family import ModelOptions, load_model
from cvdata.prelabel.predictors.opencv import CASCADES

PICTURES = "data/padilla_multiformat/data/database/images"


def finder(name: str) -> Predictor:
    model = load_model(f"opencv:{name}", ModelOptions())
    assert not hasattr(model, "outline")
    return model


def overlap(a: NDArray[np.float64], b: tuple[float, ...]) -> float:
    """Return the intersection over union of two boxes x, y, width, height."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    tall = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(tall, 0)
    return float(shared / (a[2] * a[3] + b[2] * b[3] - shared))


def boxes(found: Columns) -> NDArray[np.float64]:
    assert found.box is not None
    return found.box


@pytest.mark.parametrize("name", [*CASCADES, "people"])
def test_every_detector_of_the_package_is_ready_without_a_download(name: str) -> None:
    predictor = finder(name)
    found = predictor.find([np.full((90, 120, 3), 200, np.uint8), np.zeros((3, 2, 3), np.uint8)])

    assert (predictor.name, len(predictor.sha256), len(predictor.spec.classes)) == (f"opencv:{name}", 64, 1)
    assert (found.images, len(boxes(found))) == (2, 0)


def test_three_people_who_look_at_us_are_three_faces(shared: Path) -> None:
    picture = decode(str(shared / PICTURES / "2007_001430.jpg"))

    found = finder("faces").find([picture])

    assert found.score is not None
    # Looked at: the three heads, and nothing else.
    heads = [(158, 174, 44, 44), (220, 160, 46, 46), (286, 175, 50, 50)]
    assert [sum(overlap(box, head) > 0.8 for box in boxes(found)) for head in heads] == [1, 1, 1]
    assert len(boxes(found)) == 3
    assert (np.diff(found.score) <= 0).all() and found.score.min() > 0.7 and found.score.max() < 0.9


def test_two_people_who_stand_are_found_where_the_labels_have_them(shared: Path) -> None:
    from cvdata import load

    root = shared / "data/padilla_multiformat/data/database"
    dataset = load(root / "gts/pascalvoc_format", "voc", images=root / "images")
    row = dataset.images.names.index("2007_000793.jpg")
    truth = dataset.annotations.box[dataset.annotations.image == row]

    found = finder("people").find([decode(str(root / "images/2007_000793.jpg"))])

    assert [max(overlap(box, tuple(own)) for own in truth) > 0.5 for box in boxes(found)] == [True, True]


def test_the_same_picture_gives_the_same_boxes_on_any_number_of_threads(shared: Path) -> None:
    picture = decode(str(shared / PICTURES / "2007_001340.jpg"))
    predictor = finder("faces")
    before = cv2.getNumThreads()
    seen = []
    try:
        for threads in (1, 2, 4):
            cv2.setNumThreads(threads)
            found = predictor.find([picture])
            assert found.score is not None
            seen.append((boxes(found).tolist(), found.score.tolist()))
    finally:
        cv2.setNumThreads(before)

    assert seen[0][0] and all(one == seen[0] for one in seen)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_a_larger_margin_has_a_larger_score_below_one(margins: list[float]) -> None:
    scores = margin_scores(np.sort(np.array(margins)))

    assert (np.diff(scores) >= 0).all() and scores.min() >= 0 and scores.max() < 1


def test_scores_are_half_where_the_margin_is_one() -> None:
    assert margin_scores(np.array([-0.5, 0.0, 1.0, 3.0])).tolist() == [0.0, 0.0, 0.5, 0.75]


@pytest.mark.parametrize(
    ("name", "message"),
    [("face", "OpenCV has no detector 'face'"), ("", "OpenCV has several detectors, and none is named")],
)
def test_a_detector_that_is_not_there_is_wrong_usage_with_those_that_are(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_model(f"opencv:{name}", ModelOptions())

    assert "faces" in str(caught.value)


def test_weights_are_not_for_it() -> None:
    with pytest.raises(UsageError, match="--weights is not for OpenCV's detectors"):
        load_model("opencv:faces", ModelOptions(weights="best"))


def test_a_version_that_left_a_detector_out_is_named_with_the_cure() -> None:
    with pytest.raises(MissingExtraError, match="has no DescriptorOfOld: version 5 left the classical") as caught:
        opencv_with("DescriptorOfOld")

    assert "pip install 'opencv-python-headless>=4.9,<5'" in str(caught.value)
