"""Exported files at work, and files that are something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from cvdata.errors import ModelError, UsageError
from cvdata.models.export.metadata import metadata_of
from cvdata.models.export.onnx_predictor import OnnxPredictor
from cvdata.models.export.outputs import problem_of
from cvdata.models.export.tracing import trace
from cvdata.models.predictor import load_predictor

from .tiny_networks import RedFinder, spec_of

Change = Callable[[onnx.ModelProto], None]


def red_finder(folder: Path, change: Change | None = None) -> Path:
    """Write an exported detector, changed before."""
    network = RedFinder((16, 16)).eval()
    texts = metadata_of(network.spec, run="tiny", weights="1" * 64, score=0.05, most=100)
    model = onnx.load_model_from_string(trace(network, score=0.05, most=100, opset=17, metadata=texts))
    if change is not None:
        change(model)
    path = folder / "red.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def set_text(model: onnx.ModelProto, key: str, value: str | None) -> None:
    texts = {p.key: p.value for p in model.metadata_props}
    del model.metadata_props[:]
    texts.pop(key)
    helper.set_model_props(model, texts if value is None else texts | {key: value})


def test_a_file_is_a_predictor_like_a_run(tmp_path: Path) -> None:
    path = red_finder(tmp_path)
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:8, 24:] = (255, 0, 0)

    predictor = load_predictor(path, device="cpu")
    found = predictor.find([np.zeros((9, 9, 3), np.uint8), picture])

    assert (predictor.name, predictor.spec.classes, len(predictor.sha256)) == ("red", ("left", "right"), 64)
    assert found.owner is not None and found.box is not None and found.label is not None
    # The picture is halved, so that the red corner of 8 x 8 pixels is one place of 4 x 4.
    assert (found.images, found.owner.tolist(), found.label.tolist()) == (2, [1], [1])
    assert np.allclose(found.box, [[24, 0, 8, 8]])


def test_the_metadata_names_classes_task_and_weights(tmp_path: Path) -> None:
    model = onnx.load(str(red_finder(tmp_path)))

    texts = {p.key: p.value for p in model.metadata_props}
    assert texts["names"] == '{"0":"left","1":"right"}'
    assert (texts["schema"], texts["task"], texts["weights_sha256"]) == ("cvdata/onnx/1", "detector", "1" * 64)
    assert (texts["score"], texts["most"]) == ("0.05", "100")


@pytest.mark.parametrize(
    "content", [b"", b"\x08\x07", b"not a model at all", b"\x80\x04pickle", b"\x00" * 100], ids=range(5)
)
def test_what_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)

    with pytest.raises(ModelError, match=r"x\.onnx: the file is not ONNX, or is cut off"):
        OnnxPredictor(tmp_path / "x.onnx")


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = red_finder(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(ModelError, match="not ONNX, or is cut off"):
        OnnxPredictor(path)


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ports[:1], ports[1:])
    (tmp_path / "x.onnx").write_bytes(helper.make_model(graph).SerializeToString())

    with pytest.raises(ModelError, match="does not say what its outputs are"):
        OnnxPredictor(tmp_path / "x.onnx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda model: set_text(model, "schema", "cvdata/onnx/2"), "schema is 'cvdata/onnx/2', expected"),
        (lambda model: set_text(model, "spec", None), "the spec cannot be read"),
        (lambda model: set_text(model, "spec", '{"task": "detector"}'), "the spec cannot be read"),
        (lambda model: set_text(model, "spec", _EMPTY), "the spec makes no sense"),
        (lambda model: setattr(model.graph.input[0], "name", "picture"), "onnxruntime cannot load it|not those of its"),
        (lambda model: model.graph.node.pop(), "onnxruntime cannot load it"),
    ],
    ids=["newer", "no spec", "half a spec", "no classes", "another input", "a node missing"],
)
def test_a_file_that_was_changed_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    path = red_finder(tmp_path, change)

    with pytest.raises(ModelError, match=message):
        OnnxPredictor(path)


_EMPTY = '{"task": "detector", "architecture": "a", "classes": [], "size": [8, 8]}'


def in_the_graph(model: onnx.ModelProto) -> None:
    tensor = helper.make_tensor("secret", TensorProto.FLOAT, [1], [0.0])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    model.graph.initializer.append(tensor)


def in_a_branch(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    tensor = inner.initializer.add()
    tensor.external_data.add(key="location", value="../secret.bin")
    model.graph.node.append(helper.make_node("If", ["a"], ["b"], then_branch=inner, else_branch=inner))


def in_a_constant(model: onnx.ModelProto) -> None:
    tensor = TensorProto(data_location=TensorProto.EXTERNAL)
    model.graph.node.append(helper.make_node("Constant", [], ["b"], value=tensor))


@pytest.mark.parametrize("change", [in_the_graph, in_a_branch, in_a_constant])
def test_a_file_that_points_to_other_files_is_refused(tmp_path: Path, change: Change) -> None:
    (tmp_path / "inner").mkdir()
    path = red_finder(tmp_path / "inner", change)

    with pytest.raises(ModelError, match="keeps weights in other files, which is not followed"):
        OnnxPredictor(path)


def test_classes_that_the_file_does_not_name_are_refused(tmp_path: Path) -> None:
    one_class = '{"task": "detector", "architecture": "a", "classes": ["left"], "size": [16, 16]}'
    path = red_finder(tmp_path, lambda model: set_text(model, "spec", one_class))
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, 12:] = (255, 0, 0)

    with pytest.raises(ModelError, match="it gives classes beyond its 1"):
        OnnxPredictor(path, device="cpu").find([picture])


def test_outputs_of_another_task_are_refused(tmp_path: Path) -> None:
    other = spec_of("segmenter", (16, 16), ("a", "b"))
    texts = metadata_of(other, run="x", weights="", score=0, most=1)
    path = red_finder(tmp_path, lambda model: set_text(model, "spec", texts["spec"]))

    with pytest.raises(ModelError, match="not those of its task, expected image and map"):
        OnnxPredictor(path)


def test_a_device_that_onnxruntime_does_not_have_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot use the device 'mps'"):
        OnnxPredictor(red_finder(tmp_path), device="mps")


def test_a_folder_or_nothing_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.onnx"):
        with pytest.raises(ModelError, match="cannot be read"):
            OnnxPredictor(path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.int64(3), r"labels as int64 \[\], expected int64 \[1\]"),
        (np.zeros(1, np.int32), r"labels as int32 \[1\], expected int64 \[1\]"),
    ],
    ids=["a single number", "other numbers"],
)
def test_outputs_of_another_shape_or_kind_are_named(labels: Any, message: str) -> None:
    problem = problem_of(spec_of("detector", (8, 8)), {"labels": np.asarray(labels)}, (8, 8, 3))

    assert re.fullmatch(message, problem or "")
