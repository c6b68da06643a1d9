"""`cvdata predict MODEL PICTURES DST` as people call it; in this process, since torch takes seconds to load."""

from __future__ import annotations

import csv
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from cvdata.cli.app import app
from cvdata.cli.main import load_commands
from cvdata.convert import save

from ..models.runs import CLASSIFIER, DETECTOR, SEGMENTER, network_of, write_run
from ..train.shapes import draw_classes, draw_maps, draw_shapes
from .command import cvdata


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a run of each task."""
    folder = tmp_path_factory.mktemp("runs")
    for spec in (DETECTOR, CLASSIFIER, SEGMENTER):
        write_run(folder / spec.task, network_of(spec))
    return folder


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write six pictures of shapes with their labels."""
    folder = tmp_path_factory.mktemp("data")
    save(draw_shapes(folder / "pictures", 6, 96, val=0), folder / "coco", "coco")
    return folder / "coco"


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def run(*arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it printed on stdout and stderr."""
    load_commands(["all"])
    # A worker process would load torch again, for six pictures.
    more = [] if "--workers" in arguments else ["--workers", "1"]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*map(str, arguments), *more])
    return done.exit_code, done.stdout, done.stderr


def report_of(*arguments: object, code: int = 0) -> dict[str, Any]:
    """Predict, and return the report."""
    done = run("predict", *arguments, "--json", "--quiet")
    assert (done[0], done[2]) == (code, "")
    report: dict[str, Any] = json.loads(done[1])
    return report


def figures(*arguments: object) -> dict[str, float | None]:
    """Evaluate, and return the figures."""
    code, out, _ = run("eval", *arguments, "--json", "--quiet")
    assert code == 0
    return {name: figure["value"] for name, figure in json.loads(out)["metrics"].items()}


def test_a_detector_writes_a_dataset_with_scores_that_can_be_evaluated(runs: Path, coco: Path, tmp_path: Path) -> None:
    report = report_of(runs / "detector", coco, tmp_path / "found", "--score", "0.01")

    labels = json.loads((tmp_path / "found/annotations/instances_train.json").read_text("utf-8"))
    made = labels["annotations"]
    before = json.loads((coco / "annotations/instances_train.json").read_text("utf-8"))["annotations"]
    assert [row["name"] for row in labels["categories"]] == list(DETECTOR.classes)
    assert len(labels["images"]) == 6
    assert made and all(0.01 <= row["score"] <= 1 for row in made)
    assert report["read"] == {"images": 6, "annotations": len(before)}
    assert report["filtered"] == {"images": 0, "annotations": len(before)}  # the labels that were there do not count
    assert report["added"] == report["written"] | {"images": 0}
    assert sum(report["model"]["found"].values()) == len(made)
    assert figures(coco, tmp_path / "found")["AP50"] is not None


def test_the_manifest_names_the_model_by_its_hash(runs: Path, coco: Path, tmp_path: Path) -> None:
    report_of(runs / "detector", coco, tmp_path / "found", "--score", "0.5")

    settings = json.loads((tmp_path / "found/.cvdata/manifest.json").read_text("utf-8"))["settings"]
    weights = (runs / "detector/weights/best.safetensors").read_bytes()
    assert (settings["model"], settings["score"]) == ("shapes", 0.5)
    assert settings["sha256"] == hashlib.sha256(weights).hexdigest()


def test_the_same_pictures_give_the_same_bytes_at_any_number_of_workers(runs: Path, coco: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        report_of(runs / "detector", coco, tmp_path / str(workers), "--score", "0.01", "--workers", workers)

    first, second = (tmp_path / name / ".cvdata/manifest.json" for name in "12")
    assert first.read_bytes() == second.read_bytes()


def test_a_format_without_scores_says_what_is_lost(runs: Path, coco: Path, tmp_path: Path) -> None:
    code, _, said = run("predict", runs / "detector", coco, tmp_path / "found", "--to", "yolo", "--score", "0.01")

    assert code == 0
    assert "shapes: detector nano, " in said
    assert "confidences" in said
    assert len(list((tmp_path / "found").rglob("*.txt"))) >= 6


def test_a_bad_picture_is_put_aside_and_the_rest_goes_on(runs: Path, tmp_path: Path) -> None:
    draw_shapes(tmp_path / "pictures", 3, 96)
    whole = (tmp_path / "pictures/0000.png").read_bytes()
    (tmp_path / "pictures/0001.png").write_bytes(whole.replace(b"IDAT", b"JUNK", 1))

    report = report_of(runs / "detector", tmp_path / "pictures", tmp_path / "found", code=3)

    assert report["read"]["images"] == 3
    assert report["written"]["images"] == 2
    assert report["quarantined"]["images"] == 1
    assert report["quarantine"][0]["file"] == "0001.png"
    again = cvdata(
        "predict", runs / "detector", tmp_path / "pictures", tmp_path / "found", "--overwrite", "--exit-zero"
    )
    assert again.returncode == 0


def test_a_classifier_gives_each_picture_its_surest_class(runs: Path, tmp_path: Path) -> None:
    save(draw_classes(tmp_path / "pictures", 6), tmp_path / "truth", "imagefolder")

    report = report_of(runs / "classifier", tmp_path / "truth", tmp_path / "found")

    assert report["written"] == {"images": 6, "annotations": 6}
    assert report["target_format"] == "cvdata"
    (label,) = (name for name, count in report["model"]["found"].items() if count == 6)  # not trained: all the same
    assert label in CLASSIFIER.classes
    assert figures(tmp_path / "truth", tmp_path / "found")["top1"] == pytest.approx(2 / 6)


def test_a_segmenter_writes_maps_that_can_be_evaluated(runs: Path, tmp_path: Path) -> None:
    pictures, truth = draw_maps(tmp_path / "data", 3, 96)
    with (truth / "_classes.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Pixel Value", "Class"], *enumerate(SEGMENTER.classes)])

    report = report_of(runs / "segmenter", pictures, tmp_path / "found")

    maps = [np.asarray(Image.open(path)) for path in sorted((tmp_path / "found").glob("*.png"))]
    assert [one.shape for one in maps] == [(96, 96)] * 3
    assert sum(report["model"]["found"].values()) == 3 * 96 * 96
    assert report["model"]["found"]["background"] == sum(int((one == 0).sum()) for one in maps)
    expected = np.mean([(np.asarray(Image.open(truth / f"{n:04d}.png")) == maps[n]).mean() for n in range(3)])
    assert figures(truth, tmp_path / "found")["pixel_accuracy"] == pytest.approx(expected)


# --- refusals


def test_masks_beside_their_pictures_are_not_taken_for_pictures(runs: Path, tmp_path: Path) -> None:
    pictures, labels = draw_maps(tmp_path / "drawn", 3)
    for number in range(3):
        (labels / f"{number:04d}.png").rename(pictures / f"{number:04d}_mask.png")

    report = report_of(runs / "segmenter", pictures, tmp_path / "found")

    assert (report["read"]["images"], report["written"]["images"], report["filtered"]["images"]) == (6, 3, 3)
    assert [finding["code"] for finding in report["findings"]] == ["masks"]
    assert sorted(path.name for path in (tmp_path / "found").glob("*.png")) == ["0000.png", "0001.png", "0002.png"]


def test_maps_are_no_format_of_datasets(runs: Path, tmp_path: Path) -> None:
    pictures, _ = draw_maps(tmp_path / "data", 1)

    code, _, said = run("predict", runs / "segmenter", pictures, tmp_path / "found", "--to", "coco")

    assert code == 2
    assert "a segmenter writes label maps" in said
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--score", "2"], "--score is 2.0, expected 0 to 1"),
        (["--classes", "dsic"], "did you mean 'disc'?"),
        (["--device", "abacus"], "there is no device 'abacus'"),
        (["--weights", "nowhere.pt"], "the weights 'nowhere.pt' do not exist"),
        (["--to", "cocoa"], "'cocoa' is not a format"),
    ],
)
def test_a_wrong_option_is_refused_before_any_work(
    runs: Path, coco: Path, tmp_path: Path, arguments: list[str], found: str
) -> None:
    code, _, said = run("predict", runs / "detector", coco, tmp_path / "found", *arguments)

    assert code == 2
    assert found in said
    assert not (tmp_path / "found").exists()


def test_hostile_weights_are_refused_in_words(runs: Path, coco: Path, tmp_path: Path) -> None:
    (tmp_path / "huge.safetensors").write_bytes(struct.pack("<Q", 1 << 62) + b"{}")
    (tmp_path / "cut.pt").write_bytes(b"PK\x03\x04" + bytes(700))
    (tmp_path / "other.pt").write_bytes(b"PK\x03\x04")
    (tmp_path / "other.pt.sha256").write_text("0" * 64 + "  other.pt\n")

    for name, said in (("huge.safetensors", "bytes of header"), ("cut.pt", "cut off"), ("other.pt", "SHA-256")):
        code, _, words = run("predict", runs / "detector", coco, tmp_path / "found", "--weights", tmp_path / name)

        assert code == 1
        assert name in words and said in words
        assert "Traceback" not in words
        assert not (tmp_path / "found").exists()


def test_what_is_no_model_is_refused(coco: Path, tmp_path: Path) -> None:
    code, _, said = run("predict", coco, coco, tmp_path / "found")

    assert code == 2
    assert "neither a run folder nor an ONNX file" in said


def test_labels_without_pictures_are_refused(runs: Path, coco: Path, tmp_path: Path) -> None:
    alone = tmp_path / "labels.json"
    alone.write_bytes((coco / "annotations/instances_train.json").read_bytes())

    code, _, said = run("predict", runs / "detector", alone, tmp_path / "found")

    assert code == 2
    assert "say with --images where they lie" in said


@pytest.mark.slow
def test_the_installed_command_labels_pictures(runs: Path, coco: Path, tmp_path: Path) -> None:
    done = cvdata("predict", runs / "detector", coco, tmp_path / "found", "--score", "0.01")

    assert done.returncode == 0
    assert "shapes: detector nano, " in done.stderr
    assert "coco -> " in done.stderr
