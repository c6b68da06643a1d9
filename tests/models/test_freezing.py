"""Parts of a network that keep their weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cvdata.errors import UsageError
from cvdata.models.batch import Batch
from cvdata.models.networks.network import Network
from cvdata.models.weights.freezing import freeze

from .runs import CLASSIFIER, network_of


def learning(network: Network) -> list[bool]:
    """Tell for each stage whether it learns; a stage never does so in part."""
    found = []
    for stage in network.stages():
        wants = {p.requires_grad for module in stage.modules for p in module.parameters()}
        assert len(wants) == 1
        found.append(wants.pop())
    return found


def one_step(network: Network) -> None:
    """Let the network learn from two pictures."""
    torch.manual_seed(0)
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    batch = Batch(images=images, rows=torch.arange(2), target=torch.tensor([0, 1]))
    free = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(free, lr=0.1)
    torch.autograd.backward(list(network.losses(batch).values()))
    optimizer.step()


def test_nothing_is_frozen_where_nobody_asks() -> None:
    network = network_of(CLASSIFIER)

    frozen = freeze(network, "none")

    assert len(frozen) == 0
    assert all(learning(network))


def test_the_backbone_keeps_its_weights_and_its_statistics() -> None:
    network = network_of(CLASSIFIER)
    frozen = freeze(network, "backbone")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    network.train()
    frozen.keep_still()
    one_step(network)

    kept = [torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items()]
    backbone = [stage.backbone for stage in network.stages()]
    assert learning(network) == [not one for one in backbone]
    assert kept.count(False) == 2  # weight and bias of the last layer
    assert any(isinstance(m, nn.BatchNorm2d) and not m.training for m in network.modules())


def test_without_keeping_still_the_statistics_would_move() -> None:
    network = network_of(CLASSIFIER)
    freeze(network, "backbone")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    network.train()
    one_step(network)

    moved = [name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])]
    assert any("running_mean" in name for name in moved)


def test_stages_are_frozen_from_the_input_and_freed_from_the_output() -> None:
    network = network_of(CLASSIFIER)
    count = len(network.stages())
    frozen = freeze(network, "2")
    assert learning(network) == [False, False, *[True] * (count - 2)]

    freed = frozen.free_next()

    assert freed is not None
    assert freed.name == network.stages()[1].name
    assert learning(network) == [False, *[True] * (count - 1)]
    assert frozen.free_next() is not None
    assert frozen.free_next() is None
    assert all(learning(network))


def test_a_stage_that_was_freed_stays_in_training_mode() -> None:
    network = network_of(CLASSIFIER)
    frozen = freeze(network, "2")
    frozen.free_next()

    network.train()
    frozen.keep_still()

    first, second = network.stages()[:2]
    assert not any(module.training for module in first.modules)
    assert all(module.training for module in second.modules)


@pytest.mark.parametrize(("extra", "said"), [(0, "leaves nothing to learn"), (1, "is more than the")])
def test_more_stages_than_there_are_is_refused_with_their_names(extra: int, said: str) -> None:
    network = network_of(CLASSIFIER)
    names = [stage.name for stage in network.stages()]

    with pytest.raises(UsageError) as error:
        freeze(network, str(len(names) + extra))

    assert said in str(error.value)
    assert f"stages of resnet18: {', '.join(names)}" in str(error.value)
    assert all(learning(network))
