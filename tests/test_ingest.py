from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image

import cvdata
from cvdata.dataset import State
from cvdata.errors import LockedError, UsageError
from cvdata.files.journal import Journal
from tests.compare import tree
from tests.ingestion import DAY, draw, take_in, version


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three good pictures, one of them a level deeper."""
    folder = tmp_path / "photos"
    for seed, name in enumerate(("b.jpg", "a é.png", "in/c.jpg")):
        draw(folder / name, seed)
    return folder


# --- what a dataset of pictures is


def test_pictures_become_a_dataset_that_says_what_each_of_them_is(tmp_path: Path, photos: Path) -> None:
    report = take_in(photos, tmp_path / "pets")

    images = version(tmp_path / "pets").images
    assert images.names == ("a é.png", "b.jpg", "in/c.jpg")
    assert images.width.tolist() == [48, 48, 48]
    assert images.height.tolist() == [32, 32, 32]
    assert images.state.tolist() == [State.UNLABELLED] * 3
    assert images.facts is not None
    assert images.facts.modified.tolist() == [DAY * 10**9] * 3
    assert images.facts.sha256[1].tobytes() == hashlib.sha256((photos / "b.jpg").read_bytes()).digest()
    assert images.file(0) == str(tmp_path / "pets/images/a é.png")
    assert os.path.samefile(tmp_path / "pets/images/b.jpg", photos / "b.jpg")
    assert (report.read.images, report.written.images, report.added) == (3, 3, 3)
    assert (report.findings, report.quarantine) == ([], [])


def test_taking_in_leaves_nothing_beside_the_dataset_and_the_sources_as_they_were(tmp_path: Path, photos: Path) -> None:
    before = tree(photos)

    take_in(photos, tmp_path / "pets")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["pets", "photos"]
    assert tree(photos) == before


def test_two_workers_write_the_bytes_that_one_writes(tmp_path: Path, photos: Path) -> None:
    for seed in range(10, 30):
        draw(photos / f"{seed}.jpg", seed)

    reports = [take_in(photos, tmp_path / str(workers) / "pets", workers=workers) for workers in (1, 2)]

    assert tree(tmp_path / "1") == tree(tmp_path / "2")
    assert reports[0].version == reports[1].version


def test_a_dataset_taken_in_converts_like_any_other(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")

    report = cvdata.convert(tmp_path / "pets", tmp_path / "coco", "coco")

    assert (report.source_format, report.written.images) == ("cvdata", 3)


def test_the_dataset_has_the_name_that_was_asked_for(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets", name="Our pets")

    assert '"name": "Our pets"' in (tmp_path / "pets/cvdata.json").read_text("utf-8")


# --- what is bad


def test_bad_pictures_are_put_aside_by_name_and_the_rest_is_taken_in(tmp_path: Path, photos: Path) -> None:
    (photos / "cut.jpg").write_bytes((photos / "b.jpg").read_bytes()[:300])
    (photos / "empty.png").write_bytes(b"")
    (photos / "gone.jpg").symlink_to("nowhere.jpg")
    (photos / "out.jpg").symlink_to(draw(tmp_path / "else.jpg", 9))
    os.mkfifo(photos / "pipe.jpg")

    report = take_in(photos, tmp_path / "pets")

    assert [(item.image, item.found) for item in report.quarantine] == [
        ("gone.jpg", "is a link that leads nowhere"),
        ("out.jpg", "is a link that leaves the folder"),
        ("pipe.jpg", "is not a regular file"),
        ("cut.jpg", "is cut off"),
        ("empty.png", "is empty"),
    ]
    assert (report.read.images, report.written.images, report.quarantined.images) == (8, 3, 5)
    assert (tmp_path / "pets/.cvdata/quarantine.jsonl").read_text("utf-8").count("\n") == 5


def test_odd_pictures_are_taken_in_and_named(tmp_path: Path) -> None:
    draw(tmp_path / "in/a.jpg", 1).rename(tmp_path / "in/a.png")
    Image.new("CMYK", (40, 40), (9, 99, 0, 0)).save(tmp_path / "in/print.jpg")
    draw(tmp_path / "in/[b] -c.jpg", 2)

    report = take_in(tmp_path / "in", tmp_path / "pets")

    assert [(f.code, f.examples) for f in report.findings] == [
        ("cmyk", ["print.jpg"]),
        ("suffix", ["a.png (JPEG)"]),
        ("odd-name", ["[b] -c.jpg"]),
    ]
    assert report.written.images == 3


def test_a_dataset_inside_its_pictures_or_around_them_is_refused_before_any_work(tmp_path: Path, photos: Path) -> None:
    before = tree(tmp_path)

    for sources, target, message in (
        ([photos], photos / "pets", "lies inside the input"),
        ([photos], tmp_path, "holds the input"),
        ([photos], photos, "is the input folder"),
        ([photos / "in/c.jpg"], photos, "holds the picture folder"),
    ):
        with pytest.raises(UsageError, match=message):
            take_in(*sources, target)

    assert tree(tmp_path) == before


def test_a_folder_that_is_no_dataset_is_not_overwritten(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets/mine.txt").write_bytes(b"mine")

    with pytest.raises(UsageError, match="not empty"):
        take_in(photos, tmp_path / "pets")

    assert tree(tmp_path / "pets") == {"mine.txt": b"mine"}


def test_a_second_run_on_one_dataset_is_refused_at_once(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")

    with Journal(tmp_path / "pets"), pytest.raises(LockedError):
        take_in(photos, tmp_path / "pets")


@pytest.mark.parametrize("media", ["link", "copy", "symlink", "none"])
def test_pictures_get_into_the_dataset_as_asked_for(tmp_path: Path, photos: Path, media: str) -> None:
    take_in(photos, tmp_path / "pets", media=media)

    placed = tmp_path / "pets/images/b.jpg"
    images = version(tmp_path / "pets").images
    file = images.file(1)
    assert file is not None
    assert os.path.samefile(file, photos / "b.jpg") == (media != "copy")
    assert placed.exists() == (media != "none")
    assert placed.is_symlink() == (media == "symlink")


# --- what is alike


def test_exact_copies_are_reported_and_kept_in_one_group(tmp_path: Path, photos: Path) -> None:
    (photos / "z.jpg").write_bytes((photos / "b.jpg").read_bytes())

    report = take_in(photos, tmp_path / "pets")

    images = version(tmp_path / "pets").images
    assert report.copies == 1
    assert (report.findings[0].code, report.findings[0].examples) == ("copies", ["z.jpg = b.jpg"])
    assert images.groups == ("b.jpg",)
    assert images.group is not None
    assert images.group.tolist() == [-1, 0, -1, 0]


def test_exact_copies_are_left_out_on_request_and_counted(tmp_path: Path, photos: Path) -> None:
    (photos / "z.jpg").write_bytes((photos / "b.jpg").read_bytes())

    report = take_in(photos, tmp_path / "pets", copies="skip")

    assert version(tmp_path / "pets").images.names == ("a é.png", "b.jpg", "in/c.jpg")
    assert (report.read.images, report.written.images, report.filtered.images, report.copies) == (4, 3, 1, 1)


def test_a_picture_saved_again_is_in_the_group_of_the_first(tmp_path: Path, photos: Path) -> None:
    with Image.open(photos / "b.jpg") as image:
        image.resize((96, 64)).save(photos / "z.jpg", quality=60)

    report = take_in(photos, tmp_path / "pets")

    assert (report.copies, report.near_copies.clusters, report.near_copies.pictures) == (0, 1, 2)
    assert version(tmp_path / "pets").images.groups == ("b.jpg",)


@pytest.mark.parametrize(("how", "groups"), [("folder", ("a/1.jpg", "b/2.jpg")), ("none", ()), ("auto", ())])
def test_pictures_are_grouped_as_asked_for(tmp_path: Path, how: str, groups: tuple[str, ...]) -> None:
    for seed, name in enumerate(("a/1.jpg", "a/5.jpg", "b/2.jpg", "b/7.jpg")):
        draw(tmp_path / "in" / name, seed)

    report = take_in(tmp_path / "in", tmp_path / "pets", group=how)

    assert version(tmp_path / "pets").images.groups == groups
    assert report.groups == len(groups)


def test_label_masks_are_no_pictures_unless_asked_for(tmp_path: Path) -> None:
    for seed, name in enumerate(("images/1.jpg", "images/2.jpg", "masks/1.png", "masks/2.png")):
        draw(tmp_path / "in" / name, seed)

    skipped = take_in(tmp_path / "in", tmp_path / "pets")
    kept = take_in(tmp_path / "in", tmp_path / "all", masks="keep")

    assert version(tmp_path / "pets").images.names == ("images/1.jpg", "images/2.jpg")
    assert (skipped.read.images, skipped.masks) == (2, 2)
    assert skipped.findings[0].code == "label-masks"
    assert skipped.findings[0].examples == ["masks/1.png of images/1.jpg", "masks/2.png of images/2.jpg"]
    assert (kept.written.images, kept.masks) == (4, 0)


def test_folders_that_are_called_as_splits_become_splits(tmp_path: Path) -> None:
    for seed, name in enumerate(("valid/1.jpg", "train/1.jpg", "train/in/2.jpg")):
        draw(tmp_path / "in" / name, seed)

    take_in(tmp_path / "in", tmp_path / "pets")

    images = version(tmp_path / "pets").images
    assert images.names == ("train/1.jpg", "train/in/2.jpg", "valid/1.jpg")
    assert [images.splits[row] for row in images.split] == ["train", "train", "valid"]


def test_one_picture_outside_them_makes_folders_plain_folders(tmp_path: Path) -> None:
    for seed, name in enumerate(("train/1.jpg", "test/1.jpg", "more.jpg")):
        draw(tmp_path / "in" / name, seed)

    take_in(tmp_path / "in", tmp_path / "pets")

    assert version(tmp_path / "pets").images.splits == ()


def test_names_that_no_other_system_can_hold_are_kept_and_stored_under_others(tmp_path: Path) -> None:
    for seed, name in enumerate(("A.jpg", "a.jpg", "con.jpg")):
        draw(tmp_path / "in" / name, seed)

    report = take_in(tmp_path / "in", tmp_path / "pets")

    images = version(tmp_path / "pets").images
    assert images.names == ("A.jpg", "a.jpg", "con.jpg")
    assert report.renamed == 2
    assert len({(images.file(row) or "").lower() for row in range(3)}) == 3
    for row, name in enumerate(images.names):
        assert Path(images.file(row) or "").read_bytes() == (tmp_path / "in" / name).read_bytes()


def test_capture_times_are_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2024:01:02 03:04:05"
    draw(tmp_path / "in/a.jpg", 1, exif=exif)

    take_in(tmp_path / "in", tmp_path / "pets")

    facts = version(tmp_path / "pets").images.facts
    assert facts is not None
    assert facts.taken.tolist() == [DAY * 1000 + (3 * 3600 + 4 * 60 + 5) * 1000]
