"""ImageSets/Main: which lists are splits, and what becomes of files that are in none or in two."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.errors import UnsafePathError
from cvdata.files import Counts
from cvdata.formats import Intake

from .test_voc import an_object, codes, load, voc, xml


def listed(root: Path, lists: dict[str, str], files: str = "abc") -> Path:
    voc(root, {name: xml(an_object(), filename=f"{name}.jpg") for name in files})
    folder = root / "ImageSets" / "Main"
    folder.mkdir(parents=True)
    for name, text in lists.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    return root


def splits(root: Path, intake: Intake | None = None) -> dict[str, str | None]:
    images = load(root, intake).images
    named = [images.splits[row] if row >= 0 else None for row in images.split.tolist()]
    return {name.removesuffix(".jpg"): split for name, split in zip(images.names, named, strict=True)}


def test_each_list_is_a_split_and_their_union_is_none(tmp_path: Path) -> None:
    root = listed(tmp_path, {"test": "c\n", "trainval": "a\nb\n", "train": "a\r\n\r\n", "val": "b"})

    assert splits(root) == {"a": "train", "b": "val", "c": "test"}
    assert load(root).images.splits == ("train", "val", "test")


def test_trainval_alone_is_a_split(tmp_path: Path) -> None:
    assert splits(listed(tmp_path, {"trainval": "a\nb\nc\n"})) == dict.fromkeys("abc", "trainval")


def test_lists_of_a_class_are_no_splits(tmp_path: Path) -> None:
    lists = {"train": "a\nb\nc\n", "cat_train": "a  1\nb -1\nc  0\n", "train_train": "", "odd_owl_train": "a -1\n"}

    assert splits(listed(tmp_path, lists)) == dict.fromkeys("abc", "train")


def test_a_list_with_another_ending_is_a_split_though_its_name_looks_like_a_class(tmp_path: Path) -> None:
    assert splits(listed(tmp_path, {"train": "a\n", "night_train": "b\nc\n"})) == {
        "a": "train",
        "b": "night_train",
        "c": "night_train",
    }


def test_the_first_field_of_a_line_is_the_name(tmp_path: Path) -> None:
    assert splits(listed(tmp_path, {"train": "# all\na  1\r\nb -1\r\nc.jpg\r\n\r\n"})) == dict.fromkeys("abc", "train")


def test_a_name_with_blanks_is_found_whole(tmp_path: Path) -> None:
    root = voc(tmp_path, {"my cat 1": xml(filename="my cat 1.jpg")})
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "ImageSets" / "Main" / "train.txt").write_text("my cat 1\n")

    assert splits(root) == {"my cat 1": "train"}


def test_files_in_no_list_are_filtered_and_counted(tmp_path: Path) -> None:
    intake = Intake()
    root = listed(tmp_path, {"train": "a\n"})
    (root / "Annotations" / "c.xml").write_text("<broken")

    assert splits(root, intake) == {"a": "train"}
    assert intake.filtered == Counts(2, 1)
    assert intake.quarantine == []
    assert "not-in-imageset" in codes(intake)


def test_a_listed_name_without_a_file_is_put_aside_once(tmp_path: Path) -> None:
    intake = Intake()
    splits(listed(tmp_path, {"train": "a\nb\nx9\n", "val": "c\n", "trainval": "a\nb\nc\nx9\n"}), intake)

    assert [(item.file, item.line, item.image) for item in intake.quarantine] == [("ImageSets/Main/train.txt", 3, "x9")]
    assert "x9" in intake.quarantine[0].found


def test_a_name_listed_twice_is_used_once_and_reported(tmp_path: Path) -> None:
    intake = Intake()

    assert splits(listed(tmp_path, {"train": "a\na\nb\n", "val": "b\nc\n"}), intake) == {
        "a": "train",
        "b": "train",
        "c": "val",
    }
    assert {"imageset-duplicate", "split-overlap"} <= set(codes(intake))


def test_the_pictures_of_no_split_are_in_the_dataset(tmp_path: Path) -> None:
    assert splits(listed(tmp_path, {"train": "a\n", "unassigned": "b\nc\n"})) == {"a": "train", "b": None, "c": None}


@pytest.mark.parametrize("line", ["../../outside/secret", "/etc/passwd", "C:\\x"])
def test_a_name_that_leaves_the_dataset_ends_the_run(tmp_path: Path, line: str) -> None:
    with pytest.raises(UnsafePathError, match=r"ImageSets/Main/train\.txt: line 2"):
        splits(listed(tmp_path, {"train": f"a\n{line}\n"}))
