"""Losses of segmenters, against figures worked out by hand and against other implementations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torch import Tensor


def _two_pixels() -> tuple[Tensor, Tensor]:
    """Return logits with probabilities (3/4, 1/4) and (1/2, 1/2) of two pixels; the truth is class 0, then class 1."""
    import torch

    logits = torch.tensor([[[[math.log(3), 0.0]], [[0.0, 0.0]]]])
    return logits, torch.tensor([[[0, 1]]])


def test_cross_entropy_is_the_mean_of_the_surprise() -> None:
    from cvdata.models.networks.pixel_losses import cross_entropy

    found = cross_entropy(*_two_pixels())

    assert found.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)


def test_the_weight_of_a_class_counts_as_that_many_pixels() -> None:
    import torch

    from cvdata.models.networks.pixel_losses import cross_entropy

    found = cross_entropy(*_two_pixels(), torch.tensor([1.0, 3.0]))

    assert found.item() == pytest.approx((math.log(4 / 3) + 3 * math.log(2)) / 4)


def test_focal_plays_down_what_is_sure_already() -> None:
    from cvdata.models.networks.pixel_losses import focal

    found = focal(*_two_pixels())

    assert found.item() == pytest.approx((math.log(4 / 3) / 16 + math.log(2) / 4) / 2)


def test_dice_is_the_overlap_of_probabilities_and_truth() -> None:
    from cvdata.models.networks.pixel_losses import dice

    found = dice(*_two_pixels())

    # class 0: 1 - 2 * 3/4 / (5/4 + 1) = 1/3; class 1: 1 - 2 * 1/2 / (3/4 + 1) = 3/7
    assert found.item() == pytest.approx((1 / 3 + 3 / 7) / 2)


def test_dice_weighs_classes() -> None:
    import torch

    from cvdata.models.networks.pixel_losses import dice

    found = dice(*_two_pixels(), torch.tensor([1.0, 3.0]))

    assert found.item() == pytest.approx((1 / 3 + 3 * 3 / 7) / 4)


def test_dice_leaves_out_classes_that_are_nowhere_in_the_batch() -> None:
    import torch

    from cvdata.models.networks.pixel_losses import dice

    logits, _ = _two_pixels()

    found = dice(logits, torch.zeros(1, 1, 2, dtype=torch.int64))

    assert found.item() == pytest.approx(1 - 2 * 5 / 4 / (5 / 4 + 2))


@pytest.mark.parametrize("name", ["ce", "dice", "focal"])
def test_pixels_of_no_class_count_nowhere(name: str) -> None:
    import torch

    from cvdata.models.networks.pixel_losses import LOSSES, VOID

    logits, pixels = _two_pixels()
    wider = torch.cat([logits, torch.full((1, 2, 1, 3), 9.0)], dim=3)
    with_void = torch.cat([pixels, torch.full((1, 1, 3), VOID)], dim=2)
    weights = torch.tensor([1.0, 3.0])

    alone, beside = LOSSES[name](logits, pixels, weights), LOSSES[name](wider, with_void, weights)

    assert beside.item() == pytest.approx(alone.item())


@pytest.mark.parametrize("name", ["ce", "dice", "focal"])
def test_a_batch_without_any_class_costs_nothing_and_has_gradients(name: str) -> None:
    import torch

    from cvdata.models.networks.pixel_losses import LOSSES, VOID

    logits = torch.randn(1, 3, 4, 4, requires_grad=True)

    loss = LOSSES[name](logits, torch.full((1, 4, 4), VOID), None)
    loss.backward()  # type: ignore[no-untyped-call]

    assert loss.item() == 0
    assert logits.grad is not None
    assert logits.grad.abs().sum() == 0


def test_cross_entropy_is_that_of_torch() -> None:
    import torch

    from cvdata.models.networks.pixel_losses import cross_entropy

    torch.manual_seed(1)
    logits, pixels, weights = torch.randn(2, 4, 8, 8), torch.randint(0, 4, (2, 8, 8)), torch.rand(4) + 0.1
    pixels[0, :3] = 255

    expected = torch.nn.functional.cross_entropy(logits, pixels, weights, ignore_index=255)

    assert cross_entropy(logits, pixels, weights).item() == pytest.approx(expected.item(), rel=1e-5)


def test_dice_is_that_of_segmentation_models_where_every_class_is_there() -> None:
    import torch
    from segmentation_models_pytorch.losses import DiceLoss

    from cvdata.models.networks.pixel_losses import dice

    torch.manual_seed(2)
    logits, pixels = torch.randn(2, 4, 8, 8), torch.randint(0, 4, (2, 8, 8))
    pixels[1, 5:] = 255

    expected = DiceLoss("multiclass", ignore_index=255)(logits, pixels)

    assert dice(logits, pixels).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_sum_of_losses_keeps_its_parts_apart() -> None:
    import torch

    from cvdata.models.networks.pixel_losses import pixel_losses

    logits, pixels = _two_pixels()

    found = pixel_losses("focal+dice", logits.half(), pixels.to(torch.uint8), None)

    assert {name: round(value.item(), 3) for name, value in found.items()} == {"focal": 0.096, "dice": 0.381}
