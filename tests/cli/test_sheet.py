"""`cvdata show` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from .command import cvdata, write_coco


def opened(path: Path) -> Image.Image:
    picture: Image.Image
    with Image.open(path) as picture:
        picture.load()
    return picture


def test_a_sheet_gets_the_name_of_the_dataset_in_the_folder_at_hand(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()

    run = cvdata("show", pets, cwd=tmp_path / "here")

    assert (run.returncode, run.stdout, run.stderr) == (0, "pets-sheet.png\n", "")
    assert opened(tmp_path / "here/pets-sheet.png").format == "PNG"


def test_the_same_command_writes_the_same_bytes_at_any_number_of_workers(pets: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        cvdata("show", pets, "--out", tmp_path / f"{workers}.png", "--workers", workers)

    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


def test_fewer_pictures_make_a_smaller_sheet(pets: Path, tmp_path: Path) -> None:
    cvdata("show", pets, "-o", tmp_path / "all.png", "--tile", 100, "--columns", 1)
    cvdata("show", pets, "-o", tmp_path / "val.png", "--tile", 100, "--columns", 1, "--picture", "*.jpg", "--limit", 2)

    assert opened(tmp_path / "all.png").height > opened(tmp_path / "val.png").height + 100


def test_a_sheet_is_never_written_into_the_source_nor_over_a_file(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(b"mine")

    inside = cvdata("show", pets, "--out", pets / "sheet.png")
    there = cvdata("show", pets, "--out", tmp_path / "mine.png")

    assert (inside.returncode, there.returncode) == (2, 2)
    assert (tmp_path / "mine.png").read_bytes() == b"mine"
    assert not (pets / "sheet.png").exists()


def test_what_is_not_there_is_a_wrong_option(pets: Path, tmp_path: Path) -> None:
    run = cvdata("show", pets, "--out", tmp_path / "a.png", "--classes", "cta")

    assert run.returncode == 2
    assert run.stderr == "error: there is no class 'cta'\n  hint: did you mean 'cat'?\n"
    assert not (tmp_path / "a.png").exists()


def test_nothing_that_fits_everything_is_said(pets: Path, tmp_path: Path) -> None:
    run = cvdata("show", pets, "--out", tmp_path / "a.png", "--classes", "person", "--picture", "turned.jpg")

    assert run.returncode == 2
    assert "no picture fits all that was asked for" in run.stderr


def test_pictures_that_a_check_names_can_be_shown(pets: Path, tmp_path: Path) -> None:
    run = cvdata("show", pets, "--out", tmp_path / "a.png", "--finding", "duplicate-box")
    unknown = cvdata("show", pets, "--out", tmp_path / "b.png", "--finding", "duplicate-bix")

    assert run.returncode == 0, run.stderr
    assert unknown.returncode == 2
    assert "duplicate-box" in unknown.stderr


def test_labels_without_pictures_are_drawn_on_grey(tmp_path: Path) -> None:
    run = cvdata("show", write_coco(tmp_path / "in.json"), "--out", tmp_path / "a.png")

    assert run.returncode == 0
    assert opened(tmp_path / "a.png").size[0] > 500


def test_a_dataset_without_pictures_is_said(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "in.json", images=[], annotations=[], categories=[])

    run = cvdata("show", source, "--out", tmp_path / "a.png")

    assert run.returncode == 2
    assert "the dataset has no picture" in run.stderr


def test_a_sheet_too_large_for_memory_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 9, "height": 9} for i in range(70)]
    labels = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "coco.json").write_text(json.dumps(labels), "utf-8")

    run = cvdata("show", tmp_path / "coco.json", "--limit", 70, "--tile", 4000, "--out", tmp_path / "out.png")

    assert run.returncode == 2
    assert "70 pictures of 4,000 pixels are too much for one sheet" in run.stderr
    assert not (tmp_path / "out.png").exists()
