"""Run folders read: what they say, and how a broken or foreign one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import torch

from cvdata.errors import ModelError, UsageError
from cvdata.models.run_folder import BEST, INFO, METRICS, Epoch, is_run, load_network, read_epochs, read_run

from .runs import DETECTOR, info_of, network_of, write_run


def write_info(folder: Path, content: object) -> Path:
    """Write run.json as it is told."""
    folder.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / INFO).write_text(text, "utf-8")
    return folder


def plain() -> dict[str, object]:
    """Return what a sound run.json holds."""
    made: dict[str, object] = msgspec.to_builtins(info_of(DETECTOR))
    return made


def test_a_run_says_what_it_is(tmp_path: Path) -> None:
    run = write_info(tmp_path / "run", plain())

    info = read_run(run)

    assert is_run(run)
    assert (info.name, info.spec.classes, info.spec.size) == ("shapes", ("square", "disc", "triangle"), (64, 64))


def test_what_is_no_run_is_said_so(tmp_path: Path) -> None:
    assert not is_run(tmp_path)
    with pytest.raises(UsageError, match=r"is no run folder: it has no run\.json"):
        read_run(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        read_run(tmp_path / "nowhere")


def test_a_broken_field_is_named_with_its_place(tmp_path: Path) -> None:
    run = write_info(tmp_path / "run", plain() | {"epochs": "seven"})

    with pytest.raises(ModelError) as error:
        read_run(run)

    assert "run.json: epochs: Expected `int`, got `str`" in str(error.value)


@pytest.mark.parametrize("text", ["", "{", '{"schema": "cvdata/run/1"', "[" * 100_000, "\ud800", "nonsense"])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / INFO).write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(ModelError) as error:
        read_run(tmp_path)

    assert "run.json" in str(error.value)


def test_a_run_of_a_newer_cvdata_says_so(tmp_path: Path) -> None:
    run = write_info(tmp_path / "run", {"schema": "cvdata/run/2", "more": 1})

    with pytest.raises(ModelError, match="'cvdata/run/2', which this cvdata does not know") as error:
        read_run(run)

    assert error.value.hint == "update cvdata"


def test_epochs_are_read_line_by_line_and_a_broken_one_is_named(tmp_path: Path) -> None:
    epoch = Epoch(
        epoch=1, step=3, seconds=1.5, images_per_s=8.0, rate=0.001, losses={"loss": 2.5}, metrics={"AP": None}
    )
    line = msgspec.json.encode(epoch).decode()

    assert read_epochs(tmp_path) == []
    (tmp_path / METRICS).write_text(f"{line}\n{line}\n", "utf-8")
    assert read_epochs(tmp_path) == [epoch, epoch]

    (tmp_path / METRICS).write_text(f"{line}\n{line[:20]}\n", "utf-8")
    with pytest.raises(ModelError, match=r"metrics\.jsonl: line 2"):
        read_epochs(tmp_path)


# --- the network of a run


def test_the_network_of_a_run_finds_what_it_found_before(tmp_path: Path) -> None:
    network = network_of(DETECTOR)
    run = write_run(tmp_path / "run", network)

    loaded = load_network(run)

    images = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    with torch.inference_mode():
        before, after = network.found(images), loaded.found(images)
    assert not loaded.training
    assert before.score is not None and after.score is not None and len(after.score)
    assert torch.equal(before.score, after.score)


def test_weights_that_are_not_those_of_the_run_are_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))
    whole = bytearray((run / BEST).read_bytes())
    whole[-1] ^= 1
    (run / BEST).write_bytes(whole)

    with pytest.raises(ModelError, match=r"its SHA-256 is .* as the run says"):
        load_network(run)


def test_weights_of_another_network_do_not_fit(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))
    other = write_run(tmp_path / "other", network_of(DETECTOR, classes=("square",)))

    with pytest.raises(ModelError, match="does not hold the weights of this nano"):
        load_network(run, str(other / BEST))


def test_a_run_without_weights_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))

    with pytest.raises(ModelError, match="the run has no last weights"):
        load_network(run, "last")


def test_weights_that_are_not_there_either_are_not_offered(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))
    (run / "weights/best.safetensors").unlink()

    with pytest.raises(ModelError, match="the run has no best weights") as caught:
        load_network(run)

    assert caught.value.hint == "let it train an epoch"


def test_a_file_of_weights_says_itself_what_network_it_is_for(tmp_path: Path) -> None:
    network = network_of(DETECTOR)
    run = write_run(tmp_path / "run", network)
    torch.save(network.state_dict(), tmp_path / "alone.pt")

    assert load_network(run / BEST).spec == network.spec
    with pytest.raises(ModelError, match=r"alone\.pt: does not say what network its weights are for"):
        load_network(tmp_path / "alone.pt")
