"""Every family of classifiers learns four pictures by heart."""

from __future__ import annotations

from pathlib import Path

import pytest

from .four_pictures import build, class_batch, learn

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("architecture", "steps", "rate"),
    [
        ("alexnet", 25, 3e-4),
        ("vgg11", 12, 1e-4),
        ("googlenet", 20, 3e-4),
        ("resnet18", 15, 3e-4),
        ("densenet121", 15, 3e-4),
        ("seresnet18", 15, 3e-4),
        ("vit_tiny_patch16_224", 15, 3e-4),
    ],
)
def test_a_classifier_learns_four_pictures_by_heart(architecture: str, steps: int, rate: float, tmp_path: Path) -> None:
    network, batch = build("classifier", architecture), class_batch(tmp_path)

    learn(network, batch, steps, rate)

    scores, target = network.found(batch.images).scores, batch.target
    assert scores is not None
    assert target is not None
    assert scores.argmax(dim=1).tolist() == target.tolist()


def test_torchvisions_vit_trains_a_step(tmp_path: Path) -> None:
    network, batch = build("classifier", "vit_b_32"), class_batch(tmp_path)
    before = network.eval().losses(batch)["ce"].item()

    learn(network, batch, 1, 1e-4)

    assert network.losses(batch)["ce"].item() < before


@pytest.mark.parametrize("several", [False, True])
def test_a_classifier_learns_one_label_and_several(several: bool, tmp_path: Path) -> None:
    import torch

    from cvdata.models.batch import Batch

    network, batch = build("classifier", "test_vit", several=several), class_batch(tmp_path)
    assert batch.target is not None
    labels = torch.tensor([[1.0, 1, 0], [0, 0, 0], [0, 1, 0], [1, 1, 1]])
    target = labels if several else batch.target

    learn(network, Batch(images=batch.images, rows=batch.rows, target=target), 60, 1e-3)

    scores = network.found(batch.images).scores
    assert scores is not None
    found = (scores > 0.5).float() if several else scores.argmax(dim=1)
    assert found.tolist() == target.tolist()
