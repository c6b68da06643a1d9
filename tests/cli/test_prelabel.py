"""`cvdata prelabel SRC [DST]` as people call it; in this process, since torch takes seconds to load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cvdata import ingest, load, read_results
from cvdata.cli.app import app
from cvdata.cli.main import load_commands
from cvdata.convert import save
from cvdata.dataset import State
from cvdata.formats.predictions import prediction_names, read_prediction
from cvdata.formats.store import open_store
from cvdata.prelabel.predictors.family import families

from ..models.runs import CLASSIFIER, DETECTOR, SEGMENTER, network_of, write_run
from ..train.shapes import draw_shapes
from .command import cvdata


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a run of each task."""
    folder = tmp_path_factory.mktemp("runs")
    for spec in (DETECTOR, CLASSIFIER, SEGMENTER):
        write_run(folder / spec.task, network_of(spec))
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw six pictures of shapes."""
    folder = tmp_path_factory.mktemp("drawn") / "pictures"
    draw_shapes(folder, 6, 96, val=0)
    return folder


@pytest.fixture
def pets(pictures: Path, tmp_path: Path) -> Path:
    """Take the pictures into a cvdata dataset in which nobody has labelled anything."""
    ingest([pictures], tmp_path / "pets")
    return tmp_path / "pets"


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write six pictures with labels."""
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
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["prelabel", *map(str, arguments), "--workers", "1"])
    return done.exit_code, done.stdout, done.stderr


def report_of(*arguments: object, code: int = 0) -> dict[str, Any]:
    """Propose labels, and return the report."""
    status, out, errors = run(*arguments, "--json")
    assert status == code, errors
    report: dict[str, Any] = json.loads(out)
    return report


# --- in a cvdata dataset


def test_proposals_lie_beside_the_versions_which_stay_as_they_are(pets: Path, runs: Path) -> None:
    before = open_store(pets).current

    report = report_of(pets, "--model", runs / "detector", "--score", "0.01")

    stored = read_prediction(pets, "detector")
    assert open_store(pets).current == before
    assert (load(pets).images.state == State.UNLABELLED).all()
    assert len(stored.dataset.images) == report["prelabel"]["images"] == 6
    assert len(stored.dataset.annotations) == report["written"]["annotations"] == report["added"]["annotations"] > 0
    assert stored.about.version == before.id


def test_each_proposal_says_how_sure_it_is_and_where_it_comes_from(pets: Path, runs: Path) -> None:
    report_of(pets, "--model", runs / "detector", "--score", "0.01,disc=0.02")

    stored = read_prediction(pets, "detector")
    table = stored.dataset.annotations
    assert table.score is not None
    assert table.extra is not None
    least = np.array([0.01, 0.02, 0.01])[table.category]
    assert (table.score >= least).all()
    assert [json.loads(text) for text in table.extra.to_bytes()] == [
        {"model": stored.about.sha256[:12], "threshold": one} for one in least.tolist()
    ]


def test_the_same_name_twice_is_refused_and_replaced_on_demand(pets: Path, runs: Path) -> None:
    run(pets, "--model", runs / "detector", "--score", "0.01")

    code, _, errors = run(pets, "--model", runs / "detector")
    again = run(pets, "--model", runs / "detector", "--score", "0.02", "--overwrite")[0]
    other = run(pets, "--model", runs / "detector", "--name", "second")[0]

    assert (code, again, other) == (2, 0, 0)
    assert "there are proposals named 'detector' already" in errors
    assert prediction_names(pets) == ("detector", "second")
    assert read_prediction(pets, "detector").about.thresholds["disc"] == 0.02


def test_a_picture_that_cannot_be_read_is_put_aside_by_name(runs: Path, pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(pictures, tmp_path / "copies")
    ingest([tmp_path / "copies"], tmp_path / "own")
    picture = tmp_path / "copies" / "0002.png"
    data = bytearray(picture.read_bytes())
    data[len(data) // 2] ^= 1  # its header is whole, and its end
    picture.write_bytes(data)

    report = report_of(tmp_path / "own", "--model", runs / "detector", code=3)

    assert [(item["image"], item["images"]) for item in report["quarantine"]] == [("0002.png", 1)]
    assert report["prelabel"]["bad"] == 1
    assert report["written"]["images"] == 5


def test_what_people_read_names_the_model_and_the_next_step(pets: Path, runs: Path) -> None:
    code, out, errors = run(pets, "--model", runs / "detector", "--score", "0.01")

    assert (code, out) == (0, "")
    assert "shapes: detector nano, " in errors
    assert f"next: cvdata review {pets} --predictions detector" in errors


# --- beside other datasets


def test_coco_results_are_read_back_onto_their_truth(coco: Path, runs: Path, tmp_path: Path) -> None:
    report = report_of(coco, tmp_path / "found.json", "--all", "--model", runs / "detector", "--score", "0.01")

    found = read_results(tmp_path / "found.json", load(coco))
    assert len(found.annotations) == report["written"]["annotations"]
    assert report["target_format"] == "coco-results"
    assert report["filtered"]["annotations"] == len(load(coco).annotations)


def test_yolo_labels_with_scores_are_what_eval_reads(coco: Path, runs: Path, tmp_path: Path) -> None:
    report_of(coco, tmp_path / "found", "--all", "--model", runs / "detector", "--score", "0.01")

    done = cvdata("eval", coco, tmp_path / "found", "--quick")

    assert done.returncode == 0, done.stderr
    assert "YOLO" in done.stderr + done.stdout


def test_a_classifier_writes_a_table_of_scores(coco: Path, runs: Path, tmp_path: Path) -> None:
    report_of(coco, tmp_path / "found.csv", "--all", "--model", runs / "classifier")

    lines = (tmp_path / "found.csv").read_text("utf-8").splitlines()
    assert lines[0] == "image,label,score"
    assert len(lines) == 7


# --- stages


def test_the_boxes_that_are_there_are_named_by_a_classifier(coco: Path, runs: Path, tmp_path: Path) -> None:
    report_of(coco, tmp_path / "found.json", "--model", "boxes", "--then", runs / "classifier", "--score", "0")

    found, truth = read_results(tmp_path / "found.json", load(coco)), load(coco)
    assert len(found.annotations) == len(truth.annotations)
    assert sorted(map(tuple, found.annotations.box.tolist())) == sorted(map(tuple, truth.annotations.box.tolist()))


def test_a_segmenter_proposes_regions_without_scores(pets: Path, runs: Path) -> None:
    report = report_of(pets, "--model", runs / "segmenter")

    table = read_prediction(pets, "segmenter").dataset.annotations
    assert len(table) == report["written"]["annotations"] > 0
    assert table.masks is not None
    assert (table.masks.lengths > 0).all()
    assert table.score is not None
    assert np.isnan(table.score).all()


# --- what makes no sense


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no model is named"),
        (["--model", "nothing"], "'nothing' is no model"),
        (["--model", "RUN", "--score", "2"], "--score has '2', expected a number from 0 to 1"),
        (["--model", "RUN", "--score", "a=0.1,a=0.2"], "--score has two scores for a"),
        (["--model", "RUN", "--score", "dsic=0.5"], "--score names 'dsic', and no proposal can have that class"),
        (["--model", "RUN", "--whole"], "--whole is about tiles, and there are none"),
        (["--model", "RUN", "--overlap", "0.3"], "--overlap is about tiles, and there are none"),
        (["--model", "RUN", "--prompt", "hat"], "--prompt is for models that take words, and there is none"),
        (["--model", "RUN", "--layout", "a.yaml"], "--layout is about an ONNX file, and the model is none"),
        (["--model", "boxes", "--then", "CLASSIFIER", "--weights", "last"], "--weights is about how a model looks"),
        (["--model", "SEGMENTER", "--score", "0.5"], "--score is for detectors and classifiers"),
        (["--model", "RUN", "--drop", "square,disc,triangle"], "--drop leaves out all classes of a model: square"),
        (["--model", "RUN", "--tile", "3"], "--tile is 3, expected 16 pixels or more"),
        (["--model", "RUN", "--model", "RUN"], "a model is named twice"),
        (["--model", "boxes"], "--model boxes means the boxes that are there, for a second stage alone"),
        (["--model", "CLASSIFIER", "--then", "CLASSIFIER"], "a classifier finds no boxes for a second stage"),
        (["--model", "RUN", "--then", "RUN"], "is a detector, expected a classifier or sam"),
        (["--model", "RUN", "--model", "CLASSIFIER"], "the models are of several kinds: classifier, detector"),
        (["--model", "RUN", "--split", "test"], "there is no split 'test'"),
        (["--model", "RUN", "--map", "dics=a"], "no model has a class 'dics'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_work(
    pets: Path, runs: Path, arguments: list[str], message: str
) -> None:
    tasks = {"RUN": "detector", "CLASSIFIER": "classifier", "SEGMENTER": "segmenter"}
    named = [str(runs / tasks[a]) if a in tasks else a for a in arguments]

    code, out, errors = run(pets, *named)

    assert (code, out) == (2, "")
    assert message in errors
    assert prediction_names(pets) == ()


def test_the_same_model_by_two_paths_is_one_opinion(pets: Path, runs: Path) -> None:
    shutil.copytree(runs / "detector", pets.parent / "again")

    code, _, errors = run(pets, "--model", runs / "detector", "--model", pets.parent / "again")

    assert code == 2
    assert "two of the models are the same one" in errors


@pytest.mark.parametrize(
    ("task", "name", "message"),
    [
        ("segmenter", "found.json", "regions of a segmenter have no score"),
        ("detector", "scores.csv", "a table of scores holds labels of whole pictures"),
        ("classifier", "found.json", "labels of whole pictures go into a table of scores"),
        ("classifier", "yolo", "labels of whole pictures go into a table of scores"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_before_anything_is_looked_at(
    coco: Path, runs: Path, tmp_path: Path, task: str, name: str, message: str
) -> None:
    code, _, errors = run(coco, tmp_path / name, "--model", runs / task, "--all")

    assert code == 2
    assert message in errors
    assert list(tmp_path.iterdir()) == []  # not even the journal of a lot


def test_a_path_that_does_not_exist_is_called_so(runs: Path, tmp_path: Path) -> None:
    code, _, errors = run(tmp_path / "pest", "--model", runs / "detector")

    assert code == 2
    assert "pest' does not exist" in errors


def test_where_all_pictures_have_labels_it_says_how_to_look_at_them(coco: Path, runs: Path, tmp_path: Path) -> None:
    code, _, errors = run(coco, tmp_path / "found.json", "--model", runs / "detector")

    assert code == 2
    assert "all pictures have labels" in errors
    assert "--all looks at pictures with labels, too" in errors


def test_a_dataset_of_another_format_needs_a_place(coco: Path, runs: Path) -> None:
    code, _, errors = run(coco, "--model", runs / "detector")

    assert code == 2
    assert "is not a cvdata dataset, so proposals need a place of their own" in errors


def test_the_help_names_every_family() -> None:
    text = cvdata("prelabel", "--help").stdout

    named = [family.NAME for family in families() if family.NAME != "onnx"]  # a file, which needs no name
    assert [name for name in named if name not in text] == []
