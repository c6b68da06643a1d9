"""A run that was cut off anywhere ends as if it had not been."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from cvdata.errors import TrainingError, UsageError
from cvdata.files import disk
from cvdata.train.loop.state import read_state

from .small import Accuracy, parts, start, train

WEIGHTS = ("weights/best.safetensors", "weights/last.safetensors")


class Cut(BaseException):
    """The end of a process, without the process."""


def cut_before(number: int, work: Callable[[], object], *, kind: str = "", name: str = "") -> bool:
    """Do some work and cut it off before its n-th change of the disk, of a kind and of a file; tell whether it was."""
    count = 0

    def stop(what: str, path: str) -> None:
        nonlocal count
        count += what.startswith(kind) and path.endswith(name)
        if count == number:
            raise Cut

    disk.on_operation(stop)
    try:
        work()
    except Cut:
        return True
    finally:
        disk.on_operation(None)
    return False


def outcome(run: Path) -> tuple[Any, ...]:
    """Return all of a run but how long it took and how often it was cut off."""
    found = read_state(run)
    assert found is not None
    state, tensors = found
    history = [msgspec.structs.replace(epoch, seconds=0.0, images_per_s=0.0) for epoch in state.history]
    rest = msgspec.structs.replace(state, history=history, resumed=0)
    kept = {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}
    lines = (run / "metrics.jsonl").read_bytes()
    assert lines == b"".join(msgspec.json.encode(epoch) + b"\n" for epoch in state.history)
    assert len((run / "logs/metrics.csv").read_text().splitlines()) == 1 + len(history)
    assert not list(run.rglob(".*.cvdata-*"))
    return kept, rest, *((run / name).read_bytes() for name in WEIGHTS)


SETTINGS: dict[str, Any] = {"epochs": 3, "freeze": "1", "unfreeze_every": 1, "patience": 3}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """What a run with `SETTINGS` comes to that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    judge = Accuracy(parts(folder / "pictures")[1], given=RISING)
    train(folder / "pictures", folder / "run", judge=judge, **SETTINGS)
    return outcome(folder / "run")


RISING = {1: 0.1, 2: 0.2, 3: 0.3}  # every epoch is the best one so far, so that every file is written


def cut_and_go_on(folder: Path, number: int, *, name: str = "", kind: str = "") -> bool:
    """Cut a run off, go on with it, and tell whether it was cut off."""
    judge = Accuracy(parts(folder / "pictures")[1], given=RISING)

    def begin() -> None:
        train(folder / "pictures", folder / "run", judge=judge, **SETTINGS)

    if not cut_before(number, begin, name=name, kind=kind):
        return False
    done = read_state(folder / "run")
    later = {validation - done[0].epoch: value for validation, value in RISING.items()} if done else RISING
    judge = Accuracy(parts(folder / "pictures")[1], given=later)
    train(folder / "pictures", folder / "run", judge=judge, resume=True, **SETTINGS)
    return True


@pytest.mark.parametrize("name", ["metrics.csv", "last.safetensors", "best.safetensors", "state.safetensors", "jsonl"])
def test_a_run_that_is_cut_off_at_a_file_of_its_second_epoch_ends_as_if_it_had_not_been(
    name: str, whole: tuple[Any, ...], tmp_path: Path
) -> None:
    assert cut_and_go_on(tmp_path, 2, name=name, kind="rename")

    assert outcome(tmp_path / "run") == whole


@pytest.mark.slow
def test_a_run_that_is_cut_off_before_any_change_of_the_disk_ends_as_if_it_had_not_been(
    whole: tuple[Any, ...], tmp_path: Path
) -> None:
    wrong, number = [], 1
    while cut_and_go_on(tmp_path / str(number), number):
        if outcome(tmp_path / str(number) / "run") != whole:
            wrong.append(number)
        number += 1

    assert number > 60
    assert wrong == []


@pytest.mark.parametrize("more", [{"optimizer": "sgd"}, {"precision": "bf16"}, {"ema": 0.0}, {"validate_every": 2}])
def test_a_run_in_two_parts_is_one_run(more: dict[str, Any], tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "whole", **more)

    assert cut_before(
        2,
        lambda: train(tmp_path / "pictures", tmp_path / "run", **more),
        kind="rename",
        name="state.safetensors",
    )
    train(tmp_path / "pictures", tmp_path / "run", resume=True, **more)

    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_other_workers_and_random_numbers_of_others_change_nothing(tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "whole")
    assert cut_before(2, lambda: train(tmp_path / "pictures", tmp_path / "run"), kind="rename", name="jsonl")

    torch.manual_seed(99)
    torch.rand(5)
    train(tmp_path / "pictures", tmp_path / "run", resume=True, workers=2)

    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_a_run_that_is_done_stays_as_it_is(tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "run")
    before = (tmp_path / "run/state.safetensors").read_bytes()

    fitted = train(tmp_path / "pictures", tmp_path / "run", resume=True)

    assert (fitted.status, len(fitted.history), fitted.resumed) == ("done", 3, 1)
    assert (tmp_path / "run/state.safetensors").read_bytes() == before


def test_a_run_that_patience_ended_goes_on_with_more_of_it(tmp_path: Path) -> None:
    more: dict[str, Any] = {"rate": 1e-12, "epochs": 4, "ema": 0.0, "optimizer": "sgd"}
    stopped = train(tmp_path / "pictures", tmp_path / "run", patience=1, **more)

    fitted = train(tmp_path / "pictures", tmp_path / "run", patience=10, resume=True, **more)

    assert (stopped.status, len(stopped.history) < 4) == ("stopped", True)
    assert (fitted.status, len(fitted.history)) == ("done", 4)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("rate", 0.5, "0.25, and is to go on with 0.5"),
        ("epochs", 5, "1, and is to go on with 5"),
        ("freeze", "1", "none, and is to go on with 1"),
    ],
)
def test_settings_that_decide_the_outcome_cannot_change(name: str, value: Any, told: str, tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "run", rate=0.25, epochs=1)
    other: dict[str, Any] = {"rate": 0.25, "epochs": 1, name: value}

    with pytest.raises(UsageError) as caught:
        train(tmp_path / "pictures", tmp_path / "run", resume=True, **other)

    assert caught.value.message == f"the run was begun with --{name} {told}"


def test_a_constant_rate_lets_a_run_grow_longer(tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "whole", epochs=3, schedule="constant")
    train(tmp_path / "pictures", tmp_path / "run", epochs=1, schedule="constant")

    train(tmp_path / "pictures", tmp_path / "run", epochs=3, schedule="constant", resume=True)

    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_a_state_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "run", epochs=1)
    state = tmp_path / "run/state.safetensors"
    state.write_bytes(state.read_bytes()[:-100])

    with pytest.raises(TrainingError, match="is not the state of a run, or not all of it"):
        train(tmp_path / "pictures", tmp_path / "run", epochs=1, resume=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", [35, 39])  # in the middle of the second state, and of the lines after it
def test_a_process_that_kills_itself_while_it_writes_ends_as_if_it_had_not(number: int, tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "whole")

    killed = start(tmp_path / "pictures", tmp_path / "run", kill=number)
    killed.communicate(timeout=60)
    train(tmp_path / "pictures", tmp_path / "run", resume=True)

    assert killed.returncode == -signal.SIGKILL
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.slow
def test_a_process_that_is_killed_in_the_middle_of_an_epoch_ends_as_if_it_had_not(tmp_path: Path) -> None:
    train(tmp_path / "pictures", tmp_path / "whole")

    killed = start(tmp_path / "pictures", tmp_path / "run", failing=["kill", 0])
    killed.communicate(timeout=60)
    train(tmp_path / "pictures", tmp_path / "run", resume=True)

    assert killed.returncode == -signal.SIGKILL
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
