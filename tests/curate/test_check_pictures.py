"""Pictures that cannot be read, show nothing, or are there more than once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.curate.check import check
from cvdata.curate.check.findings import CheckSettings
from cvdata.curate.check.pictures import pictures_of
from cvdata.dataset import Dataset, State
from cvdata.engine import InProcess, Silent
from tests.curate.checked import checked, codes, dataset_of, found, noise
from tests.formats.yolo_folders import YAML, make


def in_folder(folder: Path, *names: str, **columns: Any) -> Dataset:
    """Return a dataset of the named pictures, 64 x 48, with one box of a cat each."""
    rows = [{"image": name, "box": [1, 1, 20, 20]} for name in names]
    return dataset_of(rows, sizes=dict.fromkeys(names, (64, 48)), folder=folder, **columns)


def test_a_picture_cut_off_in_the_middle_is_an_error_with_its_name(tmp_path: Path) -> None:
    data = noise(tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    noise(tmp_path / "b.jpg", 1)

    report = check(in_folder(tmp_path, "a.jpg", "b.jpg"))

    finding = found(report, "undecodable-picture")
    assert (finding.severity, finding.images) == ("error", ["a.jpg"])
    assert report.pictures_read == 2


def test_pictures_that_show_nothing_are_found(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (90, 90, 90)).save(tmp_path / "grey.png")
    night = np.kron(np.random.default_rng(0).integers(0, 16, (6, 8, 1)), np.ones((8, 8, 3)))
    Image.fromarray(night.astype(np.uint8)).save(tmp_path / "night.png")
    noise(tmp_path / "small.png", 3, (12, 12))
    noise(tmp_path / "fine.png", 4)

    report = check(in_folder(tmp_path, "grey.png", "night.png", "small.png", "fine.png"))

    assert found(report, "blank-picture").images == ["grey.png"]
    assert found(report, "dark-picture").images == ["night.png"]
    assert found(report, "tiny-picture").places[0].what == "12 x 12 pixels"
    assert "fine.png" not in {name for finding in report.findings for name in finding.images}


def test_labels_only_opens_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture at all")

    report = check(in_folder(tmp_path, "a.jpg"), settings=CheckSettings(labels_only=True))

    assert report.pictures_read == 0
    assert "undecodable-picture" not in codes(report)


def test_facts_of_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    for number, name in enumerate(["a.png", "b.png", "c.png"]):
        noise(tmp_path / name, number)
    dataset = in_folder(tmp_path, "a.png", "b.png", "c.png")
    first = pictures_of(dataset.images, InProcess(), Silent())
    noise(tmp_path / "b.png", 9)
    os.utime(tmp_path / "b.png", ns=(1, 1))
    known = in_folder(tmp_path, "a.png", "b.png", "c.png", facts=first.facts)

    again = pictures_of(known.images, InProcess(), Silent())

    assert (first.read, again.read) == (3, 1)
    assert again.facts.sha256[0].tolist() == first.facts.sha256[0].tolist()
    assert again.facts.sha256[1].tolist() != first.facts.sha256[1].tolist()


def test_the_same_file_in_two_splits_is_an_error_and_within_one_a_note(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        noise(tmp_path / name)
    noise(tmp_path / "d.jpg", 1)
    splits = {"a.jpg": "train", "b.jpg": "train", "c.jpg": "val", "d.jpg": "val"}

    report = check(in_folder(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg", splits=splits))

    leaked = found(report, "leaked-copy")
    assert (leaked.severity, leaked.count, leaked.images) == ("error", 1, ["a.jpg", "b.jpg", "c.jpg"])
    assert leaked.places[0].what == "in train, the same file: b.jpg (train), c.jpg (val)"
    assert found(report, "exact-copy").count == 1
    assert not codes(report).keys() & {"leaked-near-copy", "near-copy", "conflicting-labels"}


def test_a_mirrored_copy_in_another_split_is_found_by_its_look(tmp_path: Path) -> None:
    noise(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "b.png")

    report = check(in_folder(tmp_path, "a.png", "b.png", splits={"a.png": "train", "b.png": "test"}))

    assert found(report, "leaked-near-copy").places[0].what == "in train, look alike: b.png (test)"


def test_copies_with_other_labels_are_an_error(tmp_path: Path) -> None:
    noise(tmp_path / "a.jpg")
    noise(tmp_path / "b.jpg")
    rows = [{"box": [1, 1, 20, 20]}, {"image": "b.jpg", "category": "dog", "box": [1, 1, 20, 20]}]

    report = check(dataset_of(rows, sizes=dict.fromkeys(("a.jpg", "b.jpg"), (64, 48)), folder=tmp_path))

    assert found(report, "conflicting-labels").images == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("box", [[1, 1, 20, 20], [1.4, 0.8, 19.9, 20.3], None], ids=["same", "half a pixel", "none"])
def test_copies_with_the_same_labels_or_none_do_not_conflict(tmp_path: Path, box: list[float] | None) -> None:
    noise(tmp_path / "a.jpg")
    noise(tmp_path / "b.jpg")
    rows: list[dict[str, Any]] = [{"box": [1, 1, 20, 20]}]
    rows += [{"image": "b.jpg", "box": box}] if box else []

    report = check(dataset_of(rows, sizes=dict.fromkeys(("a.jpg", "b.jpg"), (64, 48)), folder=tmp_path))

    assert "conflicting-labels" not in codes(report)
    assert codes(report)["exact-copy"] == 1


def test_blank_pictures_are_not_copies_of_each_other_by_their_look(tmp_path: Path) -> None:
    for shade, name in ((40, "a.png"), (90, "b.png"), (140, "c.png")):
        Image.new("RGB", (64, 48), (shade, shade, shade)).save(tmp_path / name)

    report = check(in_folder(tmp_path, "a.png", "b.png", "c.png"))

    assert codes(report)["blank-picture"] == 3
    assert "near-copy" not in codes(report)


def test_augmented_copies_in_two_splits_are_found_by_their_names() -> None:
    rf = "a_jpg.rf." + "0" * 31
    names = {f"train/{rf}1.jpg": "train", f"valid/{rf}2.jpg": "val", f"train/b_jpg.rf.{'0' * 32}.jpg": "train"}
    dataset = dataset_of([], sizes=dict.fromkeys(names, (64, 48)), splits=names)

    report = check(dataset, settings=CheckSettings(labels_only=True))

    assert found(report, "leaked-augmentation").title == "augmented copies of 1 picture are spread over splits"


def test_copies_that_cvdata_made_in_another_split_than_their_original_are_an_error() -> None:
    sizes = dict.fromkeys(["a.jpg", "a.aug1.jpg", "b.jpg", "b.copy1.jpg"], (100, 80))
    splits = {"a.jpg": "train", "a.aug1.jpg": "val", "b.jpg": "train", "b.copy1.jpg": "train"}
    dataset = dataset_of([{"image": name, "box": [1, 1, 20, 20]} for name in sizes], sizes=sizes, splits=splits)

    report = check(dataset, settings=CheckSettings(labels_only=True))

    assert found(report, "leaked-augmentation").images == ["a.jpg", "a.aug1.jpg"]


def test_copies_beside_the_dataset_are_named_once_with_what_they_copy(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": "0 0.5 0.5 0.2 0.2\n", "val/b": "1 0.5 0.5 0.2 0.2\n"})
    noise(tmp_path / "images/train/a.jpg", 1)
    noise(tmp_path / "images/val/b.jpg", 2)
    noise(tmp_path / "old/images/copy.jpg", 1)
    noise(tmp_path / "old/images/new.jpg", 3)

    report = checked(tmp_path)

    assert [(s.at, s.what) for s in found(report, "unlisted-copy").places] == [
        ("old/images/copy.jpg", "the same file as images/train/a.jpg (train)")
    ]
    assert [spot.at for spot in found(report, "picture-without-labels-entry").places] == ["old/images/new.jpg"]


def test_masks_among_the_pictures_are_said_once_and_not_judged_as_pictures(tmp_path: Path) -> None:
    noise(tmp_path / "x.jpg")
    Image.new("L", (64, 48), 1).save(tmp_path / "x_mask.png")

    report = checked(tmp_path, "images")

    assert codes(report) == {"mask-as-picture": 1, "no-labels": 1}
    assert report.findings[0].places[0].what == "a mask of x.jpg"


def test_pictures_without_labels_are_a_warning_unless_nobody_labelled_any(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": "0 0.5 0.5 0.2 0.2\n", "train/b": None, "val/c": ""}, YAML)

    report = checked(tmp_path, labels_only=True)

    assert found(report, "unlabelled-picture").images == ["b.jpg"]
    assert found(report, "empty-picture").images == ["c.jpg"]
    nobody = check(dataset_of([], states=dict.fromkeys(("a.jpg", "b.jpg"), State.UNLABELLED)))
    assert codes(nobody) == {"no-labels": 2}
