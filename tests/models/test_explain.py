"""Heat maps: worked out by hand, and where they lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cvdata.errors import ModelError, UsageError
from cvdata.models.explain.drawing import draw_picture, over
from cvdata.models.explain.gradcam import Heat, explain_picture, heat_of
from cvdata.models.explain.run import ExplainSettings, check_settings

from .runs import CLASSIFIER, DETECTOR, network_of
from .tiny_networks import Echo, RedFinder, TwoChannels, spec_of


def four_places(red: list[list[int]], green: list[list[int]]) -> NDArray[np.uint8]:
    """Return a picture of 4 x 4 pixels with these colours in its quarters."""
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[..., 0] = np.kron(red, np.ones((2, 2)))
    picture[..., 1] = np.kron(green, np.ones((2, 2)))
    return picture


PICTURE = four_places([[8, 0], [4, 0]], [[0, 8], [2, 8]])


def test_features_are_weighed_by_their_mean_gradient() -> None:
    features = torch.tensor([[[[8.0, 0.0], [4.0, 0.0]], [[0.0, 8.0], [2.0, 8.0]]]])
    gradients = torch.tensor([[[[4.0, 0.0], [0.0, 0.0]], [[-1.0, -1.0], [-1.0, -1.0]]]])

    # Means of the gradients: 1 and -1. 8 - 0, 0 - 8, 4 - 2, 0 - 8; what speaks against it is left out.
    assert heat_of(features, gradients, local=False).tolist() == [[8, 0], [2, 0]]
    # Each place with its own: 4 * 8 - 0, 0 - 8, 0 - 2, 0 - 8.
    assert heat_of(features, gradients, local=True).tolist() == [[32, 0], [0, 0]]


def test_the_heat_of_a_class_is_where_its_features_are() -> None:
    network = TwoChannels([[1.0, -1.0], [0.0, 2.0]]).eval()

    first, second = (explain_picture(network, PICTURE, label=label)[0] for label in (0, 1))

    # The class 0 likes red and dislikes green: places 8, 0, 2, 0. The class 1 likes green: 0, 16, 4, 16.
    assert first.map[[0, 0, 3, 3], [0, 3, 0, 3]] == pytest.approx([1, 0, 0.25, 0], abs=0.15)
    assert first.map.argmax() == 0
    assert second.map[[0, 0, 3, 3], [0, 3, 0, 3]] == pytest.approx([0, 1, 0.25, 1], abs=0.15)


def test_without_a_class_the_likeliest_ones_are_explained() -> None:
    network = TwoChannels([[1.0, -1.0], [0.0, 2.0], [0.1, 0.1]]).eval()

    heats = explain_picture(network, PICTURE, most=2)

    # Means are 3 for red and 4.5 for green: the logits are -1.5, 9 and 0.75.
    scores = np.exp([-1.5, 9, 0.75]) / np.exp([-1.5, 9, 0.75]).sum()
    assert [heat.label for heat in heats] == [1, 2]
    assert [heat.score for heat in heats] == pytest.approx([scores[1], scores[2]], abs=1e-6)


def test_a_class_that_is_sure_to_the_last_digit_still_has_heat() -> None:
    network = TwoChannels([[100.0, 0.0], [0.0, -100.0]]).eval()

    heat = explain_picture(network, PICTURE)[0]

    assert heat.score == 1
    assert heat.map.max() == 1
    assert heat.map.argmax() == 0


def test_where_nothing_speaks_for_a_class_there_is_no_heat() -> None:
    network = TwoChannels([[-1.0, -1.0], [0.0, 2.0]]).eval()

    heat = explain_picture(network, PICTURE, label=0)[0]

    assert not heat.map.any()


def test_each_detection_has_the_heat_of_its_own_object() -> None:
    network = RedFinder((32, 32)).eval()
    picture = np.full((60, 120, 3), 90, np.uint8)
    picture[15:30, 15:30] = (255, 0, 0)
    picture[30:45, 90:105] = (230, 0, 0)

    heats = explain_picture(network, picture, most=2, score=0.5)

    assert [heat.label for heat in heats] == [0, 1]
    for heat in heats:
        assert heat.box is not None and heat.map.shape == (60, 120)
        left, top, wide, tall = (int(value) for value in heat.box)
        inside = heat.map[max(0, top - 8) : top + tall + 8, max(0, left - 8) : left + wide + 8]
        assert inside.sum() > 0.9 * heat.map.sum()


def test_detections_can_be_chosen_by_class_and_score() -> None:
    network = RedFinder((32, 32)).eval()
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:4, :4] = (255, 0, 0)
    picture[8:12, 8:12] = (100, 0, 0)
    picture[:4, 24:28] = (200, 0, 0)

    def labels_and_scores(**how: float) -> list[tuple[int, float]]:
        found = explain_picture(network, picture, most=9, **how)  # type: ignore[arg-type]
        return [(heat.label, round(heat.score, 3)) for heat in found]

    assert labels_and_scores(score=0.2) == [(0, 1.0), (1, 0.784), (0, 0.392)]
    assert labels_and_scores(score=0.5) == [(0, 1.0), (1, 0.784)]
    assert labels_and_scores(score=0.2, label=1) == [(1, 0.784)]


@pytest.mark.parametrize("spec", [CLASSIFIER, DETECTOR])
def test_networks_of_the_catalogue_have_heat_at_the_size_of_the_picture(spec: object) -> None:
    network = network_of(spec)  # type: ignore[arg-type]
    picture = np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8)

    heats = explain_picture(network, picture, most=2, score=0.0)

    assert len(heats) == 2
    for heat in heats:
        assert heat.map.shape == (50, 90)
        assert heat.map.min() >= 0
        assert heat.map.max() == pytest.approx(1)


def test_frozen_networks_have_heat_too() -> None:
    network = network_of(CLASSIFIER)
    for parameter in network.parameters():
        parameter.requires_grad = False

    assert explain_picture(network, np.full((40, 40, 3), 77, np.uint8))[0].map.shape == (40, 40)


def test_explaining_changes_nothing_in_the_network() -> None:
    network = network_of(CLASSIFIER)
    before = {name: value.clone() for name, value in network.state_dict().items()}

    explain_picture(network, np.full((40, 40, 3), 77, np.uint8))

    assert all(bool((before[name] == value).all()) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_segmenter_is_refused() -> None:
    with pytest.raises(ModelError, match="its map says where it looked"):
        explain_picture(Echo(spec_of("segmenter", (8, 8))), PICTURE)
    with pytest.raises(UsageError, match="its map says where it looked"):
        check_settings(ExplainSettings(), spec_of("segmenter", (8, 8)))


def test_settings_that_make_no_sense_are_refused() -> None:
    spec = spec_of("detector", (8, 8), ("cat", "dog"))

    with pytest.raises(UsageError, match=r"there is no class 'cta'\n  hint: did you mean 'cat'\?"):
        check_settings(ExplainSettings(label="cta"), spec)
    with pytest.raises(UsageError, match="--most is 0"):
        check_settings(ExplainSettings(most=0), spec)
    with pytest.raises(UsageError, match=r"--score is 1\.5"):
        check_settings(ExplainSettings(score=1.5), spec)
    assert check_settings(ExplainSettings(), spec).most == 3


def test_the_picture_is_grey_where_it_is_cold_and_bright_where_it_is_hot() -> None:
    picture = np.full((1, 2, 3), (200, 40, 40), np.uint8)
    drawn = over(picture, np.array([[0.0, 1.0]], np.float32))

    cold, hot = drawn[0].astype(int).tolist()
    assert max(cold) - min(cold) == 0
    assert sum(hot) > sum(cold)
    assert hot[0] - hot[2] > 40  # yellow


def test_a_drawing_has_the_picture_and_a_tile_for_each_map() -> None:
    heats = [Heat(label=0, score=0.5, map=np.zeros((30, 40), np.float32), box=np.array([1.0, 2, 9, 9]))] * 2
    picture = np.full((30, 40, 3), 100, np.uint8)

    one, two = (draw_picture(picture, heats[:n], ["cat"], name="a.png", model="m") for n in (1, 2))

    assert two.width > one.width
    assert two.height == one.height
