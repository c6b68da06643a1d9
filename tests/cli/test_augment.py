from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cvdata.convert import load
from cvdata.dataset.copies import lineage_of
from cvdata.formats.store import open_store
from tests.augment.runs import augment, source
from tests.cli.command import cvdata
from tests.compare import tree


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return source(tmp_path / "src", ["a.jpg", "b.jpg", "c.jpg"])


def test_a_dataset_with_copies_is_written_and_what_changed_is_said(tmp_path: Path, origin: Path) -> None:
    done = cvdata("augment", origin, tmp_path / "out", "--recipe", "light", "--copies", 2)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[:6] == [
        "recipe light: 6 new pictures of 3 pictures",
        "",
        "class  objects  after  pictures  after",
        "a            3      9         3      9",
        "b            3      9         3      9",
        "",
    ]
    assert "added             6           12" in done.stderr
    images = load(tmp_path / "out").images
    assert sorted(images.names) == [
        "a.aug1.jpg",
        "a.aug2.jpg",
        "a.jpg",
        "b.aug1.jpg",
        "b.aug2.jpg",
        "b.jpg",
        "c.aug1.jpg",
        "c.aug2.jpg",
        "c.jpg",
    ]
    assert {said["parent"] for said in lineage_of(images).values()} == {"a.jpg", "b.jpg", "c.jpg"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "src"]


def test_the_report_as_json_says_what_was_made(tmp_path: Path, origin: Path) -> None:
    done = cvdata(
        "augment", origin, tmp_path / "out", "--recipe", "light", "--only-classes", "a,b", "--json", "--quiet"
    )

    report = json.loads(done.stdout)
    assert done.stderr == ""
    assert report["schema"] == "cvdata/augment-report/1"
    assert (report["read"], report["added"], report["written"]) == (
        {"images": 3, "annotations": 6},
        {"images": 3, "annotations": 6},
        {"images": 6, "annotations": 12},
    )
    assert report["augment"]["classes"][0] == {
        "name": "a",
        "objects_before": 3,
        "objects_after": 6,
        "pictures_before": 3,
        "pictures_after": 6,
    }
    assert report["settings"]["recipe"] == "light"
    assert report["settings"]["only_classes"] == ["a", "b"]
    assert report["settings"]["digest"] == report["augment"]["digest"]


def test_without_dst_a_cvdata_dataset_gets_a_version_with_the_pictures_in_it(tmp_path: Path, origin: Path) -> None:
    cvdata("convert", "coco", "cvdata", origin, tmp_path / "pets", "--quiet")

    first = cvdata("augment", tmp_path / "pets", "--recipe", "light", "--quiet")
    second = cvdata("augment", tmp_path / "pets", "--recipe", "light")

    assert (first.returncode, second.returncode) == (0, 0)
    assert "no copies of: 3 made by an earlier run" in second.stderr
    assert sorted(path.name for path in (tmp_path / "pets/images").iterdir()) == [
        "a.aug1.jpg",
        "a.aug2.jpg",
        "a.jpg",
        "b.aug1.jpg",
        "b.aug2.jpg",
        "b.jpg",
        "c.aug1.jpg",
        "c.aug2.jpg",
        "c.jpg",
    ]
    assert (tmp_path / "pets/images/a.aug1.jpg").read_bytes() != (tmp_path / "pets/images/a.aug2.jpg").read_bytes()
    assert [version.command for version in open_store(tmp_path / "pets").versions] == ["convert", "augment", "augment"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pets", "src"]


def test_pictures_for_validation_are_left_alone(tmp_path: Path, origin: Path) -> None:
    cvdata("split", origin, tmp_path / "split", "--train", 0.34, "--val", 0.66, "--test", 0, "--quiet")

    done = cvdata("augment", tmp_path / "split", tmp_path / "out", "--recipe", "light")

    assert "recipe light: 1 new picture of 1 picture" in done.stderr
    assert "no copies of: 2 not for training" in done.stderr
    images = load(tmp_path / "out").images
    made = [row for row, name in enumerate(images.names) if ".aug" in name]
    assert [images.splits[images.split[row]] for row in made] == ["train"]


def test_the_copies_are_written_whatever_becomes_of_the_pictures(tmp_path: Path, origin: Path) -> None:
    cvdata("augment", origin, tmp_path / "out", "--recipe", "light", "--media", "none", "--quiet")

    assert sorted(path.name for path in (tmp_path / "out").rglob("*.jpg")) == ["a.aug1.jpg", "b.aug1.jpg", "c.aug1.jpg"]


def test_a_sheet_alone_writes_nothing_else(tmp_path: Path, origin: Path) -> None:
    done = cvdata("augment", origin, "--preview", tmp_path / "sheet.png", "--recipe", "heavy")

    assert done.stderr == f"written: {tmp_path / 'sheet.png'}\n"
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (sheet.format, sheet.width) == ("PNG", 1376)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet.png", "src"]


def test_a_sheet_and_a_dataset_come_together(tmp_path: Path, origin: Path) -> None:
    done = cvdata("augment", origin, tmp_path / "out", "--preview", tmp_path / "sheet.png", "--recipe", "light")

    assert "written: " in done.stderr
    assert (tmp_path / "out").is_dir()
    assert (tmp_path / "sheet.png").is_file()


def test_a_bad_picture_is_put_aside_and_the_exit_code_says_so(tmp_path: Path, origin: Path) -> None:
    path = tmp_path / "src/images/b.jpg"
    path.write_bytes(path.read_bytes()[:-200])

    done = cvdata("augment", origin, tmp_path / "out", "--recipe", "light")

    assert done.returncode == 3
    assert "could not be made: 1 picture" in done.stderr
    assert "quarantined: b.aug1.jpg: it could not be made of 'b.jpg': the picture is cut off; expected" in done.stderr
    assert cvdata("augment", origin, tmp_path / "zero", "--recipe", "light", "--exit-zero").returncode == 0


def test_ready_recipes_are_listed_and_shown(tmp_path: Path) -> None:
    listed = cvdata("augment", "--recipes").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [
        "recipe",
        "light",
        "standard",
        "heavy",
        "weather",
        "document",
        "aerial",
        "medical",
    ]

    (tmp_path / "mine.yaml").write_text(cvdata("augment", "--show-recipe", "light").stdout, "utf-8")
    origin = source(tmp_path / "src", ["a.jpg"])
    augment(origin, tmp_path / "ready/out", recipe="light")
    augment(origin, tmp_path / "file/out", recipe=str(tmp_path / "mine.yaml"))
    assert tree(tmp_path / "ready/out/images") == tree(tmp_path / "file/out/images")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "standart"], "did you mean 'standard'?"),
        (["--recipe", "mine.yaml"], "there is no recipe file 'mine.yaml'"),
        (["--only-classes", "c"], "there is no class 'c'"),
        (["--only-classes", ","], "--only-classes names nothing"),
        (["--splits", "tran"], "there is no split 'tran'"),
        (["--copies", "0"], "--copies"),
        (["--mosaic", "1.5"], "--mosaic"),
        (["--min-visible", "-1"], "--min-visible"),
        (["--min-visible", "nan"], "--min-visible is nan"),
        (["--quality", "101"], "--quality"),
        (["--preview", "sheet.jpg"], "--preview writes a PNG, and 'sheet.jpg' does not end so"),
        (["--show-recipe", "lite"], "there is no ready recipe 'lite'"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(
    tmp_path: Path, origin: Path, arguments: list[str], message: str
) -> None:
    done = cvdata("augment", origin, tmp_path / "out", *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["src"]


def test_a_bad_place_is_refused_before_any_work(tmp_path: Path, origin: Path) -> None:
    assert "cannot get a new version" in cvdata("augment", origin).stderr
    assert cvdata("augment", origin, tmp_path / "src").returncode == 2
    assert cvdata("augment", origin, tmp_path / "out", "--preview", tmp_path / "no/sheet.png").returncode == 2
    assert not (tmp_path / "out").exists()


def test_what_a_run_left_that_was_killed_at_its_very_end_goes_with_the_next(tmp_path: Path, origin: Path) -> None:
    cvdata("augment", origin, tmp_path / "out", "--recipe", "light", "--quiet")
    (tmp_path / ".out.cvdata-made").mkdir()
    journal = tmp_path / ".out.cvdata-journal"
    journal.write_bytes(b"aaaaaaaa {}\n")
    os.utime(journal, (5, 5))

    again = cvdata("augment", origin, tmp_path / "out", "--recipe", "light")

    assert again.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "src"]


def test_another_seed_is_told_from_the_first_one(tmp_path: Path, origin: Path) -> None:
    for seed in (0, 1):
        cvdata("augment", origin, tmp_path / f"out{seed}", "--recipe", "light", "--seed", seed, "--quiet")

    assert tree(tmp_path / "out0/images") != tree(tmp_path / "out1/images")


def test_a_mosaic_of_a_dataset_without_splits_comes_with_a_warning(tmp_path: Path, origin: Path) -> None:
    done = cvdata("augment", origin, tmp_path / "out", "--recipe", "light", "--mosaic", 1)

    assert "among them: 3 mosaics" in done.stderr
    assert "note: 3 copies are put together of several pictures, and the dataset has no splits" in done.stderr


def test_a_dataset_goes_through_yolo_and_keeps_its_copies_with_their_parents(tmp_path: Path, origin: Path) -> None:
    cvdata("augment", origin, tmp_path / "yolo", "--recipe", "light", "--to", "yolo", "--quiet")
    shutil.rmtree(tmp_path / "yolo/.cvdata/sidecar")  # as somebody who copies only images and labels

    cvdata("split", tmp_path / "yolo", tmp_path / "split", "--train", 0.67, "--val", 0.33, "--test", 0, "--quiet")

    images = load(tmp_path / "split").images
    split_of: dict[str, set[int]] = {name.rpartition("/")[2].split(".")[0]: set() for name in images.names}
    for row, name in enumerate(images.names):
        split_of[name.rpartition("/")[2].split(".")[0]].add(int(images.split[row]))
    assert {stem: len(splits) for stem, splits in split_of.items()} == {"a": 1, "b": 1, "c": 1}
