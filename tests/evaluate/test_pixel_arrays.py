"""Label maps in memory have the figures of the same maps in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.pixels import evaluate_pixels
from cvdata.evaluate.pixels.arrays import Segmented, evaluate_segmented, meetings_of, pixel_metrics, segmented
from cvdata.evaluate.settings import EvalSettings

CLASSES = ("background", "cell", "wall")


def maps(seed: int, count: int = 5) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    return [
        rng.choice(np.array([0, 1, 2, 255], np.uint8), (20 + row, 30), p=[0.5, 0.3, 0.1, 0.1]) for row in range(count)
    ]


def held(truth: list[NDArray[np.uint8]], found: list[NDArray[np.uint8]]) -> Segmented:
    meetings = [meetings_of(a, b) for a, b in zip(truth, found, strict=True)]
    return segmented([f"{row}" for row in range(len(truth))], CLASSES, meetings)


def write(folder: Path, arrays: list[NDArray[np.uint8]]) -> Path:
    folder.mkdir()
    for row, values in enumerate(arrays):
        Image.fromarray(values).save(folder / f"{row}.png")
    return folder


def test_figures_are_those_of_the_same_maps_in_files(tmp_path: Path) -> None:
    truth, found, second = maps(0), maps(1), maps(2)
    settings = EvalSettings(resamples=200)

    report = evaluate_segmented(held(truth, found), settings, second=held(truth, second))

    files = [write(tmp_path / name, arrays) for name, arrays in (("t", truth), ("f", found), ("s", second))]
    expected = evaluate_pixels(files[0], files[1], settings, second=files[2], task="segmentation", classes=CLASSES)
    assert report.metrics == expected.metrics
    assert report.classes == expected.classes
    assert report.confusion == expected.confusion
    assert report.comparison is not None
    assert expected.comparison is not None
    assert report.comparison.metrics == expected.comparison.metrics
    assert [one.code for one in report.findings] == ["void-found"]


def test_by_hand() -> None:
    truth = np.array([[0, 0, 1, 1], [255, 255, 1, 2]], np.uint8)
    found = np.array([[0, 1, 1, 1], [0, 1, 255, 2]], np.uint8)

    figures = pixel_metrics(held([truth], [found]))

    # Of 6 pixels that count 4 are right: 1 of background, 2 of cell, 1 of wall.
    assert figures["pixel_accuracy"] == pytest.approx(4 / 6)
    # IoU: background 1 of 2; cell 2 of 3 + 1; wall 1 of 1.
    assert figures["mIoU"] == pytest.approx((1 / 2 + 2 / 4 + 1) / 3)


def test_void_alone_has_no_figures_and_no_report() -> None:
    nothing = held([np.full((4, 4), 255, np.uint8)], [np.zeros((4, 4), np.uint8)])

    assert pixel_metrics(nothing)["mIoU"] is None
    with pytest.raises(EvaluationError, match="every pixel of the truth is void"):
        evaluate_segmented(nothing)


def test_maps_of_two_sizes_are_refused_by_name() -> None:
    with pytest.raises(EvaluationError, match=r"the label map of 'a\.png' has 4 x 3 pixels, and what was found 4 x 4"):
        meetings_of(np.zeros((3, 4), np.uint8), np.zeros((4, 4), np.uint8), name="a.png")


def test_rules_of_objects_are_refused() -> None:
    with pytest.raises(UsageError, match="--protocol is for objects, not for maps of pixels"):
        evaluate_segmented(held(maps(0), maps(1)), EvalSettings(protocol="voc07"))
