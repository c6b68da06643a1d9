"""`cvdata runs`, as people run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ..train.epochs import epochs, settings_of, write_run
from .command import cvdata

REPO = Path(__file__).resolve().parents[2]
GOOD = epochs([3, 2, 1], [3, 2, 2], [0.2, 0.6, 0.5])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder with a folder `runs`: a finished run, and one that was cut off."""
    write_run(tmp_path / "runs" / "detector-1", GOOD)
    asked = settings_of(epochs=50, recipe="heavy")
    later = "2026-11-20T11:00:00+00:00"
    write_run(tmp_path / "runs" / "detector-2", GOOD[:2], asked, status="running", began=later)
    return tmp_path


def valid(text: str, schema: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(json.loads((REPO / "schemas" / schema).read_text("utf-8"))).validate(report)
    return report


def test_runs_are_listed_a_line_each(runs: Path) -> None:
    done = cvdata("runs", cwd=runs)

    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0].split() == ["run", "model", "data", "epochs", "best", "at", "time", "began"]
    assert lines[1].split()[:8] == ["detector-1", "nano", "pets", "3", "AP", "0.600", "2", "6.0"]
    assert lines[1].endswith("done")
    assert lines[2].split()[:7] == ["detector-2", "nano", "pets", "2/50", "AP", "0.600", "2"]
    assert lines[2].endswith("cut off")
    assert lines[3] == "cut off: cvdata train TASK SRC RUN --resume goes on with it"


def test_the_list_as_json_has_the_same_runs(runs: Path) -> None:
    report = valid(cvdata("runs", runs / "runs", "--json").stdout, "runs-report.json")

    assert report["schema"] == "cvdata/runs-report/1"
    assert [(run["name"], run["status"], run["best"]) for run in report["runs"]] == [
        ("detector-1", "done", 0.6),
        ("detector-2", "cut off", 0.6),
    ]


def test_a_folder_without_runs_says_so_and_a_missing_one_is_wrong_usage(tmp_path: Path) -> None:
    empty, missing = cvdata("runs", tmp_path), cvdata("runs", cwd=tmp_path)

    assert (empty.returncode, empty.stdout.startswith("no runs in ")) == (0, True)
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: 'runs' does not exist\n  hint: ")


def test_a_broken_run_is_named_beside_the_others(runs: Path) -> None:
    (runs / "runs" / "detector-1" / "run.json").write_bytes(b"\xff\xfe")

    done = cvdata("runs", cwd=runs)

    assert done.returncode == 0
    assert "detector-2" in done.stdout
    assert "warning: 'runs/detector-1' cannot be read: run.json: " in done.stdout


def test_two_runs_are_compared_with_a_page(runs: Path) -> None:
    done = cvdata("runs", "runs/detector-1", "runs/detector-2", "--html", "page.html", cwd=runs)

    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["AP", "0.600", "0.600"] in rows
    assert ["recipe", "light", "heavy"] in rows
    assert ["epochs", "3", "50"] in rows
    assert "warning: 'detector-2' was cut off: its figures are those of 2 epochs" in done.stdout
    assert "the curves: page.html" in done.stdout
    assert "<!doctype html>" in (runs / "page.html").read_text("utf-8")


def test_sound_runs_lead_to_a_paired_comparison(runs: Path) -> None:
    done = cvdata("runs", "runs/detector-1", "runs/detector-1", cwd=runs)

    assert "all settings are the same" in done.stdout
    assert "whether a difference is more than chance: cvdata eval runs/detector-1 runs/detector-1" in done.stdout


def test_a_comparison_as_json_says_what_differs(runs: Path) -> None:
    done = cvdata("runs", "runs/detector-1", "runs/detector-2", "--json", cwd=runs)

    report = valid(done.stdout, "runs-comparison.json")

    assert report["schema"] == "cvdata/runs-comparison/1"
    assert {row["name"]: row["values"] for row in report["settings"]} == {
        "epochs": [3, 50],
        "recipe": ["light", "heavy"],
    }


def test_what_makes_no_sense_is_refused(runs: Path) -> None:
    lonely = cvdata("runs", "runs", "--html", "page.html", cwd=runs)
    no_run = cvdata("runs", "runs/detector-1", "runs", cwd=runs)
    inside = cvdata("runs", "runs/detector-1", "runs/detector-2", "--html", "runs/detector-1/p.html", cwd=runs)

    assert (lonely.returncode, lonely.stderr.startswith("error: --html is for a comparison")) == (2, True)
    assert (no_run.returncode, "is no run folder" in no_run.stderr) == (2, True)
    assert (inside.returncode, "lies inside the input" in inside.stderr) == (2, True)


def test_help_has_examples() -> None:
    done = cvdata("runs", "--help")

    assert done.returncode == 0
    assert "cvdata runs runs/detector-1 runs/detector-2 --html compared.html" in done.stdout
