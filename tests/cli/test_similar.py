"""`cvdata similar` as people run it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.command import cvdata
from tests.compare import tree
from tests.ingestion import draw, take_in
from tests.prelabel.embedding_runs import draw_some


def report(*arguments: object, cwd: Path | None = None) -> dict[str, Any]:
    """Run it and return what it prints as JSON."""
    done = cvdata("similar", *arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A cvdata dataset of pictures without labels."""
    take_in(draw_some(tmp_path / "pictures", 8), tmp_path / "pets")
    return tmp_path / "pets"


def test_a_folder_of_pictures_is_searched_for_a_file_and_stays_as_it_was(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures", 6)
    before = tree(pictures)
    draw(tmp_path / "mine.png", 3, (60, 40))  # as 03.png, larger

    done = cvdata("similar", pictures, "--like", tmp_path / "mine.png", "-n", 2, "--sheet", "s.png", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "2 of 6 pictures that are most like the one asked for"
    assert lines[1] == "compared by colours and edges: 6 looked at now, 0 known"
    assert lines[2] == "note: these do not tell what is in a picture; --embed RUN or --embed timm:NAME does"
    assert lines[3].split() == ["picture", "state", "split", "similarity"]
    assert lines[4].split()[:3] == ["03.png", "unlabelled", "-"]
    assert lines[-1] == "written: s.png"
    assert tree(pictures) == before
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.width > 600


@pytest.mark.slow
def test_a_cvdata_dataset_keeps_its_embeddings_and_versions_do_not_notice(pets: Path, tmp_path: Path) -> None:
    from pyarrow.parquet import read_table

    before = tree(pets)

    first = report(pets, "--like", "02.png")
    second = report(f"{pets}@1", "--like", "02.png")

    stored = [name for name in tree(pets) if name not in before]
    assert stored == [f"embeddings/colour-{first['model']['sha256'][:8]}.parquet"]
    assert {name: tree(pets)[name] for name in before} == before
    assert (first["model"]["computed"], first["model"]["stored"]) == (8, 0)
    assert (second["model"]["computed"], second["model"]["stored"]) == (0, 8)
    assert first["found"] == second["found"]
    assert read_table(pets / stored[0]).num_rows == 8
    for command in (["log", pets], ["check", pets], ["stats", pets], ["convert", "cvdata", "coco", pets, "out"]):
        done = cvdata(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "embeddings" not in done.stdout + done.stderr
    assert not any("embeddings" in name for name in tree(tmp_path / "out"))


def test_names_are_written_one_a_line_and_the_report_has_the_same(pets: Path, tmp_path: Path) -> None:
    take_in(draw_some(tmp_path / "others", 3), tmp_path / "seen")

    found = report(pets, "--unlike", "--seen", tmp_path / "seen", "-n", 4, "--out", "next.txt", cwd=tmp_path)

    names = (tmp_path / "next.txt").read_text("utf-8").splitlines()
    assert found["schema"] == "cvdata/similar-report/1"
    assert names == [one["image"] for one in found["found"]]
    assert not {"00.png", "01.png", "02.png"} & set(names)  # they were seen
    assert (found["searched"], found["compared"]) == (8, 3)
    assert found["settings"]["seen"] == str(tmp_path / "seen")


def test_a_store_may_be_anywhere_but_in_the_source(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures", 3)

    kept = [report(pictures, "--like", "00.png", "--store", tmp_path / "e.parquet") for _ in range(2)]
    inside = cvdata("similar", pictures, "--like", "00.png", "--store", pictures / "e.parquet")
    other = cvdata("similar", pictures, "--like", "00.png", "--store", tmp_path / "e.csv")

    assert [one["model"]["computed"] for one in kept] == [3, 0]
    assert kept[0]["model"]["store"] == str(tmp_path / "e.parquet")
    assert (inside.returncode, other.returncode) == (2, 2)
    assert "lies inside the input" in inside.stderr
    assert "--store keeps a Parquet file, and" in other.stderr


def test_none_keeps_nothing(pets: Path) -> None:
    found = report(pets, "--like", "00.png", "--store", "none")

    assert found["model"]["store"] is None
    assert not (pets / "embeddings").exists()


def test_pictures_that_cannot_be_read_are_named_and_the_search_goes_on(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures", 4)
    whole = (pictures / "02.png").read_bytes()
    (pictures / "02.png").write_bytes(whole[:-40])

    done = cvdata("similar", pictures, "--like", "00.png", "--json")
    fine = cvdata("similar", pictures, "--like", "00.png", "--exit-zero", "-q")

    assert done.returncode == 3
    assert "left out: 02.png: is cut off; expected a picture that can be read" in done.stderr
    assert [one["image"] for one in json.loads(done.stdout)["quarantine"]] == ["02.png"]
    assert {one["image"] for one in json.loads(done.stdout)["found"]} == {"01.png", "03.png"}
    assert (fine.returncode, fine.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "neither --like nor --unlike"),
        (["--like", "nothing.png"], "neither a file nor the name"),
        (["--like", "00.png", "--embed", "nonsense"], "nothing that describes pictures"),
        (["--like", "00.png", "--sheet", "s.jpg"], "--sheet writes a PNG"),
        (["--unlike"], "no picture is labelled"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_written(tmp_path: Path, arguments: list[str], message: str) -> None:
    pictures = draw_some(tmp_path / "pictures", 2)

    done = cvdata("similar", pictures, *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert message in done.stderr
    assert "hint: " in done.stderr
    assert os.listdir(tmp_path) == ["pictures"]


def test_a_folder_without_a_picture_that_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    draw(tmp_path / "pictures/a.png", 0)
    data = (tmp_path / "pictures/a.png").read_bytes()
    (tmp_path / "pictures/a.png").write_bytes(data[:-40])

    done = cvdata("similar", tmp_path / "pictures", "--unlike")

    assert done.returncode == 2
    assert "no picture could be read" in done.stderr
