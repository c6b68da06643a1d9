"""Proposals of models in a cvdata dataset: written whole or not at all, read as a stranger's, never changed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cvdata.convert import read
from cvdata.dataset import Ragged
from cvdata.errors import CvdataError, FormatError, IdentityError, OutputError, UnsafePathError, UsageError
from cvdata.files import QuarantineItem
from cvdata.formats.predictions import (
    check_prediction_name,
    check_prediction_place,
    is_prediction,
    joint_hash,
    prediction_names,
    read_note,
    read_prediction,
    write_note,
    write_prediction,
)
from cvdata.formats.store import open_store

from ..compare import identical, tree
from ..files.outputs import before_each_change, disk_full_at
from ..tiny import draw_pictures, tiny
from .proposals import about_of, propose, proposed, stored_pets

REPO = Path(__file__).resolve().parents[2]
TWO = [("b.jpg", "dog", (1.5, 2, 30, 40), 0.9), ("b.jpg", "cat", (50, 2, 30, 40), 0.3)]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return stored_pets(tmp_path / "pets")


def test_what_was_proposed_is_read_again_with_its_origin(pets: Path) -> None:
    written = propose(pets, proposed(TWO))

    stored = read_prediction(pets, "first")

    table = stored.dataset.annotations
    assert stored.about == written
    assert stored.folder == Path(os.path.realpath(pets)) / "predictions/first"
    assert (written.images, written.annotations, written.classes) == (4, 2, ("cat", "dog"))
    assert stored.dataset.images.names == ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    assert table.box.tolist() == [[1.5, 2, 30, 40], [50, 2, 30, 40]]
    assert table.score is not None and table.score.tolist() == [0.9, 0.3]
    assert [json.loads(text) for text in extra_of(table.extra)] == [
        {"model": "0123456789ab", "threshold": 0.5},
        {"model": "0123456789ab", "threshold": 0.25},
    ]


def extra_of(column: Ragged | None) -> list[bytes]:
    assert column is not None
    return column.to_bytes()


def test_truth_does_not_change_when_a_model_proposes(pets: Path) -> None:
    before = tree(pets / "versions"), (pets / "cvdata.json").read_bytes()

    propose(pets, proposed(TWO))

    assert (tree(pets / "versions"), (pets / "cvdata.json").read_bytes()) == before
    assert len(read(pets).dataset.annotations) == 1
    assert open_store(pets).predictions == ("first",)


def test_every_column_comes_back_as_it_was(pets: Path, tmp_path: Path) -> None:
    dataset = tiny(tmp_path / "pictures")
    draw_pictures(tmp_path / "pictures")
    whole = dataclasses.replace(
        dataset,
        annotations=dataclasses.replace(
            dataset.annotations, score=np.linspace(0, 1, len(dataset.annotations)), extra=None, source_id=None
        ),
    )

    propose(pets, whole)

    back = read_prediction(pets, "first").dataset
    identical(back.annotations, whole.annotations, but=frozenset({"extra"}))
    identical(back.categories, whole.categories)
    assert back.images.file(0) == os.path.realpath(tmp_path / "pictures" / dataset.images.names[0])


def test_attributes_that_a_model_gave_stay_beside_the_origin(pets: Path) -> None:
    extra = Ragged.texts([b'{"seam": true}', b""])

    propose(pets, proposed(TWO, extra=extra))

    said = [json.loads(text) for text in extra_of(read_prediction(pets, "first").dataset.annotations.extra)]
    assert said == [
        {"seam": True, "model": "0123456789ab", "threshold": 0.5},
        {"model": "0123456789ab", "threshold": 0.25},
    ]


def test_regions_without_a_score_are_fine(pets: Path) -> None:
    propose(pets, proposed([("b.jpg", "dog", (1, 2, 30, 40), float("nan"))]))

    score = read_prediction(pets, "first").dataset.annotations.score
    assert score is not None and np.isnan(score).all()


def test_pictures_in_which_nothing_was_found_are_kept(pets: Path) -> None:
    propose(pets, proposed([]))

    stored = read_prediction(pets, "first")
    assert (len(stored.dataset.images), len(stored.dataset.annotations)) == (4, 0)


def test_several_models_have_one_hash_together() -> None:
    assert joint_hash(["ab"]) == "ab"
    # printf abcd | sha256sum
    assert joint_hash(["ab", "cd"]) == "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589"


def test_a_picture_that_could_not_be_read_is_counted_and_named(pets: Path) -> None:
    item = QuarantineItem(kind="image", file="d.jpg", found="no picture", expected="a picture", image="d.jpg", images=1)
    about = msgspec.structs.replace(about_of(pets), bad=1)

    write_prediction(pets, proposed(TWO), about, quarantine=[item])

    folder = pets / "predictions/first/.cvdata"
    account = json.loads((folder / "manifest.json").read_text())["account"]
    assert account["read"] == {"images": 5, "annotations": 0}
    assert account["added"] == {"images": 0, "annotations": 2}
    assert account["quarantined"] == {"images": 1, "annotations": 0}
    assert "no picture" in (folder / "quarantine.jsonl").read_text()


# --- names


@pytest.mark.parametrize("name", ["yolo11", "2026-11-22", "a.b_c", "Auge-ö"])
def test_a_name_for_a_folder_is_fine(name: str) -> None:
    check_prediction_name(name)


@pytest.mark.parametrize("name", ["", ".hidden", "../up", "a/b", "a b", "con", "dot.", "x" * 101, "-flag", "a\nb"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no name for predictions"):
        check_prediction_name(name)


def test_a_name_that_is_not_there_is_answered_with_the_nearest(pets: Path) -> None:
    propose(pets, proposed(TWO), "yolo11")

    with pytest.raises(UsageError, match="there are no predictions 'yolo1'") as caught:
        read_prediction(pets, "yolo1")

    assert caught.value.hint == "did you mean 'yolo11'?"


# --- writing whole or not at all


def test_predictions_of_one_name_are_replaced_only_when_asked(pets: Path) -> None:
    propose(pets, proposed(TWO))

    with pytest.raises(UsageError, match="there are proposals named 'first' already"):
        check_prediction_place(pets, "first", overwrite=False)
    with pytest.raises(UsageError, match="is not empty"):
        propose(pets, proposed(TWO[:1]))
    propose(pets, proposed(TWO[:1]), overwrite=True)

    assert read_prediction(pets, "first").about.annotations == 1


def test_predictions_that_a_person_reviewed_are_not_replaced(pets: Path) -> None:
    propose(pets, proposed(TWO))
    write_note(pets, "first", "review/review.json", b"{}")

    with pytest.raises(UsageError, match="have been reviewed"):
        check_prediction_place(pets, "first", overwrite=True)
    with pytest.raises(UsageError, match="have been reviewed"):
        propose(pets, proposed(TWO[:1]), overwrite=True)

    assert read_prediction(pets, "first").about.annotations == 2


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (("b.jpg", "dog", (1.0, 2.0, 30.0, 40.0), 1.5), "a score that is not from 0 to 1"),
        (("b.jpg", "dog", (1.0, 2.0, 0.0, 40.0), 0.5), "a box that is not finite, has no area"),
        (("b.jpg", "dog", (200.0, 2.0, 30.0, 40.0), 0.5), "or is not in its picture"),
        (("b.jpg", "dog", (float("inf"), 2.0, 30.0, 40.0), 0.5), "a box that is not finite"),
    ],
)
def test_what_is_no_proposal_is_not_written(
    pets: Path, row: tuple[str, str, tuple[float, float, float, float], float], found: str
) -> None:
    with pytest.raises(UsageError, match=f"proposal 0 of picture 'b.jpg' has .*{found}"):
        propose(pets, proposed([row]))

    assert prediction_names(pets) == ()


def test_a_full_disk_leaves_no_predictions_and_says_so(pets: Path) -> None:
    before = tree(pets)

    with before_each_change(disk_full_at(5)), pytest.raises(OutputError, match="cannot write"):
        propose(pets, proposed(TWO))

    assert tree(pets) == before


KILL = """
import json, os, sys
from pathlib import Path
from cvdata.formats.predictions import read_prediction
from cvdata.formats.store import open_store
from tests.formats.proposals import propose, proposed, stored_pets
from tests.formats.test_predictions import TWO
from tests.kills import killed_before

number, seen, done = 0, [], False
while not done:
    number += 1
    root = stored_pets(Path(sys.argv[1]) / str(number) / "pets")
    propose(root, proposed(TWO))
    child = os.fork()
    if not child:
        killed_before(number, lambda: propose(root, proposed(TWO[:1]), overwrite=True))
        os._exit(0)
    done = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    left, names = read_prediction(root, "first").about.annotations, open_store(root).predictions
    propose(root, proposed(TWO), overwrite=True)  # the next run cleans up
    seen.append((left, names, os.listdir(root / "predictions")))
print("\\n" + json.dumps(seen))
"""


@pytest.mark.slow
def test_a_kill_at_any_change_of_the_disk_leaves_the_old_predictions_or_the_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILL, tmp_path], capture_output=True, text=True, cwd=REPO, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert {left for left, _, _ in seen} == {1, 2}
    assert len(seen) > 8
    assert all(names == left_over == ["first"] for _, names, left_over in seen)


# --- reading what a stranger wrote


def edit_record(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = root / "predictions/first/prediction.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


@pytest.mark.parametrize(
    ("change", "error", "found"),
    [
        (lambda raw: raw.update(schema="cvdata/prediction/2"), FormatError, "this cvdata knows cvdata/prediction/1"),
        (lambda raw: raw.update(name="other"), FormatError, "it is the prediction 'other'"),
        (lambda raw: raw.update(annotations=3), FormatError, "its counts are not those of its tables"),
        (lambda raw: raw.update(files={}), FormatError, "it does not name images.parquet and annotations.parquet"),
        (lambda raw: raw.update(more=1), FormatError, "more"),
        (lambda raw: raw["categories"].append({"name": "cat"}), IdentityError, "two classes have one name"),
        (lambda raw: raw["files"]["images.parquet"].update(sha256="0" * 64), FormatError, "its bytes changed"),
        (lambda raw: raw["categories"].pop(), FormatError, "a name that the dataset does not list"),
    ],
)
def test_a_spoiled_record_is_refused(
    pets: Path, change: Callable[[dict[str, Any]], object], error: type[CvdataError], found: str
) -> None:
    propose(pets, proposed(TWO))
    edit_record(pets, change)

    with pytest.raises(error, match=found) as caught:
        read_prediction(pets, "first")

    assert str(caught.value).startswith("predictions/first/")


def test_tables_with_scores_that_are_none_are_refused_with_the_row(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled = proposed([TWO[0], ("c.jpg", "cat", (1, 2, 30, 40), 7.0)])
    with monkeypatch.context() as patched:
        patched.setattr("cvdata.formats.predictions._refuse_unsound", lambda *_: None)
        propose(pets, spoiled)

    with pytest.raises(FormatError, match=r"annotations.parquet: row 1: proposal 1 of picture 'c.jpg' has a score"):
        read_prediction(pets, "first")


def test_a_link_that_leads_out_of_the_dataset_is_refused(pets: Path, tmp_path: Path) -> None:
    propose(pets, proposed(TWO))
    (pets / "predictions").rename(tmp_path / "elsewhere")
    (pets / "predictions").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnsafePathError, match="leads through a link"):
        read_prediction(pets, "first")


def test_a_folder_is_told_from_others(pets: Path) -> None:
    propose(pets, proposed(TWO))

    assert is_prediction(pets / "predictions/first")
    assert not is_prediction(pets / "predictions")
    assert not is_prediction(pets)


# --- notes


def test_a_note_is_read_as_it_was_written_last(pets: Path) -> None:
    propose(pets, proposed(TWO))
    assert read_note(pets, "first", "review/review.json") is None

    write_note(pets, "first", "review/review.json", b"one")
    write_note(pets, "first", "review/review.json", b"two")

    assert read_note(pets, "first", "review/review.json") == b"two"
    assert read_prediction(pets, "first").about.annotations == 2


def test_what_a_killed_run_left_of_a_note_goes(pets: Path) -> None:
    propose(pets, proposed(TWO))
    write_note(pets, "first", "review/review.json", b"one")
    (pets / "predictions/first/review/.review.json.cvdata-0a1b2c3d").write_bytes(b"half")

    write_note(pets, "first", "review/review.json", b"two")

    assert os.listdir(pets / "predictions/first/review") == ["review.json"]


@pytest.mark.parametrize("file", ["prediction.json", "annotations.parquet", "./images.parquet"])
def test_a_note_never_replaces_a_part_of_the_prediction(pets: Path, file: str) -> None:
    propose(pets, proposed(TWO))

    with pytest.raises(UsageError, match="is a part of the prediction itself"):
        write_note(pets, "first", file, b"")


def test_a_note_outside_the_prediction_is_refused(pets: Path) -> None:
    propose(pets, proposed(TWO))

    with pytest.raises(UnsafePathError):
        write_note(pets, "first", "../../cvdata.json", b"")
    with pytest.raises(UsageError, match="there are no predictions 'second'"):
        write_note(pets, "second", "review.json", b"")
