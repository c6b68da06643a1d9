"""Every family of segmenters learns four pictures by heart, and every loss teaches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cvdata.models.spec import Option

from .four_pictures import build, learn, pixel_batch

if TYPE_CHECKING:
    from torch import Tensor

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("architecture", "options", "steps"),
    [
        ("unet", {"loss": "ce"}, 30),
        ("unet", {"attention": "scse", "loss": "ce+dice"}, 30),
        ("attention-unet", {"loss": "ce+dice"}, 30),
        ("pspnet", {"loss": "dice"}, 30),
        ("fpn", {"loss": "focal"}, 30),
        ("deeplabv3+", {"loss": "focal+dice"}, 30),
        ("fcn", {"loss": "ce+dice"}, 22),
    ],
)
def test_a_segmenter_learns_four_pictures_by_heart(
    architecture: str, options: dict[str, Option], steps: int, tmp_path: Path
) -> None:
    network, batch = build("segmenter", architecture, classes=4, options=options), pixel_batch(tmp_path)
    assert batch.pixels is not None

    learn(network, batch, steps, 2e-3)

    pixels = network.found(batch.images).pixels
    assert pixels is not None
    assert _mean_iou(pixels.argmax(dim=1), batch.pixels) > 0.6


@pytest.mark.parametrize("architecture", ["unet++", "manet", "linknet", "deeplabv3", "pan", "upernet", "segformer"])
def test_what_else_there_is_trains_too(architecture: str, tmp_path: Path) -> None:
    side = 128 if architecture == "pan" else 64
    network, batch = build("segmenter", architecture, side, classes=4), pixel_batch(tmp_path, side)
    before = sum(loss.item() for loss in network.train().losses(batch).values())

    learn(network, batch, 3, 1e-3)

    assert sum(loss.item() for loss in network.train().losses(batch).values()) < before


def _mean_iou(found: Tensor, truth: Tensor) -> float:
    rows = sorted({*truth.flatten().tolist()})
    each = [((found == row) & (truth == row)).sum() / ((found == row) | (truth == row)).sum() for row in rows]
    return float(sum(one.item() for one in each)) / len(each)
