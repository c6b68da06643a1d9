"""ONNX files of other layouts: torchvision's, DETR's, classifiers, segmenters, and what a layout file says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto
from PIL import Image
from torch import Tensor, nn

from cvdata.dataset.rle import to_mask
from cvdata.models.predictor import Predictor
from cvdata.prelabel.predictors.family import ModelOptions, load_model

from .onnx_files import answering, exported

GREY = np.full((32, 32, 3), 128, np.uint8)
WIDE = np.full((32, 64, 3), 128, np.uint8)


def loaded(path: Path, score: float = 0.25, **more: str) -> Predictor:
    model = load_model(str(path), ModelOptions(device="cpu", score=score, **more))  # type: ignore[arg-type]
    assert not hasattr(model, "outline")
    return model


def test_torchvisions_numbers_count_from_one_and_its_boxes_are_in_the_picture(tmp_path: Path) -> None:
    masks = np.zeros((2, 1, 32, 64), np.float32)
    masks[0, 0, 2:6, 10:20] = 0.9
    masks[1] = 0.6
    outputs: dict[str, NDArray[Any]] = {
        "boxes": np.array([(10, 2, 20, 6), (0, 0, 64, 32)], np.float32),
        "labels": np.array([2, 1], np.int64),
        "scores": np.array([0.5, 0.75], np.float32),
        "masks": masks,
    }
    path = answering(tmp_path / "rcnn.onnx", outputs, shape=(3, "height", "width"))
    (tmp_path / "rcnn.yaml").write_text("classes: [__background__, cat, dog]\n")

    predictor = loaded(path)
    found = predictor.find([WIDE])

    assert (predictor.spec.classes, predictor.spec.architecture) == (("cat", "dog"), "onnx-torchvision")
    assert found.box is not None and found.label is not None and found.masks is not None
    assert found.label.tolist() == [0, 1]
    assert found.box.tolist() == [[0, 0, 64, 32], [10, 2, 10, 4]]
    assert to_mask(found.masks[1], 32, 64).sum() == 40


def test_torchvisions_outputs_are_known_by_their_shapes_where_they_are_numbered(tmp_path: Path) -> None:
    outputs: dict[str, NDArray[Any]] = {
        "3342": np.array([(1, 2, 20, 6)], np.float32),
        "3345": np.array([0], np.int64),
        "3343": np.array([0.5], np.float32),
    }
    path = answering(tmp_path / "ssd.onnx", outputs, shape=(1, 3, 32, 64), says={"names": '{"0": "cat"}'})

    found = loaded(path).find([WIDE])

    assert found.box is not None and found.box.tolist() == [[1, 2, 19, 4]]


def test_torchvisions_points_keep_their_names(tmp_path: Path) -> None:
    outputs: dict[str, NDArray[Any]] = {
        "boxes": np.array([(10, 2, 20, 6)], np.float32),
        "labels": np.array([1], np.int64),
        "scores": np.array([0.5], np.float32),
        "keypoints": np.array([[(11, 3, 1), (90, 4, 1)]], np.float32),
    }
    path = answering(tmp_path / "k.onnx", outputs, shape=(3, "height", "width"))
    (tmp_path / "k.yaml").write_text("classes: [__background__, fish]\nkeypoints: [nose, tail]\n")

    predictor = loaded(path)
    found = predictor.find([WIDE])

    assert predictor.spec.keypoints == ("nose", "tail")
    assert found.keypoints is not None and found.keypoints.tolist() == [[[11, 3, 1], [64, 4, 1]]]


@pytest.mark.parametrize(("spare", "score"), [(1, 1 / (1 + np.exp(-4) + np.exp(-4))), (0, 1 / (1 + np.exp(-2)))])
def test_detrs_boxes_are_shares_of_the_sides(tmp_path: Path, spare: int, score: float) -> None:
    logits = np.full((1, 5, 2 + spare), -2, np.float32)
    logits[0, 3, 1] = 2
    boxes = np.full((1, 5, 4), 0.5, np.float32)
    boxes[0, 3] = (0.5, 0.25, 0.5, 0.5)
    outputs = {"logits": logits, "pred_boxes": boxes}
    path = answering(tmp_path / "detr.onnx", outputs, says={"names": "['cat', 'dog']"})

    found = loaded(path, 0.5).find([WIDE])

    assert found.box is not None and found.label is not None and found.score is not None
    assert (found.box.tolist(), found.label.tolist()) == ([[16, 0, 32, 16]], [1])
    assert found.score[0] == pytest.approx(score, abs=1e-6)


def test_a_classifier_gives_probabilities_of_its_logits(tmp_path: Path) -> None:
    path = answering(tmp_path / "net.onnx", {"out": np.array([[0, np.log(3)]], np.float32)})
    (tmp_path / "net.yaml").write_text("classes: {0: cat, 1: dog}\n")

    predictor = loaded(path)
    found = predictor.find([GREY, WIDE])

    assert (predictor.spec.task, predictor.spec.architecture) == ("classifier", "onnx-logits")
    assert found.scores is not None and np.allclose(found.scores, [[0.25, 0.75]] * 2)


def test_what_comes_from_softmax_is_probabilities_already(tmp_path: Path) -> None:
    outputs = {"out": np.log(np.array([[0.2, 0.8]], np.float32))}
    path = answering(tmp_path / "net.onnx", outputs, last="Softmax", says={"names": "['cat', 'dog']"})

    predictor = loaded(path)
    found = predictor.find([GREY])

    assert predictor.spec.architecture == "onnx-probabilities"
    assert found.scores is not None and np.allclose(found.scores, [[0.2, 0.8]])


def test_a_segmenter_gives_each_pixel_its_likeliest_class(tmp_path: Path) -> None:
    planes = np.zeros((1, 2, 8, 8), np.float32)
    planes[0, 0, :, :4] = planes[0, 1, :, 4:] = 5
    path = answering(tmp_path / "seg.onnx", {"out": planes}, says={"names": "['ground', 'road']"})

    predictor = loaded(path)
    found = predictor.find([WIDE])

    assert predictor.spec.task == "segmenter"
    assert found.maps is not None and found.maps[0].shape == (32, 64)
    assert (found.maps[0][:, :32] == 0).all() and (found.maps[0][:, 32:] == 1).all()


def test_one_channel_is_of_two_classes_where_a_layout_file_says_so(tmp_path: Path) -> None:
    plane = np.full((1, 1, 32, 32), -3, np.float32)
    plane[..., 16:] = 3
    path = answering(tmp_path / "unet.onnx", {"out": plane})
    (tmp_path / "unet.yaml").write_text(
        "classes: [ground, cell]\noutput: {layout: pixels, activation: sigmoid, names: {main: out}}\n"
    )

    found = loaded(path).find([GREY])

    assert found.maps is not None and found.maps[0][0].tolist() == [0] * 16 + [1] * 16


class Mean(nn.Module):
    """Gives the mean of each channel as it goes in, as a classifier would its logits."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input: {scale: 1.0, mean: [0, 0, 0], std: [1, 1, 1]}", (50, 100, 200)),
        ("input: {scale: 1.0, mean: [0, 0, 0], std: [1, 1, 1], channels: bgr}", (200, 100, 50)),
        ("input: {scale: 1, mean: [0, 50, 100], std: [1, 2, 4]}", (50, 25, 25)),
        ("input: {mean: [0, 0, 0], std: [1, 1, 1]}", (50 / 255, 100 / 255, 200 / 255)),
        (
            "{}",
            tuple(
                (v / 255 - m) / s
                for v, m, s in zip((50, 100, 200), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)
            ),
        ),
    ],
    ids=["bytes", "bgr", "normalised", "plain", "usual"],
)
def test_a_layout_file_says_what_goes_in(tmp_path: Path, text: str, expected: tuple[float, ...]) -> None:
    path = exported(Mean(), tmp_path / "mean.onnx", (8, 8), ["out"])
    body = "" if text == "{}" else text
    (tmp_path / "given.yaml").write_text(f"classes: [r, g, b]\n{body}\n")
    picture = np.full((20, 30, 3), (50, 100, 200), np.uint8)

    found = loaded(path, layout=str(tmp_path / "given.yaml")).find([picture])

    powers = np.exp(np.array(expected) - max(expected))
    assert found.scores is not None and np.allclose(found.scores[0], powers / powers.sum(), atol=1e-5)


def test_bytes_in_rows_go_in_as_they_are(tmp_path: Path) -> None:
    outputs = {"out": np.array([[0.5, 0.5]], np.float32)}
    path = answering(tmp_path / "b.onnx", outputs, shape=(1, 16, 24, 3), kind=TensorProto.UINT8)
    (tmp_path / "b.yaml").write_text("classes: [yes, no]\noutput: {layout: probabilities}\n")

    predictor = loaded(path)

    assert (predictor.spec.size, predictor.spec.classes) == ((16, 24), ("yes", "no"))
    assert predictor.find([WIDE]).images == 1


def test_a_file_that_is_described_differently_is_another_model(tmp_path: Path) -> None:
    outputs = {"out": np.array([[0.5, 0.5]], np.float32)}
    path = answering(tmp_path / "net.onnx", outputs, says={"names": "['cat', 'dog']"})
    (tmp_path / "described.yaml").write_text("input: {channels: bgr}\n")
    (tmp_path / "empty.yaml").write_text("{}\n")

    hashes = [loaded(path, layout=str(tmp_path / name)).sha256 for name in ("described.yaml", "empty.yaml")]

    assert hashes[1] == loaded(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashes[0] != hashes[1]


@pytest.mark.parametrize(("last", "several"), [("Sigmoid", True), ("Softmax", False)])
def test_what_comes_from_a_sigmoid_may_have_several_labels(tmp_path: Path, last: str, several: bool) -> None:
    outputs = {"out": np.zeros((1, 2), np.float32)}
    path = answering(tmp_path / "net.onnx", outputs, last=last, says={"names": "['cat', 'dog']"})

    predictor = loaded(path)

    assert predictor.spec.several is several
    assert predictor.find([GREY]).scores is not None


@pytest.mark.slow
def test_a_file_that_cvdata_exported_finds_what_its_run_finds(tmp_path: Path) -> None:
    from cvdata.models.export.run import export_run

    from ...models.runs import CLASSIFIER, network_of, write_run

    run = write_run(tmp_path / "run", network_of(CLASSIFIER))
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    export_run(run, tmp_path / "net.onnx", pictures=[str(tmp_path / "a.png")])

    theirs, ours = loaded(run), loaded(tmp_path / "net.onnx")
    expected, found = theirs.find([picture]), ours.find([picture])

    assert ours.spec == theirs.spec
    assert found.scores is not None and expected.scores is not None
    assert np.allclose(found.scores, expected.scores, atol=1e-4)
