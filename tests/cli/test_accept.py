"""`cvdata accept`, run as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cvdata.convert import read
from cvdata.formats.predictions import prediction_names
from cvdata.formats.store import open_store
from cvdata.prelabel.accept import AcceptReport

from ..compare import tree
from ..formats.proposals import propose, proposed, stored_pets
from ..prelabel.opinions import reviewed
from .command import cvdata

REPO = Path(__file__).resolve().parents[2]
ROWS = [
    ("a.jpg", "cat", (11.0, 10.0, 40.0, 40.0), 0.95),
    ("b.jpg", "dog", (0.0, 0.0, 30.0, 40.0), 0.9),
    ("b.jpg", "cat", (50.0, 0.0, 30.0, 40.0), 0.3),
    ("c.jpg", "cat", (5.0, 5.0, 20.0, 20.0), 0.8),
]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed(ROWS))
    return root


def accept(root: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return cvdata("accept", root, "--predictions", "first", *arguments)


def report_of(root: Path, *arguments: object) -> AcceptReport:
    done = accept(root, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=AcceptReport)


def test_proposals_become_a_new_version_and_restore_takes_them_back(pets: Path) -> None:
    report = report_of(pets, "--above", "0.8")

    store = open_store(pets)
    assert (report.version, len(store.versions)) == (store.current.id, 2)
    assert store.current.command == "accept"
    assert [(n.images, n.annotations) for n in (report.read, report.added, report.written)] == [(4, 1), (0, 2), (4, 3)]
    assert (report.accept.accepted, report.accept.left_out) == (2, {"below": 1, "already-labelled": 1})
    assert prediction_names(pets) == ("first",)

    done = cvdata("restore", pets, 1)
    assert done.returncode == 0, done.stderr
    assert len(open_store(pets).load().annotations) == 1


def test_the_same_again_makes_no_version(pets: Path) -> None:
    accept(pets, "--above", "0.8")
    before = tree(pets)

    report = report_of(pets, "--above", "0.8")

    assert tree(pets) == before
    assert "unchanged" in [finding.code for finding in report.findings]


def test_people_read_what_came_in_and_why_the_rest_did_not(pets: Path) -> None:
    done = accept(pets, "--above", "cat=0.8")

    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.splitlines()[:6] == [
        "first: 4 proposals of cells (0123456789ab)",
        "class  from  proposed  accepted  as reviewed  drawn",
        "cat     0.8         3         1            0      0",
        "dog       -         1         0            0      0",
        "left out: 1 below the least score of their class, 1 of classes without a least score, 1 already labelled",
        "1 picture got 1 label",
    ]


def test_a_review_says_from_which_score_on(pets: Path) -> None:
    reviewed(pets, thresholds={"cat": 0.8, "dog": None})

    done = accept(pets)

    assert done.returncode == 0, done.stderr
    assert "cat     0.8         3         1" in done.stderr


def test_a_folder_may_be_made_in_another_format(pets: Path, tmp_path: Path) -> None:
    before = tree(pets)

    report = report_of(pets, tmp_path / "coco", "--to", "coco", "--above", "0.8")

    assert tree(pets) == before
    rows = json.loads((tmp_path / "coco/annotations/instances.json").read_text())["annotations"]
    assert report.target_format == "coco"
    assert [row.get("origin") for row in rows] == [
        None,
        {"prediction": "first", "row": 1, "model": "0123456789ab", "score": 0.9, "threshold": 0.8},
        {"prediction": "first", "row": 3, "model": "0123456789ab", "score": 0.8, "threshold": 0.8},
    ]
    assert all("score" not in row for row in rows)
    assert len(read(tmp_path / "coco").dataset.annotations) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nobody has reviewed the predictions 'first'"),
        (["--above", "lots"], "--above has 'lots'"),
        (["--above", "0.5", "--only-reviewed"], "leave out --above"),
        (["--above", "0.5", "--empty-below", "0.1"], "--empty-below is 0.1"),
        (["--above", "dgo=0.5"], "did you mean 'dog'?"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_changes(pets: Path, arguments: list[str], said: str) -> None:
    before = tree(pets)

    done = accept(pets, *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert tree(pets) == before


def test_predictions_that_are_not_named_are_listed(pets: Path) -> None:
    propose(pets, proposed(ROWS), "second")

    done = cvdata("accept", pets)
    wrong = cvdata("accept", pets, "--predictions", "third")

    assert (done.returncode, wrong.returncode) == (2, 2)
    assert "there are: first, second" in done.stderr
    assert "there are no predictions 'third'" in wrong.stderr


def test_another_dataset_has_no_proposals(tmp_path: Path) -> None:
    (tmp_path / "voc").mkdir()

    done = cvdata("accept", tmp_path / "voc", tmp_path / "out", "--predictions", "first", "--above", "0.5")

    assert done.returncode != 0
    assert "is not a cvdata dataset" in done.stderr
    assert "Traceback" not in done.stderr


KILL = """
import json, os, sys
from pathlib import Path
from cvdata.convert import ConvertSettings, Edit, read, write_edit
from cvdata.files import Counts
from cvdata.formats.store import open_store
from cvdata.prelabel.accept import AcceptSettings, accept, offers_of
from tests.cli.test_accept import ROWS
from tests.formats.proposals import propose, proposed, stored_pets
from tests.kills import killed_before

asked = AcceptSettings(predictions=("first",), above=0.8)

def work(root):
    reading = read(root, "cvdata", workers=1)
    outcome = accept(reading.dataset, offers_of(root, asked), asked)
    edit = Edit(command="accept", settings={}, dataset=outcome.dataset, added=Counts(0, outcome.part.accepted))
    write_edit([reading], [root], edit, None, settings=ConvertSettings(workers=1))

number, seen, done = 0, [], False
while not done:
    number += 1
    root = stored_pets(Path(sys.argv[1]) / str(number) / "pets")
    propose(root, proposed(ROWS))
    child = os.fork()
    if not child:
        killed_before(number, lambda: work(root))
        os._exit(0)
    done = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    left = open_store(root)
    work(root)  # the next run finishes
    after = open_store(root)
    seen.append((len(left.load().annotations), len(after.load().annotations), after.predictions))
print("\\n" + json.dumps(seen))
"""


@pytest.mark.slow
def test_a_kill_at_any_change_of_the_disk_leaves_the_old_version_or_the_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILL, tmp_path], capture_output=True, text=True, cwd=REPO, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    before = [left for left, _, _ in seen]
    assert before == sorted(before)
    assert set(before) == {1, 3}
    assert len(seen) > 8
    assert {(after, *names) for _, after, names in seen} == {(3, "first")}


# --- the folder of predictions is in nobody's way


def test_predictions_are_held_against_the_truth(pets: Path) -> None:
    done = cvdata("eval", pets, pets / "predictions/first", "--quick", "--json")

    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert (report["found_format"], report["detections"], report["objects"]) == ("cvdata predictions", 1, 1)
    assert report["metrics"]["AP50"]["value"] == pytest.approx(1)


@pytest.mark.parametrize(
    "command", [["log"], ["stats"], ["convert", "auto", "coco"], ["sample", "-n", "2"]], ids=lambda command: command[0]
)
def test_commands_pass_by_the_predictions(pets: Path, tmp_path: Path, command: list[str]) -> None:
    name, *rest = command
    arguments = [*rest, pets, tmp_path / "out"] if name == "convert" else [pets, tmp_path / "out", *rest]
    if name in ("log", "stats"):
        arguments = [pets]

    done = cvdata(name, *arguments)

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "out/predictions").exists()


def test_check_says_nothing_about_the_predictions(pets: Path) -> None:
    done = cvdata("check", pets, "--json")

    assert "predictions" not in done.stdout
    assert "Traceback" not in done.stderr
