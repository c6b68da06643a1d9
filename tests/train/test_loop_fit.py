"""A training from its first step to its last file."""

from __future__ import annotations

import os
import signal
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from cvdata.errors import TrainingError, UsageError
from cvdata.models.batch import Batch
from cvdata.models.run_folder import Epoch
from cvdata.models.weights.reading import read_weights
from cvdata.train.loop.environment import describe_environment
from cvdata.train.loop.state import read_state

from .small import Accuracy, SmallNetwork, parts, train


class Listed:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.tasks: list[tuple[str, int]] = []
        self.steps: list[int] = []

    def start(self, task: str, total: int) -> None:
        self.tasks.append((task, total))
        self.steps.append(0)

    def advance(self, items: int) -> None:
        self.steps[-1] += items


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


def test_a_run_leaves_a_line_for_each_epoch_and_weights(pictures: Path, tmp_path: Path) -> None:
    fitted = train(pictures, tmp_path / "run")

    lines = (tmp_path / "run/metrics.jsonl").read_bytes().splitlines()
    epochs = [msgspec.json.decode(line, type=Epoch) for line in lines]
    files = sorted(str(path.relative_to(tmp_path / "run")) for path in (tmp_path / "run").rglob("*.*"))
    assert epochs == fitted.history
    assert [(epoch.epoch, epoch.step) for epoch in epochs] == [(1, 3), (2, 6), (3, 9)]
    assert [name for name in files if "tfevents" not in name] == [
        "logs/metrics.csv", "metrics.jsonl", "state.safetensors", "weights/best.safetensors",
        "weights/last.safetensors",
    ]  # fmt: skip
    assert any("tfevents" in name for name in files)
    assert set(fitted.weights) == {"weights/best.safetensors", "weights/last.safetensors"}
    assert (fitted.status, fitted.resumed) == ("done", 0)


def test_a_network_learns_the_shapes(pictures: Path, tmp_path: Path) -> None:
    fitted = train(pictures, tmp_path / "run", epochs=12, rate=0.03, recipe="none")

    assert fitted.history[-1].losses["loss"] < 0.6 * fitted.history[0].losses["loss"]
    assert fitted.history[-1].rate == pytest.approx(0.0003)


def test_every_validation_sees_each_picture_once_and_draws_in_evaluation_mode(pictures: Path, tmp_path: Path) -> None:
    judge = Accuracy(parts(pictures)[1])

    train(pictures, tmp_path / "run", judge=judge, batch=3)

    assert judge.seen == [list(range(8))] * 3
    assert judge.drawn == [1, 2, 3]
    assert judge.training == [False] * 3


def test_what_is_validated_every_second_epoch_is_validated_at_the_end_too(pictures: Path, tmp_path: Path) -> None:
    fitted = train(pictures, tmp_path / "run", validate_every=2)

    assert [bool(epoch.metrics) for epoch in fitted.history] == [False, True, True]
    assert [bool(epoch.val_losses) for epoch in fitted.history] == [False, True, True]
    assert not fitted.history[0].best


def test_weights_are_those_of_the_average_and_the_best_are_kept(pictures: Path, tmp_path: Path) -> None:
    judge = Accuracy(parts(pictures)[1], given={1: 0.1, 2: 0.9, 3: 0.5})

    fitted = train(pictures, tmp_path / "run", judge=judge)

    found = read_state(tmp_path / "run")
    assert found is not None
    state, tensors = found
    last = read_weights(tmp_path / "run/weights/last.safetensors")
    best = read_weights(tmp_path / "run/weights/best.safetensors")
    assert (fitted.best_epoch, fitted.best) == (2, 0.9)
    assert torch.equal(last["head.weight"], tensors["average/head.weight"])
    assert not torch.equal(last["head.weight"], tensors["weights/head.weight"])
    assert not torch.equal(last["head.weight"], best["head.weight"])
    assert (state.epoch, state.step, state.updates) == (3, 9, 9)


def test_without_any_defined_metric_the_first_validated_weights_are_the_best(pictures: Path, tmp_path: Path) -> None:
    judge = Accuracy(parts(pictures)[1], given={1: None, 2: float("nan"), 3: None})

    fitted = train(pictures, tmp_path / "run", judge=judge)

    assert (fitted.best_epoch, fitted.best) == (1, None)
    assert (tmp_path / "run/weights/best.safetensors").is_file()


def test_patience_ends_a_run(pictures: Path, tmp_path: Path) -> None:
    judge = Accuracy(parts(pictures)[1], given={1: 0.2, 2: 0.5, 3: 0.4, 4: 0.5, 5: 0.9})

    fitted = train(pictures, tmp_path / "run", judge=judge, epochs=6, patience=2)

    assert (fitted.status, len(fitted.history), fitted.best_epoch) == ("stopped", 4, 2)


def test_progress_has_a_bar_for_each_epoch_with_what_the_one_before_brought(pictures: Path, tmp_path: Path) -> None:
    progress = Listed()
    judge = Accuracy(parts(pictures)[1], given={1: 0.25})

    fitted = train(pictures, tmp_path / "run", judge=judge, progress=progress, epochs=2)

    loss = fitted.history[0].losses["loss"]
    assert progress.tasks == [("epoch 1 of 2", 5), (f"epoch 2 of 2 · loss {loss:.3g} · accuracy 0.250", 5)]
    assert progress.steps == [5, 5]


def test_a_loss_that_is_no_number_names_the_pictures(pictures: Path, tmp_path: Path) -> None:
    network = SmallNetwork(bad_row=7)

    with pytest.raises(TrainingError) as caught:
        train(pictures, tmp_path / "run", network=network, recipe="none")

    assert "the loss is not finite in epoch 1, step " in caught.value.message
    assert "class nan; pictures of the batch: " in caught.value.message
    assert "0007.png" in caught.value.message
    assert caught.value.message.count(".png") == 4
    assert "--resume" not in str(caught.value.hint)
    assert not (tmp_path / "run/state.safetensors").exists()


def test_a_run_that_broke_goes_on_from_its_last_whole_epoch(pictures: Path, tmp_path: Path) -> None:
    class BreaksLater(SmallNetwork):
        def losses(self, batch: Batch) -> dict[str, Tensor]:
            self.bad_row = int(batch.rows[0]) if int(self.state_dict()["stem.1.num_batches_tracked"]) >= 4 else -1
            return super().losses(batch)

    torch.manual_seed(1)
    with pytest.raises(TrainingError, match=r"epoch 2, step 2.*(?s:.*)epoch 1 is kept, and --resume") as caught:
        train(pictures, tmp_path / "run", network=BreaksLater())
    fitted = train(pictures, tmp_path / "run", resume=True)

    assert "--rate, now 0.01" in str(caught.value.hint)
    assert [epoch.epoch for epoch in fitted.history] == [1, 2, 3]
    assert fitted.weights == train(pictures, tmp_path / "whole").weights


def test_a_loss_of_validation_pictures_that_is_no_number_is_left_out(pictures: Path, tmp_path: Path) -> None:
    class Undefined(SmallNetwork):
        def losses(self, batch: Batch) -> dict[str, Tensor]:
            found = super().losses(batch)
            return found if self.training else {**found, "other": found["class"] * float("inf")}

    fitted = train(pictures, tmp_path / "run", network=Undefined(), epochs=1)

    assert list(fitted.history[0].val_losses) == ["class"]
    assert read_state(tmp_path / "run") is not None


def test_a_rate_beyond_all_bounds_ends_with_one_message(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"not finite"):
        train(pictures, tmp_path / "run", rate=1e38, optimizer="sgd", clip=0.0, epochs=5)


def test_frozen_stages_keep_their_weights_until_they_are_freed(pictures: Path, tmp_path: Path) -> None:
    network = SmallNetwork()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    train(pictures, tmp_path / "run", network=network, freeze="backbone", unfreeze_every=2, ema=0.0)

    same = {name for name, tensor in network.state_dict().items() if torch.equal(tensor, before[name])}
    assert {name.split(".")[0] for name in same} == {"stem"}  # `body` is free in the third epoch, `head` always
    assert {"stem.0.weight", "stem.1.running_mean", "stem.1.num_batches_tracked"} <= same


@pytest.mark.parametrize(
    "more",
    [
        {"precision": "bf16"},
        {"optimizer": "sgd", "clip": 0.0},
        {"ema": 0.0},
        {"cache": "ram"},
        {"devices": 0},
        {"schedule": "constant", "warmup": 0.0},
    ],
)
def test_other_settings_train_as_well(more: dict[str, Any], pictures: Path, tmp_path: Path) -> None:
    fitted = train(pictures, tmp_path / "run", epochs=1, **more)

    assert fitted.history[0].step == 3


def test_what_no_device_can_do_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--precision 16 needs a GPU"):
        train(pictures, tmp_path / "run", precision="16")
    with pytest.raises(UsageError, match="--accelerator abacus"):
        train(pictures, tmp_path / "run", accelerator="abacus")


def test_a_training_leaves_the_process_as_it_was(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), list(warnings.filters)

    train(pictures, tmp_path / "run", epochs=1)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), list(warnings.filters)) == kept
    assert not torch.are_deterministic_algorithms_enabled()
    assert capfd.readouterr() == ("", "")


def test_ctrl_c_arrives_as_such(pictures: Path, tmp_path: Path) -> None:
    class Impatient(Listed):
        def start(self, task: str, total: int) -> None:
            super().start(task, total)
            if len(self.tasks) == 2:
                os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(pictures, tmp_path / "run", progress=Impatient())

    assert signal.getsignal(signal.SIGINT) == before
    assert train(pictures, tmp_path / "run", resume=True).resumed == 1


def test_the_environment_is_told_by_name() -> None:
    found = describe_environment()

    assert {"cvdata", "python", "platform", "torch", "torchvision", "lightning", "device", "threads"} <= found.keys()
    assert torch.__version__.startswith(found["torch"])
    assert found["threads"] == "1"
