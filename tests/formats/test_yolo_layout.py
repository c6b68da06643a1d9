"""Where the pictures and labels of a YOLO dataset are found, what they are called, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.errors import FormatError, UnsafePathError, UsageError
from cvdata.formats import Intake
from cvdata.formats._yolo_finder import label_of

from .yolo_folders import YAML, make, picture, read

BOX = "0 0.5 0.5 0.25 0.5\n"
NAMES = "names: [cat, dog]\n"


def split_of(dataset_path: Path, intake: Intake | None = None) -> dict[str, str | None]:
    """Return the split of each picture by name."""
    images = read(dataset_path, intake).images
    return {n: None if s < 0 else images.splits[s] for n, s in zip(images.names, images.split.tolist(), strict=True)}


def codes(intake: Intake) -> list[str]:
    return [finding.code for finding in intake.findings]


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/train/a.jpg", "labels/train/a.txt"),
        ("images/images/a.b.png", "images/labels/a.b.txt"),
        ("train/images/a.jpg", "train/labels/a.txt"),
        ("Images/a.jpg", "Images/a.txt"),
        ("my_images/a.jpg", "my_images/a.txt"),
    ],
)
def test_the_last_images_folder_is_labels(image: str, label: str) -> None:
    assert label_of(image) == label


@pytest.mark.parametrize(
    "val", ["images/val", "./images/val", "images/val/", "../images/val", "images\\val", "[images/val]"]
)
def test_an_entry_is_found_however_it_is_written(val: str, tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}, f"train: images/train\nval: {val}\n{NAMES}")

    assert split_of(root) == {"a.jpg": "train", "b.jpg": "val"}


@pytest.mark.parametrize("path", [".", "sub", "..", "G:\\bolts\\dataset", "/no/such/folder", "datasets/coco8"])
def test_a_path_that_does_not_hold_the_dataset_is_not_followed(path: str, tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}, f"path: {path}\n{YAML}")
    intake = Intake()

    assert split_of(root, intake) == {"a.jpg": "train", "b.jpg": "val"}
    assert codes(intake) == ([] if path == "." else ["yolo-path"])


def test_a_path_below_the_description_is_followed(tmp_path: Path) -> None:
    make(tmp_path / "set/sub", {"train/a": BOX, "val/b": BOX})
    (tmp_path / "set/data.yaml").write_text(f"path: sub\n{YAML}")

    assert split_of(tmp_path / "set/data.yaml") == {"a.jpg": "train", "b.jpg": "val"}


@pytest.mark.parametrize("path", ["/", "{outside}"])
def test_a_path_to_another_folder_is_refused(path: str, tmp_path: Path) -> None:
    text = f"path: {path.format(outside=tmp_path)}\n{YAML}"
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}, text)

    with pytest.raises(UnsafePathError, match=r"path is .* outside the dataset"):
        read(root)


def test_an_absolute_entry_outside_is_refused_and_one_inside_is_read(tmp_path: Path) -> None:
    picture(tmp_path / "other/x.jpg")
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX})
    (root / "data.yaml").write_text(f"train: {root}/images/train\nval: images/val\n{NAMES}")
    assert split_of(root) == {"a.jpg": "train", "b.jpg": "val"}

    (root / "data.yaml").write_text(f"train: {tmp_path}/other\nval: images/val\n{NAMES}")
    with pytest.raises(UnsafePathError, match="outside the dataset"):
        read(root)


def test_an_entry_that_climbs_out_is_not_followed(tmp_path: Path) -> None:
    picture(tmp_path / "other/x.jpg")
    root = make(tmp_path / "set", {"val/b": BOX}, f"train: images/../../other\nval: images/val\n{NAMES}")

    with pytest.raises(FormatError, match="is not there"):
        read(root)


def test_a_folder_that_is_a_link_to_outside_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "other/x.jpg")
    root = make(tmp_path / "set", {"val/b": BOX})
    (root / "images/train").symlink_to(tmp_path / "other")

    with pytest.raises(UnsafePathError, match="outside"):
        read(root)


def test_labels_that_are_links_to_outside_are_refused(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": None, "val/b": BOX})
    (tmp_path / "secret.txt").write_text(BOX)
    (root / "labels/train").mkdir()
    (root / "labels/train/a.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(UnsafePathError, match=r"labels/train/a\.txt"):
        read(root)


def test_a_missing_folder_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX})

    with pytest.raises(FormatError, match=r"val: 'images/val' is not there; folders with pictures: 'images/train'"):
        read(root)


def test_a_missing_test_folder_is_only_noted(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}, YAML + "test: images/test\n")
    intake = Intake()

    assert split_of(root, intake) == {"a.jpg": "train", "b.jpg": "val"}
    assert codes(intake) == ["missing-test"]


def test_any_other_key_that_names_pictures_is_a_split(tmp_path: Path) -> None:
    labels: dict[str, str | bytes | None] = {"train/a": BOX, "val/b": BOX, "night/c": BOX}
    root = make(tmp_path / "set", labels, YAML + "night: images/night\nlicense: CC0\nproject: .\n")

    assert split_of(root) == {"a.jpg": "train", "b.jpg": "val", "c.jpg": "night"}
    assert read(root).meta == {"yolo": {"license": "CC0", "project": "."}}


def test_a_list_names_pictures_in_four_ways(tmp_path: Path) -> None:
    labels: dict[str, str | bytes | None] = {f"train/{name}": BOX for name in "abcd"}
    root = make(tmp_path / "set", {**labels, "val/e": BOX}, f"train: lists/train.txt\nval: images/val\n{NAMES}")
    (root / "lists").mkdir()
    lines = [
        "images/train/a.jpg",
        "./../images/train/b.jpg",
        f"{root}/images/train/c.jpg",
        "old/set/images/train/d.jpg",
    ]
    (root / "lists/train.txt").write_bytes("\r\n".join(lines).encode() + b"\r\n\r\n")

    dataset = read(root)

    assert dataset.images.names == ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    assert len(dataset.annotations) == 5


def test_a_list_that_names_no_picture_is_refused_by_line(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX}, f"train: train.txt\nval: images/train\n{NAMES}")
    (root / "train.txt").write_text("images/train/a.jpg\ntrain.txt\n")

    with pytest.raises(FormatError, match=r"train\.txt: line 2: .*no picture"):
        read(root)


def test_a_listed_picture_that_is_missing_is_put_aside_with_its_rows(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}, f"train: train.txt\nval: images/val\n{NAMES}")
    (root / "train.txt").write_text("images/train/a.jpg\nimages/train/gone.jpg\n")
    (root / "labels/train/gone.txt").write_text(BOX * 2)
    intake = Intake()

    dataset = read(root, intake)

    assert dataset.images.names == ("a.jpg", "b.jpg")
    assert (intake.read.images, intake.read.annotations) == (3, 4)
    assert (intake.quarantined.images, intake.quarantined.annotations) == (1, 2)


def test_one_name_in_two_splits_gets_the_split_in_front(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "train/b": BOX, "val/a": BOX})

    assert read(root).images.names == ("train/a.jpg", "b.jpg", "val/a.jpg")


def test_a_picture_in_two_splits_stays_in_the_first(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}, f"train: images\nval: images/val\n{NAMES}")
    intake = Intake()

    assert split_of(root, intake) == {"train/a.jpg": "train", "val/b.jpg": "train"}
    assert "split-overlap" in codes(intake)


def test_train_and_val_of_the_same_pictures_are_no_split(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "train/b": BOX}, f"train: images/train\nval: images/train\n{NAMES}")
    intake = Intake()

    assert split_of(root, intake) == {"a.jpg": None, "b.jpg": None}
    assert codes(intake) == ["train-is-val"]
    assert intake.findings[0].message.startswith("train and val are the same 2 pictures")


def test_a_label_file_without_picture_is_put_aside_with_its_rows(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX})
    (root / "labels/train/orphan.txt").write_text(BOX * 3)
    (root / "labels/train/classes.txt").write_text("cat\ndog\n")
    (root / "notes.txt").write_text("not labels")
    intake = Intake()

    read(root, intake)

    (item,) = intake.quarantine
    assert (item.file, item.images, item.annotations) == ("labels/train/orphan.txt", 0, 3)
    assert (intake.read.images, intake.read.annotations) == (2, 5)


def test_a_label_file_of_a_picture_in_no_split_is_no_orphan(tmp_path: Path) -> None:
    root = make(
        tmp_path / "set", {"train/a": BOX, "train/b": BOX, "val/c": BOX}, f"train: t.txt\nval: images/val\n{NAMES}"
    )
    (root / "t.txt").write_text("images/train/a.jpg\n")
    intake = Intake()

    read(root, intake)

    assert intake.quarantine == []
    assert codes(intake) == ["picture-without-labels-entry"]


def test_a_description_that_names_no_pictures_is_refused(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX}, f"license: CC0\n{NAMES}")

    with pytest.raises(FormatError, match="names no pictures"):
        read(root / "data.yaml")


def test_two_pictures_of_one_stem_share_the_labels(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/cat": BOX, "val/b": BOX})
    picture(root / "images/train/cat.png")
    intake = Intake()

    dataset = read(root, intake)

    assert len(dataset.annotations) == 3
    assert codes(intake) == ["shared-label-file"]


def test_labels_without_pictures_ask_for_them(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.txt").write_text(BOX)
    (tmp_path / "images").mkdir()
    (tmp_path / "data.yaml").write_text(f"train: images\nval: images\n{NAMES}")

    with pytest.raises(FormatError, match="--images"):
        read(tmp_path)


@pytest.mark.parametrize("below", ["images/{}", "{}", ""])
def test_pictures_may_lie_in_another_folder(below: str, tmp_path: Path) -> None:
    labels = tmp_path / "set/labels"
    for split, name in (("train", "a"), ("val", "b")):
        picture(tmp_path / "photos" / below.format(split) / f"{name}.jpg")
        (labels / split).mkdir(parents=True)
        (labels / split / f"{name}.txt").write_text(BOX)
    (tmp_path / "set/data.yaml").write_text(YAML)
    intake = Intake(images=tmp_path / "photos")

    dataset = read(tmp_path / "set", intake)

    assert dataset.images.names == ("a.jpg", "b.jpg")
    assert [dataset.images.splits[row] for row in dataset.images.split] == ["train", "val"]
    assert len(dataset.annotations) == 2
    assert intake.quarantine == []


def test_a_picture_folder_that_is_not_there_is_a_wrong_use(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX})

    with pytest.raises(UsageError, match="--images"):
        read(root, Intake(images=tmp_path / "nowhere"))


@pytest.mark.parametrize("apart", [False, True])
def test_darknet_lists_carry_folders_of_another_machine(apart: bool, tmp_path: Path) -> None:
    root = tmp_path / "set"
    photos = tmp_path / "photos" if apart else root / "obj_train_data"
    picture(photos / "a.jpg")
    (root / "obj_train_data").mkdir(parents=True, exist_ok=True)
    (root / "obj_train_data/a.txt").write_text(BOX)
    (root / "train.txt").write_text("data/obj_train_data/a.jpg\n")
    (root / "obj.names").write_text("cat\n")
    (root / "obj.data").write_text("classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n")

    dataset = read(root, Intake(images=photos if apart else None))

    assert dataset.images.names == ("a.jpg",)
    assert dataset.images.splits == ("train",)
    assert len(dataset.annotations) == 1


def test_a_picture_that_cannot_be_read_is_put_aside_with_its_rows(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX * 2, "val/b": BOX})
    (root / "images/train/a.jpg").write_bytes(b"not a picture")
    intake = Intake()

    dataset = read(root, intake)

    assert dataset.images.names == ("b.jpg",)
    assert (intake.quarantined.images, intake.quarantined.annotations) == (1, 2)


def test_a_linked_picture_folder_is_no_matter_once_the_pictures_are_given(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    picture(pictures / "a.png", 20, 10)
    root = tmp_path / "set"
    (root / "labels").mkdir(parents=True)
    (root / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (root / "images").symlink_to(pictures)
    (root / "data.yaml").write_text("train: images\nval: images\nnames: [cat]\n")

    dataset = read(root, Intake(images=pictures))

    assert dataset.images.names == ("a.png",)
    assert dataset.annotations.box.tolist() == [[5, 2.5, 10, 5]]
    with pytest.raises(UnsafePathError, match="--images"):
        read(root, Intake())
