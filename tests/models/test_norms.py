"""Batch norms of networks that start from nothing."""

from __future__ import annotations

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from cvdata.models.networks.catalogue import build
from cvdata.models.spec import ModelSpec


def test_a_network_from_scratch_knows_its_statistics_after_few_batches() -> None:
    torch.manual_seed(0)
    spec = ModelSpec(task="classifier", architecture="mobilenet_v3_small", classes=("a", "b"), size=(32, 32))
    network = build(spec).train()
    first = next(part for part in network.modules() if isinstance(part, _BatchNorm))
    seen: list[torch.Tensor] = []
    first.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].detach()))
    pictures = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8)

    with torch.no_grad():
        for _ in range(40):
            network.logits(pictures)

    # MobileNetV3's own pace of 0.01 would leave 0.99 ** 40 = 67 % of the 1 that it begins with.
    real = seen[0].transpose(0, 1).flatten(1).var(1)
    assert first.running_var is not None
    assert first.running_var == pytest.approx(real, abs=0.03)
