"""What stands in an exported file before and after the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.errors import ModelError
from cvdata.models.batch import Found
from cvdata.models.columns import to_columns
from cvdata.models.export.graph import Deployed
from cvdata.models.export.metadata import metadata_of
from cvdata.models.export.onnx_predictor import OnnxPredictor
from cvdata.models.export.resizing import weights
from cvdata.models.export.tracing import trace
from cvdata.models.letterbox import letterbox
from cvdata.models.networks.network import Network

from .tiny_networks import Echo, OnlyFinds, RedFinder, spec_of

SIZE = (24, 32)


def session_of(network: Network, *, score: float = 0.05, most: int = 100) -> OnnxPredictor:
    """Return a network as an exported file in onnxruntime."""
    texts = metadata_of(network.spec, run="tiny", weights="0" * 64, score=score, most=most)
    data = trace(network.eval(), score=score, most=most, opset=17, metadata=texts)
    return OnnxPredictor.of_bytes(data, Path("tiny.onnx"), device="cpu")


@pytest.fixture(scope="module")
def echo() -> Any:
    """Return a function that gives the pixels which reach the network inside an exported file."""
    import onnxruntime

    spec = spec_of("classifier", SIZE)
    texts = metadata_of(spec, run="tiny", weights="0" * 64, score=0.5, most=1)
    data = trace(Echo(spec).eval(), score=0.5, most=1, opset=17, metadata=texts)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])

    def pixels(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        values: NDArray[np.float32] = session.run(None, {"image": picture})[0]
        return np.moveaxis(values.reshape(3, *SIZE), 0, 2)

    return pixels


def noise(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=60)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 99))
def test_the_file_shrinks_a_picture_to_the_very_pixels_of_training(
    echo: Any, height: int, width: int, seed: int
) -> None:
    picture = noise(height, width, seed)

    assert (echo(picture) == letterbox(picture, SIZE)).all()


@pytest.mark.parametrize(("height", "width"), [(24, 32), (1, 1), (700, 2), (3, 900), (600, 800), (23, 32)])
def test_pictures_of_odd_shapes_reach_the_network_as_in_training(echo: Any, height: int, width: int) -> None:
    picture = noise(height, width, 1)

    assert (echo(picture) == letterbox(picture, SIZE)).all()


def test_weights_are_a_triangle_over_the_old_pixels() -> None:
    # Six pixels become two: a new pixel is three old ones wide, so the triangle around 1.5 reaches from -1.5 to 4.5.
    # Its heights at the middles 0.5, 1.5, 2.5 and 3.5 are 2/3, 1, 2/3 and 1/3.
    shares = weights(torch.tensor(6), torch.tensor(2))

    expected = [[2 / 8, 3 / 8, 2 / 8, 1 / 8, 0, 0], [0, 0, 1 / 8, 2 / 8, 3 / 8, 2 / 8]]
    assert np.allclose(shares.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(40, 60), (96, 20), (24, 32), (11, 13)])
def test_boxes_come_back_in_the_pixels_of_the_picture(shape: tuple[int, int]) -> None:
    network = RedFinder(SIZE).eval()
    picture = np.full((*shape, 3), 120, np.uint8)
    picture[: shape[0] // 2, shape[1] // 2 :] = (255, 0, 0)

    found = session_of(network).find([picture])

    boxed = torch.from_numpy(letterbox(picture, SIZE)).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = to_columns(network.found(boxed), np.array([shape[1]]), np.array([shape[0]]), network.spec)
    assert found.box is not None and expected.box is not None and found.label is not None
    assert len(found.box) > 0
    assert np.allclose(found.box, expected.box, atol=1e-4)
    assert found.label.tolist() == (expected.label if expected.label is not None else np.empty(0)).tolist()


def test_a_picture_without_anything_gives_no_boxes() -> None:
    found = session_of(RedFinder(SIZE)).find([np.full((50, 70, 3), 9, np.uint8)])

    assert found.box is not None and found.score is not None
    assert (found.images, found.box.shape, found.score.shape) == (1, (0, 4), (0,))


def test_unsure_detections_and_those_beyond_the_most_stay_in_the_file() -> None:
    picture = np.full((24, 32, 3), 100, np.uint8)
    for place, red in enumerate((255, 220, 180, 140)):
        picture[:4, 8 * place : 8 * place + 4] = (red, 0, 0)
    # A red of 255, 220, 180, 140 over no green and blue has the scores 1, 0.86, 0.71, 0.55.
    surest = session_of(RedFinder(SIZE), score=0.6, most=2).find([picture])
    sure = session_of(RedFinder(SIZE), score=0.6).find([picture])

    assert surest.score is not None and sure.score is not None
    assert np.allclose(surest.score, [1, 220 / 255], atol=1e-6)
    assert np.allclose(sure.score, [1, 220 / 255, 180 / 255], atol=1e-6)


def test_maps_of_classes_come_back_at_the_size_of_the_picture() -> None:
    class Halves(OnlyFinds):
        def found(self, images: torch.Tensor) -> Found:
            red = images[:, :1].float() / 255
            return Found(pixels=torch.cat([1 - red, red], dim=1))

    network = Halves(spec_of("segmenter", SIZE, ("dark", "red")))
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:, 40:] = (255, 0, 0)

    found = session_of(network).find([picture])

    assert found.maps is not None
    assert found.maps[0].shape == (60, 100)
    assert not found.maps[0][:, :38].any()
    assert found.maps[0][:, 42:].all()


def test_an_operation_that_onnx_does_not_have_is_named() -> None:
    class Sorted(OnlyFinds):
        def found(self, images: torch.Tensor) -> Found:
            return Found(scores=torch.sort(images.float().reshape(1, -1), stable=True).values)

    with pytest.raises(ModelError, match=r"tiny cannot be exported to ONNX: .*Sort"):
        session_of(Sorted(spec_of("classifier", SIZE)))


def test_the_wrapper_gives_in_torch_what_the_file_gives() -> None:
    picture = noise(50, 41, 3)
    network = RedFinder(SIZE).eval()

    with torch.no_grad():
        boxes, scores, labels = Deployed(network, score=0.05, most=9)(torch.from_numpy(picture))

    given_ = session_of(network, most=9).outputs(picture)
    assert np.allclose(given_["boxes"], boxes.numpy(), atol=1e-5)
    assert np.allclose(given_["scores"], scores.numpy(), atol=1e-6)
    assert given_["labels"].tolist() == labels.tolist()
