"""`cvdata train`: what it refuses, and a whole run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cvdata import save

from ..compare import tree
from ..train.runs_made import make_run
from ..train.shapes import draw_classes, draw_shapes
from .command import CVDATA, cvdata, environment

QUICK = ("--size", "64", "--epochs", "1", "--batch", "4", "--workers", "0", "--recipe", "none", "--accelerator", "cpu")


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    save(draw_shapes(tmp_path / "pictures", 8, 64), tmp_path / "coco", "coco")
    return tmp_path / "coco"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", "0"), "--epochs is 0, expected 1 or more"),
        (("--hold-out", "1"), "--hold-out is 1.0, expected 0 or more and less than 1"),
        (("--batch", "2", "--devices", "3"), "--batch 2 is less than a picture for each of 3 processes"),
        (("--rate", "0"), "--rate is 0.0, expected more than 0"),
        (("--rate", "nan"), "--rate is nan, expected more than 0"),
        (("--weight-decay", "-1"), "--weight-decay is -1.0, expected 0 or more"),
        (("--warmup", "inf"), "--warmup is inf, expected a finite number"),
        (("--freeze", "head"), "--freeze is 'head', expected none, backbone or a number of stages"),
        (("--unfreeze-every", "2"), "--unfreeze-every: nothing is frozen"),
        (("--crops",), "--crops is for classifiers"),
        (("--loss", "dice"), "--loss is for segmenters"),
        (("--size", "0"), "--size is '0', expected pixels from 8 to 8192"),
        (("--size", "3x4x5"), "--size is '3x4x5', expected pixels from 8 to 8192"),
        (("--set", "backbone"), "--set backbone is not of the form KEY=VALUE"),
        (("--resume",), "--resume: which run?"),
        (("--train-split", "val"), "--train-split and --val-split are both 'val'"),
        (("--from", "label-maps"), "--from label-maps is for segmenters"),
        (("--model", "nanno"), "there is no detector 'nanno'\n  hint: did you mean 'nano'?"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    shapes: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = tree(shapes.parent)

    done = cvdata("train", "detector", "coco", *arguments, cwd=shapes.parent)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(shapes.parent) == before


WITHOUT_TORCH = """
import sys

sys.modules["torch"] = None
from cvdata.cli import main

main()
"""


@pytest.mark.parametrize(
    "words",
    [
        ("train", "detector", "coco", "run"),
        ("train", "detector", "coco", "--model", "?"),
        ("predict", "run", "pictures", "found"),
        ("export", "run"),
        ("explain", "run", "pictures", "seen"),
        ("eval", "run"),
    ],
    ids=lambda words: words[0],
)
def test_without_torch_the_cure_is_named(shapes: Path, words: tuple[str, ...]) -> None:
    folder = shapes.parent
    if words[0] != "train":
        make_run(shapes, folder / "run", "detector")

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 1
    assert "needs the package torch\n  hint: pip install 'cvdata[train]'" in done.stderr


def test_a_run_folder_has_all_that_a_run_is_asked_for(shapes: Path) -> None:
    done = cvdata("train", "detector", "coco", "runs/first", *QUICK, "--json", cwd=shapes.parent)

    run = shapes.parent / "runs" / "first"
    report, info = json.loads(done.stdout), json.loads((run / "run.json").read_text("utf-8"))
    assert done.returncode == 0, done.stderr
    assert (info["status"], info["epochs"], info["dataset"]["images"]) == ("done", 1, {"train": 6, "val": 2})
    assert info["settings"]["rate"] > 0
    assert info["spec"]["classes"] == ["square", "disc", "triangle"]
    assert info["weights"].keys() == {"weights/best.safetensors", "weights/last.safetensors"}
    assert "torch" in info["environment"]
    assert (run / "classes.txt").read_text("utf-8") == "square\ndisc\ntriangle\n"
    assert json.loads((run / "metrics.jsonl").read_text("utf-8"))["epoch"] == 1
    assert json.loads((run / "report.json").read_text("utf-8")) == report
    there = {"state.safetensors", "curves.png", "confusion.png", "report.html", "eval.html", "logs/metrics.csv"}
    assert there | {"samples/epoch-0001.png", "found/found.json", "verdicts.parquet"} <= tree(run).keys()


@pytest.mark.slow
def test_a_run_is_not_replaced_unasked_and_goes_on_only_with_the_same_data(shapes: Path) -> None:
    folder = shapes.parent
    assert cvdata("train", "detector", "coco", "run", *QUICK, cwd=folder).returncode == 0
    save(draw_shapes(folder / "others", 8, 64, seed=1), folder / "other", "coco")
    before = tree(folder / "run")

    again = cvdata("train", "detector", "coco", "run", *QUICK, cwd=folder)
    other = cvdata("train", "detector", "other", "run", *QUICK, "--resume", cwd=folder)

    assert again.returncode == 2
    assert "there is a run in 'run' already\n  hint: --resume goes on with it, --overwrite replaces it" in again.stderr
    assert other.returncode == 1
    assert "the run began with another dataset" in other.stderr
    assert tree(folder / "run") == before


@pytest.mark.slow
def test_a_run_without_a_name_gets_the_next_number(tmp_path: Path) -> None:
    save(draw_classes(tmp_path / "pictures", 12, 32), tmp_path / "classes", "imagefolder")
    quick = ("--model", "mobilenet_v3_small", "--size", "32", *QUICK[2:])

    first = cvdata("train", "classifier", "classes", *quick, cwd=tmp_path)
    second = cvdata("train", "classifier", "classes", *quick, cwd=tmp_path)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["classifier-1", "classifier-2"]


@pytest.mark.slow
def test_the_weights_are_the_same_whoever_prepares_the_pictures(shapes: Path) -> None:
    folder = shapes.parent
    for name, workers in (("a", "0"), ("b", "2")):
        quick = (*QUICK[:7], workers, *QUICK[8:-4], "--recipe", "light", "--accelerator", "cpu")
        done = cvdata("train", "detector", "coco", name, *quick, cwd=folder)
        assert done.returncode == 0, done.stderr

    one, other = ((folder / name / "weights" / "best.safetensors").read_bytes() for name in ("a", "b"))
    assert one == other


@pytest.mark.slow
def test_a_run_that_is_killed_in_its_first_epoch_goes_on_from_the_weights_that_were_named(shapes: Path) -> None:
    folder = shapes.parent
    cvdata("train", "detector", "coco", "begun", *QUICK, cwd=folder)
    words = ("train", "detector", "coco", "{run}", *QUICK, "--weights", "begun")
    whole = cvdata(*(word.format(run="whole") for word in words), cwd=folder)
    killed = subprocess.Popen([CVDATA, *(word.format(run="killed") for word in words)], cwd=folder, env=environment())
    while not (folder / "killed/run.json").is_file() and killed.poll() is None:
        time.sleep(0.01)
    killed.kill()
    killed.wait()

    done = cvdata(*(word.format(run="killed") for word in words), "--resume", cwd=folder)

    assert (whole.returncode, done.returncode) == (0, 0), done.stderr
    assert killed.returncode == -signal.SIGKILL
    for name in ("weights/best.safetensors", "weights/last.safetensors"):
        assert (folder / "killed" / name).read_bytes() == (folder / "whole" / name).read_bytes()


@pytest.mark.slow
def test_what_is_interrupted_in_its_first_epoch_promises_no_whole_one(shapes: Path) -> None:
    words = [CVDATA, "train", "detector", "coco", "run", *QUICK]
    begun = subprocess.Popen(words, cwd=shapes.parent, env=environment(), stderr=subprocess.PIPE, text=True)
    while not (shapes.parent / "run/run.json").is_file() and begun.poll() is None:
        time.sleep(0.01)
    begun.send_signal(signal.SIGINT)
    said = begun.communicate()[1].splitlines()

    assert (begun.returncode, said[-1]) == (130, "interrupted; no epoch was whole yet; --resume begins 'run' again")


@pytest.mark.slow
def test_a_scheduler_that_ends_all_processes_of_a_run_interrupts_it(shapes: Path) -> None:
    words = [CVDATA, "train", "detector", "coco", "run", *QUICK, "--epochs", "500", "--workers", "2"]
    begun = subprocess.Popen(
        words, cwd=shapes.parent, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (shapes.parent / "run/metrics.jsonl").is_file() and begun.poll() is None:
        time.sleep(0.01)
    os.killpg(begun.pid, signal.SIGTERM)
    errors = begun.communicate()[1]

    assert begun.returncode == 130, errors
    assert "internal error" not in errors
    assert "interrupted" in errors.splitlines()[-1]


@pytest.mark.slow
def test_two_processes_keep_their_pictures_in_one_run(shapes: Path) -> None:
    done = cvdata("train", "detector", "coco", *QUICK, "--devices", "2", "--cache", "disk", cwd=shapes.parent)

    assert done.returncode == 0, done.stderr
    assert [path.name for path in (shapes.parent / "runs").iterdir()] == ["detector-1"]
    assert not [path for path in (shapes.parent / "runs/detector-1").rglob("*") if "cache" in path.name]
