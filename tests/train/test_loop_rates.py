"""Rates, weight decay and the moving average, against numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cvdata.models.networks.catalogue import defaults_of
from cvdata.train.loop.average import Average
from cvdata.train.loop.optimiser import make_optimiser, resolve_rates
from cvdata.train.loop.schedule import Schedule

from .small import SmallNetwork, settings


def test_the_rate_rises_in_equal_parts_and_falls_to_a_hundredth_along_a_cosine() -> None:
    schedule = Schedule.of(4, epochs=3, warmup=1.0, kind="cosine")

    shares = [schedule.share(step) for step in range(12)]

    assert shares[:4] == [0.25, 0.5, 0.75, 1.0]
    # Half of the way down after 4 of 8 steps: 0.01 + 0.99 / 2; a quarter: 0.01 + 0.99 (1 + cos 45°) / 2.
    assert shares[5] == pytest.approx(0.01 + 0.99 * (1 + 0.5**0.5) / 2)
    assert shares[7] == pytest.approx(0.505)
    assert shares[11] == pytest.approx(0.01)


def test_a_constant_rate_stays_after_the_warm_up() -> None:
    schedule = Schedule.of(2, epochs=3, warmup=1.5, kind="constant")

    assert [schedule.share(step) for step in range(6)] == [1 / 3, 2 / 3, 1.0, 1.0, 1.0, 1.0]


def test_half_of_a_run_of_one_epoch_is_left_for_the_cosine() -> None:
    schedule = Schedule.of(8, epochs=1, warmup=1.0, kind="cosine")

    assert schedule.warmup == 4
    assert [schedule.share(3), schedule.share(7)] == [1.0, pytest.approx(0.01)]


def test_a_run_of_one_step_has_a_rate() -> None:
    assert Schedule.of(1, epochs=1, warmup=1.0, kind="cosine").share(0) == pytest.approx(0.01)


def test_the_average_forgets_its_first_weights_faster() -> None:
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(1.0)
    average = Average(network, 0.15)

    found = []
    for weight in (2.0, 4.0, 8.0):
        network.weight.data.fill_(weight)
        average.follow()
        found.append(average.tensors["weight"].item())

    # The decay is 1/10, then min(0.15, 2/11) = 0.15 twice.
    first = 0.1 * 1 + 0.9 * 2
    second = 0.15 * first + 0.85 * 4
    assert found == pytest.approx([first, second, 0.15 * second + 0.85 * 8])


def test_the_average_takes_in_statistics_of_norms_and_counts() -> None:
    norm = nn.BatchNorm2d(1)
    average = Average(norm, 0.9)

    norm.running_mean.fill_(10.0)  # type: ignore[union-attr]
    norm.num_batches_tracked.fill_(7)  # type: ignore[union-attr]
    average.follow()

    assert average.tensors["running_mean"].tolist() == pytest.approx([9.0])
    assert average.tensors["num_batches_tracked"].item() == 7


def test_a_network_borrows_the_average_and_has_its_own_weights_back() -> None:
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(1.0)
    average = Average(network, 0.9)
    network.weight.data.fill_(3.0)

    with average.swapped():
        lent = network.weight.item()

    assert (lent, network.weight.item(), average.tensors["weight"].item()) == (1.0, 3.0, 1.0)


def test_without_a_decay_there_is_no_average() -> None:
    network = nn.Linear(1, 1)
    average = Average(network, 0.0)

    average.follow()
    with average.swapped():
        assert average.tensors == {}


def test_norms_and_biases_are_not_held_small() -> None:
    network = SmallNetwork()
    names = {parameter: name for name, parameter in network.named_parameters()}
    optimiser = make_optimiser(network, settings(weight_decay=0.1, backbone_rate=0.5), torch.device("cpu"))

    groups = {
        (group["full"], group["weight_decay"]): [names[parameter] for parameter in group["params"]]
        for group in optimiser.param_groups
    }

    assert groups == {
        (0.005, 0.1): ["stem.0.weight", "body.0.weight"],
        (0.005, 0.0): ["stem.1.weight", "stem.1.bias", "body.1.weight", "body.1.bias"],
        (0.01, 0.1): ["head.weight"],
        (0.01, 0.0): ["head.bias"],
    }


@pytest.mark.parametrize(
    ("optimizer", "batch", "times", "decay"),
    [("adamw", 16, 1, 0.05), ("adamw", 64, 2, 0.05), ("sgd", 16, 10, 0.0005), ("sgd", 64, 40, 0.0005)],
)
def test_the_rate_that_nobody_gave_grows_with_the_batch(optimizer: str, batch: int, times: float, decay: float) -> None:
    asked = settings(architecture="resnet18", rate=None, optimizer=optimizer, batch=batch)

    resolved = resolve_rates(asked)

    assert resolved.rate == pytest.approx(times * defaults_of("classifier", "resnet18").rate, rel=1e-2)
    assert resolved.weight_decay == decay


def test_a_rate_that_was_given_stays() -> None:
    resolved = resolve_rates(settings(rate=0.123, weight_decay=0.0, batch=64))

    assert (resolved.rate, resolved.weight_decay) == (0.123, 0.0)
