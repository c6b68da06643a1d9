"""ONNX files of which nobody can tell what they take or give, and files that give what makes no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from cvdata.errors import FormatError, ModelError, UsageError
from cvdata.prelabel.predictors.family import ModelOptions, family_of, load_model

from .onnx_files import answering

GREY = np.full((32, 32, 3), 128, np.uint8)
TWO = {"names": "['a', 'b']", "stride": "32"}


def raw(**changes: float) -> NDArray[np.float32]:
    """Return YOLOv8's raw output for two classes, one box of which has changed numbers."""
    box = {"x": 16.0, "y": 16.0, "w": 8.0, "h": 8.0, "a": 0.9, "b": 0.1} | changes
    values = np.zeros((1, 6, 60), np.float32)
    values[0, :, 0] = list(box.values())
    return values


def load(path: Path, **options: Any) -> Any:
    return load_model(str(path), ModelOptions(device="cpu", score=0.25, **options))


def test_a_path_that_ends_in_onnx_is_one_of_its_models_and_a_missing_one_says_so(tmp_path: Path) -> None:
    path = tmp_path / "Yolo.ONNX"

    assert family_of(str(path))[0].NAME == "onnx"
    with pytest.raises(UsageError, match="does not exist"):
        load(path)


def test_a_file_that_does_not_name_its_classes_shows_what_to_write(tmp_path: Path) -> None:
    path = answering(tmp_path / "y.onnx", {"output0": raw()})

    with pytest.raises(ModelError) as caught:
        load(path)

    assert "does not say how its 2 classes are called (it looks like yolo-v8)" in str(caught.value)
    assert "write y.yaml beside it" in str(caught.value) and "classes: [person, car]" in str(caught.value)
    (tmp_path / "y.yaml").write_text("classes: [person, car]\n")
    assert load(path).spec.classes == ("person", "car")


def test_outputs_that_nobody_knows_are_listed_with_the_layout_file_to_write(tmp_path: Path) -> None:
    path = answering(tmp_path / "odd.onnx", {"odd": np.zeros((1, 2, 3, 4, 5), np.float32)}, says=TWO)

    with pytest.raises(ModelError) as caught:
        load(path)

    assert "nobody can tell what its outputs are: odd [1, 2, 3, 4, 5]" in str(caught.value)
    assert "output: {layout: yolo-v8}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": float("nan")}, "it gives main that are no numbers"),
        ({"x": float("inf")}, "it gives main that are no numbers"),
        ({"a": 7.5}, r"it gives scores from 0 to 7\.5, expected 0 to 1"),
    ],
)
def test_outputs_that_make_no_sense_are_an_error_not_boxes(
    tmp_path: Path, changes: dict[str, float], message: str
) -> None:
    predictor = load(answering(tmp_path / "y.onnx", {"output0": raw(**changes)}, says=TWO))

    with pytest.raises(ModelError, match=message):
        predictor.find([GREY])


def test_classes_beyond_those_that_are_named_are_an_error(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = (4, 4, 8, 8, 0.9, 2)
    predictor = load(answering(tmp_path / "y.onnx", {"output0": rows}, says=TWO))

    with pytest.raises(ModelError, match="it gives classes beyond its 2"):
        predictor.find([GREY])


def test_more_names_than_the_outputs_have_room_for_are_refused(tmp_path: Path) -> None:
    path = answering(tmp_path / "net.onnx", {"out": np.zeros((1, 2), np.float32)}, says={"names": "['a', 'b', 'c']"})

    with pytest.raises(ModelError, match="3 classes are named, and its outputs have 2"):
        load(path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("['a', 'a']", "the class 'a' stands there twice"),
        ("__import__('os').system('true')", "does not say how its 2 classes are called"),
        ("{0: 'a', 2: 'b'}", "does not say how its 2 classes are called"),
        ("[" * 5000, "does not say how its 2 classes are called"),
        ("['a', 1]", "does not say how its 2 classes are called"),
    ],
    ids=["twice", "code", "a gap", "deep", "a number"],
)
def test_names_of_the_metadata_are_read_and_never_run(tmp_path: Path, names: str, message: str) -> None:
    path = answering(tmp_path / "y.onnx", {"output0": raw()}, says={"names": names, "stride": "32"})

    with pytest.raises(ModelError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"shape": (1, 1, 32, 32)}, "takes pictures of 1 channels, expected 3"),
        ({"shape": (4, 3, 32, 32)}, "takes 4 pictures at once, expected one"),
        ({"shape": (3, 32)}, r"its input is float32 \[3, 32\], expected a picture"),
        ({"kind": TensorProto.INT64}, r"its input is int64 \[1, 3, 32, 32\], expected a picture"),
        ({"inputs": 2}, r"takes 2 inputs \(images, images1\), expected one"),
    ],
)
def test_inputs_that_are_no_picture_are_refused(tmp_path: Path, more: dict[str, Any], message: str) -> None:
    path = answering(tmp_path / "y.onnx", {"output0": raw()}, says=TWO, **more)

    with pytest.raises(ModelError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("clases: [a, b]", UsageError, "unknown field `clases`"),
        ("input: {size: [64, 64]}", UsageError, r"input\.size is \[64, 64\], and the file takes \[32, 32\] alone"),
        ("input: {size: [0, 64]}", UsageError, r"y\.yaml: input\.size: is out of its range"),
        ("input: {fit: centre}", UsageError, "Invalid enum value 'centre'"),
        ("input: {fit: crop}", UsageError, "fit: crop is for classifiers"),
        ("nms_iou: 70", UsageError, "nms_iou: is out of its range"),
        ("classes: {1: a, 2: b}", UsageError, "has numbers that are not 0, 1, 2"),
        ("output: {names: {main: output}}", UsageError, "output.names.main: the file has no output 'output'"),
        ("output: {activation: softmax}", UsageError, "the layout yolo-v8 has probabilities already"),
        ("keypoints: [nose]", UsageError, "keypoints: 1 points are named, and the file has 2"),
        ("classes: &a [a, *a]", FormatError, "anchor"),
        ("[", FormatError, "not valid YAML"),
    ],
)
def test_a_layout_file_that_makes_no_sense_is_wrong_usage(
    tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    says = TWO | ({"kpt_shape": "[2, 3]"} if "keypoints" in text else {})
    path = answering(tmp_path / "y.onnx", {"output0": raw()}, says=says)
    (tmp_path / "y.yaml").write_text(text)

    with pytest.raises(error, match=message):
        load(path)


def test_rotated_boxes_are_refused_by_name(tmp_path: Path) -> None:
    path = answering(tmp_path / "y.onnx", {"output0": raw()}, says=TWO | {"task": "obb"})

    with pytest.raises(ModelError, match="finds rotated boxes, which are not taken"):
        load(path)


def test_a_broken_file_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a model at all")

    with pytest.raises(ModelError, match="not ONNX, or is cut off"):
        load(tmp_path / "x.onnx")
