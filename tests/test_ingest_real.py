"""Folders of pictures that people made: what is in them is known, and taking them in must find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.ingest import IngestReport
from tests.ingestion import take_in, version


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "data"


def codes(report: IngestReport) -> list[str]:
    return [finding.code for finding in report.findings]


@pytest.mark.slow
def test_pictures_in_class_folders_get_their_classes_and_splits(data: Path, tmp_path: Path) -> None:
    source = data / "clothing_cls"

    report = take_in(source, tmp_path / "out", labels=(f"imagefolder:{source}",), workers=None)

    whole = version(tmp_path / "out")
    assert (report.added, report.labelled, report.quarantined.images) == (392, 392, 0)
    assert len(whole.annotations) == 392
    assert set(whole.images.splits) <= {"train", "val", "valid", "validation", "test"}
    assert all(name.split("/")[1] == row.category for name, row in zip(whole.images.names, whole.rows(), strict=True))
    again = take_in(source, tmp_path / "out", workers=None)
    assert (again.unchanged, again.version) == (392, report.version)


@pytest.mark.slow
def test_masks_of_a_segmentation_set_are_no_pictures(data: Path, tmp_path: Path) -> None:
    report = take_in(data / "dhcn_semseg", tmp_path / "out", workers=None)

    assert (report.added, report.masks, report.quarantined.images) == (120, 120, 0)
    assert codes(report)[0] == "label-masks"


def test_masks_in_a_folder_beside_the_pictures_are_no_pictures(data: Path, tmp_path: Path) -> None:
    report = take_in(data / "unet_membrane", tmp_path / "out")

    assert (report.added, report.masks) == (8, 8)
    assert all("/image/" in name for name in version(tmp_path / "out").images.names)


def test_turned_pictures_have_the_size_that_people_see(data: Path, tmp_path: Path) -> None:
    report = take_in(data / "exif_orientation", tmp_path / "out")

    images = version(tmp_path / "out").images
    assert set(zip(images.width.tolist(), images.height.tolist(), strict=True)) == {(1800, 1200)}
    # One scene, stored five ways: all look alike when they are turned as people see them, and no two are the same file.
    assert (report.added, report.copies, report.near_copies.pictures) == (5, 0, 5)
    assert codes(report) == ["near-copies", "exif-orientation-invalid"]


def test_names_in_any_language_stay_what_they_are(data: Path, tmp_path: Path) -> None:
    report = take_in(data / "nonascii_name", tmp_path / "out")

    assert report.added == 2
    assert version(tmp_path / "out").images.names == ("tests/test.512.512.bmp", "tests/臉書.jpg")


def test_the_copies_in_the_bolt_set_are_found(data: Path, tmp_path: Path) -> None:
    report = take_in(data / "bolt_yolo_seg", tmp_path / "out", workers=None)

    assert (report.added, report.copies, report.quarantined.images) == (63, 5, 0)
    assert take_in(data / "bolt_yolo_seg", tmp_path / "few", copies="skip").filtered.images == 5


@pytest.mark.slow
def test_voc_labels_are_joined_to_their_pictures_and_zero_boxes_put_aside(data: Path, tmp_path: Path) -> None:
    root = data / "bccd_voc/BCCD"

    report = take_in(root / "JPEGImages", tmp_path / "out", labels=(f"voc:{root}",), workers=None)

    assert (report.added, report.labelled) == (364, 364)
    assert (report.read.annotations, report.written.annotations, report.quarantined.annotations) == (4888, 4886, 2)
