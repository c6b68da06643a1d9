"""`cvdata export RUN [FILE.onnx]` as people call it; in this process, since torch takes seconds to load."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cvdata.cli.app import app
from cvdata.cli.main import load_commands
from cvdata.convert import save
from cvdata.models.run_folder import INFO

from ..models.runs import DETECTOR, network_of, write_run
from ..train.shapes import draw_maps, draw_shapes
from .command import cvdata


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def run(*arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it printed on stdout and stderr."""
    load_commands(["all"])
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Make a run on a dataset of eight pictures, two of them for validation."""
    save(draw_shapes(tmp_path / "pictures", 8, 64), tmp_path / "coco", "coco")
    folder = write_run(tmp_path / "run", network_of(DETECTOR))
    say(folder, path=str(tmp_path / "coco"), format="coco")
    return folder


def say(folder: Path, **dataset: str) -> None:
    """Change what a run says of its dataset."""
    info = json.loads((folder / INFO).read_bytes())
    info["dataset"] |= dataset
    info["settings"] = {"val": "val"}
    (folder / INFO).write_bytes(msgspec.json.encode(info))


def test_a_run_is_compared_on_its_own_validation_pictures(trained: Path) -> None:
    code, out, err = run("export", trained, "--score", 0.01)

    assert (code, out) == (0, "")
    assert (trained / "model.onnx").is_file()
    assert "model.onnx" in err and "detector nano" in err
    assert "cvdata predict RUN: 2 pictures, " in err
    assert "in   image   uint8 [height, width, 3]" in err


def test_the_report_is_json_on_stdout(trained: Path, tmp_path: Path) -> None:
    code, out, _ = run("export", trained, tmp_path / "my.onnx", "--json", "--quiet", "--most", 5, "--score", 0.01)

    report = json.loads(out)
    assert code == 0
    assert report["path"] == str(tmp_path / "my.onnx")
    assert [port["name"] for port in report["outputs"]] == ["boxes", "scores", "labels"]
    assert report["comparisons"][1]["detections"] == 10
    assert report["settings"]["most"] == 5


def test_a_run_whose_name_is_no_text_is_told_in_json(trained: Path, tmp_path: Path) -> None:
    odd = trained.rename(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")))

    code, out, _ = run("export", odd, "--json", "--quiet", "--score", 0.01)

    assert code == 0
    assert json.loads(out)["path"] == f"{tmp_path}/\\xff/model.onnx"


def test_a_wrong_number_is_refused_before_the_dataset_is_read(trained: Path, tmp_path: Path) -> None:
    say(trained, path=str(tmp_path / "moved"))

    code, _, err = run("export", trained, "--opset", 3)

    assert code == 2
    assert "--opset is 3" in err


def test_the_file_labels_pictures_as_the_run_does(trained: Path, tmp_path: Path) -> None:
    assert run("export", trained, tmp_path / "my.onnx", "--score", 0.01)[0] == 0

    for model, target in ((trained, "by_run"), (tmp_path / "my.onnx", "by_file")):
        more = ("--score", 0.01, "--quiet", "--workers", 1)
        assert run("predict", model, tmp_path / "pictures", tmp_path / target, *more)[0] == 0

    counts = []
    for name in ("by_run", "by_file"):
        [file] = (tmp_path / name / "annotations").glob("*.json")
        counts.append(len(json.loads(file.read_bytes())["annotations"]))
    assert counts[0] == counts[1] > 50


def test_pictures_can_be_named(trained: Path, tmp_path: Path) -> None:
    say(trained, path=str(tmp_path / "moved"))

    code, _, err = run("export", trained)
    assert (code, (trained / "model.onnx").exists()) == (2, False)
    assert "the dataset of the run cannot be read, so there is no picture to compare with" in err
    assert "--pictures DIR" in err
    assert run("export", trained, "--pictures", tmp_path / "pictures")[0] == 0


def test_pictures_with_label_maps_are_found(trained: Path, tmp_path: Path) -> None:
    images, labels = draw_maps(tmp_path / "maps", 3)
    say(trained, path=str(labels), images_path=str(images), format="label-maps")

    code, _, err = run("export", trained)

    assert code == 0
    assert "cvdata predict RUN: 3 pictures" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["model.pt"], "'model.pt' does not end in .onnx"),
        (["--weights", "worst"], "--weights is 'worst', expected best or last"),
        (["--opset", "3"], "--opset is 3, expected 17 to 20"),
        (["--weights", "last"], "the run has no last weights"),
    ],
)
def test_what_makes_no_sense_is_refused(trained: Path, more: list[str], message: str) -> None:
    code, _, err = run("export", trained, *more)

    assert code in (1, 2)
    assert message in err


def test_a_folder_that_is_no_run_is_wrong_usage(tmp_path: Path) -> None:
    done = cvdata("export", tmp_path)

    assert done.returncode == 2
    assert "is no run folder" in done.stderr
