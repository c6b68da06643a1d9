"""What is wrong or worth knowing about the second of two models says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Dataset, Ragged
from cvdata.errors import EvaluationError
from cvdata.evaluate.pixels import evaluate_pixels
from cvdata.evaluate.report import EvalReport, Names
from cvdata.evaluate.run import evaluate
from cvdata.evaluate.settings import EvalSettings
from tests.evaluate.classifiers_made import FOUND, TRUTH, labelled
from tests.evaluate.drawn import hand, pair_of
from tests.evaluate.label_maps_made import write_maps

SETTINGS = EvalSettings(resamples=100)
NAMES = Names(second="b.json")


def _of_rows(dataset: Dataset, count: int) -> Dataset:
    """Return a dataset with the first annotations alone, and without pictures that have none of them."""
    table = dataset.annotations.take(np.arange(count))
    images = dataset.images.take(np.unique(table.image).astype(np.int64))
    return replace(dataset, images=images, annotations=table)


def _notes(report: EvalReport) -> list[str]:
    return [finding.message for finding in report.findings]


def test_pictures_that_the_second_model_lacks_are_told_as_its_own() -> None:
    boxes = [(row, 0, (0.0, 0.0, 9.0, 9.0)) for row in range(12)]
    pair = hand(boxes, [(*box, 0.5) for box in boxes])

    report = evaluate(pair.truth, pair.found, SETTINGS, second=_of_rows(pair.found, 7), names=NAMES).report

    assert _notes(report) == ["SECOND lacks 5 pictures with objects, which count as missed"]


def test_pictures_that_a_second_classifier_lacks_are_told_as_its_own() -> None:
    truth, found = labelled(10, 3, TRUTH), labelled(10, 3, FOUND)

    notes = _notes(evaluate(truth, found, SETTINGS, second=_of_rows(found, 6), names=NAMES).report)

    assert "SECOND lacks 4 pictures with objects, which count as missed" in notes


def test_scores_above_one_of_the_second_model_are_told_as_its_own() -> None:
    pair = pair_of(0, images=4, objects=20, detections=20)
    table = pair.found.annotations
    logits = replace(pair.found, annotations=replace(table, score=pair.score + 2))

    (note,) = _notes(evaluate(pair.truth, pair.found, SETTINGS, second=logits, names=NAMES).report)

    assert note.startswith(f"SECOND: {len(table)} scores above 1")


def test_what_is_said_of_the_truth_is_said_once() -> None:
    boxes = [(row, 0, (0.0, 0.0, 9.0, 9.0)) for row in range(12)]
    pair = hand(boxes, [(*box, 0.5) for box in boxes])
    states = np.append(np.zeros(2, np.uint8), pair.truth.images.state[2:])
    truth = replace(pair.truth, images=replace(pair.truth.images, state=states))

    notes = _notes(evaluate(truth, pair.found, SETTINGS, second=pair.found, names=NAMES).report)

    assert notes == ["left out: 2 pictures of the truth that nobody labelled"]


def test_an_error_in_the_second_model_names_its_file() -> None:
    pair = pair_of(0, images=4, objects=20, detections=20)
    bare = replace(pair.found, annotations=replace(pair.found.annotations, score=None))

    with pytest.raises(EvaluationError, match=r"^b\.json: FOUND has no scores"):
        evaluate(pair.truth, pair.found, SETTINGS, second=bare, names=NAMES)


def test_a_second_model_without_keypoints_is_named() -> None:
    pair = pair_of(0, images=4, objects=20, detections=20)

    def with_points(dataset: Dataset) -> Dataset:
        count = len(dataset.annotations)
        points = Ragged(np.tile([[1.0, 1.0, 2.0]], (count, 1)), np.arange(count + 1))
        return replace(dataset, annotations=replace(dataset.annotations, keypoints=points))

    with pytest.raises(EvaluationError, match=r"^b\.json: the detections have no keypoints"):
        evaluate(with_points(pair.truth), with_points(pair.found), SETTINGS, second=pair.found, names=NAMES)


def test_maps_that_the_second_model_lacks_are_refused_with_its_name(tmp_path: Path) -> None:
    maps = {"a.png": [[0, 1]], "b.png": [[1, 0]]}
    truth, found = write_maps(tmp_path / "truth", maps), write_maps(tmp_path / "found", maps)
    second = write_maps(tmp_path / "other", {"a.png": [[0, 1]]})

    with pytest.raises(EvaluationError, match="other: 1 of 2 pictures of the truth are not in FOUND"):
        evaluate_pixels(truth, found, SETTINGS, second=second)


def test_void_of_the_second_model_is_told_as_its_own(tmp_path: Path) -> None:
    truth = write_maps(tmp_path / "truth", {"a.png": [[0, 1, 2]]})
    found = write_maps(tmp_path / "found", {"a.png": [[0, 1, 255]]})

    report = evaluate_pixels(truth, found, SETTINGS, second=found, classes=("sky", "tree", "road"))

    assert _notes(report) == [
        "FOUND leaves 1 pixel void that is of a class and counts as missed",
        "SECOND leaves 1 pixel void that is of a class and counts as missed",
    ]
