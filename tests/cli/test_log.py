"""`cvdata log` and `cvdata restore`, as people run them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import cvdata as library
from cvdata.dataset import Categories
from cvdata.formats.predictions import write_note
from cvdata.formats.store import add_version, open_store

from ..curate.grids import cell, grid
from ..formats.proposals import HASH, propose, proposed, stored_pets
from .command import cvdata

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a cvdata dataset of two versions; the second has an annotation less and a class more."""
    library.save(grid({"a.jpg": [("cat", cell(0)), ("dog", cell(1))], "b.jpg": []}), tmp_path / "pets", "cvdata")
    dataset = open_store(tmp_path / "pets").load()
    changed = replace(
        dataset,
        annotations=dataset.annotations.take(np.array([0])),
        categories=Categories(names=("cat", "dog", "bird", "fish")),
    )
    add_version(tmp_path / "pets", changed, command="review", settings={})
    return tmp_path / "pets"


def valid(text: str, schema: str) -> dict[str, object]:
    report: dict[str, object] = json.loads(text)
    jsonschema.Draft202012Validator(json.loads((REPO / "schemas" / schema).read_text("utf-8"))).validate(report)
    return report


def test_the_log_shows_each_version_and_what_it_changed(pets: Path) -> None:
    first, second = open_store(pets).versions

    done = cvdata("log", pets)

    assert done.returncode == 0
    time = [version.time.replace("T", " ").rstrip("Z") for version in (first, second)]
    assert done.stdout.splitlines() == [
        "pets: 2 versions",
        "",
        f"* {second.id}  {time[1]}  review",
        "  2 pictures   1 annotations -1   4 classes +1",
        f"  {first.id}  {time[0]}  save memory (memory)",
        "  2 pictures   2 annotations   3 classes",
    ]


def test_the_last_versions_alone_can_be_listed(pets: Path) -> None:
    done = cvdata("log", pets, "-n", 1)

    assert "review" in done.stdout
    assert "save" not in done.stdout
    assert done.stdout.splitlines()[-1] == "... and 1 older"


def test_the_log_as_json_fits_its_schema(pets: Path) -> None:
    report = valid(cvdata("log", pets, "--json").stdout, "log-report.json")

    assert report["total"] == 2


def test_the_log_shows_what_models_propose_and_what_became_of_it(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    first = propose(root, proposed([("b.jpg", "dog", (1, 1, 9, 9), 0.9), ("c.jpg", "cat", (1, 1, 9, 9), 0.8)]))
    assert cvdata("accept", root, "--predictions", "first", "--above", 0.85).returncode == 0
    second = propose(root, proposed([]), "second")

    done = cvdata("log", root, "-n", 1)

    version, accepted = open_store(root).versions
    times = [one.time.replace("T", " ").rstrip("Z") for one in (first, second)]
    lines = done.stdout.splitlines()
    assert lines[0] == "pets: 2 versions, 2 predictions"
    newest = [f"  second  {times[1]}  cells of {accepted.id}", "  4 pictures   0 objects"]
    oldest = [f"  first  {times[0]}  cells of {version.id}", f"  4 pictures   2 objects   accepted in {accepted.id}"]
    assert lines[lines.index("proposals") - 2] == "... and 1 older"
    assert sorted(lines[lines.index("proposals") + 1 :]) == sorted([*newest, *oldest])


def test_proposals_are_in_the_json_and_reviewed_ones_are_marked(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    about = propose(root, proposed([("b.jpg", "dog", (1, 1, 9, 9), 0.9)]))
    write_note(root, "first", "review/review.json", b"{}")

    report = valid(cvdata("log", root, "--json").stdout, "log-report.json")

    assert report["predictions"] == [
        {
            "name": "first",
            "time": about.time,
            "version": open_store(root).current.id,
            "models": [{"name": "cells", "sha256": HASH, "task": "detector", "architecture": "nano"}],
            "images": 4,
            "annotations": 1,
            "classes": 2,
            "bad": 0,
            "reviewed": True,
            "accepted": [],
        }
    ]
    assert "1 objects   reviewed" in cvdata("log", root).stdout


def test_settings_of_a_stranger_say_nothing_of_what_was_accepted(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed([("b.jpg", "dog", (1, 1, 9, 9), 0.9)]))
    assert cvdata("accept", root, "--predictions", "first", "--above", 0.85).returncode == 0
    record = root / "versions" / open_store(root).current.id / "version.json"
    said = json.loads(record.read_text("utf-8"))
    said["settings"]["predictions"] = 5
    record.write_text(json.dumps(said), "utf-8")

    done = cvdata("log", root)

    assert (done.returncode, done.stderr) == (0, "")
    assert "accepted in" not in done.stdout


def test_a_damaged_prediction_is_named_and_hides_nothing_else(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed([]))
    propose(root, proposed([]), "second")
    (root / "predictions" / "first" / "prediction.json").write_text("{", "utf-8")

    done, printed = cvdata("log", root), cvdata("log", root, "--json")

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "pets: 1 version, 2 predictions"
    assert any(line.startswith("  second  ") for line in lines)
    assert "predictions/first/prediction.json: " in lines[lines.index("  first  cannot be read") + 1]
    assert printed.returncode == 1
    report = valid(printed.stdout, "log-report.json")
    assert [lost["name"] for lost in report["damaged"]] == ["first"]  # type: ignore[attr-defined]


def test_restoring_says_what_it_changed_and_how_to_undo_it(pets: Path) -> None:
    first, second = open_store(pets).versions

    done = cvdata("restore", "pets", 1, cwd=pets.parent)

    third = open_store(pets).current
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"pets is what it was in {first.id} again, as version {third.id}",
        "  pictures     1 with other annotations",
        "  annotations  1 added",
        f"to undo: cvdata restore pets {second.id}",
    ]
    assert cvdata("log", pets).stdout.splitlines()[2].endswith(f"restore {first.id}")


def test_restoring_the_current_version_changes_nothing(pets: Path) -> None:
    current = open_store(pets).current.id

    done = cvdata("restore", pets, current)

    assert done.returncode == 0
    assert done.stdout == f"pets is what it was in {current} already; no version was added\n"
    assert len(open_store(pets).versions) == 2


def test_restoring_as_json_fits_its_schema(pets: Path) -> None:
    report = valid(cvdata("restore", pets, "1", "--json").stdout, "restore-report.json")

    assert report["changed"] is True


@pytest.mark.parametrize("command", [("log",), ("restore", "1")])
def test_what_is_no_cvdata_dataset_is_one_clear_message(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = cvdata(command[0], tmp_path, *command[1:])

    assert done.returncode == 1
    assert "is not a cvdata dataset" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("command", [("log",), ("restore", "1")])
def test_a_mistyped_path_is_one_clear_message(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = cvdata(command[0], "pest", *command[1:], cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: 'pest' does not exist", "  hint: check the path"]


@pytest.mark.parametrize("command", [("log",), ("restore", "1")])
def test_a_version_in_place_of_its_dataset_is_one_clear_message(pets: Path, command: tuple[str, ...]) -> None:
    done = cvdata(command[0], "pets@1", *command[1:], cwd=pets.parent)

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: 'pets@1' is a version of a dataset",
        "  hint: name the dataset alone: pets",
    ]


def test_the_command_that_undoes_a_restore_can_be_pasted(pets: Path) -> None:
    before = open_store(pets).current.id
    pets.rename(pets.with_name("my pets"))

    done = cvdata("restore", "my pets", 1, cwd=pets.parent)

    assert done.stdout.splitlines()[-1] == f"to undo: cvdata restore 'my pets' {before}"


def test_an_unknown_version_is_one_clear_message(pets: Path) -> None:
    done = cvdata("restore", pets, "seven")

    assert done.returncode == 2
    assert "'seven' is not a version of 'pets'" in done.stderr
    assert open_store(pets).current.id in done.stderr
