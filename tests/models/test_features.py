"""What networks say of whole pictures: worked out by hand, and which layer it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.errors import ModelError
from cvdata.models.features import content_mean, features_of
from cvdata.models.torch_predictor import find_with

from .runs import CLASSIFIER, DETECTOR, SEGMENTER, network_of
from .tiny_networks import Echo, TwoChannels


def test_features_with_places_are_their_mean_over_the_picture_without_the_grey_beside_it() -> None:
    network = TwoChannels([[1.0, 0.0]]).eval()
    square = np.zeros((4, 4, 3), np.uint8)
    square[:2, :2, 0], square[2:, 2:, 1] = 8, 4
    wide = square[:2]

    rows = features_of(network, [square, wide])

    # Red and green in four places: 8 0 0 0 and 0 0 0 4. The wide picture shows the upper two, and grey (114) below.
    assert rows.tolist() == [[2, 1], [4, 0]]


def test_a_place_that_the_border_crosses_counts_by_as_much_as_lies_inside() -> None:
    maps = torch.tensor([[[[1.0, 5.0]]]])

    means = [content_mean(maps, torch.tensor([[share, 1.0]])).item() for share in (0.5, 0.75, 1.0)]

    # Of two columns: the first alone; all of the first and half of the second; both.
    assert means == pytest.approx([1.0, (1.0 + 0.5 * 5.0) / 1.5, 3.0])


@given(
    across=st.floats(0.05, 1), down=st.floats(0.05, 1), height=st.integers(1, 7), width=st.integers(1, 7),
    value=st.floats(-5, 5),
)  # fmt: skip
def test_the_mean_of_features_that_are_the_same_everywhere_is_their_value(
    across: float, down: float, height: int, width: int, value: float
) -> None:
    maps = torch.full((1, 2, height, width), value, dtype=torch.float64)

    mean = content_mean(maps, torch.tensor([[across, down]], dtype=torch.float64))

    assert mean.tolist() == [[pytest.approx(value), pytest.approx(value)]]


def pictures() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (40, 60, 3), np.uint8), rng.integers(0, 255, (64, 64, 3), np.uint8)]


def test_of_a_classifier_it_is_what_its_last_layer_sees() -> None:
    network = network_of(CLASSIFIER)

    rows = features_of(network, pictures())

    head: torch.nn.Linear = network.get_submodule("body.fc")  # type: ignore[assignment]
    logits = torch.from_numpy(rows) @ head.weight.t() + head.bias
    scores = find_with(network, pictures()).scores
    assert rows.shape == (2, 512)
    assert logits.softmax(dim=1).detach().numpy() == pytest.approx(scores, abs=1e-5)


def test_of_a_detector_it_is_the_end_of_its_backbone_and_of_a_segmenter_that_of_its_encoder() -> None:
    # MobileNetV3 small ends in 576 channels, ResNet-18 in 512.
    assert features_of(network_of(DETECTOR), pictures()).shape == (2, 576)
    assert features_of(network_of(SEGMENTER), pictures()).shape == (2, 512)


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small", "timm/resnet18", "test_vit", "test_convnext"])
def test_classifiers_of_any_build_have_features(name: str) -> None:
    network = network_of(CLASSIFIER, architecture=name, size=(160, 160))

    one, two = features_of(network, pictures())

    assert len(one) > 10
    assert np.isfinite(one).all()
    assert one.tolist() != two.tolist()


def test_what_comes_after_the_features_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(DETECTOR)
    ran: list[str] = []
    network.get_submodule("detector.head").register_forward_hook(lambda *_: ran.append("head"))

    features_of(network, pictures())

    assert ran == []


def test_a_network_without_such_a_layer_is_refused() -> None:
    network = Echo(CLASSIFIER).eval()
    network.register_parameter("any", torch.nn.Parameter(torch.zeros(1)))

    with pytest.raises(ModelError, match="no layer whose features describe a whole picture"):
        features_of(network, pictures())
